"""Surveys in a real browser: one is written at the desk with what customers would see beside it; a customer answers without
JavaScript, on a telephone; the results say so."""

import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from hub.actions.surveys.answer import answer_question
from hub.actions.surveys.definition import Kind
from tests.browser.conftest import OpenDesk
from tests.browser.looks import COLOURS, LOCALES, Looks, speak, violations
from tests.fakes.desk import Desk, serving_desk
from tests.fakes.scene import a_hub, one
from tests.fakes.surveys import MAILED, a_survey, resolved, seed_answers, token_of

SHOTS = os.environ.get("SHOTS")


@pytest.fixture
async def desk(database_dsn: str) -> AsyncIterator[Desk]:
    async with a_hub(database_dsn, MAILED) as ctx, serving_desk(ctx, MAILED) as served:
        yield served


async def test_shots(desk: Desk, browser: Browser, open_desk: OpenDesk) -> None:
    assert SHOTS
    await a_survey(desk.ctx, Kind.CSAT, follow_up=True, follow_up_queue="complaints", name="After a letter")
    number = await a_survey(desk.ctx, Kind.NPS, name="Recommend us?", further=[{"key": "q1", "sort": "scale", "label": {"en": "How clear were our answers?", "zh": "我们的回复清楚吗？"}}, {"key": "q2", "sort": "text", "label": {"en": "What should we do next?", "zh": "您希望我们改进什么？"}}])
    await resolved(desk.ctx)
    token = await token_of(desk.ctx)
    await seed_answers(desk.ctx, 400)
    page = await open_desk()
    for locale in LOCALES:
        await speak(desk, locale)
        for theme in ("light", "dark"):
            for width in (1280, 375):
                await page.set_viewport_size({"width": width, "height": 900})
                for name, path in (("list", "/desk/surveys"), ("editor", f"/desk/surveys/{number}"), ("report", "/desk/surveys/report?by=queue&from=2026-01-01"), ("period", "/desk/surveys/report?by=period&kind=nps&step=week&from=2026-05-01")):
                    await page.goto(desk.url + path)
                    await page.evaluate("t => { document.documentElement.dataset.theme = t }", theme)
                    await page.screenshot(path=f"{SHOTS}/{name}-{locale}-{theme}-{width}.png", full_page=True)
    context = await browser.new_context(java_script_enabled=False)
    for theme in ("light", "dark"):
        for width in (1280, 375):
            p = await context.new_page()
            await p.emulate_media(color_scheme=theme)
            await p.set_viewport_size({"width": width, "height": 800})
            for lang in ("en", "zh_CN"):
                await p.goto(f"{desk.url}/survey/{token}?lang={lang}&score=2")
                await p.screenshot(path=f"{SHOTS}/page-{lang}-{theme}-{width}.png", full_page=True)
            await p.goto(f"{desk.url}/survey/nothing")
            await p.screenshot(path=f"{SHOTS}/over-{theme}-{width}.png", full_page=True)
    p = await context.new_page()
    await p.set_viewport_size({"width": 375, "height": 800})
    await p.goto(f"{desk.url}/survey/{token}?lang=zh&score=2")
    await p.get_by_role("button", name="提交").click()
    await p.screenshot(path=f"{SHOTS}/thanks.png", full_page=True)
    await context.close()
