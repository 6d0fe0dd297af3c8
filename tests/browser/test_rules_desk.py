"""The rules in a real browser: for everybody (axe), by keyboard alone, with lines that grow and previews that follow."""

from typing import Any

import pytest
from playwright.async_api import expect

from hub.actions.rules.rule_drafts import edit_draft, see_rules
from hub.actions.rules.rulebook import as_document, change_rules
from hub.model.people import HUB
from routing.rules import RoutingRules
from storage import views
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, Looks, speak
from tests.fakes.desk import Desk

ENTRY = "/desk/rules/{page}/{name}"
PAGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("/desk/rules", {}), ("/desk/rules/general", {}), ("/desk/rules/draft", {}),
    ("/desk/rules/versions/{version}", {"version": "1"}), ("/desk/rules/new/{page}", {"page": "queues"}),
    *(("/desk/rules/{page}", {"page": page}) for page in ("queues", "routing", "calendars", "targets", "automation")),
    (ENTRY, {"page": "queues", "name": "complaints"}), (ENTRY, {"page": "routing", "name": "angry%20billing"}),
    (ENTRY, {"page": "calendars", "name": "office"}), (ENTRY, {"page": "targets", "name": "complaint"}),
    (ENTRY, {"page": "automation", "name": "late"}),
)  # fmt: skip


async def ann(desk: Desk) -> int:
    return next(one.id for one in await desk.ctx.database.read(views.list_agents) if one.login == "ann")


async def rules_now(desk: Desk) -> RoutingRules:
    return (await see_rules(desk.ctx, await ann(desk))).rules


async def fill(desk: Desk) -> None:
    """Rules in which everything occurs, and a draft over them."""
    document = as_document(desk.ctx.rules)
    document["queue"][0] |= {
        "calendar": "office", "offer_seconds": 45, "relax": [{"after": 30, "drop": "levels"}],
        "overflow": [{"queue": "service", "after": 120}, {"queue": "enquiries", "closed": True}],
    }  # fmt: skip
    when = {"topic": ["billing"], "hint": {"tier": ["gold", "platinum"]}, "subject": ["angry"]}
    then = {"skills": {"billing": 3}, "prefer": ["account"]}
    document["rule"] = [{"name": "angry billing", "when": when, "then": then}, *document["rule"]]
    document["automation"] = [
        {
            "name": "late", "on": ["sla_breached"], "unless": {"tags": ["told"]},
            "then": [{"notify": ["overseers"], "text": "Late"}, {"task": "service", "text": "Call", "due_minutes": 60}],
        },
        {"name": "forgotten", "enabled": False, "after": 4320, "of": "pending", "then": [{"status": "resolved"}]},
    ]  # fmt: skip
    version = desk.ctx.rulebook.version
    await change_rules(desk.ctx, document=document, base_version=version, actor=HUB, note="Autumn")

    def edit(draft: dict[str, Any]) -> dict[str, Any]:
        return {**draft, "skills": ["billing", "account", "warranty"], "rule": draft["rule"][::-1]}

    await edit_draft(desk.ctx, agent_id=await ann(desk), edit=edit)


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing_and_nothing_runs_over(open_desk: OpenDesk, desk: Desk, locale: str) -> None:
    await fill(desk)
    await speak(desk, locale)
    page = await open_desk("/desk/rules")
    looks = await Looks.begin(page, desk.url, "rules")
    for address, names in PAGES:
        await looks.at(address, called=", ".join((address, *names.values())), **names)
    # A form that was refused.
    await looks.go("/desk/rules/{page}/{name}", page="queues", name="complaints")
    await page.fill("#f-stick_hours", "long")
    await page.click(".form-foot .strong")
    await page.wait_for_selector("#t-stick_hours")
    await looks.here("refused")
    looks.found_nothing()


async def test_a_rule_is_moved_by_keyboard_and_keeps_the_focus(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk("/desk/rules/routing")
    name = desk.ctx.rules.rule[2].name
    button = page.locator(f'[id="up-{name}"]')
    await button.focus()
    for place in (1, 0):
        await page.keyboard.press("Enter")
        await expect(page.locator(".rule-entry").nth(place)).to_contain_text(name)
        await expect(button).to_be_focused()
    assert (await rules_now(desk)).rule[0].name == name
    down = page.locator(f'[id="down-{name}"]')
    await down.focus()
    for place in (1, 2, 3):
        await page.keyboard.press("Enter")
        await expect(page.locator(".rule-entry").nth(place)).to_contain_text(name)
        await expect(down).to_be_focused()
    await expect(page.locator(".draft-bar")).to_contain_text("unpublished change")


async def test_lines_grow_and_go(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk("/desk/rules/queues/complaints")
    after = page.locator('[name="relax.after"]')
    await expect(after).to_have_count(1)
    await after.nth(0).press_sequentially("10")
    await expect(after).to_have_count(2)
    await after.nth(1).press_sequentially("20")
    await page.locator('[name="relax.drop"]').nth(1).select_option("language")
    await expect(after).to_have_count(3)
    # What stands in the first line goes; the focus goes on to the next.
    await page.locator("[data-remove]:visible").first.press("Enter")
    await expect(after).to_have_count(2)
    await expect(after.nth(0)).to_be_focused()
    await expect(after.nth(0)).to_have_value("20")
    await page.click(".form-foot .strong")
    await page.wait_for_url("**/desk/rules/queues")
    steps = (await rules_now(desk)).queue[0].relax
    assert [(one.after, one.drop) for one in steps] == [(20, "language")]


async def test_the_weeks_hours_and_their_preview(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk("/desk/rules/calendars/office")
    monday = page.locator('[name="monday.from"]'), page.locator('[name="monday.to"]')
    await monday[1].nth(0).fill("12")
    await monday[0].nth(1).fill("13:30")
    await monday[1].nth(1).fill("１８")
    await page.click("[data-copy-week]")
    await expect(page.locator('[name="friday.from"]')).to_have_count(3)
    await expect(page.locator("#days")).to_contain_text("09:00–12:00, 13:30–18:00")
    await page.click(".form-foot .strong")
    await page.wait_for_url("**/desk/rules/calendars")
    hours = (await rules_now(desk)).calendar[0].hours
    assert not isinstance(hours, str)
    assert set(hours) == {"monday", "tuesday", "wednesday", "thursday", "friday"}
    assert set(hours.values()) == {("09:00-12:00", "13:30-18:00")}


async def test_an_automation_from_nothing_to_published_by_keyboard(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk("/desk/rules/new/automation")
    await page.focus("#f-name")
    await page.keyboard.type("say sorry")
    await page.focus('input[name="on"][value="sla_breached"]')
    await page.keyboard.press("Space")
    do = page.locator('[name="then.do"]')
    await expect(page.locator('[name="then.text"]').nth(0)).to_be_hidden()
    await do.nth(0).select_option("notify=overseers")
    await expect(page.locator('[name="then.text"]').nth(0)).to_be_visible()
    await page.locator('[name="then.text"]').nth(0).fill("Late")
    await expect(do).to_have_count(2)
    await do.nth(1).select_option("priority=urgent")
    await expect(page.locator('[name="then.manual"]').nth(1)).to_be_visible()
    await page.focus("#f-name")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk/rules/automation")
    await page.locator('[id="switch-say%20sorry"]').press("Space")
    await expect(page.locator('[id="switch-say%20sorry"]')).to_have_attribute("aria-checked", "false")
    await expect(page.locator('[id="switch-say%20sorry"]')).to_be_focused()
    await page.locator(".draft-bar .button").press("Enter")
    await page.fill("#publish-note", "Sorry")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk/rules")
    made = desk.ctx.rules.automation[0]
    assert (made.name, made.enabled) == ("say sorry", False)
    assert [one.verb for one in made.then] == ["notify", "priority"]


async def test_what_is_promised_follows_the_choice(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk("/desk/rules/targets")
    await expect(page.locator("#sample")).to_contain_text("by “urgent”")
    await page.select_option("#sample-kind", "feedback")
    await page.focus("#sample-key")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#sample")).to_contain_text("by “feedback”")
    await expect(page.locator("#sample-key")).to_be_focused()


async def test_a_refused_form_says_so_first(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk()
    for locale, said in (("en", "This is not a whole number."), ("zh_CN", "请填写整数。")):
        await speak(desk, locale)
        await page.goto(f"{desk.url}/desk/rules/targets/complaint")
        await page.fill("#f-first_response", "soon")
        await page.focus("#f-name")
        await page.keyboard.press("Enter")
        await expect(page.locator("#troubles")).to_be_focused()
        await expect(page.locator("#t-first_response")).to_have_text(said)
        await expect(page.locator("#f-first_response")).to_have_value("soon")


async def test_a_draft_is_tried_while_its_page_waits(open_desk: OpenDesk, desk: Desk) -> None:
    await fill(desk)
    page = await open_desk("/desk/rules/draft")
    await page.click("#trial .button >> nth=0")
    await expect(page.locator("#trial .verdict")).to_contain_text("No ticket would have gone elsewhere")


async def test_a_list_follows_what_colleagues_publish_and_a_form_stays(
    open_desk: OpenDesk, desk: Desk
) -> None:
    page = await open_desk("/desk/rules/queues")
    form = await page.context.new_page()
    await form.goto(f"{desk.url}/desk/rules/queues/complaints")
    await form.wait_for_selector("body[data-line=open]")
    await form.fill("#f-title_en", "My own title")
    document = as_document(desk.ctx.rules)
    document["queue"][0]["title_en"] = "Grievances"
    version = desk.ctx.rulebook.version
    await change_rules(desk.ctx, document=document, base_version=version, actor=HUB, note="")
    await expect(page.locator(".entry-name").first).to_contain_text("Grievances")
    await expect(form.locator("#f-title_en")).to_have_value("My own title")


async def test_without_scripts_everything_can_be_kept(open_desk: OpenDesk, desk: Desk) -> None:
    """A browser that runs none: forms are sent, and there is an empty line after each time."""
    signed_in = await open_desk("/desk/rules")
    assert signed_in.context.browser is not None
    cookies = await signed_in.context.cookies()
    bare = await signed_in.context.browser.new_context(java_script_enabled=False)
    await bare.add_cookies([{"name": one["name"], "value": one["value"], "url": desk.url} for one in cookies])
    page = await bare.new_page()
    for minutes in ("10", "20"):
        await page.goto(f"{desk.url}/desk/rules/queues/complaints")
        await page.locator('[name="relax.after"]').last.fill(minutes)
        await page.click(".form-foot .strong")
        await page.wait_for_url("**/desk/rules/queues")
    assert [one.after for one in (await rules_now(desk)).queue[0].relax] == [10, 20]
    await page.goto(f"{desk.url}/desk/rules/routing")
    await page.locator('[id="down-key%20account%20complains"]').click()
    assert (await rules_now(desk)).rule[1].name == "key account complains"
    await page.goto(f"{desk.url}/desk/rules/draft")
    await page.click("text=Publish >> nth=-1")
    await page.wait_for_url("**/desk/rules")
    assert [one.after for one in desk.ctx.rules.queue[0].relax] == [10, 20]
    await bare.close()
