"""Macros as programs write them, and what they do in the name of agents; every answer is checked against the document."""

from hub.actions.people.staff import add_agent
from hub.actions.signin.by_password import log_in
from hub.model.people import Role, Scope
from tests.fakes.scene import one
from tests.fakes.signin import BROWSER
from tests.journeys.test_api import Api, api, letter

__all__ = ["api"]

PASSWORD = "correct horse battery"
W, A = Scope.WRITE, Scope.ADMIN


async def test_a_macro_is_written_changed_run_and_offered_no_more(api: Api) -> None:
    draft = {"name": "Late parcel", "acts": {"note": "Asked the depot.", "add_tags": ["late"]}}
    made = await api.call("POST", "/macros", draft, scope=W)
    assert (made.status, made.json["version"], made.json["queue"]) == (201, 1, "")
    again = await api.call("POST", "/macros", draft, scope=W)
    assert (again.status, again.json["code"]) == (409, "macro_taken")
    assert (
        await api.call("POST", "/macros", {**draft, "name": "X", "acts": {"fly": True}}, scope=W)
    ).status == 409
    path = f"/macros/{made.json['id']}"
    changed = await api.call("PUT", path, {**draft, "name": "Late", "version": 1}, scope=W)
    assert (changed.status, changed.json["name"], changed.json["version"]) == (200, "Late", 2)
    stale = await api.call("PUT", path, {**draft, "version": 1}, scope=W)
    assert (stale.status, stale.json["code"]) == (409, "macro_changed")
    ticket = (await api.call("POST", "/interactions", letter(subject="One", reply_address="crm/li"))).json[
        "ticket"
    ]
    ran = await api.call("POST", f"/tickets/{ticket}/macros/{made.json['id']}", {}, scope=W)
    assert (ran.status, ran.json["failed"]) == (200, {})
    assert (await api.call("DELETE", f"{path}?version=2", scope=W)).status == 204
    assert (await api.call("GET", "/macros", scope=Scope.READ)).json["items"] == []
    assert (await api.call("PUT", "/macros/999", {**draft, "version": 1}, scope=W)).status == 404


async def test_who_listens_and_the_end_of_wrapping_up_and_of_sessions(api: Api) -> None:
    ids = {
        login: await add_agent(api.ctx, login=login, name=login.title(), password=PASSWORD, role=role)
        for login, role in (("lin", Role.AGENT), ("ann", Role.SUPERVISOR))
    }
    ticket = (await api.call("POST", "/interactions", letter(subject="One", reply_address="crm/li"))).json[
        "ticket"
    ]
    listeners = f"/tickets/{ticket}/listeners"
    nobody = await api.call("PUT", f"{listeners}/{ids['ann']}", scope=A)
    assert (nobody.status, nobody.json["code"]) == (409, "nobody_talks")
    await api.call("POST", f"/tickets/{ticket}/assign", {"agent_id": ids["lin"]}, scope=W)
    refused = await api.call("PUT", f"{listeners}/{ids['lin']}", scope=A)
    assert (refused.status, refused.json["code"]) == (409, "not_allowed")
    there = await api.call("PUT", f"{listeners}/{ids['ann']}", scope=A)
    assert [row["name"] for row in there.json["items"]] == ["Ann"]
    assert (await api.call("PUT", f"{listeners}/{ids['ann']}", scope=W)).status == 403
    assert (await api.call("DELETE", f"{listeners}/{ids['ann']}", scope=A)).status == 204
    assert (await api.call("GET", listeners, scope=Scope.READ)).json["items"] == []

    wrapping = "UPDATE agent SET wrap_until = now() + interval '1 hour' WHERE id = $1 RETURNING 1"
    await one(api.ctx, wrapping, ids["lin"])
    assert (await api.call("POST", f"/agents/{ids['lin']}/wrap-up/end", scope=W)).status == 200
    assert await one(api.ctx, "SELECT wrap_until FROM agent WHERE id = $1", ids["lin"]) is None
    await log_in(api.ctx, login="lin", password=PASSWORD, browser=BROWSER)
    assert (await api.call("DELETE", f"/agents/{ids['lin']}/sessions", scope=A)).status == 204
    assert await one(api.ctx, "SELECT count(*) FROM session") == 0
    for method, path in (("POST", "/agents/999/wrap-up/end"), ("DELETE", "/agents/999/sessions")):
        assert (await api.call(method, path, scope=A)).status == 404
