"""What supervisors see to, in a real browser, two of them at once and each in their language: who has a ticket and why, what
could not be read, what did not leave."""

from playwright.async_api import Dialog, expect

from hub.actions.answers.reply import queue_reply
from hub.actions.floor.route import drain
from hub.actions.receive import read_waiting
from hub.model.people import HUB
from tests.browser.conftest import OpenDesk
from tests.fakes.desk import Desk, customer_writes, unreadable_comes
from tests.fakes.scene import one


async def test_a_ticket_goes_to_a_colleague_from_the_floor_and_says_why_it_is_where_it_is(
    open_desk: OpenDesk, desk: Desk
) -> None:
    code = await customer_writes(desk.ctx, "The kettle leaks", subject="Kettle")
    lin = await open_desk("/desk?scope=mine", login="lin")
    ann = await open_desk("/desk/floor")
    await drain(desk.ctx)
    ann_id = await one(desk.ctx, "SELECT assignee_id FROM ticket")
    await ann.click(f"#in-hand-{ann_id} > summary")
    await ann.click(f"#in-hand-{ann_id} button[hx-get$=reassign]")
    await ann.click("#dialog .choice:has-text('小林')")
    await expect(ann.locator("#dialog")).to_be_hidden()
    await expect(ann.locator(f"#in-hand-{ann_id}")).to_have_count(0)
    await lin.click(f"#row-T-{code} .row")
    await ann.goto(f"{desk.url}/desk/tickets/T-{code}?scope=all")
    for page, said in ((ann, "Assigned by routing"), (lin, "自动分配")):
        await page.click("#why > summary")
        await expect(page.locator("#why .decisions")).to_contain_text(said)
        await expect(page.locator("#why .decisions")).to_contain_text("Ann Berg")


async def test_what_could_not_be_read_and_what_did_not_leave_is_seen_to_by_two(
    open_desk: OpenDesk, desk: Desk
) -> None:
    await one(desk.ctx, "UPDATE agent SET role = 'supervisor' WHERE login = 'lin' RETURNING 1")
    first, second = await unreadable_comes(desk.ctx), await unreadable_comes(desk.ctx)
    for thread in ("a", "b"):
        code = await customer_writes(desk.ctx, "The kettle leaks", subject="Kettle", thread=thread)
        await queue_reply(desk.ctx, ticket_code=code, actor=HUB, text="We send a new one.")
    await one(desk.ctx, "UPDATE outbox SET state = 'failed', error = 'no such mailbox' RETURNING 1")
    ann, lin = await open_desk("/desk/system"), await open_desk("/desk/system", login="lin")
    # Read by the programs of today it is as unreadable as before; then somebody has looked at it.
    await ann.click(f"#raw-{first} button[hx-post$=replay]")
    await expect(lin.locator(f"#raw-{first}")).to_have_count(0)
    while await read_waiting(desk.ctx):
        pass
    await expect(lin.locator(f"#raw-{first}")).to_be_visible()
    ann.on("dialog", Dialog.accept)
    await ann.click(f"#raw-{first} button[hx-post$=discard]")
    await expect(lin.locator(f"#raw-{first}")).to_have_count(0)
    lin.on("dialog", Dialog.accept)
    await lin.click(f"#raw-{second} button[hx-post$=discard]")
    quiet = "[aria-labelledby=h-quarantine] .good"
    await expect(ann.locator(quiet)).to_have_text("Everything that arrived could be read.")
    await expect(lin.locator(quiet)).to_have_text("所有来件均已正常解析。")
    # One reply is tried again, the other given up, each on one screen.
    await ann.locator("[hx-post$='/again']").first.click()
    await expect(lin.locator("[hx-post$='/again']")).to_have_count(1)
    await lin.click("[aria-labelledby=h-troubled] [hx-post$='/cancel']")
    settled = "[aria-labelledby=h-troubled] .good"
    await expect(ann.locator(settled)).to_have_text("Every reply has left or is on its way.")
    await expect(lin.locator(settled)).to_have_text("所有回复均已发出或正在发送。")
    states = await desk.ctx.database.read(lambda c: c.fetch("SELECT state FROM outbox ORDER BY state"))
    assert [row["state"] for row in states] == ["cancelled", "queued"]
