"""Surveys in a real browser: one is written at the desk with what customers would see beside it; a customer answers without
JavaScript, on a telephone; the results say so."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from hub.actions.surveys.definition import Kind
from tests.browser.conftest import OpenDesk
from tests.browser.looks import COLOURS, LOCALES, Looks, speak, violations
from tests.fakes.desk import Desk, serving_desk
from tests.fakes.scene import a_hub, one
from tests.fakes.surveys import MAILED, a_survey, resolved, seed_answers, token_of


@pytest.fixture
async def desk(database_dsn: str) -> AsyncIterator[Desk]:
    async with a_hub(database_dsn, MAILED) as ctx, serving_desk(ctx, MAILED) as served:
        yield served


async def test_from_the_editor_to_the_customer_and_back(
    desk: Desk, browser: Browser, open_desk: OpenDesk
) -> None:
    page = await open_desk("/desk/surveys")
    await page.get_by_role("link", name="CSAT").click()
    preview = page.frame_locator("iframe.survey-preview")
    await expect(preview.get_by_text("Is your problem solved?")).to_be_visible()
    await page.get_by_role("button", name="Add a question").click()
    further = page.locator("#further-q1")
    await further.get_by_label("Question in English").fill("How clear were we?")
    await further.get_by_label("Question in English").press("Tab")
    await expect(preview.get_by_text("How clear were we?")).to_be_visible()
    await page.get_by_label("Minutes after the resolution").fill("0")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_text("It is kept.")).to_be_visible()
    await page.goto(f"{desk.url}/desk/surveys")
    await page.get_by_role("button", name="Switch on").click()
    await expect(page.get_by_role("button", name="Switch off")).to_be_visible()

    await resolved(desk.ctx)
    phone = await browser.new_context(
        java_script_enabled=False, viewport={"width": 375, "height": 700}, locale="en-US"
    )
    customer = await phone.new_page()
    await customer.goto(f"{desk.url}/survey/{await token_of(desk.ctx)}?score=5")
    await expect(customer.get_by_role("radio", name="5 of 5: Very satisfied")).to_be_checked()
    await expect(customer.get_by_text("What went wrong?")).to_be_hidden()
    await customer.get_by_role("radio", name="2 of 5", exact=True).first.check(force=True)
    await customer.get_by_role("checkbox", name="It took too long").check(force=True)
    await customer.get_by_label("Is there anything you would like to tell us?").fill("Three days of silence")
    await customer.get_by_role("button", name="Send my answer").click()
    await expect(customer.get_by_role("heading", name="Thank you!")).to_be_visible()
    await customer.get_by_role("link", name="中文").click()
    await expect(customer.get_by_role("heading", name="谢谢您的评价！")).to_be_visible()
    await phone.close()

    await page.goto(f"{desk.url}/desk/surveys/report")
    word = page.locator(".survey-words li")
    await expect(word).to_contain_text("Three days of silence")
    await expect(word).to_contain_text("Reasons: It took too long")
    await word.get_by_role("link", name="T-").click()
    await expect(page.locator("#thread")).to_contain_text("2 of 5")
    await expect(page.locator("#thread")).to_contain_text("It took too long")


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe(desk: Desk, browser: Browser, open_desk: OpenDesk, locale: str) -> None:
    number = await a_survey(desk.ctx, Kind.CSAT, follow_up=True, follow_up_queue="complaints")
    await resolved(desk.ctx)
    await seed_answers(desk.ctx, 40)
    await speak(desk, locale)
    page = await open_desk()
    looks = await Looks.begin(page, desk.url, "surveys")
    await looks.at("/desk/surveys")
    await looks.at("/desk/surveys/new/{kind}", kind="nps")
    await looks.at("/desk/surveys/{id}", id=number)
    await looks.at("/desk/surveys/report", query="?by=period&step=week")
    looks.found_nothing()

    token, wrong = await token_of(desk.ctx), {}
    await one(
        desk.ctx,
        "UPDATE survey_invitation SET score = 2, answered_at = clock_timestamp() WHERE score IS NULL RETURNING 1",
    )
    for theme in ("light", "dark"):
        context = await browser.new_context(color_scheme=theme)
        customer = await context.new_page()
        for width in (1280, 375):
            await customer.set_viewport_size({"width": width, "height": 800})
            for where in (
                f"{token}?score=2&lang={locale}",
                f"{token}?thanks&lang={locale}",
                f"nothing?lang={locale}",
            ):
                await customer.goto(f"{desk.url}/survey/{where}")
                found = await (
                    violations(customer) if theme == "light" else violations(customer, rules=COLOURS)
                )
                if found:
                    wrong[f"{where} {theme} {width}"] = found
        await context.close()
    assert wrong == {}
