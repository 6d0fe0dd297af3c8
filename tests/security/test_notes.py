"""S51: whatever is done with tickets that hold internal notes, in whatever order, no word of a note leaves the house."""

import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from hub.actions.answers.schedule import schedule_reply
from hub.actions.cases.incidents import add_incident
from hub.actions.cases.merge import merge_tickets
from hub.actions.cases.tell_everybody import preview_update, tell_next, write_update
from hub.actions.errands.webhooks import add_webhook, queue_call
from hub.actions.failures import ActionFailure
from hub.actions.macros.keep import MacroDraft, add_macro
from hub.actions.macros.run import run_macro
from hub.actions.move import move_entries, split_entries
from hub.actions.note import add_note
from hub.actions.ports import make_ports
from hub.actions.status import change_status
from hub.model.codes import TICKET, read_code
from hub.model.interactions import Mailbox
from tests.fakes.portal import LI, MEI, House, a_house
from tests.fakes.scene import SYSTEM, one, rows, say

CANARY = re.compile("canary", re.IGNORECASE)
WANG = "wang@example.cn"
STEPS = 90


@pytest.fixture
async def house(database_dsn: str) -> AsyncIterator[House]:
    async with a_house(database_dsn) as opened:
        yield opened


class Walk:
    """Somebody who works on these tickets, without a plan. What cannot be done just now is not done."""

    def __init__(self, house: House, seed: int, macro: int) -> None:
        self.house, self.ctx, self.chance, self.macro = house, house.ctx, random.Random(seed), macro
        self.codes: list[int] = []
        self.done: dict[str, int] = {}
        self._notes = 0

    async def begin(self) -> None:
        for address in (LI, MEI, LI):
            self.codes.append(read_code(TICKET, await self.house.writes(address, "Where is my parcel?")))
        kept = await say(self.ctx, who=[("visitor", "v1", True)], key="s1", reply_address="s1")
        self.codes.append(read_code(TICKET, kept.ticket_code))
        for code in self.codes:
            await self._note(code)

    async def step(self) -> None:
        ways: tuple[Callable[[int], Awaitable[object]], ...] = (
            self._note, self._note, self._answer, self._answer, self._customer, self._macro, self._merge, self._split,
            self._move, self._status, self._tell, self._later, self._call,
        )  # fmt: skip
        way = self.chance.choice(ways)
        try:
            await way(self.chance.choice(self.codes))
        except ActionFailure:
            return
        self.done[way.__name__] = self.done.get(way.__name__, 0) + 1

    async def _note(self, code: int) -> None:
        self._notes += 1
        text = f"@ann Canary {self._notes}: {{{{ticket.number}}}} [canary](https://canary.example) > canary"
        await add_note(self.ctx, ticket_code=code, actor=SYSTEM, text=text)

    async def _answer(self, code: int) -> None:
        copied = [Mailbox(address=WANG)] if self.chance.random() < 0.3 else []
        await self.house.answer(f"T-{code}", "We look into it.", cc=copied)

    async def _customer(self, code: int) -> None:
        (sent,) = await rows(
            self.ctx,
            "SELECT coalesce(max(o.message_id), '') AS id FROM outbox o JOIN ticket t ON t.id = o.ticket_id WHERE t.code = $1",
            code,
        )
        sender = self.chance.choice((LI, MEI, WANG))
        self.codes.append(read_code(TICKET, await self.house.writes(sender, "And now?", answers=sent["id"])))

    async def _macro(self, code: int) -> None:
        await run_macro(self.ctx, macro_id=self.macro, ticket_code=code, actor=SYSTEM)

    async def _merge(self, code: int) -> None:
        into = self.chance.choice(self.codes)
        await merge_tickets(self.ctx, ticket_code=code, into_code=into, actor=SYSTEM, other_customer=True)

    async def _split(self, code: int) -> None:
        made, _ = await split_entries(
            self.ctx, ticket_code=code, interaction_ids=await self._some(code), actor=SYSTEM
        )
        self.codes.append(made)

    async def _move(self, code: int) -> None:
        to = self.chance.choice(self.codes)
        ids = await self._some(code)
        await move_entries(self.ctx, ticket_code=code, interaction_ids=ids, to_code=to, actor=SYSTEM)

    async def _some(self, code: int) -> list[int]:
        found = await rows(
            self.ctx,
            "SELECT i.id FROM interaction i JOIN ticket t ON t.id = i.ticket_id WHERE t.code = $1 ORDER BY i.id",
            code,
        )
        ids = [row["id"] for row in found]
        return self.chance.sample(ids, k=self.chance.randint(1, len(ids))) if ids else []

    async def _status(self, code: int) -> None:
        wanted = self.chance.choice(("open", "pending", "resolved", "closed"))
        await change_status(self.ctx, ticket_code=code, status=wanted, actor=SYSTEM)

    async def _tell(self, code: int) -> None:
        incident = await add_incident(self.ctx, title="Canary: down", actor=SYSTEM, ticket_codes=[code])
        await preview_update(self.ctx, incident_code=incident, actor=SYSTEM)
        await write_update(
            self.ctx, incident_code=incident, key=f"k{self._notes}", text_en="Mended.", actor=SYSTEM
        )
        while await tell_next(self.ctx):
            pass

    async def _later(self, code: int) -> None:
        soon = datetime.now(UTC) + timedelta(hours=1)
        await schedule_reply(self.ctx, ticket_code=code, actor=SYSTEM, send_at=soon, text="Later.")

    async def _call(self, code: int) -> None:
        number = await one(self.ctx, "SELECT id FROM ticket WHERE code = $1", code)
        cause = f"walk:{self._notes}:{code}"
        await self.ctx.database.run(
            lambda c: queue_call(
                c, webhook="erp", event="rule.ran", cause=cause, rule="VIP", ticket_id=number
            )
        )


async def test_s51_no_word_of_a_note_leaves_whatever_is_done(house: House) -> None:
    ctx = house.ctx
    await add_webhook(ctx, name="erp", url="https://erp.example/hook", actor=SYSTEM)
    draft = MacroDraft(
        name="both", acts={"reply": "Dear {{customer.name}}, soon.", "note": "Canary by macro"}
    )
    walk = Walk(house, 51, await add_macro(ctx, draft=draft, actor=SYSTEM))
    await walk.begin()
    for _ in range(STEPS):
        await walk.step()
        # Even one that stood by mistake in the conversation itself would not leave.
        await ctx.database.run(lambda c: c.execute(IN_THE_CONVERSATION))
    assert len(walk.done) >= 9, walk.done
    await house.leave()
    for table, what in LEAVES.items():
        told = [row["told"] for row in await rows(ctx, f"SELECT {what} AS told FROM {table}")]
        assert not [one_ for one_ in told if CANARY.search(one_)], table
    assert (
        await one(ctx, "SELECT count(*) FROM outbox") > 5
        and await one(ctx, "SELECT count(*) FROM webhook_call") > 0
    )
    lines = await make_ports(ctx, "plain").transcript.since("s1", 0)
    assert lines and not [line for line in lines if CANARY.search(line.text + line.author)]
    for address in (LI, MEI):
        async with house.browser() as browser:
            await house.enter(browser, address)
            pages = [
                "/portal",
                "/portal/search?q=canary",
                *sorted(set(re.findall(r"/portal/T-\d+", (await browser.get("/portal")).text))),
            ]
            assert len(pages) > 2
            for path in pages:
                shown = (await browser.get(path)).text.replace('value="canary"', "")
                assert not re.search(r"canary( \d| by|:|\.example)", shown, re.IGNORECASE), path
    assert await one(ctx, "SELECT count(*) FROM interaction WHERE kind = 'note' AND text ~* 'canary'") > 5


IN_THE_CONVERSATION = """UPDATE interaction i SET channel_id = t.channel_id, thread_key = t.thread_key FROM ticket t
    WHERE t.id = i.ticket_id AND i.kind = 'note' AND i.channel_id IS NULL"""
LEAVES = {
    "outbox": "message::text",
    "side_letter": "message::text",
    "webhook_call": "body",
    "scheduled_reply": "text",
}
"""What goes to customers and programs, or is about to."""
