"""Screens of the composer."""
import pytest
from playwright.async_api import expect
from tests.browser.test_writing import *
from hub.actions.answers.reply import queue_reply

OUT="/tmp/shots_writing"
async def test_shots(open_desk, desk):
    import os; os.makedirs(OUT,exist_ok=True)
    for login,theme,w in (("ann","light",1280),("lin","dark",1280),("lin","light",375)):
        who=[{"kind":"email","value":f"li{w}{theme}@mail.example","verified":True},{"kind":"phone","value":"+8613800138000","verified":True},{"kind":"email","value":"other@mail.example","verified":False}]
        code=await customer_writes(desk.ctx,"It leaks / 壶漏水了",subject="Kettle 水壶",thread=f"l{w}{theme}",sender={"name":"Li Wei","identities":who})
        page=await open_desk(f"/desk/tickets/T-{code}?scope=all",login=login,width=w)
        await page.evaluate(f"document.documentElement.dataset.theme='{theme}'")
        await page.set_input_files("#attach",{"name":"photo of the kettle.png","mimeType":"image/png","buffer":PICTURE})
        await expect(page.locator(".draft-file .thumb")).to_be_visible(timeout=10000)
        await page.set_input_files("#attach",{"name":"terms.pdf","mimeType":"application/pdf","buffer":b"%PDF-1.4"})
        await expect(page.locator(".draft-file")).to_have_count(2,timeout=10000)
        await page.fill("#reply-text","We are sending you a new one.\nIt will be with you tomorrow.")
        await expect(page.locator("#draft-state")).not_to_be_empty(timeout=10000)
        n=f"{OUT}/{login}-{theme}-{w}"
        await page.screenshot(path=n+"-1.png")
        await page.click("#ways-menu summary"); await page.screenshot(path=n+"-2ways.png"); await page.keyboard.press("Escape")
        await page.click("#later-menu summary"); await page.wait_for_selector("#later .choice"); await page.screenshot(path=n+"-3later.png")
        await page.locator("#later .choice").nth(0).click()
        await expect(page.locator("#thread .later")).to_be_visible(timeout=10000)
        await page.locator("#thread .later").scroll_into_view_if_needed()
        await page.screenshot(path=n+"-4sched.png")
        await page.click("#ways-menu summary"); await page.locator("#ways-menu .way:not([disabled])").last.click()
        await expect(page.locator(".confirm")).to_be_visible(timeout=10000)
        await page.screenshot(path=n+"-5claimed.png")
