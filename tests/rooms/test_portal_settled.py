"""A customer says on their own page that a case is settled, or is not: who may, and what follows for clocks and rules."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.failures import Conflict
from hub.actions.floor.assign import assign_ticket
from hub.actions.status import change_status
from hub.model.codes import TICKET, read_code
from hub.model.interactions import Mailbox
from tests.fakes.automation import runs
from tests.fakes.automation import settle as let_rules_look
from tests.fakes.clocks import clock, rules, time_passes
from tests.fakes.invariants import assert_invariants
from tests.fakes.portal import LI, MEI, House, a_house
from tests.fakes.scene import SYSTEM, an_agent, one, rows

AGAIN = b"""
[[automation]]
name = "they come back"
on = ["customer_wrote"]
then = [ { add_tags = ["again"] } ]
"""


@pytest.fixture
async def house(database_dsn: str) -> AsyncIterator[House]:
    async with a_house(database_dsn, rules=rules() + AGAIN) as opened:
        yield opened
        await assert_invariants(opened.ctx.database, by_hand=True)


async def settle(house: House, number: str, status: str) -> None:
    await change_status(house.ctx, ticket_code=read_code(TICKET, number), status=status, actor=SYSTEM)


async def test_saying_that_it_is_settled_or_is_not(house: House) -> None:
    number = await house.writes(LI)
    async with house.browser() as li:
        await house.enter(li, LI)
        for _ in range(2):
            assert (await li.post(f"/portal/{number}/settled")).status == 303
        assert (await house.ticket(number))["status"] == "resolved"
        assert "It is not settled" in (await li.get(f"/portal/{number}")).text
        assert (await li.post(f"/portal/{number}/not-settled")).status == 303
        assert (await house.ticket(number))["status"] == "open"
        await settle(house, number, "closed")
        for what in ("settled", "not-settled"):
            assert (await li.post(f"/portal/{number}/{what}")).status == 409
        assert (await house.ticket(number))["status"] == "closed"
    told = await rows(house.ctx, "SELECT fields FROM interaction WHERE kind = 'event' ORDER BY id")
    assert [row["fields"] for row in told] == [{"portal": "settled"}, {"portal": "not_settled"}]


async def test_what_is_not_settled_goes_on_with_its_agent_if_they_are_here(house: House) -> None:
    number = await house.writes(LI)
    async with house.browser() as li:
        await house.enter(li, LI)
        for presence, goes_on in (("busy", True), ("offline", False)):
            ann = await an_agent(house.ctx, f"ann-{presence}", presence=presence)
            code = read_code(TICKET, number)
            await assign_ticket(house.ctx, ticket_code=code, agent_id=ann, actor=SYSTEM)
            await li.post(f"/portal/{number}/settled")
            await li.post(f"/portal/{number}/not-settled")
            row = await house.ticket(number)
            assert (row["status"], row["assignee_id"]) == ("open", ann if goes_on else None)


async def test_whoever_was_only_let_in_answers_and_does_not_settle(house: House) -> None:
    number = await house.writes(LI, "My parcel")
    await house.answer(number, "Mei, do you know?", cc=[Mailbox(address=MEI)])
    await house.answer(number, "For Li alone.")
    async with house.browser() as mei:
        await house.enter(mei, MEI)
        case = (await mei.get(f"/portal/{number}")).text
        assert "Mei, do you know?" in case, "she had it in copy"
        assert "For Li alone." not in case and "My parcel" not in case
        assert "Yes, it is settled" not in case
        assert (await mei.post(f"/portal/{number}/settled")).status == 409
        assert (await mei.say(number, "It is here.")).status == 303
    entry = (
        "SELECT t.code FROM interaction i JOIN ticket t ON t.id = i.ticket_id WHERE i.text = 'It is here.'"
    )
    assert await one(house.ctx, entry) == read_code(TICKET, number)
    async with house.browser() as li:
        await house.enter(li, LI)
        assert "It is here." not in (await li.get(f"/portal/{number}")).text, "it was not sent to Li"
    async with house.browser() as mei:
        await house.enter(mei, MEI)
        assert (await mei.get(f"/portal/{number}")).status == 200
        await one(house.ctx, "DELETE FROM participant WHERE value = $1 RETURNING 1", MEI)
        assert (await mei.get(f"/portal/{number}")).status == 404, "let in no more: at once"
        assert (await mei.post(f"/portal/{number}/more", {"text": "Still here"})).status == 404


async def test_what_is_not_settled_waits_for_an_answer_as_if_they_had_written(house: House) -> None:
    """A clock for it, the solution's clock goes on, rules hear of it, and an answer written before is held back."""
    number = await house.writes(LI)
    await house.answer(number, "It is on its way.")
    ticket = (await house.ticket(number))["id"]
    async with house.browser() as li:
        await house.enter(li, LI)
        await li.post(f"/portal/{number}/settled")
        assert (await clock(house.ctx, ticket, "resolution"))["state"] == "met"
        await let_rules_look(house.ctx)
        await time_passes(house.ctx, 30)
        before = await house.ticket(number)
        for _ in range(2):
            await li.post(f"/portal/{number}/not-settled")
    further = await clock(house.ctx, ticket, "next_response")
    assert (further["state"], further["because"], further["left"]) == ("running", "customer_wrote", 120)
    assert (await clock(house.ctx, ticket, "resolution"))["state"] == "running"
    row = await house.ticket(number)
    assert row["last_in_at"] > before["last_in_at"] and row["waiting_since"] is not None
    await let_rules_look(house.ctx)
    assert await runs(house.ctx, ticket) == [("they come back", "customer_wrote", "done")]
    await house.answer(number, "We look again.")
    assert (await clock(house.ctx, ticket, "next_response"))["state"] == "met"


async def test_an_answer_written_before_they_pressed_is_shown_to_its_author_first(house: House) -> None:
    number = await house.writes(LI)
    async with house.browser() as li:
        await house.enter(li, LI)
        await li.post(f"/portal/{number}/settled")
        seen = (await house.ticket(number))["seq"]
        await li.post(f"/portal/{number}/not-settled")
    with pytest.raises(Conflict):
        await queue_reply(
            house.ctx,
            ticket_code=read_code(TICKET, number),
            actor=SYSTEM,
            text="Glad to hear it.",
            expected_seq=seen,
        )
