"""Merging, linking and incidents as programs do them; every answer is checked against the document."""

from hub.actions.cases.tell_everybody import tell_next
from hub.model.people import Scope
from tests.journeys.test_api import Api, api, letter

__all__ = ["api"]


async def _ticket(api: Api, who: str, subject: str) -> str:
    body = letter(subject=subject, thread_key=subject, reply_address=f"crm/{who}")
    body["sender"] = {
        "name": who.title(),
        "identities": [{"kind": "email", "value": f"{who}@example.cn", "verified": True}],
    }
    made = await api.call("POST", "/interactions", body)
    assert made.status in (201, 202), made.body
    number: str = made.json["ticket"]
    return number


async def test_tickets_are_merged_linked_and_parted(api: Api) -> None:
    first, second = await _ticket(api, "li", "One"), await _ticket(api, "li", "Two")
    merged = await api.call("POST", f"/tickets/{first}/merge", {"into": second}, scope=Scope.WRITE)
    assert (merged.status, merged.json["ticket"]) == (201, second)
    again = await api.call("POST", f"/tickets/{first}/merge", {"into": second}, scope=Scope.WRITE)
    assert (again.status, again.json["code"]) == (409, "merged_already")
    back = await api.call("POST", f"/moves/{merged.json['move_id']}/undo", scope=Scope.WRITE)
    assert (back.status, back.json["ticket"]) == (200, first)
    linked = await api.call(
        "POST", f"/tickets/{first}/links", {"ticket": second, "kind": "caused_by"}, scope=Scope.WRITE
    )
    assert [(one["ticket"], one["why"]) for one in linked.json["links"]] == [(second, "caused_by")]
    gone = await api.call("DELETE", f"/tickets/{second}/links/{first}", scope=Scope.WRITE)
    assert gone.status == 204
    missing = await api.call("DELETE", f"/tickets/{second}/links/{first}", scope=Scope.WRITE)
    assert (missing.status, missing.json["code"]) == (409, "not_linked")


async def test_customers_are_merged_and_parted(api: Api) -> None:
    first, second = await _ticket(api, "li", "One"), await _ticket(api, "wang", "Two")
    listed = {one["name"]: one["code"] for one in (await api.call("GET", "/customers")).json["items"]}
    codes = [listed["Li"], listed["Wang"]]
    merged = await api.call(
        "POST", f"/customers/{codes[0]}/merge", {"customer": codes[1], "take": ["name"]}, scope=Scope.WRITE
    )
    assert (merged.status, merged.json["customer"]) == (201, codes[0])
    now = (await api.call("GET", "/customers")).json["items"]
    assert [(one["code"], one["name"]) for one in now] == [(codes[0], "Wang")]
    refused = await api.call("POST", f"/tickets/{first}/merge", {"into": second}, scope=Scope.WRITE)
    assert refused.status == 201
    back = await api.call("POST", f"/customers/merges/{merged.json['merge_id']}/undo", scope=Scope.WRITE)
    assert (back.status, back.json["customer"]) == (200, codes[1])


async def test_an_incident_is_told(api: Api) -> None:
    first, second = await _ticket(api, "li", "One"), await _ticket(api, "wang", "Two")
    made = await api.call("POST", "/incidents", {"title": "Down", "tickets": [first]}, scope=Scope.WRITE)
    path = f"/incidents/{made.json['number']}"
    more = await api.call("POST", f"{path}/tickets", {"tickets": [second]}, scope=Scope.WRITE)
    assert sorted(more.json["ticket_numbers"]) == sorted([first, second])
    preview = await api.call("GET", f"{path}/preview")
    assert (
        preview.json["in_english"] + preview.json["in_chinese"] + sum(preview.json["skipped"].values()) == 2
    )
    update = {"key": "k", "state": "monitoring", "text_en": "We are on it."}
    sent = [await api.call("POST", f"{path}/updates", update, scope=Scope.WRITE) for _ in range(2)]
    assert [reply.status for reply in sent] == [201, 201] and sent[0].json == sent[1].json
    while await tell_next(api.ctx):
        pass
    shown = (await api.call("GET", path)).json
    assert (shown["state"], len(shown["updates"]), shown["updates"][0]["waiting"]) == ("monitoring", 1, 0)
    off = await api.call("DELETE", f"{path}/tickets/{second}", scope=Scope.WRITE)
    assert off.status == 204
    over = {"version": shown["version"], "title": "Down", "state": "resolved"}
    assert (await api.call("PUT", path, over, scope=Scope.WRITE)).json["state"] == "resolved"
    late = await api.call("PUT", path, over, scope=Scope.WRITE)
    assert (late.status, late.json["code"]) == (409, "incident_changed")
    assert (await api.call("POST", f"{path}/stop", scope=Scope.WRITE)).status == 200
    listed = await api.call("GET", "/incidents?resolved=true")
    assert [one["number"] for one in listed.json["items"]] == [shown["number"]]
    assert (await api.call("GET", "/incidents/I-1111")).status == 404
