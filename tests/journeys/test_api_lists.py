"""Putting tickets off as programs do it; every answer is checked against the document."""

from datetime import UTC, datetime, timedelta

from hub.actions.people.staff import add_agent
from hub.model.people import Scope
from tests.journeys.test_api import Api, api, letter

__all__ = ["api"]


async def test_a_ticket_is_put_off_and_woken(api: Api) -> None:
    made = await api.call("POST", "/interactions", letter(subject="One", reply_address="crm/li"))
    number = made.json["ticket"]
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    nobodys = await api.call("POST", f"/tickets/{number}/snooze", {"until": until}, scope=Scope.WRITE)
    assert (nobodys.status, nobodys.json["code"]) == (409, "nobodys")
    agent_id = await add_agent(api.ctx, login="lin", name="Lin", password="correct horse battery")
    await api.call("POST", f"/tickets/{number}/assign", {"agent_id": agent_id}, scope=Scope.WRITE)
    for given in (until, None):
        off = await api.call("POST", f"/tickets/{number}/snooze", {"until": given}, scope=Scope.WRITE)
        assert (off.status, off.json["snoozed"], off.json["until"] is None) == (200, True, given is None)
    past = {"until": (datetime.now(UTC) - timedelta(days=1)).isoformat()}
    refused = await api.call("POST", f"/tickets/{number}/snooze", past, scope=Scope.WRITE)
    assert (refused.status, refused.json["code"]) == (409, "bad_moment")
    naive = await api.call(
        "POST", f"/tickets/{number}/snooze", {"until": "2030-01-01T00:00:00"}, scope=Scope.WRITE
    )
    assert naive.status == 422
    back = await api.call("POST", f"/tickets/{number}/wake", scope=Scope.WRITE)
    assert (back.status, back.json["snoozed"]) == (200, False)
