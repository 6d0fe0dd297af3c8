"""Signing in with a real browser and its authenticator: passkeys alone and as a second step, an app, sessions that end."""

import pytest
from playwright.async_api import Browser, CDPSession, Page, expect

from hub.actions.context import Context
from hub.actions.people.staff import set_preferences
from storage import views
from tests.browser.conftest import ZONE, OpenDesk
from tests.browser.looks import LOCALES, Looks
from tests.fakes.desk import PASSWORD, Desk, serving_desk
from tests.fakes.oidc_provider import oidc_provider
from tests.fakes.scene import one
from tests.fakes.signin import code_of

_AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


class Finger:
    """The browser's authenticator. While it is `off`, whoever asks waits for a finger."""

    def __init__(self, session: CDPSession, number: str) -> None:
        self._session = session
        self._number = number

    async def turn(self, *, on: bool) -> None:
        await self._session.send(
            "WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": self._number, "enabled": on}
        )


async def _finger(page: Page) -> Finger:
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
    return Finger(session, made["authenticatorId"])


async def _speak(desk: Desk, locale: str, theme: str = "light") -> None:
    ann = next(row for row in await desk.ctx.database.read(views.list_agents) if row.login == "ann")
    await set_preferences(desk.ctx, agent_id=ann.id, locale=locale, theme=theme)


@pytest.fixture
def here(desk: Desk) -> str:
    """Passkeys need a name for their hub: 127.0.0.1 is none."""
    return desk.url.replace("127.0.0.1", "localhost")


async def test_a_passkey_is_added_signs_in_alone_and_is_the_second_step(
    browser: Browser, desk: Desk, here: str
) -> None:
    context = await browser.new_context(locale="en-US", timezone_id=ZONE)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    finger = await _finger(page)
    await finger.turn(on=False)
    await page.goto(f"{here}/desk/login")
    await page.fill("#login", "ann")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk")
    await page.click("#me summary")
    await page.click("text=Sign-in and security")
    await page.fill("#passkey-name", "My laptop")
    await finger.turn(on=True)
    await page.click("form[data-passkey] button")
    await page.wait_for_selector(".recovery-codes")
    assert await page.locator(".recovery-codes li").count() == 10
    await page.click(".door-card > p > .button")
    await page.wait_for_selector("text=The passkey is added.")
    await page.click("form[data-passkey=create] button")  # the same device once more
    await page.wait_for_selector(".passkey-trouble:not([hidden])")
    assert "holds a passkey for this" in (await page.locator(".passkey-trouble").text_content() or "")
    # Alone: neither login nor password, by the button or from the list behind the login field.
    await context.clear_cookies()
    await page.goto(f"{here}/desk/login?next=/desk/security")
    await page.wait_for_selector("input[value='My laptop']")
    # After the password; nobody puts a finger on it until then.
    await context.clear_cookies()
    await finger.turn(on=False)
    await page.goto(f"{here}/desk/login")
    await page.fill("#login", "ann")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk/login/second")
    await finger.turn(on=True)
    await page.click("text=Use a passkey")
    await page.wait_for_url("**/desk")
    # Who showed too long ago who they are is asked again, by the passkey as well, and comes back.
    await desk.ctx.database.run(
        lambda c: c.execute("UPDATE session SET proved_at = now() - interval '1 hour'")
    )
    await page.goto(f"{here}/desk/security")
    await page.click("form[action='/desk/security/app/new'] button")
    await page.wait_for_url("**/desk/security/again**")
    await page.click("form[data-passkey] button")
    await page.wait_for_url("**/desk/security/start")
    await page.click("form[action='/desk/security/app/new'] button")
    secret = (await page.locator(".secret").text_content() or "").replace(" ", "")
    assert (
        await page.locator(".qr").evaluate("async (code) => (await code.decode(), code.naturalWidth)") > 100
    )
    await page.fill("#code", code_of(secret))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk/security?done=totp")
    assert await one(desk.ctx, "SELECT count(*) FROM totp WHERE sealed IS NOT NULL") == 1
    # The first page told the hub in which zone its times are read.
    assert [one["value"] for one in await context.cookies() if one["name"] == "hub_zone"] == [
        "Asia%2FShanghai"
    ]
    assert complaints == []
    await context.close()


async def test_the_company_lets_in_and_leads_where_one_wanted_to_go(browser: Browser, ctx: Context) -> None:
    async with oidc_provider() as provider, serving_desk(ctx, web={"oidc": provider.settings()}) as desk:
        await one(
            ctx,
            """INSERT INTO company_login (issuer, subject, agent_id)
               SELECT $1, $2, id FROM agent WHERE login = 'lin' RETURNING 1""",
            provider.base,
            provider.person["sub"],
        )
        for locale, words in (("zh-CN", "使用公司账号登录"), ("en-US", "Log in with the company account")):
            page = await (await browser.new_context(locale=locale)).new_page()
            await page.goto(f"{desk.url}/desk/login?next=/desk/security")
            button = page.get_by_role("link", name=words).or_(page.get_by_role("button", name=words))
            await expect(button).to_be_visible()
        await button.click()
        await page.wait_for_url("**/desk/security")
        await page.wait_for_selector("#me >> text=小林", state="attached")
        for context in browser.contexts:
            await context.close()


async def test_log_out_everywhere_else_closes_the_other_desk_at_once(open_desk: OpenDesk, desk: Desk) -> None:
    there, here = await open_desk(), await open_desk("/desk/security")
    colleague = await open_desk(login="lin")
    await here.click("form[action$='end-others'] button")
    await there.wait_for_url("**/desk/login**")
    await here.wait_for_selector(".done-line")
    assert await colleague.locator("body[data-line=open]").count() == 1


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing_on_the_pages_of_signing_in(
    open_desk: OpenDesk, desk: Desk, locale: str
) -> None:
    await _speak(desk, locale)
    await one(desk.ctx, "UPDATE agent SET role = 'admin' WHERE login = 'ann' RETURNING 1")
    page = await open_desk("/desk/notices")
    looks = await Looks.begin(page, desk.url, "signing in")
    await looks.at("/desk/security")
    await looks.at("/desk/security/start")
    await page.click("form[action='/desk/security/app/new'] button")
    secret = (await page.locator(".secret").text_content() or "").replace(" ", "")
    await looks.go("/desk/security/app")
    await page.click("details summary")
    await looks.here("app")
    await page.fill("#code", code_of(secret))
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".recovery-codes")
    await looks.here("codes")
    await looks.at("/desk/security", called="set up")
    await desk.ctx.database.run(
        lambda c: c.execute("UPDATE session SET proved_at = now() - interval '1 hour'")
    )
    await looks.at("/desk/security/again")
    await one(
        desk.ctx, "UPDATE agent SET password_until = now() + interval '1 day' WHERE login = 'ann' RETURNING 1"
    )
    await one(desk.ctx, "UPDATE session SET limited = true, proved_at = now() RETURNING 1")
    await looks.at("/desk/security/choose")
    await page.context.clear_cookies()
    await page.goto(f"{desk.url}/desk/login")
    await page.fill("#login", "ann")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#recovery", state="attached")
    await looks.go("/desk/login/second")
    await page.click("details summary")
    await page.fill("#recovery", "wrong")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".refused[role=alert] >> visible=true")
    await looks.here("second")
    looks.found_nothing()
