import asyncio, os
from contextlib import AsyncExitStack
import shutil
from playwright.async_api import async_playwright
from hub.sandbox.mail_world import MailWorld
from hub.actions.people.staff import set_preferences
from storage import views
from tests.journeys.test_channels_at_desk import hubs_at_work, mail_form, PASSWORD
from tests.fakes.desk import customer_writes

async def test_shots(ctx, database_dsn):
    which = os.environ.get("SHOTS", "en-light-1280,zh_CN-dark-1280,zh_CN-light-375").split(",")
    async with MailWorld() as mail, hubs_at_work(ctx, database_dsn, 1) as (one,), async_playwright() as pw:
        await one.post("/desk/channels/new/email", mail_form(mail))
        await one.post("/desk/channels/new/webchat", {"name": "shop", "title_en": "Chat"})
        await one.post("/desk/channels/new/api", {"name": "api"})
        await one.post("/desk/channels/new/email", mail_form(mail, name="old", later="1", imap_password="bad"))
        await one.post("/desk/fields", {"about":"ticket","kind":"text","label_en":"Serial number","label_zh":"序列号","required":"1"})
        await one.post("/desk/fields", {"about":"ticket","kind":"choice","label_en":"Warranty","label_zh":"保修","choices":"In warranty = 保修期内\nOver = 已过保"})
        await one.post("/desk/fields", {"about":"customer","kind":"date","label_en":"Bought on","label_zh":"购买日期"})
        await one.post("/desk/channels/support/probe")
        await asyncio.sleep(3)
        await one.post("/desk/channels/api/probe")
        code = await customer_writes(one.hub.ctx, "Where is my parcel?", subject="Parcel 4711", channel="api")
        from hub.actions.tags import change_tags
        from hub.model.people import HUB
        await change_tags(one.hub.ctx, ticket_code=code, actor=HUB, add=["vip", "晚到", "late parcel"])
        await one.post("/desk/tags", {"tag":"vip","name":"vip","colour":"amber","description":"Customers whom we know by name"})
        root = next(a for a in await ctx.database.read(views.list_agents) if a.login == "root")
        chromium = shutil.which("chromium")
        browser = await pw.chromium.launch(executable_path=chromium, args=["--headless","--no-sandbox","--disable-gpu"])
        for w in which:
            locale, theme, width = w.rsplit("-", 2)
            await set_preferences(ctx, agent_id=root.id, locale=locale, theme=theme)
            c = await browser.new_context(viewport={"width": int(width), "height": 900}, timezone_id="Asia/Shanghai", locale="en-US")
            page = await c.new_page()
            page.on("console", lambda m: print("CONSOLE", m.text))
            page.on("pageerror", lambda m: print("ERR", m))
            await page.goto(one.hub.url + "/desk/login")
            await page.fill("#login", "root"); await page.fill("#password", PASSWORD); await page.keyboard.press("Enter")
            await page.wait_for_url("**/desk")
            await page.wait_for_timeout(1200)
            await page.screenshot(path=f"/tmp/shots-setup/desk-{w}.png")
            await page.click("#manage summary")
            await page.screenshot(path=f"/tmp/shots-setup/menu-{w}.png")
            for name, path in {"channels":"/desk/channels","new":"/desk/channels/new/email","change":"/desk/channels/support","file":"/desk/channels/contact","fields":"/desk/fields","tags":"/desk/tags","start":"/desk/start","ticket":f"/desk/tickets/T-{code}?scope=all"}.items():
                await page.goto(one.hub.url + path)
                await page.wait_for_timeout(700)
                if name == "channels":
                    await page.click("#channel-support >> text=/Check the connection|检查连接/")
                    await page.wait_for_timeout(1500)
                if name == "tags":
                    await page.click(".tag-line summary >> nth=2")
                if name == "fields":
                    await page.click(".tag-line summary >> nth=1")
                if name == "ticket" and int(width) > 1000:
                    await page.click(".own-edit summary >> nth=0")
                await page.screenshot(path=f"/tmp/shots-setup/{name}-{w}.png", full_page=True)
            await c.close()
        await browser.close()
