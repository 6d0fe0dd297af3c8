"""A customer who did not want to be asked says otherwise to somebody who works here: on the customer's page at the desk."""

import re
from collections.abc import AsyncIterator

import pytest

from hub.actions.surveys.stop import stop_asking
from hub.model.codes import CUSTOMER, show_code
from tests.fakes.desk import Desk, serving_desk
from tests.fakes.scene import a_hub, one, rows
from tests.fakes.surveys import LI, MAILED, a_survey, letters, resolved, token_of


@pytest.fixture
async def desk(database_dsn: str) -> AsyncIterator[Desk]:
    async with a_hub(database_dsn, MAILED) as ctx, serving_desk(ctx, MAILED) as served:
        yield served


async def refused(desk: Desk) -> tuple[str, str]:
    """The page of a customer who pressed *Please do not ask me again*, and the path of what lifts it."""
    await a_survey(desk.ctx)
    await resolved(desk.ctx)
    await stop_asking(desk.ctx, await token_of(desk.ctx))
    number = show_code(
        CUSTOMER,
        await one(
            desk.ctx,
            "SELECT c.code FROM customer c JOIN identity i ON i.customer_id = c.id WHERE i.value = $1",
            LI,
        ),
    )
    refusal = await one(desk.ctx, "SELECT id FROM survey_refusal")
    return f"/desk/customers/{number}", f"/desk/customers/{number}/refusals/{refusal}"


async def asked_again(desk: Desk, text: str) -> bool:
    """Whether another resolved ticket of theirs asks."""
    await one(desk.ctx, "DELETE FROM rate_limit RETURNING 1")
    before = len(await letters(desk.ctx))
    await resolved(desk.ctx, text=text, subject=text)
    return len(await letters(desk.ctx)) > before


async def test_a_refusal_is_lifted_and_stands_again(desk: Desk) -> None:
    """With who and when on the page, an entry in the audit trail, and a way back."""
    page, refusal = await refused(desk)
    await desk.log_in("lin")
    assert "不希望通过 li@example.cn 被征询满意度" in (await desk.get(page)).text
    assert not await asked_again(desk, "A second thing")
    lifted = await desk.post(f"{refusal}/lift")
    assert lifted.status == 200 and "由 小林 登记" in lifted.text and f"{refusal}/restore" in lifted.text
    assert await asked_again(desk, "A third thing")
    assert "Somebody else" in re.sub(
        "其他人[^<]*", "Somebody else", (await desk.post(f"{refusal}/lift")).text
    )
    assert (await desk.post(f"{refusal}/restore")).status == 200
    assert "不希望通过 li@example.cn 被征询满意度" in (await desk.get(page)).text
    assert not await asked_again(desk, "A fourth thing")
    told = await rows(
        desk.ctx,
        "SELECT kind, who, subject, details FROM audit WHERE kind LIKE 'survey_refusal%' ORDER BY id",
    )
    assert [(row["kind"], row["who"], row["subject"]) for row in told] == [
        ("survey_refusal_lifted", "小林", page.rpartition("/")[2]),
        ("survey_refusal_restored", "小林", page.rpartition("/")[2]),
    ]
    assert LI not in str(told), "whose it was stands on their page"


async def test_whoever_presses_the_link_again_is_asked_no_more(desk: Desk) -> None:
    """The customer's word of now is above what was written down of theirs before."""
    page, refusal = await refused(desk)
    await desk.log_in()
    await desk.post(f"{refusal}/lift")
    await stop_asking(desk.ctx, await token_of(desk.ctx))
    assert "they said so themselves" in (await desk.get(page)).text
    assert not await asked_again(desk, "A second thing")


async def test_nobody_lifts_what_is_not_this_customers(desk: Desk) -> None:
    page, refusal = await refused(desk)
    await resolved(desk.ctx, "mei@example.cn")
    other = await one(
        desk.ctx,
        "SELECT c.code FROM customer c JOIN identity i ON i.customer_id = c.id WHERE i.value = 'mei@example.cn'",
    )
    await desk.log_in()
    hers = f"/desk/customers/{show_code(CUSTOMER, other)}/refusals/{refusal.rpartition('/')[2]}/lift"
    assert (await desk.post(hers)).status == 404
    assert (await desk.post(f"{refusal}9/lift")).status == 404
    assert (await desk.post(f"{refusal}/restore")).status == 409
    assert "they said so themselves" in (await desk.get(page)).text
