"""Letters at the desk, over a real server and Postgres: what is told of them, how they are answered, moved and kept ready."""

import json
import re
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import pytest

from hub.actions.answers.templates import list_templates
from hub.actions.context import Context
from storage.database import Connection
from tests.fakes.desk import CHANNELS, MAIL, Desk, customer_writes, letters_come, serving_desk, words_of
from tests.fakes.scene import one

HTMX: dict[str, Any] = {"HX-Request": "true"}
SALES = {**MAIL, "address": "sales@shop.example", "display_name": "Shop sales", "signature": "Your shop"}


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx, {**CHANNELS, "support": MAIL, "sales": SALES}) as desk:
        yield desk


def _letter(text: str, number: int = 1, **headers: str) -> bytes:
    letter = EmailMessage()
    given = {
        "From": "Mei Tan <mei@mail.example>", "To": "support@shop.example", "Subject": "Lamp",
        "Message-ID": f"<m{number}@mail.example>", **{name.replace("_", "-"): value for name, value in headers.items()},
    }  # fmt: skip
    for name, value in given.items():
        letter[name] = value
    letter.set_content(text)
    return letter.as_bytes()


async def _detail(desk: Desk, **details: object) -> None:
    def update(c: Connection) -> Any:
        return c.execute("UPDATE interaction SET details = details || $1::text::jsonb", json.dumps(details))

    await desk.ctx.database.run(update)


async def test_a_letter_tells_who_else_has_it_and_what_is_known_of_its_sender(desk: Desk) -> None:
    (code,) = await letters_come(
        desk.ctx,
        [
            _letter(
                "It is broken.",
                To="Support <support@shop.example>, Otto <otto@kern.example>",
                Cc="Eve <eve@partner.example>",
                Authentication_Results="mx.shop.example; dmarc=fail",
            )
        ],
    )
    await desk.log_in()
    page = words_of((await desk.get(f"/desk/tickets/T-{code}")).text)
    assert "To Support , Otto · Cc Eve" in page
    assert "could not be verified (DMARC failed)" in page and "not verified: DMARC failed" in page
    assert "Message-ID m1@mail.example" in page
    await _detail(
        desk, sender_check="pass", security="encrypted", junk=True, degraded=True, list_id="lamps.example",
        forwarded={"address": "anna@stein.example", "name": "Anna <b>Stein</b>"},
        invite={"method": "REQUEST", "summary": "Look <at> it", "starts_at": "2026-12-01T09:00:00+00:00", "place": "Here"},
    )  # fmt: skip
    html = (await desk.get(f"/desk/tickets/T-{code}")).text
    page = words_of(html)
    for said in (
        "verified by our mail server", "This letter is encrypted",
        "held this letter for spam", "beyond the limits", "Mailing list",
        "The original sender seems to be:", "Answer them instead", "Invitation", "1 December 2026, 09:00", "Where Here",
    ):  # fmt: skip
        assert said in page, said
    assert "<b>Stein" not in html and "Look &lt;at&gt; it" in html
    await desk.post("/desk/preferences", {"locale": "zh_CN"})
    page = words_of((await desk.get(f"/desk/tickets/T-{code}")).text)
    for said in (
        "此邮件已加密",
        "会议邀请",
        "2026年12月1日 星期二 09:00",
        "改为回复此人",
        "邮箱将此邮件判定为垃圾邮件",
    ):
        assert said in page, said


async def test_an_answer_says_whom_it_goes_to_and_goes_there(desk: Desk) -> None:
    (code,) = await letters_come(
        desk.ctx, [_letter("It is broken.", Cc="Eve <eve@partner.example>, sales@shop.example", Reply_To="mei@home.example")]
    )  # fmt: skip
    await desk.log_in()
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    assert 'data-add="Eve &lt;eve@partner.example&gt;"' in page and "sales@shop.example&gt;" not in page
    assert "does not go to the address that the last letter came from (mei@mail.example)" in page
    assert re.search(r'<option value="support" selected>[^<]*support@shop.example', page)
    assert "It is broken." in page.partition('id="below"')[2]
    form = {
        "text": "We send a new one.",
        "cc": "Eve <eve@partner.example>",
        "bcc": "boss@owner.example",
        "inbox": "sales",
    }
    for wrong in (
        {"cc": "not an address"},
        {"bcc": "x@y.example\r\nBcc: z@z.example <"},
        {"inbox": "shop"},
        {"inbox": "nowhere"},
    ):
        refused = await desk.post(f"/desk/tickets/T-{code}/replies", {**form, **wrong}, **HTMX)
        assert refused.status == 409 and refused.headers["HX-Retarget"] == "#composer-problem", wrong
    sent = await desk.post(f"/desk/tickets/T-{code}/replies", {**form, "key": "k1"}, **HTMX)
    assert sent.status == 200 and 'id="undo"' in sent.text
    assert "To mei@home.example · Cc Eve · Bcc boss@owner.example" in words_of(sent.text)
    again = await desk.post(f"/desk/tickets/T-{code}/replies", {**form, "cc": "", "key": "k1"}, **HTMX)
    assert again.text.count("We send a new one.") > sent.text.count("We send a new one."), (
        "other people, another answer"
    )
    (first,) = set(re.findall(r"/deliveries/(\d+)/undo", sent.text))
    undone = await desk.post(f"/desk/tickets/T-{code}/deliveries/{first}/undo", **HTMX)
    assert 'name="cc" value="Eve &lt;eve@partner.example&gt;"' in undone.text
    assert 'name="bcc" value="boss@owner.example"' in undone.text
    assert (
        '<option value="sales" selected>' in undone.text and ">\nWe send a new one.</textarea>" in undone.text
    )
    once_more = await desk.post(f"/desk/tickets/T-{code}/deliveries/{first}/undo", **HTMX)
    assert once_more.status == 200 and once_more.text.count("We send a new one.") == undone.text.count(
        "We send a new one."
    )
    other = await one(
        desk.ctx, "UPDATE outbox SET state = 'sent' WHERE state = 'queued' RETURNING interaction_id"
    )
    late = await desk.post(f"/desk/tickets/T-{code}/deliveries/{other}/undo", **HTMX)
    assert late.status == 409 and late.headers["HX-Retarget"] == "#messages"
    elsewhere = await customer_writes(desk.ctx, "Another", thread="other")
    assert (await desk.post(f"/desk/tickets/T-{elsewhere}/deliveries/{first}/undo", **HTMX)).status == 404


async def test_entries_are_moved_split_off_and_put_back(desk: Desk) -> None:
    first, second = await letters_come(
        desk.ctx,
        [
            _letter("About the lamp", 1),
            _letter("About the chair", 2, From="Bo <bo@mail.example>", Subject="Chair"),
        ],
    )
    await desk.log_in()
    page = (await desk.get(f"/desk/tickets/T-{second}")).text
    (entry,) = re.findall(r'name="entry" value="(\d+)"', page)
    here = f"/desk/tickets/T-{second}"
    for form in (
        {},
        {"entry": entry},
        {"entry": entry, "to": "T-1"},
        {"entry": entry, "to": f"T-{second}"},
        {"to": f"T-{first}"},
    ):
        refused = await desk.post(f"{here}/move", {"into": "ticket", **form}, **HTMX)
        assert refused.status in (404, 409) and refused.headers["HX-Retarget"] == "#messages", form
    moved = await desk.post(f"{here}/move", {"entry": entry, "to": f"t {first}", "into": "ticket"}, **HTMX)
    assert moved.status == 200 and moved.headers["HX-Push-Url"].startswith(f"/desk/tickets/T-{first}?")
    assert "1 entry is on this ticket now." in moved.text
    assert (
        f"Moved here from T-{second} by Ann Berg" in words_of(moved.text) and "About the chair" in moved.text
    )
    assert f"T-{second} · entries were moved" in words_of(moved.text)
    (undo,) = set(re.findall(r"/desk/moves/(\d+)/undo", moved.text))
    back = await desk.post(f"/desk/moves/{undo}/undo", **HTMX)
    assert back.status == 200 and f'data-ticket="T-{second}"' in back.text and "About the chair" in back.text
    assert (await desk.post(f"/desk/moves/{undo}/undo", **HTMX)).status == 409
    await letters_come(
        desk.ctx, [_letter("And a table", 3, From="Bo <bo@mail.example>", In_Reply_To="<m2@mail.example>")]
    )
    last = re.findall(r'name="entry" value="(\d+)"', (await desk.get(here)).text)[-1]
    split = await desk.post(f"{here}/move", {"entry": last, "into": "new"}, **HTMX)
    assert split.status == 200 and f"T-{second} · entries were split off" in words_of(split.text)
    assert f'data-ticket="T-{second}"' not in split.text and "And a table" in split.text


async def test_who_may_speak_is_seen_and_changed(desk: Desk) -> None:
    (code,) = await letters_come(desk.ctx, [_letter("It is broken.", Cc="Eve <eve@partner.example>")])
    await desk.log_in()
    assert "Eve only in copy" in words_of((await desk.get(f"/desk/tickets/T-{code}")).text)
    pane = await desk.post(f"/desk/tickets/T-{code}/people", {"address": "eve@partner.example"}, **HTMX)
    assert pane.status == 200 and "Eve may write here" in words_of(pane.text)
    pane = await desk.post(
        f"/desk/tickets/T-{code}/people/remove", {"address": "eve@partner.example"}, **HTMX
    )
    assert "Eve" not in words_of(pane.text)
    for wrong in ("nobody", "", "support@shop.example"):
        assert (await desk.post(f"/desk/tickets/T-{code}/people", {"address": wrong}, **HTMX)).status == 409
    await _detail(desk, forwarded={"address": "anna@stein.example", "name": "Anna Stein"})
    (entry,) = re.findall(r'name="entry" value="(\d+)"', (await desk.get(f"/desk/tickets/T-{code}")).text)
    adopted = await desk.post(f"/desk/tickets/T-{code}/entries/{entry}/adopt", **HTMX)
    assert (
        adopted.status == 200
        and "Reply to Anna Stein" in adopted.text
        and "anna@stein.example" in adopted.text
    )
    assert "Mei Tan may write here" in words_of(adopted.text) and "Answer them instead" not in adopted.text


async def test_templates_are_kept_changed_filled_in_and_retired(desk: Desk) -> None:
    (code,) = await letters_come(desk.ctx, [_letter("It is broken.")])
    await desk.log_in()
    form = {
        "name": "Label <b>",
        "language": "en",
        "body": "Dear {{customer.name}},\r\n{{ ticket.number }}",
        "shortcut": "/label",
        "folder": "Returns",
    }
    assert (await desk.post("/desk/templates", form)).status == 303
    (made,) = await list_templates(desk.ctx)
    assert (made.shortcut, made.folder, made.owner_id, made.used) == ("label", "Returns", None, 0)
    taken = await desk.post("/desk/templates", form)
    assert taken.status == 409 and "There is a canned reply of this name" in taken.text
    wrong = await desk.post("/desk/templates", {**form, "name": "Other", "body": "One\n{{nothing}}"})
    assert wrong.status == 409 and "Line 2: There is nothing called “nothing”." in wrong.text
    assert "{{nothing}}" in wrong.text
    page = (await desk.get(f"/desk/templates?edit={made.id}")).text
    assert (
        f'name="version" value="{made.version}"' in page
        and "Label &lt;b&gt;" in page
        and "Label <b>" not in page
    )
    offered = json.loads((await desk.get(f"/desk/fragments/tickets/T-{code}/quick", **HTMX)).text)
    assert [one["id"] for one in offered["replies"]] == [made.id]
    filled = await desk.post(f"/desk/tickets/T-{code}/templates/{made.id}", **HTMX)
    assert filled.text == f"Dear Mei Tan,\nT-{code}"
    assert filled.headers["Content-Type"].startswith("text/plain")
    assert (await list_templates(desk.ctx))[0].used == 1
    changed = {**form, "id": str(made.id), "version": str(made.version), "body": "Hello"}
    assert (await desk.post("/desk/templates", changed)).status == 303
    stale = await desk.post("/desk/templates", {**changed, "body": "Lost?"})
    assert stale.status == 409 and "Somebody else has changed" in stale.text and "Lost?" in stale.text
    (now,) = await list_templates(desk.ctx)
    assert (await desk.post(f"/desk/templates/{made.id}/retire", {"version": str(now.version)})).status == 303
    assert (
        await list_templates(desk.ctx) == []
        and "no canned replies yet" in (await desk.get("/desk/templates")).text
    )
    assert (await desk.get("/desk/templates?edit=99")).status == 404
    for none in ("99", "x"):
        assert (await desk.post(f"/desk/tickets/T-{code}/templates/{none}")).status == 404


async def test_a_signature_is_ones_own(desk: Desk) -> None:
    (code,) = await letters_come(
        desk.ctx, [_letter("It is broken.", To="sales@shop.example")], channel="sales"
    )
    await desk.log_in()
    assert "Your shop" in (await desk.get(f"/desk/tickets/T-{code}")).text
    kept = await desk.post("/desk/preferences/signature", {"signature": "Yours\r\n{{agent.name}} <script>"})
    assert kept.status == 200 and "Saved." in kept.text
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    assert "Yours\nAnn Berg &lt;script&gt;" in page and "Your shop" not in page
    long = await desk.post("/desk/preferences/signature", {"signature": "x" * 2001})
    assert long.status == 409 and "too long" in long.text and "x" * 2001 in long.text
    await desk.log_in("lin")
    assert "Your shop" in (await desk.get(f"/desk/tickets/T-{code}")).text


async def test_mailboxes_show_what_was_heard_and_what_is_missing_and_are_compared_when_asked(
    desk: Desk,
) -> None:
    async def fill(c: Connection) -> None:
        channel = await c.fetchval("SELECT id FROM channel WHERE name = 'support'")
        for folder, ago, value in (
            ("INBOX", 5, {"letters": 1204}),
            ("Junk <b>", 900, {"letters": 3, "junk": True, "error": "no such <folder>"}),
        ):
            await c.execute(
                "INSERT INTO bookmark (channel_id, key, value, written_at)"
                " VALUES ($1, $2, $3::text::jsonb, clock_timestamp() - make_interval(secs => $4))",
                channel, f"heard:{folder}", json.dumps(value), ago,
            )  # fmt: skip
        await c.execute(
            "INSERT INTO mailbox_count (channel_id, folder, on_server, known, missing, fetched)"
            " VALUES ($1, 'INBOX', 1204, 1201, 3, 2)",
            channel,
        )

    await desk.log_in()
    assert "No mailbox has been read yet" in (await desk.get("/desk/mailboxes")).text
    await desk.ctx.database.run(fill)
    html = (await desk.get("/desk/mailboxes")).text
    page = words_of(html)
    assert "1,204 letters" in page and "On the server 1,204 Known 1,201 Missing 3 Fetched then 2" in page
    assert page.count("Not heard") == 1 and "Spam folder" in page and "no such &lt;folder&gt;" in html
    assert "Not compared yet." in page
    asked = await desk.post("/desk/mailboxes/support/count", **HTMX)
    assert asked.status == 200 and "Comparing soon…" in asked.text
    assert (await desk.post("/desk/mailboxes/nowhere/count", **HTMX)).status == 404
    assert "/desk/mailboxes" in (await desk.get("/desk/system")).text
