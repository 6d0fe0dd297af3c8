"""A password that stands in a list of leaked ones is not taken: from a file, from a service that does not learn which it is."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hub import settings as settings_room
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.people.leaked import NotAList, is_in_file
from hub.actions.people.passwords import hash_chosen
from hub.settings import Passwords, WrongSetting, read_settings
from tests.fakes.ports import serving_routes
from tests.fakes.scene import PASSWORD

LEAKED = "umbrella teapot gravel moon"
DIGEST = hashlib.sha1(LEAKED.encode()).hexdigest().upper()


def with_lists(ctx: Context, **given: Any) -> Context:
    return replace(ctx, settings=ctx.settings.model_copy(update={"passwords": Passwords(**given)}))


async def choose(ctx: Context, password: str) -> str:
    """Why it may not be chosen; "" where it may."""
    try:
        await hash_chosen(ctx, password, login="ann", name="Ann")
    except NotPossible as refused:
        return refused.code
    return ""


def hashes(number: int, seed: int = 1) -> list[str]:
    drawn = random.Random(seed)
    return sorted(f"{drawn.getrandbits(160):040X}" for _ in range(number))


def write(path: Path, lines: list[str], end: str = "\r\n") -> Path:
    path.write_bytes("".join(f"{line}{end}" for line in lines).encode())
    return path


async def test_what_stands_in_the_file_is_refused_and_nothing_else(ctx: Context, tmp_path: Path) -> None:
    lines = [f"{one}:{number}" for number, one in enumerate(sorted([*hashes(3000), DIGEST]), 1)]
    hub = with_lists(ctx, leaked_file=write(tmp_path / "pwned.txt", lines))
    assert await choose(hub, LEAKED) == "leaked_password"
    assert await choose(hub, PASSWORD) == ""


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 40), end=st.sampled_from(["\n", "\r\n"]), counted=st.booleans(), last=st.booleans()
)
def test_every_line_is_found_wherever_it_stands(
    tmp_path_factory: pytest.TempPathFactory, count: int, end: str, counted: bool, last: bool
) -> None:
    known = hashes(count, seed=count)
    lines = [f"{one}:{10 ** (n % 9)}" if counted else one.lower() for n, one in enumerate(known)]
    path = write(tmp_path_factory.mktemp("lists") / "list", lines, end)
    if last:
        path.write_bytes(path.read_bytes().removesuffix(end.encode()))
    assert all(is_in_file(path, one.encode()) for one in known)
    for other in ("0" * 40, "F" * 40, *hashes(20, seed=99)):
        assert is_in_file(path, other.encode()) == (other in known)


@pytest.mark.parametrize("content", ["", "no list at all\n" * 50, "ABC:1\n", "x" * 100_000])
async def test_a_file_that_is_no_list_lets_through_and_is_told(
    ctx: Context, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "list"
    path.write_text(content)
    with pytest.raises((NotAList, ValueError)):
        is_in_file(path, DIGEST.encode())
    with capture_logs() as said:
        assert await choose(with_lists(ctx, leaked_file=path), LEAKED) == ""
    assert [one["event"] for one in said if one["log_level"] == "warning"] == ["leaked_passwords.not_read"]


async def test_a_service_is_told_five_characters_and_answers_with_a_range(ctx: Context) -> None:
    heard: list[tuple[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append((request.path, request.headers.get("Add-Padding", "")))
        body = "\r\n".join([f"{hashes(1)[0][5:]}:4", f"{DIGEST[5:]}:17", f"{hashes(1, seed=3)[0][5:]}:0"])
        return web.Response(text=body)

    async with serving_routes([web.get("/range/{prefix}", answer)]) as base:
        hub = with_lists(ctx, leaked_url=f"{base}/range/", leaked_url_private=True)
        assert await choose(hub, LEAKED) == "leaked_password"
        assert await choose(hub, PASSWORD) == ""
    assert heard[0] == (f"/range/{DIGEST[:5]}", "true")
    assert not any(LEAKED in path or DIGEST[5:] in path for path, _ in heard)


def _padding(_: web.Request) -> web.Response:
    return web.Response(text=f"{DIGEST[5:]}:0")


def _elsewhere(_: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})


def _broken(_: web.Request) -> web.Response:
    return web.Response(status=503)


def _page(_: web.Request) -> web.Response:
    return web.Response(text="<html>")


def _endless(_: web.Request) -> web.Response:
    return web.Response(text=f"{'A' * 35}:1\n" * 80_000)


@pytest.mark.parametrize(
    ("serve", "told"),
    [(_padding, 0), (_elsewhere, 1), (_broken, 1), (_page, 1), (_endless, 1)],
    ids=["padding", "redirect", "broken", "page", "endless"],
)
async def test_a_service_that_knows_nothing_or_fails_lets_through(
    ctx: Context, serve: Callable[[web.Request], web.Response], told: int
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return serve(request)

    async with serving_routes([web.get("/range/{prefix}", answer)]) as base:
        with capture_logs() as said:
            hub = with_lists(ctx, leaked_url=f"{base}/range", leaked_url_private=True)
            assert await choose(hub, LEAKED) == ""
    warned = [one for one in said if one["event"] == "leaked_passwords.not_asked"]
    assert len(warned) == told and not any(LEAKED in str(one) or DIGEST[5:] in str(one) for one in said)


async def test_the_service_is_on_the_public_internet_unless_the_settings_say_otherwise(ctx: Context) -> None:
    called = []

    async def answer(request: web.Request) -> web.Response:
        called.append(request.path)
        return web.Response(text=f"{DIGEST[5:]}:17")

    async with serving_routes([web.get("/{prefix}", answer)]) as base:
        assert await choose(with_lists(ctx, leaked_url=base), LEAKED) == ""
        nobody = with_lists(ctx, leaked_url="http://127.0.0.1:1", leaked_url_private=True)
        assert await choose(nobody, LEAKED) == ""
    assert called == []


async def test_words_of_the_house_may_not_stand_in_a_password(ctx: Context) -> None:
    hub = with_lists(ctx, house_words=["Rocket Skates", "云帆"])
    assert await choose(hub, "my rocket-skates drink tea") == "telling_password"
    assert await choose(hub, "tea for 云帆 at midnight") == "telling_password"
    assert await choose(hub, PASSWORD) == ""


def test_settings_that_would_do_nothing_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        settings_room, "_toml_path", None
    )  # put back afterwards, with what the reading leaves there
    path = tmp_path / "hub.toml"
    for line, said in (
        ('leaked_file = "/nowhere/at/all"', "there is no file"),
        ('leaked_url = "api.pwnedpasswords.com"', "must start with"),
        ('house_words = ["abc"]', "expected four"),
    ):
        path.write_text(f"[passwords]\n{line}\n")
        with pytest.raises(WrongSetting, match=said):
            read_settings(path)
