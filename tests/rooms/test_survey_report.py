"""What scores add up to: by agent, queue, channel, product and period, as things stood when each question was put."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from hub.actions.context import Context
from hub.actions.own_fields import add_field
from hub.actions.surveys.answer import answer_question
from hub.actions.surveys.report import By, Step, report
from storage.survey_report import Wanted
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one
from tests.fakes.surveys import MAILED, a_survey, asked, resolved, token_of

SPRING = Wanted(since=datetime(2026, 3, 1, tzinfo=UTC), until=datetime(2026, 5, 1, tzinfo=UTC), kind="csat")


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, MAILED) as opened:
        yield opened


async def was_asked(
    ctx: Context,
    sender: str,
    score: int | None,
    *,
    at: datetime,
    agent: int,
    queue: str,
    product: str,
    field: str,
) -> None:
    """A customer was asked at this moment about a ticket of this agent in this queue, and may have answered."""
    ticket = await resolved(ctx, sender)
    if score is not None:
        assert await answer_question(ctx, await token_of(ctx), {"score": score})
    put = (await asked(ctx))["id"]
    await one(
        ctx,
        """UPDATE survey_invitation SET sent_at = $2, agent_id = $3, queue_id = (SELECT id FROM queue WHERE name = $4)
           WHERE id = $1 RETURNING 1""",
        put, at, agent, queue,
    )  # fmt: skip
    await one(
        ctx, "UPDATE ticket SET tags = ARRAY[$2::text] WHERE id = $1 RETURNING 1", ticket["id"], product
    )
    await one(
        ctx,
        "INSERT INTO ticket_fields (ticket_id, said) VALUES ($1, jsonb_build_object($2::text, $3::text)) RETURNING 1",
        ticket["id"],
        field,
        product,
    )


async def test_scores_by_agent_queue_channel_product_and_period(ctx: Context) -> None:
    await a_survey(ctx)
    ann, bo = await an_agent(ctx, "ann"), await an_agent(ctx, "bo")
    field = await add_field(
        ctx, about="ticket", kind="text", label_en="Product", label_zh="产品", actor=SYSTEM
    )
    march, late, april = (
        datetime(2026, 3, 10, 9, tzinfo=UTC), datetime(2026, 3, 31, 17, tzinfo=UTC), datetime(2026, 4, 15, tzinfo=UTC),
    )  # fmt: skip
    for sender, score, at, agent, queue, product in (
        ("a@example.cn", 5, march, ann, "enquiries", "kettle"),
        ("b@example.cn", 2, late, ann, "complaints", "kettle"),
        ("c@example.cn", 1, april, bo, "complaints", "cup"),
        ("d@example.cn", None, april, bo, "complaints", "cup"),
    ):
        await was_asked(ctx, sender, score, at=at, agent=agent, queue=queue, product=product, field=field)

    async def by(what: By, name: str = "", zone: str = "UTC") -> dict[str, tuple[int, int, float | None]]:
        whole, lines = await report(ctx, SPRING, by=what, what=name, zone=zone)
        assert (whole.asked, whole.answered) == (4, 3)
        return {line.key: (line.asked, line.answered, line.average) for line in lines}

    assert await by(By.AGENT) == {str(ann): (2, 2, 3.5), str(bo): (2, 1, 1.0)}
    assert await by(By.QUEUE) == {"enquiries": (1, 1, 5.0), "complaints": (3, 2, 1.5)}
    assert await by(By.CHANNEL) == {"support": (4, 3, 8 / 3)}
    products = {"kettle": (2, 2, 3.5), "cup": (2, 1, 1.0)}
    assert await by(By.TAG) == products and await by(By.FIELD, field) == products
    assert await by(By.PERIOD, Step.MONTH) == {"2026-03-01": (2, 2, 3.5), "2026-04-01": (2, 1, 1.0)}
    shanghai = {"2026-03-01": (1, 1, 5.0), "2026-04-01": (3, 2, 1.5)}
    assert await by(By.PERIOD, Step.MONTH, "Asia/Shanghai") == shanghai, "the last of March is April there"
