"""An agent's day at the desk, over a real server and Postgres: in, read, answer, note, hand over, out."""

import asyncio
import io
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, FormData, WSServerHandshakeError
from structlog.testing import capture_logs
from yarl import URL

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.route import drain
from hub.actions.installation import report_channel
from hub.actions.people.sessions import SignedIn, log_out
from hub.model.people import HUB
from hub.web.desk import live, visit
from storage import views
from storage.database import Connection
from tests.fakes.desk import (
    CHANNELS,
    PASSWORD,
    Desk,
    customer_writes,
    serving_desk,
    unreadable_comes,
    words_of,
)
from tests.fakes.processes import until
from tests.fakes.scene import one

HTMX: dict[str, Any] = {"HX-Request": "true"}


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


async def test_nobody_reads_without_logging_in_and_everybody_gets_back_to_their_page(desk: Desk) -> None:
    answer = await desk.get("/desk/tickets/T-10019?scope=all")
    assert (answer.status, answer.url.path) == (200, "/desk/login")
    assert answer.url.query["next"] == "/desk/tickets/T-10019?scope=all"
    fragment = await desk.get("/desk/fragments/list", **HTMX)
    assert (fragment.status, fragment.headers["HX-Redirect"]) == (401, "/desk/login")
    for asked, goes in (
        ("/desk/system", "/desk/system"),
        ("//evil.example", "/desk"),
        ("/desk/../x y", "/desk"),
    ):
        answer = await desk.post("/desk/login", {"login": "ann", "password": PASSWORD, "next": asked})
        assert (answer.status, answer.headers["Location"]) == (303, goes)


async def test_a_wrong_password_and_an_unknown_login_look_the_same_and_too_many_tries_wait(
    desk: Desk,
) -> None:
    wrong = await desk.post("/desk/login", {"login": "ann", "password": "wrong"})
    unknown = await desk.post("/desk/login", {"login": "nobody", "password": "wrong"})
    assert wrong.status == unknown.status == 403
    assert words_of(wrong.text) == words_of(unknown.text)
    for _ in range(10):
        last = await desk.post("/desk/login", {"login": "ann", "password": "wrong"})
    assert last.status == 429 and int(last.headers["Retry-After"]) > 0
    chinese = await desk.post("/desk/login", {"login": "x", "password": "y"}, **{"Accept-Language": "zh-CN"})
    assert "登录名或密码不正确" in chinese.text and '<html lang="zh-CN"' in chinese.text


async def test_the_cookie_is_kept_from_scripts_and_other_sites(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        answer = await desk.post("/desk/login", {"login": "ann", "password": PASSWORD})
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("hub_session=")
        assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1"])
async def test_no_other_site_can_post_a_form_not_even_the_login(desk: Desk, origin: str | None) -> None:
    form = {"login": "ann", "password": PASSWORD}
    assert (await desk.post("/desk/login", form, origin=origin)).status == 403
    await desk.log_in()
    code = await customer_writes(desk.ctx, "Where is my parcel?")
    for path in (
        "/desk/logout",
        "/desk/presence",
        f"/desk/tickets/T-{code}/notes",
        f"/desk/tickets/T-{code}/take",
    ):
        assert (await desk.post(path, {"text": "x"}, origin=origin)).status == 403
    assert (await desk.get("/desk")).url.path == "/desk"


async def test_pages_run_own_files_only_and_name_no_server(desk: Desk) -> None:
    await desk.log_in()
    for path in ("/desk", "/desk/customers", "/desk/system", "/desk/login", "/desk/nothing", "/nothing"):
        answer = await desk.get(path)
        policy = answer.headers["Content-Security-Policy"]
        # What a customer may meet brings its looks along, and asks for nothing.
        own = "'none'" if path == "/nothing" else "'self'"
        assert (
            f"default-src {own}" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in answer.headers
        sheet = "" if path == "/nothing" else "|<style"
        assert not re.search(rf"<script(?![^>]*src=){sheet}|\sstyle=|\son\w+=", answer.text), path
        assert answer.headers["Cache-Control"] == "no-store"


async def test_lists_show_mine_unassigned_and_all_with_their_counts(desk: Desk) -> None:
    await desk.log_in()
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel <b>late</b>")
    other = await customer_writes(desk.ctx, "请问发票怎么开？", subject="发票", name="陈芳", thread="chen")
    assert await drain(desk.ctx) == 2
    await assign_ticket(desk.ctx, ticket_code=other, agent_id=None, actor=HUB)
    mine = await desk.get("/desk?scope=mine")
    assert f"T-{code}" in mine.text and f"T-{other}" not in mine.text
    assert "Parcel &lt;b&gt;late&lt;/b&gt;" in mine.text and "<b>late</b>" not in mine.text
    assert "Mine 1" in words_of(mine.text) and "Unassigned 1" in words_of(mine.text)
    unassigned = await desk.get("/desk?scope=unassigned")
    assert "陈芳" in unassigned.text and f"T-{code}" not in unassigned.text
    assert {f"T-{code}", f"T-{other}"} <= set(re.findall(r"T-\d+", (await desk.get("/desk?scope=all")).text))
    done = await desk.get("/desk?scope=all&show=done")
    assert "Nothing fits this filter" in done.text


async def test_a_thread_shows_who_wrote_why_it_is_here_and_how_it_can_be_answered(desk: Desk) -> None:
    await desk.log_in()
    code = await customer_writes(desk.ctx, "The kettle leaks, I am very disappointed!", subject="Kettle")
    await drain(desk.ctx)
    page = words_of((await desk.get(f"/desk/tickets/T-{code}")).text)
    assert "The kettle leaks" in page and "li@mail.example" in page and "verified" in page
    assert "Reply to Li Wei via API" in page
    assert "Assigned by routing: Ann Berg" in page and "member of queue Complaints" in page
    await assign_ticket(desk.ctx, ticket_code=code, agent_id=None, actor=HUB)
    await desk.post("/desk/presence", {"presence": "away"}, **HTMX)
    await drain(desk.ctx)
    page = words_of((await desk.get(f"/desk/tickets/T-{code}")).text)
    assert "Still waiting:" in page and "on line" in page


async def test_a_channel_without_a_way_back_offers_the_note_alone(desk: Desk) -> None:
    await desk.log_in()
    code = await customer_writes(desk.ctx, "I heard nothing", channel="mute", thread="mute")
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    assert "has no way back to the customer" in page and f"/desk/tickets/T-{code}/replies" not in page
    refused = await desk.post(f"/desk/tickets/T-{code}/replies", {"text": "Hello"}, **HTMX)
    assert refused.status == 409 and "no way back" in refused.text
    assert refused.headers["HX-Retarget"] == "#composer-problem"


async def test_a_reply_is_queued_shown_and_can_be_cancelled_then_sent_again(desk: Desk) -> None:
    await desk.log_in()
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    answer = await desk.post(
        f"/desk/tickets/T-{code}/replies", {"text": "On its way.\r\nAnn", "key": "k1"}, **HTMX
    )
    assert answer.status == 200 and 'data-sent="reply"' in answer.text
    assert "On its way.\nAnn" in answer.text and "Queued" in answer.text
    again = await desk.post(
        f"/desk/tickets/T-{code}/replies", {"text": "On its way.\r\nAnn", "key": "k1"}, **HTMX
    )
    assert again.status == 200 and again.text.count("On its way.") == 1, "the same form twice is one reply"
    (found,) = set(re.findall(r"/deliveries/(\d+)/undo", answer.text))
    undone = await desk.post(f"/desk/tickets/T-{code}/deliveries/{found}/undo", **HTMX)
    assert undone.status == 200 and "Cancelled" in undone.text and "data-given" in undone.text
    assert ">\nOn its way.\nAnn</textarea>" in undone.text, "it is in the composer again"
    late = await desk.post(f"/desk/tickets/T-{code}/deliveries/{found}/again", **HTMX)
    assert late.status == 409 and late.headers["HX-Retarget"] == "#messages"


async def test_files_leave_with_a_reply_and_come_back_as_downloads_only(desk: Desk) -> None:
    await desk.log_in()
    code = await customer_writes(desk.ctx, "Send me the manual")
    form = FormData(quote_fields=False)
    form.add_field("text", "Here it is.")
    form.add_field("files", b"<script>1</script>", filename="../../说明书.html", content_type="text/html")
    async with desk.session.post(
        f"{desk.url}/desk/tickets/T-{code}/replies", data=form, headers={**HTMX, "Origin": desk.url}
    ) as response:
        text = await response.text()
    assert response.status == 200 and "说明书.html" in text and ".." not in text
    (path,) = set(re.findall(r"/desk/attachments/\w+", text))
    file = await desk.get(path)
    assert file.text == "<script>1</script>"
    assert file.headers["Content-Type"] == "application/octet-stream"
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert (await desk.get("/desk/attachments/guessed")).status == 404


async def test_what_came_beside_the_text_is_shown_with_names_people_know(desk: Desk) -> None:
    code = await customer_writes(
        desk.ctx,
        "Where is it?",
        fields={"order_number": "TW-20500", "shoe <b>size</b>": "42", "edit_of": "which it edits"},
    )
    await desk.log_in()
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    assert "<dt>Order number</dt>" in page and "TW-20500" in page
    assert "<dt>shoe &lt;b&gt;size&lt;/b&gt;</dt>" in page and "which it edits" not in page


async def test_why_it_waits_names_queues_as_people_do(desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?")
    await drain(desk.ctx)
    await desk.log_in("lin")
    # What is shown is why it waits now, not why it waited when nobody was here.
    assert "没有人会说英文" in words_of((await desk.get(f"/desk/tickets/T-{code}")).text)
    await desk.post("/desk/presence", {"presence": "away"}, **HTMX)
    assert "咨询" in (waiting := words_of((await desk.get(f"/desk/tickets/T-{code}")).text))
    assert "“咨询”队列的" in waiting and "enquiries" not in waiting


async def test_a_reply_that_did_not_arrive_marks_its_ticket_in_the_list(desk: Desk) -> None:
    await desk.log_in()
    code = await customer_writes(desk.ctx, "Where is my parcel?")
    added = await queue_reply(desk.ctx, ticket_code=code, actor=HUB, text="On its way.")
    assert "Delivery problem" not in (await desk.get("/desk/fragments/list?scope=all", **HTMX)).text

    async def fail(connection: Connection) -> None:
        await connection.execute(
            "UPDATE outbox SET state = 'failed', error = 'It could not be delivered in time.'"
            " WHERE interaction_id = $1",
            added,
        )

    await desk.ctx.database.run(fail)
    assert "Delivery problem" in (await desk.get("/desk/fragments/list?scope=all", **HTMX)).text
    await desk.post("/desk/preferences", {"locale": "zh_CN"})
    assert "发送异常" in (await desk.get("/desk/fragments/list?scope=all", **HTMX)).text
    assert "未能在时限内送达。" in (await desk.get(f"/desk/tickets/T-{code}")).text


async def test_a_body_that_is_too_large_is_told_in_the_readers_language(desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?")
    await desk.log_in("lin")
    form = FormData({"text": "x"})
    form.add_field("files", io.BytesIO(bytes(41 * 1024 * 1024)), filename="film.mp4")
    url = f"{desk.url}/desk/tickets/T-{code}/replies"
    async with desk.session.post(url, data=form, headers={"Origin": desk.url, **HTMX}) as answer:
        assert answer.status == 413 and "文件总大小超过上限" in await answer.text()


async def test_a_reply_to_an_older_state_is_stopped_and_shows_what_is_new(desk: Desk) -> None:
    await desk.log_in()
    code = await customer_writes(desk.ctx, "Where is my parcel?")
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    seq = re.search(r'name="expected_seq" value="(\d+)"', page)
    assert seq is not None
    await customer_writes(desk.ctx, "It has just come, thank you!")
    form = {"text": "I look for it.", "expected_seq": seq[1], "key": "k"}
    stopped = await desk.post(f"/desk/tickets/T-{code}/replies", form, **HTMX)
    assert stopped.status == 409 and "It has just come, thank you!" in stopped.text
    assert "Send anyway" in stopped.text and stopped.headers["HX-Retarget"] == "#composer-problem"
    assert "I look for it." not in stopped.text
    sent = await desk.post(f"/desk/tickets/T-{code}/replies", {**form, "anyway": "1"}, **HTMX)
    assert sent.status == 200 and "I look for it." in sent.text


async def test_a_note_never_meets_an_outbox(desk: Desk) -> None:
    await desk.log_in()
    code = await customer_writes(desk.ctx, "Where is my parcel?")
    answer = await desk.post(
        f"/desk/tickets/T-{code}/notes", {"text": "Rude customer", "anyway": "1"}, **HTMX
    )
    assert answer.status == 200 and 'data-sent="note"' in answer.text and "Rude customer" in answer.text

    async def look(c: Connection) -> tuple[int, str]:
        waiting = await c.fetchval("SELECT count(*) FROM outbox")
        return waiting, await c.fetchval("SELECT direction FROM interaction WHERE text = 'Rude customer'")

    assert await desk.ctx.database.read(look) == (0, "internal")
    assert (await desk.post(f"/desk/tickets/T-{code}/notes", {"text": "  \n "}, **HTMX)).status == 409


async def test_taking_giving_and_closing_is_one_press_each(desk: Desk) -> None:
    await desk.log_in()
    code = await customer_writes(desk.ctx, "Where is my parcel?")
    page = f"/desk/tickets/T-{code}"
    colleague = next(a for a in await desk.ctx.database.read(views.list_agents) if a.login == "lin")
    assert "You" in words_of((await desk.post(f"{page}/take", **HTMX)).text)
    assert "小林" in (await desk.get(f"/desk/fragments/tickets/T-{code}/colleagues", **HTMX)).text
    given = await desk.post(f"{page}/assign", {"agent": str(colleague.id)}, **HTMX)
    assert "小林" in words_of(given.text) and "by Ann Berg" in given.text
    assert "Nobody yet" in words_of((await desk.post(f"{page}/release", **HTMX)).text)
    for status, shown in (
        ("pending", "Waiting for customer"),
        ("resolved", "Resolved"),
        ("closed", "Closed"),
    ):
        assert shown in words_of((await desk.post(f"{page}/status", {"status": status}, **HTMX)).text)
    refused = await desk.post(f"{page}/replies", {"text": "Hello"}, **HTMX)
    assert refused.status == 409 and "closed" in refused.text
    for wrong in ("nonsense", ""):
        assert (await desk.post(f"{page}/status", {"status": wrong}, **HTMX)).status == 409
    assert (await desk.post(f"{page}/assign", {"agent": "999999"}, **HTMX)).status == 404


@pytest.mark.parametrize("code", ["T-1", "T-10018", "nonsense", "%00", "T-99999999999999999"])
async def test_what_is_no_ticket_is_not_found(desk: Desk, code: str) -> None:
    await desk.log_in()
    assert (await desk.get(f"/desk/tickets/{code}")).status == 404
    assert (await desk.get(f"/desk/customers/{code.replace('T', 'C')}")).status == 404


async def test_html_letters_are_cleaned_and_caged(desk: Desk) -> None:
    await desk.log_in()
    html = '<p onclick="x()">Hi <b>you</b></p><script>window.__xss=1</script><img src="https://canary.example/p.gif">'
    code = await customer_writes(desk.ctx, "Hi you", html=html)
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    found = re.search(r'data-src="([^"]+)"', page)
    assert found is not None and "__xss" not in page
    original = await desk.get(found[1])
    assert "<b>you</b>" in original.text
    assert not re.search("script>|onclick|canary", original.text)
    assert "sandbox" in original.headers["Content-Security-Policy"]
    assert "default-src 'none'" in original.headers["Content-Security-Policy"]
    deep = await customer_writes(desk.ctx, "deep", html="<div>" * 5000, thread="deep")
    page = (await desk.get(f"/desk/tickets/T-{deep}")).text
    found = re.search(r'data-src="([^"]+)"', page)
    assert found is not None and "too deeply nested" in (await desk.get(found[1])).text


async def test_one_customer_has_one_timeline_over_all_channels(desk: Desk) -> None:
    await desk.log_in()
    await customer_writes(desk.ctx, "First, by the shop", subject="One")
    await customer_writes(desk.ctx, "Then, elsewhere", subject="Two", channel="mute")
    found = await desk.get("/desk/customers?q=li%20w")
    (number,) = set(re.findall(r"C-\d+", found.text))
    page = words_of((await desk.get(f"/desk/customers/{number}")).text)
    assert page.index("Then, elsewhere") < page.index("First, by the shop")
    assert "Nobody found" in (await desk.get("/desk/customers?q=%25")).text


async def test_what_could_not_be_read_is_seen_kept_and_put_away(desk: Desk) -> None:
    await desk.log_in()
    raw_id = await unreadable_comes(desk.ctx)
    await report_channel(desk.ctx, "shop", "misconfigured", "The callback secret is wrong.")
    page = (await desk.get("/desk/system")).text
    assert "Wrong settings" in page and "The callback secret is wrong." in page
    assert f"/desk/quarantine/{raw_id}/raw" in page
    assert (await desk.get(f"/desk/quarantine/{raw_id}/raw")).text == '{"sender": 3}'
    assert "2" in words_of((await desk.get("/desk/fragments/badge", **HTMX)).text)
    assert (await desk.post(f"/desk/quarantine/{raw_id}/replay", **HTMX)).status == 200
    other = await unreadable_comes(desk.ctx)
    assert f"raw-{other}" in (await desk.get("/desk/fragments/system", **HTMX)).text
    put_away = await desk.post(f"/desk/quarantine/{other}/discard", **HTMX)
    assert put_away.status == 200 and f"raw-{other}" not in put_away.text
    assert (await desk.post(f"/desk/quarantine/{other}/discard", **HTMX)).status == 404


async def test_agents_look_but_only_those_who_lead_touch_the_system(desk: Desk) -> None:
    raw_id = await unreadable_comes(desk.ctx)
    await desk.log_in("lin")
    page = (await desk.get("/desk/system")).text
    assert "无法解析的来件" in page and f"raw-{raw_id}" in page and "replay" not in page
    refused = await desk.post(f"/desk/quarantine/{raw_id}/discard", **HTMX)
    assert refused.status == 403 and "没有权限" in refused.text


async def test_language_and_theme_are_the_agents_own(desk: Desk) -> None:
    await desk.log_in()
    code = await customer_writes(desk.ctx, "The kettle leaks, I am disappointed", subject="Kettle")
    await drain(desk.ctx)
    assert '<html lang="en" data-theme="auto">' in (await desk.get("/desk")).text
    back = f"{desk.url}/desk/tickets/T-{code}?scope=all"
    changed = await desk.post("/desk/preferences", {"locale": "zh_CN"}, Referer=back)
    assert (changed.status, changed.headers["Location"]) == (303, f"/desk/tickets/T-{code}?scope=all")
    assert (await desk.post("/desk/preferences", {"theme": "dark"}, **HTMX)).status == 204
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    assert '<html lang="zh-CN" data-theme="dark">' in page
    assert "自动分配" in page and "“投诉”队列成员" in page and "回复：Li Wei（API 接口）" in page
    assert (await desk.post("/desk/preferences", {"locale": "xx"})).status == 409
    elsewhere = await desk.post("/desk/preferences", {"locale": "en"}, Referer="https://evil.example/x")
    assert elsewhere.headers["Location"] == "/desk"


async def test_the_socket_brings_what_happened_since_the_page_was_read_each_once(desk: Desk) -> None:
    await desk.log_in()
    page = await desk.get("/desk")
    cursor = re.search(r'data-cursor="([^"]+)"', page.text)
    assert cursor is not None
    code = await customer_writes(desk.ctx, "before the socket")
    seen: list[dict[str, object]] = []
    url = f"{desk.url}/desk/live?cursor={cursor[1]}"
    async with desk.session.ws_connect(url, headers={"Origin": desk.url}) as socket:
        while not any(one["ticket"] == f"T-{code}" for one in seen):
            seen.append(await socket.receive_json(timeout=10))
        other = await customer_writes(desk.ctx, "with the socket", thread="other")
        while not any(one["ticket"] == f"T-{other}" for one in seen):
            seen.append(await socket.receive_json(timeout=10))
    cursors = [one["cursor"] for one in seen]
    assert len(cursors) == len(set(cursors))
    # `mine`: it is about whoever looks on.
    assert all(set(one) - {"mine"} == {"cursor", "kind", "ticket", "agent"} for one in seen)
    async with desk.session.ws_connect(
        f"{desk.url}/desk/live?cursor=x", headers={"Origin": desk.url}
    ) as socket:
        first = await socket.receive_json(timeout=10)
        assert first["reload"] is True and first["cursor"]


@pytest.mark.parametrize("path", ["/desk", "/desk/rules", "/desk/knowledge", "/desk/tags"])
async def test_a_page_goes_on_from_before_it_read_anything(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Also from before it was known who asks: what was read of them may be another thing by now too."""
    await desk.log_in()
    real, heard = visit.agent_of_session, ""

    async def while_it_happens(ctx: Context, token: str) -> SignedIn | None:
        nonlocal heard
        known = await real(ctx, token)
        with ctx.feed.subscribe() as events:
            await customer_writes(ctx, "while the page is being read")
            heard = (await anext(events)).cursor
        return known

    monkeypatch.setattr(visit, "agent_of_session", while_it_happens)
    cursor = re.search(r'data-cursor="([^"]+)"', (await desk.get(path)).text)
    assert cursor is not None
    assert heard in [one.cursor for one in await desk.ctx.feed.replay(cursor[1])]


async def test_a_page_that_reads_nothing_is_cut_and_others_go_on_and_it_reads_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.log_in()
    (token,) = [cookie.value for cookie in desk.session.cookie_jar if cookie.key == "hub_session"]
    url, cursor, word = URL(desk.url), desk.ctx.feed.cursor, "n" * 1000
    live_ = f"{desk.url}/desk/live?cursor={cursor}"
    loop, door = asyncio.get_running_loop(), socket.socket()
    with door:
        async with desk.session.ws_connect(live_, headers={"Origin": desk.url}) as quick:
            monkeypatch.setattr(live, "_HEARTBEAT_SECONDS", 0.6)
            door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            door.setblocking(False)
            await loop.sock_connect(door, ("127.0.0.1", url.port))
            hello = (
                f"GET {URL(live_).raw_path_qs} HTTP/1.1\r\nHost: {url.authority}\r\nOrigin: {desk.url}\r\n"
                f"Cookie: hub_session={token}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            await loop.sock_sendall(door, hello.encode())
            assert (await loop.sock_recv(door, 12)) == b"HTTP/1.1 101"
            await until(lambda: _are_open(desk, 2), seconds=20, what="both are there")
            await desk.ctx.database.run(
                lambda c: c.execute("INSERT INTO event (kind) SELECT $1 FROM generate_series(1, 400)", word)
            )
            await _hears(quick, word, 400)
            await until(lambda: _are_open(desk, 1), seconds=20, what="who reads nothing is cut")
        # What was on its way to it, and then the end.
        async with asyncio.timeout(20):
            while await _read(door):
                continue
    monkeypatch.undo()
    async with desk.session.ws_connect(live_, headers={"Origin": desk.url}) as back:
        await _hears(back, word, 400)


async def _hears(page: ClientWebSocketResponse, kind: str, many: int) -> None:
    while many:
        many -= (await page.receive_json(timeout=20)).get("kind") == kind


async def _are_open(desk: Desk, many: int) -> bool:
    """Whether so many pages are known to be open."""
    return await one(desk.ctx, "SELECT count(*) FROM desk_line") == many


async def _read(door: socket.socket) -> bytes:
    """b"" at the end, also where it was cut short."""
    try:
        return await asyncio.get_running_loop().sock_recv(door, 65536)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example"])
async def test_the_socket_is_refused_to_other_sites_and_to_strangers(desk: Desk, origin: str | None) -> None:
    for headers, status in (({"Origin": origin} if origin else {}, 403), ({"Origin": desk.url}, 401)):
        with pytest.raises(WSServerHandshakeError) as refused:
            await desk.session.ws_connect(f"{desk.url}/desk/live", headers=headers)
        assert refused.value.status == status
        if status == 403:
            continue
    await desk.log_in()
    with pytest.raises(WSServerHandshakeError):
        await desk.session.ws_connect(f"{desk.url}/desk/live", headers={"Origin": origin} if origin else {})


async def test_the_end_of_a_session_closes_its_socket(desk: Desk) -> None:
    await desk.log_in()
    (token,) = [cookie.value for cookie in desk.session.cookie_jar if cookie.key == "hub_session"]
    async with desk.session.ws_connect(f"{desk.url}/desk/live", headers={"Origin": desk.url}) as socket:
        await log_out(desk.ctx, token)
        async with asyncio.timeout(30):
            async for _ in socket:
                continue
        assert socket.close_code == live.SESSION_ENDED
    assert (await desk.get("/desk")).url.path == "/desk/login"


async def test_logging_out_ends_the_session_for_a_kept_cookie_too(desk: Desk) -> None:
    await desk.log_in()
    (token,) = [cookie.value for cookie in desk.session.cookie_jar if cookie.key == "hub_session"]
    assert (await desk.post("/desk/logout")).headers["Location"] == "/desk/login"
    async with desk.session.get(f"{desk.url}/desk", cookies={"hub_session": token}) as response:
        assert response.url.path == "/desk/login"


async def test_without_a_database_the_page_says_that_nothing_was_kept(desk: Desk) -> None:
    await desk.log_in()
    await desk.ctx.database.close()
    answer = await desk.get("/desk")
    assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
    assert "Nothing of this request is known to be kept" in answer.text
    posted = await desk.post("/desk/presence", {"presence": "away"}, **HTMX)
    assert posted.status == 503 and posted.headers["HX-Retarget"] == "#messages"


async def test_no_key_that_stands_in_an_address_comes_into_the_log(desk: Desk) -> None:
    await desk.ctx.database.close()
    with capture_logs() as logged:
        for path in ("/follow/a-key-of-somebody", "/survey/a-key-of-somebody"):
            assert (await desk.get(path)).status == 503
    told = [entry for entry in logged if entry["event"] == "web.database_away"]
    assert [entry["path"] for entry in told] == ["/follow/{token}", "/survey/{token}"]
    assert "a-key-of-somebody" not in str(logged)


async def test_a_fault_is_told_by_a_number_and_nothing_else(ctx: Context) -> None:
    async with serving_desk(ctx, {**CHANNELS}) as desk:
        await desk.log_in()
        code = await customer_writes(desk.ctx, "Where is my parcel?")
        await desk.ctx.database.run(lambda c: c.execute("ALTER TABLE routing_decision RENAME TO gone"))
        answer = await desk.get(f"/desk/tickets/T-{code}")
        assert answer.status == 500
        assert re.search(r"<code>[0-9a-f]{16}</code>", answer.text)
        assert not re.search("Traceback|routing_decision|asyncpg|SELECT", answer.text)
