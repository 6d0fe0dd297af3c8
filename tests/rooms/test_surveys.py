"""Customers are asked how they liked it: who, when, how often, and what comes of their answers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from channels.adapter import RawItem, Received
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.follow import FollowLinks, open_link
from hub.actions.privacy.forget import anonymise_customer
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from hub.actions.surveys import question_of
from hub.actions.surveys.answer import answer_question
from hub.actions.surveys.definition import Kind
from hub.actions.surveys.keep import (
    change_survey,
    find_survey,
    move_survey,
    retire_survey,
    switch_survey,
)
from hub.actions.surveys.question import open_question, question_shown
from hub.actions.surveys.stop import stop_asking
from hub.actions.surveys.token import make_token
from hub.actions.timers import fire_due
from hub.model.codes import CUSTOMER, TICKET, show_code
from tests.fakes.automation import automated, settle
from tests.fakes.invariants import assert_invariants
from tests.fakes.outside import Outside
from tests.fakes.scene import SECRET, SYSTEM, a_hub, ledger, one, rows, ticket, write
from tests.fakes.sending import deliver_due
from tests.fakes.surveys import (
    LI,
    PASSED,
    a_survey,
    asked,
    letters,
    make_older,
    reopen,
    resolved,
    token_of,
)
from tests.rooms.test_retention import ADMIN

FOLLOW_UP: dict[str, Any] = {"follow_up": True, "follow_up_queue": "complaints", "follow_up_priority": 4}


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as opened:
        yield opened
        await assert_invariants(opened.database)


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_letter_of_fixed_words_with_a_link_for_each_score(ctx: Context) -> None:
    await a_survey(ctx)
    found = await resolved(ctx, text="<b>Buy pills</b> at http://evil.example", subject="Cheap pills")
    (letter,) = await letters(ctx)
    number = show_code(TICKET, found["code"])
    token = await token_of(ctx)
    assert (
        letter["address"] == LI and letter["subject"] == f"How did we do? [{number}]" and letter["automatic"]
    )
    assert [f"/survey/{token}?score={score}" in letter["text"] for score in (1, 5)] == [True, True]
    assert "pills" not in letter["text"] and "evil" not in letter["text"], "nothing that anybody wrote"
    assert token == make_token(SECRET, (await asked(ctx))["id"]), "a page of theirs can show the link again"
    (entry,) = await rows(ctx, "SELECT * FROM interaction WHERE kind = 'survey'")
    assert token not in entry["text"], "the link is the customer's"
    assert (await ledger(ctx, found["id"]))[-1] == "survey_sent"
    assert await one(ctx, "SELECT status FROM ticket WHERE id = $1", found["id"]) == "resolved"


async def test_in_the_language_of_the_ticket(ctx: Context) -> None:
    await a_survey(ctx, Kind.NPS)
    await resolved(ctx, text="我的包裹在哪里？已经等了三天了。")
    (letter,) = await letters(ctx)
    assert letter["subject"].startswith("请评价我们的服务") and "推荐我们" in letter["text"]
    assert letter["text"].count("?score=") == 11


async def test_once_for_each_resolution_and_not_after_it_is_open_again(ctx: Context) -> None:
    await a_survey(ctx)
    found = await resolved(ctx)
    token = await token_of(ctx)
    await fire_due(ctx)
    assert len(await letters(ctx)) == 1
    await reopen(ctx, found["code"])
    assert await open_question(ctx, token) is None, "it dies with the resolution"
    assert not await answer_question(ctx, token, {"score": 5})
    await one(ctx, "DELETE FROM rate_limit RETURNING 1")
    await change_status(ctx, ticket_code=found["code"], status="resolved", actor=SYSTEM)
    await fire_due(ctx)
    assert len(await letters(ctx)) == 2
    assert await open_question(ctx, token) is None, "the new question has a link of its own"


async def test_reopened_before_the_time_nobody_is_asked(ctx: Context) -> None:
    await a_survey(ctx, minutes=60)
    found = await resolved(ctx)
    await write(ctx, LI, "It broke again", answers=await _last_id(ctx, found["id"]), headers=PASSED)
    assert (
        await one(ctx, "SELECT count(*) FROM timer WHERE kind = 'ask_rating' AND cancelled_at IS NULL") == 0
    )


async def test_an_address_that_was_typed_into_a_form_gets_no_letter(ctx: Context) -> None:
    """The question stands on the pages of the case instead, where whoever holds its link finds it."""
    await a_survey(ctx)
    said = {"text": "Hello", "email": "victim@example.cn", "fields": {}, "hints": {}, "answers": []}
    posted = RawItem(external_key="form-1", content=orjson.dumps(said), received_at=datetime.now(UTC))
    (kept,) = await accept_items(ctx, "form", [posted])
    found = await ticket(ctx, kept)
    await change_status(ctx, ticket_code=found["code"], status="resolved", actor=SYSTEM)
    await fire_due(ctx)
    assert await one(ctx, "SELECT count(*) FROM outbox") == 0
    shown = await ctx.database.read(lambda c: question_shown(c, found["id"], found["channel_id"]))
    assert shown is not None and await answer_question(ctx, shown.token(SECRET), {"score": 5})
    received = Received(
        ticket_code=show_code(TICKET, found["code"]), thread_key=found["thread_key"], language="en"
    )
    link = await FollowLinks(ctx, "form", "https://hub.example")(received)
    followed = await open_link(ctx, link.rpartition("/")[2])
    assert followed.question is not None and followed.question.score == 5, "it can be changed there"


async def test_a_survey_asks_where_it_is_said_and_the_first_that_fits(ctx: Context) -> None:
    first = await a_survey(ctx, Kind.CES, queues=["complaints"])
    second = await a_survey(ctx, Kind.NPS, channels=["support"])
    await resolved(ctx)
    assert (await asked(ctx))["survey_id"] == second
    await change_survey(
        ctx, survey_id=first, version=1, said={**(await _said(ctx, first)), "queues": []}, actor=SYSTEM
    )
    await resolved(ctx, "mei@example.cn")
    assert (await asked(ctx))["survey_id"] == first
    await move_survey(ctx, survey_id=first, up=False, actor=SYSTEM)
    await resolved(ctx, "wang@example.cn")
    assert (await asked(ctx))["survey_id"] == second
    await switch_survey(ctx, survey_id=second, active=False, actor=SYSTEM)
    await retire_survey(ctx, survey_id=first, actor=SYSTEM)
    await resolved(ctx, "zhao@example.cn")
    assert await one(ctx, "SELECT count(*) FROM survey_invitation") == 3


async def _said(ctx: Context, survey_id: int) -> dict[str, Any]:
    return (await find_survey(ctx, survey_id)).definition.model_dump(mode="json")


async def _last_id(ctx: Context, ticket_id: int) -> str:
    return str(
        await one(
            ctx,
            "SELECT external_id FROM interaction WHERE ticket_id = $1 ORDER BY id DESC LIMIT 1",
            ticket_id,
        )
    )


# ── answering ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_answer_stands_on_the_timeline_with_its_versions_and_can_be_changed_for_a_day(
    ctx: Context,
) -> None:
    await a_survey(ctx)
    found = await resolved(ctx)
    token = await token_of(ctx)
    given = {
        "score": "2",
        "comment": " Three days\x00 ",
        "reasons": "slow,nonsense,tone",
        "solved": "no",
        "more": "x",
    }
    for _ in range(2):
        assert await answer_question(ctx, token, given)
    (entry,) = await rows(ctx, "SELECT * FROM interaction WHERE kind = 'survey' AND direction = 'internal'")
    assert (entry["text"], entry["fields"]["score"], entry["fields"]["survey"]) == ("Three days", 2, "csat")
    said = {one_["key"]: one_["said"] for one_ in entry["fields"]["answers"]}
    assert said["solved"] == {"en": "No", "zh": "没有解决"}
    assert said["reasons"]["en"] == "It took too long, The tone was not right"
    assert await answer_question(ctx, token, {"score": 5}), "what is not named stays"
    kept = await asked(ctx)
    assert (kept["score"], kept["comment"], kept["answers"]["reasons"]) == (5, "Three days", [])
    versions = await rows(
        ctx, "SELECT revises FROM interaction WHERE kind = 'survey' AND direction = 'internal' ORDER BY id"
    )
    assert [row["revises"] for row in versions] == [None, entry["id"]]
    assert (await ledger(ctx, found["id"]))[-2:] == ["survey_answered", "survey_answered"]
    assert await one(ctx, "SELECT status FROM ticket WHERE id = $1", found["id"]) == "resolved"
    await make_older(ctx, 1.01)
    assert not await answer_question(ctx, token, {"score": 1})
    assert await open_question(ctx, token) is None


async def test_what_is_no_score_of_the_scale_is_not_kept(ctx: Context) -> None:
    await a_survey(ctx)
    await resolved(ctx)
    token = await token_of(ctx)
    for wrong in ({}, {"score": 0}, {"score": 6}, {"score": "٣"}, {"score": "1e0"}, {"score": ""}):
        assert not await answer_question(ctx, token, wrong), wrong
    assert (await asked(ctx))["answered_at"] is None


async def test_the_worst_of_ten_is_a_score_too(ctx: Context) -> None:
    await a_survey(ctx, Kind.NPS)
    await resolved(ctx)
    assert await answer_question(ctx, await token_of(ctx), {"score": 0})
    assert (await asked(ctx))["score"] == 0


async def test_a_question_is_over_when_its_time_is(ctx: Context) -> None:
    await a_survey(ctx, good_days=7)
    await resolved(ctx)
    token = await token_of(ctx)
    await make_older(ctx, 7.01)
    assert await open_question(ctx, token) is None and not await answer_question(ctx, token, {"score": 5})


async def test_it_is_asked_in_the_words_of_then(ctx: Context) -> None:
    number = await a_survey(ctx)
    await resolved(ctx)
    said = {**(await _said(ctx, number)), "question": {"en": "Other words?", "zh": "别的"}, "further": []}
    await change_survey(ctx, survey_id=number, version=1, said=said, actor=SYSTEM)
    question = await open_question(ctx, await token_of(ctx))
    assert question is not None and question.definition.question.en == "How satisfied are you with our help?"
    with pytest.raises(NotPossible) as refused:
        await change_survey(ctx, survey_id=number, version=1, said=said, actor=SYSTEM)
    assert refused.value.code == "survey_changed"


async def test_the_question_of_a_conversation_can_be_shown_again(ctx: Context) -> None:
    await a_survey(ctx)
    found = await resolved(ctx)
    question = await ctx.database.read(
        lambda c: question_of(c, found["id"], found["channel_id"], "LI@example.cn")
    )
    assert question is not None and question.token(SECRET) == await token_of(ctx)
    assert question.token(b"another key of thirty-two bytes!") == ""
    other = await ctx.database.read(
        lambda c: question_of(c, found["id"], found["channel_id"], "mei@example.cn")
    )
    assert other is None


# ── low scores ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_low_score_opens_one_ticket_however_often_it_is_said(ctx: Context) -> None:
    await a_survey(ctx, **FOLLOW_UP)
    found = await resolved(ctx)
    token = await token_of(ctx)
    said: list[dict[str, int | str]] = [
        {"score": 1, "comment": "Nobody called"},
        {"score": 2},
        {"score": 1, "comment": "Nobody called back"},
    ]
    assert all(await asyncio.gather(*(answer_question(ctx, token, one_) for one_ in said)))
    (opened,) = await rows(
        ctx,
        "SELECT t.*, q.name AS queue FROM ticket t JOIN queue q ON q.id = t.queue_id WHERE t.id <> $1",
        found["id"],
    )
    assert (opened["queue"], opened["priority"], opened["status"], opened["customer_id"], opened["reply_address"]) == (
        "complaints", 4, "open", found["customer_id"], LI,
    )  # fmt: skip
    assert opened["waiting_since"] is not None
    assert opened["subject"].startswith(f"Rating of case {show_code(TICKET, found['code'])}: "), (
        "what the customer sees above an answer"
    )
    assert (await asked(ctx))["follow_up_id"] == opened["id"]
    (link,) = await rows(ctx, "SELECT * FROM ticket_link")
    assert (link["ticket_id"], link["other_id"], link["why"]) == (opened["id"], found["id"], "caused_by")
    texts = [
        row["text"]
        for row in await rows(
            ctx, "SELECT text FROM interaction WHERE ticket_id = $1 ORDER BY seq", opened["id"]
        )
    ]
    assert "of 5 for case" in texts[0] and any("Nobody called" in text for text in texts), (
        "visible why it is there"
    )
    assert (await ledger(ctx, opened["id"]))[:2] == ["ticket_opened", "linked"]
    assert await answer_question(ctx, token, {"score": 5, "comment": ""})
    (last,) = await rows(
        ctx, "SELECT text, kind FROM interaction WHERE ticket_id = $1 ORDER BY seq DESC LIMIT 1", opened["id"]
    )
    assert last == {"text": "The customer has changed the answer: 5 of 5 now.", "kind": "note"}, (
        "whoever follows up knows it"
    )


async def test_a_good_score_opens_nothing_nor_does_a_low_one_where_nobody_wants_it(ctx: Context) -> None:
    await a_survey(ctx)
    await resolved(ctx)
    for score in (5, 1):
        assert await answer_question(ctx, await token_of(ctx), {"score": score})
    assert await one(ctx, "SELECT count(*) FROM ticket") == 1


async def test_rules_hear_of_a_low_score(database_dsn: str) -> None:
    rules = automated(
        """[[automation]]
name = "call back"
on = ["rated_low"]
when = { by = ["customer"] }
then = [ { add_tags = ["call-back"] } ]
"""
    )
    async with a_hub(database_dsn, rules=rules) as ctx:
        await a_survey(ctx)
        found = await resolved(ctx)
        for score, tags in ((5, []), (1, ["call-back"])):
            await answer_question(ctx, await token_of(ctx), {"score": score})
            await settle(ctx)
            assert await one(ctx, "SELECT tags FROM ticket WHERE id = $1", found["id"]) == tags


async def test_a_queue_that_is_gone_leaves_it_where_the_ticket_was(ctx: Context) -> None:
    with pytest.raises(NotPossible) as refused:
        await a_survey(ctx, follow_up=True, follow_up_queue="nowhere")
    assert refused.value.code == "unknown_queue"
    number = await a_survey(ctx, **FOLLOW_UP)
    await one(
        ctx,
        """UPDATE survey_version SET definition = jsonb_set(definition, '{follow_up_queue}', '"nowhere"')
           WHERE survey_id = $1 RETURNING 1""",
        number,
    )
    found = await resolved(ctx)
    assert await answer_question(ctx, await token_of(ctx), {"score": 1})
    assert await one(ctx, "SELECT queue_id FROM ticket WHERE id <> $1", found["id"]) == found["queue_id"]


# ── forgetting ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_words_go_and_figures_stay(ctx: Context) -> None:
    more = [{"key": "why", "sort": "text", "label": {"en": "Why?", "zh": "为什么？"}}]
    await a_survey(ctx, further=more)
    found = await resolved(ctx)
    token = await token_of(ctx)
    await answer_question(
        ctx, token, {"score": 1, "comment": "I am Li Lei", "why": "13800138000", "reasons": "slow"}
    )
    await stop_asking(ctx, token)
    customer = await one(ctx, "SELECT code FROM customer WHERE id = $1", found["customer_id"])
    channel = await one(ctx, "SELECT c.name FROM outbox o JOIN channel c ON c.id = o.channel_id")
    assert await deliver_due(ctx, {channel: Outside(name=channel)}) == 1  # the question is out
    await anonymise_customer(ctx, customer_code=customer, typed=show_code(CUSTOMER, customer), actor=ADMIN)
    kept = await asked(ctx)
    assert (kept["score"], kept["comment"], kept["address"], kept["answers"]) == (
        1,
        "",
        "",
        {"reasons": ["slow"]},
    )
    assert await one(ctx, "SELECT count(*) FROM survey_refusal") == 0
    assert not await answer_question(ctx, token, {"score": 1, "comment": "I am Li Lei"}), (
        "nor do they come back"
    )
    assert (
        await one(
            ctx, "SELECT count(*) FROM interaction WHERE kind = 'survey' AND (text <> '' OR fields <> '{}')"
        )
        == 0
    )
