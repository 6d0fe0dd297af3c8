"""Moving, splitting, letting in: as a program does it over HTTP. Answers are checked by the document."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.model.codes import TICKET, show_code
from hub.model.people import Scope
from tests.fakes.inboxes import TWO_INBOXES, arrive, vouched
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import a_hub, one, ticket, write
from tests.journeys.test_api import Api, serving

LI, WANG = "li@example.cn", "wang@example.cn"


@pytest.fixture
async def hub(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


@pytest.fixture
async def api(hub: Context) -> AsyncIterator[Api]:
    async with serving(hub) as api:
        yield api


def _path(row: dict[str, Any], more: str) -> str:
    return f"/tickets/{show_code(TICKET, row['code'])}/{more}"


async def test_entries_are_moved_and_put_back(hub: Context, api: Api) -> None:
    source = await ticket(hub, await write(hub, LI, message_id="a@example.cn"))
    wrong = await write(hub, LI, answers="a@example.cn")
    target = await ticket(hub, await write(hub, WANG))
    body = {"entries": [str(wrong.interaction_id)], "to": show_code(TICKET, target["code"])}
    made = await api.call("POST", _path(source, "move"), body)
    assert (made.status, made.json["ticket"]) == (201, show_code(TICKET, target["code"]))
    thread = (await api.call("GET", _path(target, "thread"))).json
    (entry,) = thread["entries"]
    assert entry["interaction_id"] == str(wrong.interaction_id)
    assert entry["moved"]["from_ticket"] == show_code(TICKET, source["code"])
    assert [link["why"] for link in thread["links"]] == ["moved"]
    again = await api.call("POST", _path(source, "move"), body)
    assert (again.status, again.json["code"]) == (409, "not_on_ticket")
    undone = await api.call("POST", f"/moves/{made.json['move_id']}/undo")
    assert (undone.status, undone.json["ticket"]) == (200, show_code(TICKET, source["code"]))
    assert (await api.call("POST", "/moves/999/undo")).status == 404


async def test_entries_are_split_off(hub: Context, api: Api) -> None:
    source = await ticket(hub, await write(hub, LI, message_id="a@example.cn"))
    other = await write(hub, LI, answers="a@example.cn")
    made = await api.call("POST", _path(source, "split"), {"entries": [str(other.interaction_id)]})
    assert made.status == 201 and made.json["ticket"] != show_code(TICKET, source["code"])
    (entry,) = (await api.call("GET", f"/tickets/{made.json['ticket']}")).json["timeline"]
    assert (entry["thread_rule"], entry["details"]["sender"]["address"]) == ("reference", LI)


@pytest.mark.parametrize(
    "body",
    [
        {"entries": []},
        {"entries": ["x"]},
        {"entries": ["9" * 19]},
        {"entries": [1]},
        {},
        {"entries": ["1"], "more": 1},
    ],
)
async def test_a_wrong_choice_is_told(hub: Context, api: Api, body: dict[str, Any]) -> None:
    source = await ticket(hub, await write(hub, LI))
    assert (await api.call("POST", _path(source, "split"), body)).status == 422


async def test_people_are_let_in_and_out(hub: Context, api: Api) -> None:
    opened = await ticket(hub, await arrive(hub, "support", LI, message_id="a@example.cn", cc=[WANG]))
    (copied,) = (await api.call("GET", _path(opened, "thread"))).json["participants"]
    assert (copied["address"], copied["state"]) == (WANG, "copied")
    added = await api.call("POST", _path(opened, "participants"), {"address": WANG})
    assert [person["state"] for person in added.json["participants"]] == ["member"]
    assert (await ticket(hub, await write(hub, WANG, answers="a@example.cn")))["id"] == opened["id"]
    assert (await api.call("DELETE", _path(opened, f"participants/{WANG}"))).status == 204
    gone = await api.call("DELETE", _path(opened, f"participants/{WANG}"))
    assert (gone.status, gone.json["code"]) == (409, "not_a_participant")
    wrong = await api.call("POST", _path(opened, "participants"), {"address": "nobody"})
    assert (wrong.status, wrong.json["code"]) == (409, "not_an_address")


async def test_the_one_whose_letter_was_passed_on_is_answered(hub: Context, api: Api) -> None:
    opened = await ticket(hub, await vouched(hub, "lina@staff.example"))
    entry_id = await one(hub, "SELECT id FROM interaction")
    body = {"entry": str(entry_id)}
    assert (await api.call("POST", _path(opened, "adopt-sender"), body)).json["code"] == "nobody_forwarded"
    await one(
        hub,
        """UPDATE interaction SET details = details || '{"forwarded": {"address": "zhao@example.cn"}}' RETURNING 1""",
    )
    thread = (await api.call("POST", _path(opened, "adopt-sender"), body)).json
    assert [person["address"] for person in thread["participants"]] == ["lina@staff.example"]
    assert await one(hub, "SELECT reply_address FROM ticket") == "zhao@example.cn"


async def test_who_may_only_read_moves_nothing(hub: Context, api: Api) -> None:
    source = await ticket(hub, await write(hub, LI))
    body = {"entries": ["1"], "to": "T-10019"}
    assert (await api.call("POST", _path(source, "move"), body, scope=Scope.READ)).status == 403
    assert (await api.call("GET", _path(source, "thread"), scope=Scope.READ)).status == 200
