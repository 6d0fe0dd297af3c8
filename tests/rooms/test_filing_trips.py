"""What filing costs: as many statements for many letters as for two, whatever they are."""

from collections.abc import Sequence

import pytest

from channels.adapter import RawItem
from hub.actions.context import Context
from hub.actions.receive import accept_items
from tests.fakes.inboxes import PASS, TWO_INBOXES
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import a_hub, item, letter, one, write
from tests.fakes.statements import count_statements
from tests.rooms.test_threading_reports import _sent, report

LI = "li@example.cn"
TOLD = {**TWO_INBOXES, "support": {**TWO_INBOXES["support"], "acknowledge": True, "burst_minutes": 10}}


async def _cost(
    ctx: Context, statements: list[str], items: Sequence[RawItem], channel: str = "support"
) -> list[str]:
    """The first words of each statement."""
    statements.clear()
    await accept_items(ctx, channel, items)
    return [one_.strip()[:60] for one_ in statements]


@pytest.mark.parametrize("what", ["new", "answers", "reports", "copies"])
async def test_a_large_batch_costs_what_a_small_one_does(database_dsn: str, what: str) -> None:
    async with a_hub(database_dsn, TWO_INBOXES) as before:
        _, posted = await _sent(before)
    async with a_hub(database_dsn, TOLD, pool=1) as ctx:
        await write(ctx, LI, message_id="one@example.cn")
        statements = await count_statements(ctx)

        def batch(start: int, count: int) -> list[RawItem]:
            numbers = range(start, start + count)
            if what == "new":
                return [
                    letter(f"c{n}@d{n}.example", f"{n}", headers=[PASS, ("Cc", f"x{n}@e.example")])
                    for n in numbers
                ]
            if what == "answers":
                return [
                    letter(LI, f"{n}", answers="one@example.cn", references=[f"r{n}@x.example"])
                    for n in numbers
                ]
            if what == "reports":
                return [report([(LI, "failed", "5.1.1")], original=posted["message_id"]) for _ in numbers]
            made = [letter(LI, f"{n}", message_id=f"m{n}@example.cn") for n in numbers]
            return [*made, *(RawItem(external_key=f"again-{m.external_key}", content=m.content, content_key=m.content_key,
                                     received_at=m.received_at) for m in made)]  # fmt: skip

        await _cost(ctx, statements, batch(0, 2))
        small, large = (
            await _cost(ctx, statements, batch(100, 2)),
            await _cost(ctx, statements, batch(200, 14)),
        )
        assert small == large and len(large) > 5
        assert await one(ctx, "SELECT count(*) FROM interaction") >= 14
        await assert_invariants(ctx.database, by_hand=True)


async def test_what_goes_on_in_its_conversation_costs_no_more_than_it_must(database_dsn: str) -> None:
    """What is known already is neither asked again nor written again; more statements are to be argued for here."""
    async with a_hub(database_dsn, pool=1) as ctx:
        statements = await count_statements(ctx)
        items = [item(who=[("visitor", f"v{n}", True)], key=f"s{n}", text="Hello") for n in range(3)]
        opened = await _cost(ctx, statements, items, "plain")
        for text in ("And?", "Where is it?"):
            more = [item(who=[("visitor", f"v{n}", True)], key=f"s{n}", text=text) for n in range(3)]
            goes_on = await _cost(ctx, statements, more, "plain")
        assert [len(opened), len(goes_on)] == [11, 11]
        assert await one(ctx, "SELECT count(*) FROM ticket") == 3
        await assert_invariants(ctx.database, by_hand=True)
