"""What a stranger may send that takes long to read: addresses full of accents, odd charsets, parts that never begin."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from unittest import mock

import aiohttp
import pytest
from aiohttp import MultipartReader, web
from multidict import CIMultiDict, CIMultiDictProxy

from hub.actions.context import Context
from hub.web import bodies
from hub.web.bodies import MOST_AT_THE_DOOR, MOST_BODY, limit_bodies
from hub.web.desk.signin.ways import HOME, own_page
from tests.fakes.chat_room import a_chat
from tests.fakes.costs import assert_grows_evenly
from tests.fakes.desk import PASSWORD, Desk
from tests.journeys.test_serve_lines import _open, served

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
LOGIN = f"login=ann&password={PASSWORD}".replace(" ", "+").encode()
AT_THE_DOOR = (
    "/desk/login", "/desk/login/passkey", "/desk/login/second", "/desk/login/second/passkey", "/desk/logout",
    "/desk/security/choose", "/desk/security/again",
)  # fmt: skip


async def _chunks(data: bytes, times: int = 1) -> AsyncIterator[bytes]:
    for _ in range(times):
        yield data


async def _post(desk: Desk, path: str, data: bytes | AsyncIterator[bytes], kind: str) -> int:
    headers = {"Origin": desk.url, "Content-Type": kind}
    async with desk.session.post(
        desk.url + path, data=data, headers=headers, allow_redirects=False
    ) as answer:
        if 400 <= answer.status < 500:
            assert "<html" in await answer.text()  # a page, in words
        return answer.status


def _a_part(text: bytes, *, kind: bytes = b"", name: bytes = b"login") -> bytes:
    head = b"Content-Type: %s\r\n" % kind if kind else b""
    return b'--b\r\nContent-Disposition: form-data; name="%s"\r\n%s\r\n%s\r\n' % (name, head, text)


def test_where_to_go_on_is_read_at_once() -> None:
    for begins in ("//a", "/desk/"):
        assert_grows_evenly(lambda n: begins + "\u0301\u0327" * n, own_page, 20_000)  # noqa: B023 - at once
        assert own_page(begins + "\u0301\u0327" * 20_000) == HOME
    assert own_page("/desk/tickets/7?tab=a%20b") == "/desk/tickets/7?tab=a%20b"
    for other in (
        "//desk/x",
        "https://x/desk",
        "/\\x/desk",
        "/desk/\\x",
        "/desk/\t",
        "/deskx",
        "//[",
        "/desk/" + "a" * 2000,
    ):
        assert own_page(other) == HOME, other


async def test_forms_are_in_utf8_alone(desk: Desk) -> None:
    for path in ("/desk/login", "/portal", "/survey/x"):
        for named in (
            "charset=punycode", "charset=gb18030", "Charset=UTF-7", "charset*=utf-8''punycode", "charset*0=puny;charset*1=code",
        ):  # fmt: skip
            assert await _post(desk, path, LOGIN, f"{FORM}; {named}") == 415, (path, named)
    assert await _post(desk, "/portal", _a_part(b"x") + b"--b--\r\n", f"{PARTS}; charset=punycode") == 415
    for plain in ("", "; charset=utf-8", '; charset="UTF-8"', "; charset=us-ascii"):
        assert await _post(desk, "/desk/login", LOGIN, FORM + plain) == 303, plain


async def test_bytes_that_are_no_utf_8_are_refused_and_no_fault_of_ours(desk: Desk) -> None:
    assert await _post(desk, "/desk/login", b"login=\xff&password=\xfe", FORM) == 400


async def test_signing_in_takes_a_short_form_and_no_files(desk: Desk) -> None:
    assert await _post(desk, "/desk/login", _a_part(b"ann") + b"--b--\r\n", PARTS) == 415
    long = LOGIN + b"&next=" + b"a" * MOST_AT_THE_DOOR
    for path in AT_THE_DOOR:
        assert await _post(desk, path, long, FORM) == 413, path
    # Without saying how long it is, too.
    for path in AT_THE_DOOR[:3]:
        assert await _post(desk, path, _chunks(long), FORM) == 413, path
    assert await _post(desk, "/desk/login", _chunks(LOGIN), FORM) == 303
    # Who is signed in writes more: the words of a reply, say.
    assert (
        await _post(desk, "/desk/preferences/signature", b"signature=" + b"a" * MOST_AT_THE_DOOR, FORM) != 413
    )


async def test_no_part_names_a_charset_of_its_own() -> None:
    """Where `request.post()` reads parts, whatever page it is."""
    read = []

    async def take(request: web.Request) -> web.Response:
        read.append(dict(await request.post()))
        return web.Response()

    app = web.Application(middlewares=[limit_bodies(60)])
    app.router.add_post("/", take)
    async with _serving(app) as url, aiohttp.ClientSession() as client:
        for body, status in (
            (_a_part(b"ann", kind=b"text/plain; charset=punycode"), 415),
            (_a_part("林".encode(), kind=b"text/plain; charset=UTF-8"), 200),
            (_a_part("林".encode()), 200),
        ):
            async with client.post(url, data=body + b"--b--\r\n", headers={"Content-Type": PARTS}) as answer:
                assert answer.status == status, body
    assert read == [{"login": "林"}] * 2
    # Nor does a first part for all of them (`_charset_`), should aiohttp read it one day.
    part = MultipartReader.part_reader_cls(
        b"--b", CIMultiDictProxy(CIMultiDict()), mock.Mock(), default_charset="punycode"
    )
    with pytest.raises(web.HTTPUnsupportedMediaType):
        part.get_charset("utf-8")


async def test_no_body_is_longer_than_the_most(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    async with served(ctx, body_within=60) as port, aclosing(await _open(port)) as line:
        head = f"POST /forms/feedback HTTP/1.1\r\nHost: x\r\nContent-Type: {PARTS}\r\n"
        await line.says(f"{head}Content-Length: {MOST_BODY + 1}\r\n\r\n")
        async with asyncio.timeout(5):
            assert b" 413 " in await line.reader.readline()

    # One that does not say how long it is, for a handler that never looks how much came.
    monkeypatch.setattr(bodies, "MOST_BODY", 100_000)
    monkeypatch.setattr(bodies, "_LOOK_SECONDS", 0.05)

    async def swallow(request: web.Request) -> web.Response:
        while await request.content.readline():
            pass
        return web.Response()

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"\n" * 2_000
            await asyncio.sleep(0.005)

    app = web.Application(middlewares=[limit_bodies(60)])
    app.router.add_post("/", swallow)
    async with _serving(app) as url, aiohttp.ClientSession() as client:
        async with client.post(url, data=_chunks(b"\n" * 2_000, 20)) as answer:
            assert answer.status == 200
        async with client.post(url, data=drip()) as answer:
            assert answer.status == 413


async def test_the_first_part_begins_soon(ctx: Context) -> None:
    """Well before the body has come: nobody waits for the end of the empty lines."""
    async with served(ctx, body_within=60) as port:
        url = f"http://127.0.0.1:{port}/forms/feedback"
        async with aiohttp.ClientSession() as client:
            assert await _status(client, url, b"\n" * 9_000) == 400
            # A line or two before it are allowed (RFC 2046, 5.1.1), and so is nothing at all.
            for before in (b"", b"This is a message in parts.\r\n\r\n"):
                body = before + _a_part(b"How long?", name=b"message") + b"--b--\r\n"
                async with client.post(url, data=body, headers={"Content-Type": PARTS}) as answer:
                    assert answer.status == 422, "read, and found to lack fields"
                    assert "How long?" in await answer.text()
    async with a_chat() as room:
        _, (welcome,) = await room.post("poll", {"type": "hello"})
        headers = {"Authorization": f"Bearer {welcome['session']}", "Origin": room.base}
        assert await _status(room.client, f"{room.base}/chat/shop/files", b"\n" * 9_000, **headers) == 400


async def _status(client: aiohttp.ClientSession, url: str, before: bytes, **headers: str) -> int:
    """The answer to a body of which only this comes."""
    never = asyncio.Event()

    async def begin() -> AsyncIterator[bytes]:
        yield before
        await never.wait()

    async with (
        asyncio.timeout(5),
        client.post(url, data=begin(), headers={"Content-Type": PARTS, **headers}) as answer,
    ):
        return answer.status


class _serving:
    """An application on a free port; the address."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, shutdown_timeout=1)

    async def __aenter__(self) -> str:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
