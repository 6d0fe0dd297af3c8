"""The page behind a survey's link, the desk's pages of surveys, and their part of the API, over HTTP."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from multidict import MultiDict

from hub.actions.own_fields import add_field
from hub.actions.people.keys import create_api_key
from hub.actions.surveys.answer import answer_question
from hub.actions.surveys.keep import find_survey, list_surveys
from hub.actions.surveys.report import MOST_LINES, By, report
from hub.model.codes import TICKET, show_code
from hub.model.people import Scope
from hub.model.permissions import Sight
from storage import survey_report
from storage.database import Connection
from storage.survey_report import Wanted
from tests.fakes.desk import Desk, serving_desk
from tests.fakes.scene import SYSTEM, a_hub, one, rows
from tests.fakes.surveys import MAILED, a_survey, asked, reopen, resolved, token_of


@pytest.fixture
async def desk(database_dsn: str) -> AsyncIterator[Desk]:
    async with a_hub(database_dsn, MAILED) as ctx, serving_desk(ctx, MAILED) as served:
        yield served


async def test_looking_records_nothing_and_only_our_own_page_is_heard(desk: Desk) -> None:
    """Mail scanners follow every link in a letter, with whatever method but POST, and show no origin of ours."""
    await a_survey(desk.ctx)
    await resolved(desk.ctx)
    page = f"/survey/{await token_of(desk.ctx)}"
    for score in range(1, 6):
        answer = await desk.get(f"{page}?score={score}")
        assert answer.status == 200 and f'value="{score}" required checked' in answer.text
        async with desk.session.head(f"{desk.url}{page}?score={score}") as head:
            assert head.status == 200
    assert answer.headers["Cache-Control"] == "no-store" and "noindex" in answer.headers["X-Robots-Tag"]
    assert "script" not in answer.text and "script-src" not in answer.headers["Content-Security-Policy"]
    for origin in (None, "null", "https://evil.example"):
        assert (await desk.post(page, {"score": "1"}, origin=origin)).status == 403
        assert (await desk.post(f"{page}/stop", origin=origin)).status == 403
    assert (await asked(desk.ctx))["answered_at"] is None
    assert await one(desk.ctx, "SELECT count(*) FROM survey_refusal") == 0
    assert (await desk.post(page, {})).status == 422, "no score yet"
    sent = await desk.post(
        page,
        MultiDict([("score", "2"), ("reasons", "slow"), ("reasons", "tone"), ("comment", "<b>Slow</b>")]),
    )
    assert sent.status == 303 and "thanks" in sent.headers["Location"]
    kept = await asked(desk.ctx)
    assert (kept["score"], kept["comment"], kept["answers"]["reasons"]) == (
        2,
        "<b>Slow</b>",
        ["slow", "tone"],
    )
    thanks = await desk.get(sent.headers["Location"])
    assert "2 of 5" in thanks.text and "sorry" in thanks.text
    again = await desk.get(page)
    assert "&lt;b&gt;Slow" in again.text and "<b>Slow" not in again.text and "answered already" in again.text
    assert (await desk.post(page, {"score": "5"})).status == 303
    kept = await asked(desk.ctx)
    assert (kept["score"], kept["comment"], kept["answers"]["reasons"]) == (5, "", []), (
        "an unticked box is no more"
    )


async def test_every_link_that_is_none_is_answered_the_same(desk: Desk) -> None:
    await a_survey(desk.ctx)
    found = await resolved(desk.ctx)
    token = await token_of(desk.ctx)
    await reopen(desk.ctx, found["code"])
    answers = []
    for bad in (token, "x" * 32, "1", token[:-1], f"{token}x", "\u4e2d"):
        got, sent = await desk.get(f"/survey/{bad}"), await desk.post(f"/survey/{bad}", {"score": "5"})
        assert (got.status, sent.status) == (404, 404), bad
        answers += [one_.text.replace(got.url.raw_path, "") for one_ in (got, sent)]
    assert len(set(answers)) == 1
    assert (await desk.get("/survey/%00")).status == 404, "no address of ours, whatever stands there"
    stopped = {
        (await desk.post(f"/survey/{bad}/stop", {})).text.replace(bad, "") for bad in ("y" * 32, token)
    }
    assert len(stopped) == 1
    assert await one(desk.ctx, "SELECT address FROM survey_refusal") == "li@example.cn", (
        "one of them was good"
    )


async def test_one_network_cannot_answer_for_ever(desk: Desk) -> None:
    await a_survey(desk.ctx)
    await resolved(desk.ctx)
    page = f"/survey/{await token_of(desk.ctx)}"
    posts = [(await desk.post(page, {"score": str(1 + number % 5)})).status for number in range(62)]
    assert posts[:60] == [303] * 60 and posts[60:] == [429, 429]
    late = await desk.post(page, {"score": "1", "comment": "Three days of silence"})
    assert late.status == 429 and "Three days of silence" in late.text, "it need not be typed again"


async def test_in_the_language_of_the_conversation_with_a_switch(desk: Desk) -> None:
    await a_survey(desk.ctx)
    await resolved(desk.ctx, text="我的包裹在哪里？已经等了三天了。")
    page = f"/survey/{await token_of(desk.ctx)}"
    shown = await desk.get(page, **{"Accept-Language": "en"})
    assert 'lang="zh-CN"' in shown.text and "您对我们的服务满意吗？" in shown.text
    assert "How satisfied" in (await desk.get(f"{page}?lang=en")).text


# ── the desk ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_survey_is_written_act_by_act(desk: Desk) -> None:
    await desk.log_in()
    page = await desk.get("/desk/surveys/new/csat")
    assert page.status == 200 and "How satisfied are you" in page.text
    typed = {
        "kind": "csat", "name": "After a letter", "question_en": "Well?", "question_zh": "好吗？", "low": "2", "minutes": "5",
        "cool_down_days": "0", "good_days": "7", "reasons": "slow: Too slow = 太慢\nOther", "count": "0", "channels": "support",
    }  # fmt: skip
    more = await desk.post("/desk/surveys", {**typed, "act": "add"})
    assert 'name="q0.label_en"' in more.text and not await list_surveys(desk.ctx), "nothing is kept yet"
    further = {
        "count": "1",
        "q0.key": "q1",
        "q0.sort": "choice",
        "q0.label_en": "Solved?",
        "q0.label_zh": "",
        "q0.options": "",
    }
    wrong = await desk.post("/desk/surveys", {**typed, **further, "act": "save"})
    assert (
        wrong.status == 409
        and "Each further question needs its words" in wrong.text
        and "Solved?" in wrong.text
    )
    further["q0.options"] = "yes: Yes = 是\nno: No = 否"
    preview = await desk.post("/desk/surveys/preview", {**typed, **further})
    assert "Solved?" in preview.text and "Well?" in preview.text
    saved = await desk.post("/desk/surveys", {**typed, **further, "act": "save"})
    (kept,) = await list_surveys(desk.ctx)
    assert saved.headers["Location"] == f"/desk/surveys/{kept.id}?kept" and not kept.active
    assert [one_.value for one_ in kept.definition.reasons] == ["slow", "other"]
    assert (kept.definition.further[0].options[1].label.zh, kept.definition.channels) == ("否", ("support",))
    await desk.post(f"/desk/surveys/{kept.id}/switch", {"to": "on"})
    again = {
        **typed,
        "act": "save",
        "version": "1",
        "name": "Other name",
        "follow_up": "1",
        "follow_up_queue": "complaints",
    }
    assert (await desk.post(f"/desk/surveys/{kept.id}", again)).status == 303
    late = await desk.post(f"/desk/surveys/{kept.id}", again)
    assert late.status == 409 and "Somebody else has changed this survey" in late.text
    now = await find_survey(desk.ctx, kept.id)
    assert (now.version, now.active, now.definition.name, now.definition.follow_up) == (
        2,
        True,
        "Other name",
        True,
    )
    acts = [
        row["subject"]
        for row in await rows(desk.ctx, "SELECT subject FROM audit WHERE kind = 'survey_changed' ORDER BY id")
    ]
    assert acts == ["After a letter", "After a letter", "Other name"]
    assert "Other name" in (await desk.get("/desk/surveys")).text
    await desk.post(f"/desk/surveys/{kept.id}/retire")
    assert "Other name" not in (await desk.get("/desk/surveys")).text


async def test_who_may_look_and_who_may_change(desk: Desk) -> None:
    await desk.log_in("lin")
    for path in (
        "/desk/surveys",
        "/desk/surveys/report",
        "/desk/surveys/report/export",
        "/desk/surveys/new/csat",
    ):
        assert (await desk.get(path)).status == 403, path
    assert (await desk.post("/desk/surveys", {"act": "save"})).status == 403


async def test_results_are_those_in_sight_and_a_file_of_them_is_harmless(desk: Desk) -> None:
    ctx = desk.ctx
    await a_survey(ctx)
    first = await resolved(ctx)
    await answer_question(
        ctx, await token_of(ctx), {"score": 1, "comment": '=HYPERLINK("http://evil.example")'}
    )
    await one(ctx, "UPDATE ticket SET tags = '{kettle,blue}' WHERE id = $1 RETURNING 1", first["id"])
    await resolved(ctx, "mei@example.cn")
    await answer_question(ctx, await token_of(ctx), {"score": 5, "comment": "@good"})
    await one(
        ctx,
        "UPDATE ticket SET queue_id = (SELECT id FROM queue WHERE name = 'complaints') WHERE customer_id <> $1 RETURNING 1",
        first["customer_id"],
    )
    await desk.log_in()
    page = await desk.get("/desk/surveys/report?by=tag")
    assert page.status == 200 and "3.00" in page.text and "kettle" in page.text and "No tag" in page.text
    assert show_code(TICKET, first["code"]) in page.text and "HYPERLINK" in page.text
    for by in ("agent", "queue", "channel", "survey", "field", "period&step=month", "nonsense"):
        assert (await desk.get(f"/desk/surveys/report?by={by}")).status == 200, by
    assert "Nobody was asked" in (await desk.get("/desk/surveys/report?kind=nps")).text
    file = await desk.get("/desk/surveys/report/export")
    lines = list(csv.DictReader(io.StringIO(file.text.lstrip("\ufeff"))))
    assert [line["comment"] for line in lines] == ["'@good", '\'=HYPERLINK("http://evil.example")']
    assert lines[1]["ticket"] == show_code(TICKET, first["code"])
    assert await one(ctx, "SELECT count(*) FROM audit WHERE kind = 'surveys_exported'") == 1
    queue = await one(ctx, "SELECT id FROM queue WHERE name = 'complaints'")
    viewer = await one(ctx, "SELECT id FROM agent WHERE login = 'lin'")
    await one(ctx, "INSERT INTO queue_member (queue_id, agent_id) VALUES ($1, $2) RETURNING 1", queue, viewer)
    now = datetime.now(UTC)
    for sight, comments in ((Sight.OWN, []), (Sight.QUEUES, ["@good"])):
        seen = Wanted(
            since=now - timedelta(days=1),
            until=now + timedelta(days=1),
            kind="csat",
            sight=sight,
            viewer=viewer,
        )

        async def read(c: Connection, seen: Wanted = seen) -> tuple[list[str], int]:
            found = await survey_report.answers(c, seen, before=(seen.until, 0), with_words=True, limit=9)
            figures = await survey_report.figures(c, seen, by="")
            return [one_.comment for one_ in found], sum(one_.times for one_ in figures)

        assert await ctx.database.read(read) == (comments, len(comments))


async def test_a_report_of_more_lines_than_anybody_reads_has_the_most_answered_ones_and_the_whole(
    desk: Desk,
) -> None:
    ctx = desk.ctx
    await a_survey(ctx)
    found = await resolved(ctx)
    await answer_question(ctx, await token_of(ctx), {"score": 5})
    name = await add_field(ctx, about="ticket", kind="yes_no", label_en="Urgent", label_zh="", actor=SYSTEM)
    await one(
        ctx,
        "INSERT INTO ticket_fields (ticket_id, said) VALUES ($1, jsonb_build_object($2::text, true)) RETURNING 1",
        found["id"],
        name,
    )
    await one(
        ctx,
        """WITH c AS (
                   INSERT INTO channel (name, kind) SELECT 'a' || g, 'loopback' FROM generate_series(1, $2::int) g RETURNING id
               ), s AS (
                   INSERT INTO survey_invitation (ticket_id, resolution, kind, channel_id, address, token_hash, expires_at,
                                                  customer_id)
                   SELECT t.id, 1000 + c.id, 'csat', c.id, '', sha256(c.id::text::bytea), clock_timestamp(), t.customer_id
                   FROM c, ticket t WHERE t.id = $1 RETURNING 1)
           SELECT count(*) FROM s""",
        found["id"],
        MOST_LINES,
    )
    now = datetime.now(UTC)
    wanted = Wanted(since=now - timedelta(days=1), until=now + timedelta(days=1), kind="csat")
    whole, lines = await report(ctx, wanted, by=By.CHANNEL)
    assert (whole.asked, whole.answered, len(lines)) == (MOST_LINES + 1, 1, MOST_LINES)
    assert lines[0].key == "support" and lines[0].answered == 1
    await desk.log_in()
    page = await desk.get("/desk/surveys/report?by=channel")
    assert "Only the 500 lines with the most answers are shown." in page.text
    page = await desk.get(f"/desk/surveys/report?by=field&field={name}")
    assert '<th scope="row">Yes</th>' in page.text
    for before in (
        f"2026-01-01T00:00:00%2B00:00,{'9' * 30}",
        "0001-01-01T00:00:00%2B14:00,1",
        "x",
        "2026-01-01,1",
    ):
        assert (await desk.get(f"/desk/surveys/report?before={before}")).status == 200, before


async def test_programs_list_add_up_and_ask(desk: Desk) -> None:
    ctx = desk.ctx
    await a_survey(ctx, minutes=600)
    found = await resolved(ctx)
    key = await create_api_key(ctx, name="reports", scopes=[Scope.READ, Scope.WRITE])
    said = {"Authorization": f"Bearer {key}"}
    number = show_code(TICKET, found["code"])

    async def get(path: str) -> Any:
        async with desk.session.get(f"{desk.url}/api/v1{path}", headers=said) as answer:
            return answer.status, await answer.json()

    async def ask() -> int:
        async with desk.session.post(f"{desk.url}/api/v1/tickets/{number}/surveys", headers=said) as answer:
            return answer.status

    assert [await ask(), await ask()] == [202, 409]
    await answer_question(ctx, await token_of(ctx), {"score": 4, "solved": "yes"})
    now = datetime.now(UTC)
    since, until = (f"{now + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (-1, 1))
    day = f"since={since}&until={until}"
    status, listed = await get("/surveys")
    assert status == 200 and listed["items"][0]["definition"]["kind"] == "csat"
    status, added = await get(f"/surveys/report?{day}&by=queue")
    assert status == 200 and added["whole"]["average"] == 4.0 and added["lines"][0]["scores"]["4"] == 1
    status, answers = await get(f"/surveys/answers?{day}&limit=1")
    assert (
        answers["items"][0]["more"][0]["said"] == {"en": "Yes", "zh": "已解决"}
        and answers["next_cursor"] is None
    )
    status, invited = await get(f"/tickets/{number}/surveys")
    assert invited["items"][0]["score"] == 4 and invited["items"][0]["sent"]
    for wrong in (
        f"/surveys/report?{day}&by=period&zone=Mars",
        "/surveys/report?since=2020-01-01T00:00:00Z&until=2026-01-01T00:00:00Z",
    ):
        assert (await get(wrong))[0] == 422, wrong
