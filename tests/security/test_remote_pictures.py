"""Whom the hub asks for a picture that a letter names (S82 as far as letters go): the public internet, and nobody at home."""

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest
from aiohttp import web

from hub.actions.errands.public_net import is_global
from hub.actions.remote_images import MOST_BYTES, NoPicture, PictureFetcher
from tests.fakes.desk import Desk, html_letter, letters_come
from tests.security.conftest import PIXEL, Canary

HOME = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "192.0.0.8",
        "198.18.0.1", "203.0.113.5", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1", "::", "::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1",
        "2002:7f00:1::", "2002:a00:1::", "2001:0:7f00:1::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1",
        "fec0::1", "ff02::1",
        "2001:db8::1", "100::1", "nonsense", "", "0x7f.1", "2130706433", "127.1",
    ],
)  # fmt: skip
def test_what_is_not_the_public_internet(address: str) -> None:
    assert not is_global(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "64:ff9b::101:101", "::ffff:8.8.8.8"]
)
def test_what_is(address: str) -> None:
    assert is_global(address)


@dataclass(slots=True)
class House:
    """A server at home: `seen` paths, each with the headers it came with."""

    port: int = 0
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    found = House()

    async def answer(request: web.Request) -> web.StreamResponse:
        found.seen.append((request.path, dict(request.headers)))
        if request.path == "/to":
            return web.Response(status=302, headers={"Location": request.query["at"], "Set-Cookie": "a=b"})
        if request.path == "/large":
            return web.Response(body=bytes(MOST_BYTES + 1))
        if request.path == "/endless":
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(MOST_BYTES // 65_536 + 2):
                await response.write(bytes(65_536))
            return response
        if request.path == "/zipped":
            return web.Response(body=b"x", headers={"Content-Encoding": "gzip"})
        if request.path == "/gone":
            return web.Response(status=404, body=PIXEL)
        return web.Response(body=PIXEL)

    app = web.Application()
    app.router.add_route("GET", "/{rest:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.port = runner.addresses[0][1]
    await web.TCPSite(runner, "127.0.0.2", found.port).start()
    yield found
    await runner.cleanup()


async def test_nobody_at_home_is_asked_however_the_address_is_written(house: House) -> None:
    asked = [
        f"http://{host}:{house.port}/p"
        for host in (
            "127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "0177.0.0.1", "127.1", "0", "[::1]",
            "user@127.0.0.1", "127.0.0.1.", "LOCALHOST", "①②⑦.0.0.1",
        )
    ] + ["http://[::1", "", "x", "file:///etc/passwd", "gopher://127.0.0.1/x", "//127.0.0.1/", "http:///x"]  # fmt: skip
    for address in asked:
        with pytest.raises(NoPicture):
            await PictureFetcher().fetch(address)
    assert house.seen == []


async def test_a_name_that_begins_to_mean_home_is_caught_when_it_is_called(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: whatever a name meant a moment ago, the address that is called now counts."""
    real = socket.getaddrinfo

    def resolve(host: object, *more: object, **named: object) -> object:
        return real("127.0.0.1" if host == "rebound.example" else host, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(NoPicture):
        await PictureFetcher().fetch(f"http://rebound.example:{house.port}/p")
    assert house.seen == []
    assert await PictureFetcher(HOME).fetch(f"http://rebound.example:{house.port}/p") == PIXEL


async def test_a_redirection_goes_through_the_same_door_and_carries_nothing_along(house: House) -> None:
    fetcher = PictureFetcher([ip_network("127.0.0.1/32")])
    here = f"http://127.0.0.1:{house.port}"
    assert await fetcher.fetch(f"{here}/to?at=/p%23x") == PIXEL
    assert [path for path, _ in house.seen] == ["/to", "/p"]
    for _, headers in house.seen:
        assert not {"Cookie", "Referer", "Authorization", "Origin"} & set(headers)
    for there in (f"http://127.0.0.2:{house.port}/p", f"//[::1]:{house.port}/p", "file:///etc/passwd"):
        with pytest.raises(NoPicture):
            await fetcher.fetch(f"{here}/to?at={there}")
    assert {path for path, _ in house.seen[2:]} == {"/to"}, "nobody else was asked"
    with pytest.raises(NoPicture):
        await fetcher.fetch(f"{here}/to?at={here}/to?at={here}/to?at={here}/to?at={here}/to?at=/p")


@pytest.mark.parametrize("path", ["large", "endless", "zipped", "gone"])
async def test_what_is_too_large_packed_or_absent_is_no_picture(house: House, path: str) -> None:
    with pytest.raises(NoPicture):
        await PictureFetcher(HOME).fetch(f"http://127.0.0.1:{house.port}/{path}")


async def test_the_proxy_serves_letters_that_are_open_and_nothing_else(desk: Desk, canary: Canary) -> None:
    html = f'<img src="{canary.url}/a.png"><img src="{canary.url}/b.png">'
    (code,) = await letters_come(desk.ctx, [html_letter(html)])
    await desk.log_in()
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    original = page.partition('data-src="')[2].partition('"')[0]
    assert (await desk.get(original)).headers["Hub-Pictures-Withheld"] == "2"
    shown = (await desk.get(f"{original}?pictures=1")).text
    signed = [part.partition('"')[0] for part in shown.split('src="')[1:]]
    assert len(signed) == 2 and all(one.startswith("/desk/pictures/") for one in signed)
    assert canary.asked == []
    desk.session.cookie_jar.clear()
    answer = await desk.get(signed[0])
    assert answer.status == 200, "the page of a letter sends no cookie; the signature says whose it is"
    assert answer.headers["Content-Type"] == "image/png" and "Set-Cookie" not in answer.headers
    body, _, signature = signed[0].rpartition("/")[2].partition(".")
    for forged in (
        f"{body}x.{signature}",
        f"{body}.{signature[::-1]}",
        f"{body}.",
        "x",
        "http:%2f%2fevil.example",
    ):
        assert (await desk.get(f"/desk/pictures/{forged}")).status == 404
    await desk.ctx.database.run(lambda c: c.execute("DELETE FROM session"))
    assert (await desk.get(signed[1])).status == 404, "whoever has left shows nothing any more"
    assert len(canary.asked) == 1
