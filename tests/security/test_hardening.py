"""Rows of the list of attacks that are about the ground: sockets whose rights went, requests that are two at once, hosts that
nobody named, a fresh installation, what the programs themselves may call."""

import ast
import asyncio
import gzip
import io
import itertools
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from argon2 import PasswordHasher

from hub.actions.context import Context
from hub.actions.failures import LoginRefused
from hub.actions.floor.assign import assign_ticket
from hub.actions.people import passwords
from hub.actions.people.roles import add_role
from hub.actions.signin.by_password import log_in
from hub.actions.status import change_status
from hub.model.people import HUB
from hub.model.permissions import Sight
from hub.web.desk import live
from hub.web.desk.letters.clean import clean
from tests.conftest import CHEAP
from tests.fakes.desk import Desk, customer_writes, serving_desk
from tests.fakes.scene import a_real_agent, one
from tests.fakes.signin import BROWSER
from tests.security.target import ADMIN, Target, a_target

ROOT = Path(__file__).parents[2]
STATUSES = itertools.cycle(("pending", "pending", "open", "open"))


@pytest.fixture
async def target(ctx: Context) -> AsyncIterator[Target]:
    async with a_target(ctx) as target:
        yield target


@pytest.mark.parametrize(
    "end",
    ["DELETE FROM session RETURNING 1", "UPDATE agent SET active = false WHERE login = 'ann' RETURNING 1"],
)
async def test_s50_a_socket_ends_with_the_right_to_it_although_nobody_says_so(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Done behind the hub's back, so that no announcement is made: it looks by itself."""
    assert live.LOOK_SECONDS < 5
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.2)
    async with serving_desk(ctx) as desk:
        await desk.log_in("ann")
        async with desk.session.ws_connect(f"{desk.url}/desk/live", headers={"Origin": desk.url}) as socket:
            await one(desk.ctx, end)
            async with asyncio.timeout(30):
                while (message := await socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED):
                    pass
        assert message.data == live.SESSION_ENDED


async def test_s50_a_socket_tells_no_more_than_the_right_that_is_left_although_nobody_says_so(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is put into a lower role while a page is open hears nothing more of what went out of their sight."""
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.2)
    async with serving_desk(ctx) as desk:
        codes = [await customer_writes(desk.ctx, name, thread=name, name=name) for name in ("mine", "other")]
        ann = await one(desk.ctx, "SELECT id FROM agent WHERE login = 'ann'")
        await assign_ticket(desk.ctx, ticket_code=codes[0], agent_id=ann, actor=HUB)
        await add_role(desk.ctx, name="Own", permissions=(), sight=Sight.OWN, based_on="agent", actor=ADMIN)
        await desk.log_in("ann")
        cursor = desk.ctx.feed.cursor
        address = f"{desk.url}/desk/live?cursor={cursor}"
        async with desk.session.ws_connect(address, headers={"Origin": desk.url}) as socket:
            async with asyncio.timeout(30):  # it may first hear of what came before
                while await _told(desk, socket, codes) != {"mine", "other"}:
                    pass
            await one(desk.ctx, "UPDATE agent SET role = 'Own' WHERE login = 'ann' RETURNING 1")
            async with asyncio.timeout(30):
                while await _told(desk, socket, codes) != {"mine"}:
                    pass


async def _told(desk: Desk, socket: ClientWebSocketResponse, codes: list[int]) -> set[str]:
    """Of which of the two tickets the socket speaks, when something happens to both."""
    names = dict(zip((f"T-{code}" for code in codes), ("mine", "other"), strict=True))
    mine, other = codes
    for code in (other, mine):
        await change_status(desk.ctx, ticket_code=code, status=next(STATUSES), actor=HUB)
    told: set[str] = set()
    while "mine" not in told:
        said = await socket.receive_json(timeout=10)
        told |= {names[said["ticket"]]} if said.get("ticket") in names else set()
    return told


class Counting(PasswordHasher):
    """The real one, which counts how often it was asked."""

    asked = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002
        Counting.asked += 1
        return bool(super().verify(hash, password))


async def test_s60_s102_an_unknown_login_costs_the_same_hash_as_a_known_one(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes the time is the hash: it is worked out once, whoever is asked for. No stop-watch."""
    counting = Counting(
        time_cost=CHEAP.time_cost, memory_cost=CHEAP.memory_cost, parallelism=CHEAP.parallelism
    )
    monkeypatch.setattr(passwords, "HASHER", counting)
    await a_real_agent(ctx, "ann")
    await a_real_agent(ctx, "gone")
    await one(ctx, "UPDATE agent SET active = false WHERE login = 'gone' RETURNING 1")
    for login in ("ann", "gone", "nobody", "", "x" * 200):
        Counting.asked = 0
        with pytest.raises(LoginRefused):
            await log_in(ctx, login=login, password="wrong password", browser=BROWSER)
        assert Counting.asked == 1, login


async def test_s63_no_answer_repeats_the_host_that_it_was_asked_by(target: Target) -> None:
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    for path in (
        "/",
        "/desk",
        "/desk/login",
        "/help/en",
        "/help/sitemap.xml",
        "/portal",
        "/survey/x",
        "/follow/x",
        "/api/v1/docs",
    ):
        async with target.desk.session.get(target.url + path, headers=evil, allow_redirects=False) as answer:
            told = await answer.text() + str(answer.headers)
            assert "evil.example" not in told, path


async def test_s66_a_fresh_installation_has_nobody_in_it_and_no_door_to_become_somebody(ctx: Context) -> None:
    for table in ("agent", "api_key", "session"):
        assert await one(ctx, f"SELECT count(*) FROM {table}") == 0, table
    async with serving_desk(ctx) as desk:
        for login, password in (
            ("root", "password"),
            ("admin", "admin"),
            ("admin", ""),
            ("ada", "changeme12"),
        ):
            answer = await desk.post("/desk/login", {"login": login, "password": password})
            assert answer.status == 403, login
        for path in ("/desk/setup", "/setup", "/install", "/desk/register", "/api/v1/setup"):
            assert (await desk.get(path)).status == 404, path


async def _raw(desk: Desk, request: bytes, *, more: bytes = b"") -> bytes:
    """What the server says to these bytes until it closes the line."""
    host, port = desk.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        await writer.drain()
        if more:
            writer.write(more)
            await writer.drain()
        async with asyncio.timeout(30):
            return await reader.read(65_536)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_s78_a_request_that_could_be_two_is_refused_and_others_are_served(target: Target) -> None:
    desk, head = target.desk, b"POST /desk/login HTTP/1.1\r\nHost: x\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n"
    for request in (
        head + b"Content-Length: 4\r\n" + chunked + b"\r\n0\r\n\r\n",
        head + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
        head + b"Content-Length: +4\r\n\r\nabcd",
        head + b"Content-Length: 0x4\r\n\r\nabcd",
        head + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        head + chunked + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        head + chunked + b"\r\n-1\r\n\r\n",
        head + b"Content-Length : 4\r\n\r\nabcd",
        head + b"X: a\x00b\r\n\r\n",
        head + b" folded: x\r\n\r\n",
        head + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 200) for n in range(20_000)) + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
    ):  # fmt: skip
        said = await _raw(desk, request, more=b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        statuses = [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]] + [
            part[:3] for part in said.split(b"HTTP/1.0 ")[1:]
        ]
        assert all(one_[:1] == b"4" for one_ in statuses) and len(statuses) <= 1, (request[:120], said[:300])
        assert b"Traceback" not in said and b"aiohttp/" not in said.partition(b"\r\n\r\n")[2], said[:300]
    # A body that unfolds is refused before it does.
    for path in (b"/desk/login", b"/portal", b"/survey/x", b"/api/v1/interactions"):
        packed = gzip.compress(b"login=" + b"a" * 30_000_000)
        head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nConnection: close\r\nOrigin: %s\r\n" % (
            path, desk.url.encode(),
        )  # fmt: skip
        kind = b"application/json" if b"api" in path else b"application/x-www-form-urlencoded"
        key = target.bearer()["Authorization"].encode()
        head += b"Content-Type: %s\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n" % (
            kind,
            key,
            len(packed),
        )
        said = await _raw(desk, head + packed)
        assert said.startswith(b"HTTP/1.1 415 "), (path, said[:200])
    fields = io.BytesIO(b"&".join(b"f%d=x" % n for n in range(100_000)))
    headers = {"Origin": desk.url, "Content-Type": "application/x-www-form-urlencoded"}
    async with desk.session.post(f"{desk.url}/desk/login", data=fields, headers=headers) as answer:
        assert 400 <= answer.status < 500
    assert (await desk.get("/healthz")).status == 200


def test_s81_nothing_in_a_letter_has_the_name_of_something_of_the_page() -> None:
    """What scripts find by name or id is theirs: a letter's names and ids are gone."""
    html = clean('<img name="hub"><a id="csrf" name="getElementById">x</a><form id="composer"><input name="action"></form>'
                      '<p id="__proto__" class="open" onclick="x">y</p><a href="?__proto__[x]=1">z</a>')  # fmt: skip
    text = html.html
    for word in ('id="', "name=", "<form", "<input", "onclick", 'class="open"'):
        assert word not in text, (word, text)


async def test_s103_no_reader_is_given_more_than_a_page_and_no_question_takes_for_ever(
    target: Target,
) -> None:
    for path, query in (
        ("tickets", "limit=1000000000"), ("customers", "limit=201"), ("search", "q=a&limit=100000"), ("tickets", "limit=0"),
        ("audit", "limit=99999999999999999999"), ("corrections", "limit=1001"), ("articles", "limit=-1"),
        ("search", "q=" + "a" * 301), ("tickets", "cursor=" + "A" * 81), ("rules/versions", "limit=1001"),
    ):  # fmt: skip
        async with target.desk.session.get(
            f"{target.url}/api/v1/{path}?{query}", headers=target.bearer()
        ) as answer:
            assert answer.status == 422, (path, query)
    limit = await one(
        target.desk.ctx, "SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'"
    )
    assert 0 < limit <= 10_000, "milliseconds; Postgres itself ends what takes longer"


FORBIDDEN = {"eval", "exec", "compile", "__import__", "breakpoint"}
MODULES = {"marshal", "shelve", "yaml", "dill", "ctypes", "telnetlib", "ftplib", "xmlrpc"}
STARTS = ("create_subprocess_exec", "Popen", "check_output", "create_subprocess_shell", "popen", "execv")
BETWEEN_OURS = {
    "hub/actions/apart.py", "hub/actions/reader.py", "hub/actions/reader_process.py", "hub/actions/simulation/simulate.py",
    "hub/actions/simulation/simulate_process.py", "hub/web/desk/letters/bounded.py",
}  # fmt: skip
"""These use pickle, and only over the pipe between the hub and a process that it has started itself."""
CALLS_PROGRAMS = {
    "hub/actions/apart.py", "hub/actions/reader.py", "hub/actions/simulation/simulate.py", "hub/web/desk/letters/bounded.py",
    "storage/backups.py", "storage/embedded.py",
}  # fmt: skip
"""Each starts a program of ours, or Postgres's own, by a list of arguments that no customer's word is in."""


def test_s98_s99_nothing_is_evaluated_or_unpickled_and_no_shell_is_asked() -> None:
    wrong, starts, pickles = [], set(), set()
    suspicious = re.compile("|".join({*FORBIDDEN, *MODULES, *STARTS, "pickle", "shell"}))
    for package in ("hub", "channels", "routing", "storage"):
        for path in (ROOT / package).rglob("*.py"):
            place, text = str(path.relative_to(ROOT)), path.read_text("utf-8")
            for node in ast.walk(ast.parse(text)) if suspicious.search(text) else ():
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id in FORBIDDEN
                ):
                    wrong.append(f"{place}:{node.lineno}: {node.func.id}()")
                if isinstance(node, ast.Import | ast.ImportFrom):
                    names = (
                        [node.module or ""]
                        if isinstance(node, ast.ImportFrom)
                        else [one.name for one in node.names]
                    )
                    wrong += [f"{place}: {name}" for name in names if name.partition(".")[0] in MODULES]
                    pickles |= {place} if "pickle" in names else set()
                if isinstance(node, ast.Attribute) and node.attr in (
                    "create_subprocess_shell",
                    "system",
                    "popen",
                    "execv",
                ):
                    wrong.append(f"{place}:{node.lineno}: {node.attr}")
                if isinstance(node, ast.keyword) and node.arg == "shell":
                    wrong.append(f"{place}: shell=")
                if isinstance(node, ast.Attribute) and node.attr in (
                    "create_subprocess_exec",
                    "Popen",
                    "check_output",
                ):
                    starts.add(place)
    assert wrong == [], "\n".join(wrong)
    assert pickles == BETWEEN_OURS
    assert starts <= CALLS_PROGRAMS, f"starts a program: {starts - CALLS_PROGRAMS}"
    rules = (ROOT / "pyproject.toml").read_text("utf-8")
    assert '"S"' in rules.partition("select = ")[2].partition("]")[0], (
        "ruff's rules from bandit are part of the gate"
    )
