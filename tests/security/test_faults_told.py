"""S80: whatever breaks behind an address, its answer says so in that address's own form, with a number, and tells nothing of
what broke. The tables are taken away under a running hub, and every address is asked as somebody who may ask."""

import asyncio
import gzip
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientPayloadError, web

from channels.doors import Asks
from channels.telegram.adapter import SECRET_HEADER
from channels.webchat.sessions import make_token, new_seat
from hub.actions.context import Context
from hub.actions.signin.tokens import hash_token
from hub.model.people import Scope
from hub.web.api import keyring
from hub.web.api.operations import PREFIX
from hub.web.api.table import OPERATIONS
from hub.web.doors import guard_of
from tests.canaries import written
from tests.fakes.desk import CHANNELS, PASSWORD
from tests.fakes.scene import one, rows
from tests.security import by_desk
from tests.security.target import BOT, Target, a_target, path_of
from tests.security.test_channel_doors import FILLED_IN, SAID
from tests.security.test_schema import DOCUMENT, sample

ROOT = Path(__file__).parents[2]
AT_THE_DOOR = ("session", "agent", "role", "api_key", "rate_limit", "portal_session", "sign_in_policy")
"""Tables that say who comes in, and how often. While there are these alone, what breaks is what stands behind the door."""
ENDS_A_SESSION = ("/desk/logout", "/desk/security", "/desk/login", "/portal/out")
"""Asked when the tables of sessions are gone too, so that whoever asks stays who they are."""
TELLS = re.compile(
    r"Traceback|asyncpg|Undefined\w|Postgres|relation |does not exist|\bSELECT\b|\bINSERT\b|\bUPDATE\b|\bDELETE\b|site-packages"
    r"|\.py\b|\bline \d+|postgres(ql)?://|aiohttp|Python|/dev/shm|/tmp/"
)
NUMBER = re.compile(r"<code>[0-9a-f]{16}</code>")
CUT = "(the line was cut)"
BEGINS_AT_ONCE = {"/desk/audit/export"}
"""Files of which the head is sent before anything is read: what breaks then is seen by its end that does not come."""
AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    method: str
    path: str
    status: int
    kind: str
    text: str
    headers: dict[str, str]

    @property
    def area(self) -> str:
        return self.path.split("/")[1] if not self.path.startswith(PREFIX) else "api"

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status} {self.kind} {self.text[:300]!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Somebody who may open everything: an administrator's browser, a customer's, a program's key, a bot's secret."""

    target: Target
    portal: str
    chats: dict[str, str]

    async def ask(self, route: web.AbstractRoute) -> Told:
        path, guard = path_of(route), guard_of(route.handler)
        address = self.target.filled(
            path, instead="A" * 43, at="token" if guard == f"open:{Asks.LINK}" else ""
        )
        headers, data = self._said(route.method, path, guard, route.handler)
        more = {
            "data": data,
            "headers": headers,
            "params": _needed(route.method, path),
            "allow_redirects": False,
        }
        asked = self.target.desk.session.request(route.method, self.target.url + address, **more)
        text = CUT
        async with asyncio.timeout(30), asked as answer:  # it answers, or the test says which does not
            with suppress(ClientPayloadError):
                text = (await answer.read()).decode("utf-8", "replace")
            kind, told = answer.content_type, dict(answer.headers)
        return Told(method=route.method, path=path, status=answer.status, kind=kind, text=text, headers=told)

    def _said(self, method: str, path: str, guard: str, handler: Any) -> tuple[dict[str, str], Any]:
        headers = {"Origin": self.target.desk.url, "X-Forwarded-For": "203.0.113.9"}
        if guard.startswith("scope:"):
            scope = Scope(guard.removeprefix("scope:").partition(",")[0])
            return self.target.bearer(scope) | {"Content-Type": "application/json"}, _body(method, path)
        if guard == f"open:{Asks.MACHINE}":
            return headers | self.target.bearer(), None
        if path.startswith("/telegram/"):
            worker: Any = self.target.workers[path.split("/")[2]]
            return {SECRET_HEADER: worker.adapter._secrets()[0]}, json.dumps(
                {"update_id": 9, "message": SAID}
            ).encode()
        if path.startswith("/chat/"):
            said = (
                {"type": "message", "client_id": "c1", "text": "x"}
                if path.endswith("/say")
                else {"type": "hello"}
            )
            data = json.dumps(said).encode() if method == "POST" else None
            return headers | {"Authorization": f"Bearer {self.chats[path.split('/')[2]]}"}, data
        if path.startswith("/forms/"):
            return headers | {"Content-Type": "application/json"}, json.dumps(
                FILLED_IN
            ) if method == "POST" else None
        if method == "POST":
            return headers | {"HX-Request": "true"}, dict.fromkeys(sorted(by_desk.reads(handler)), "1")
        return headers, None


def _needed(method: str, path: str) -> dict[str, str]:
    """What has to stand behind the question mark of an operation of the API."""
    described = DOCUMENT["paths"].get(path, {}).get(method.lower(), {}).get("parameters", ())
    known = {
        "since": "2026-11-01T00:00:00Z",
        "until": "2026-11-02T00:00:00Z",
        "q": "parcel",
        "language": "en",
    }
    return {
        each["name"]: known.get(each["name"], "1")
        for each in described
        if each["in"] == "query" and each["required"]
    }


def _body(method: str, path: str) -> bytes | None:
    described = DOCUMENT["paths"].get(path, {}).get(method.lower(), {}).get("requestBody")
    if described is None:
        return None
    return json.dumps(sample(described["content"]["application/json"]["schema"])).encode()


@pytest.fixture
async def asker(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asker]:
    """Whose key it is, is asked each time."""
    monkeypatch.setattr(keyring, "REMEMBERED_SECONDS", -1.0)
    async with a_target(ctx) as target:
        await target.desk.log_in("ada")
        portal = written("a customer's own session")
        await one(
            target.desk.ctx,
            "INSERT INTO portal_session (token_hash, address, expires_at)"
            " VALUES ($1, 'li@mail.example', 'infinity') RETURNING 1",
            hash_token(portal),
        )
        target.desk.session.cookie_jar.update_cookies({"hub_portal": portal})
        chats = {
            name: written(make_token(target.desk.ctx.secret, name, new_seat(), datetime.now(UTC), days=1))
            for name in ("chat", "other-chat")
        }
        yield Asker(target=target, portal=portal, chats=chats)


async def _walk(asker: Asker, *, whole: bool) -> list[Told]:
    """`whole`: also what ends a session."""
    routes = [
        route for route in asker.target.routes() if whole or not path_of(route).startswith(ENDS_A_SESSION)
    ]
    told = []
    for place in range(0, len(routes), AT_ONCE):
        told += await asyncio.gather(*(asker.ask(route) for route in routes[place : place + AT_ONCE]))
    return told


async def _take_away(ctx: Context, but: tuple[str, ...]) -> None:
    """Every table, but these, is where nobody looks."""
    names = await rows(
        ctx,
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
           AND NOT relispartition AND NOT relname = ANY($1)""",
        list(but),
    )
    moves = "; ".join(f'ALTER TABLE public."{row["relname"]}" SET SCHEMA gone' for row in names)
    await ctx.database.run(lambda c: c.execute(f"CREATE SCHEMA IF NOT EXISTS gone; {moves}"))


def _wrong(asker: Asker, told: Told) -> str:
    """What is wrong with an answer, in a word; "" for nothing."""
    ctx = asker.target.desk.ctx
    made = (*asker.target.keys.values(), asker.portal, *asker.chats.values())
    secrets = (
        PASSWORD, ctx.secret.decode(), ctx.secret.hex(), BOT["token"], *made,
        str(CHANNELS["shop"]["callback_secret"]), str(ROOT), ctx.database._dsn,
    )  # fmt: skip
    said = f"{told.text} {told.headers}"
    if any(secret in said for secret in secrets):
        return "a secret"
    if told.status < 500:
        return ""
    if told.status == 503 and int(told.headers.get("Retry-After", 0)) < 1:
        return "not when to come back"
    if TELLS.search(said) or "Server" in told.headers:
        return "what broke"
    return "" if _has_its_form(told) else "not in its own form"


def _programs_read(told: Told) -> Callable[[Any, bool], bool] | None:
    """What a script of a customer's page makes of an answer, and whether it was a fault of ours; None for pages."""
    if told.area == "chat" and told.path.count("/") > 2:
        return _is_frame
    if told.area == "forms" and told.method == "POST":
        return _is_told_to_form
    return _offers_nothing if told.path == "/help/suggest" else None


def _is_frame(said: Any, broke: bool) -> bool:
    (frame,) = said["frames"]
    if frame["type"] != "error" or not broke:
        return bool(frame["type"] == "error" and frame["code"] in ("not_kept", "busy"))
    return frame["code"] == "fault" and _is_number(frame["fault"])


def _is_told_to_form(said: Any, broke: bool) -> bool:
    (error,) = said["errors"]
    return bool(error["message"]) and (
        not broke or (_is_number(said["fault"]) and said["fault"] in error["message"])
    )


def _offers_nothing(said: Any, broke: bool) -> bool:
    return said["articles"] == [] and (not broke or _is_number(said["fault"]))


def _is_number(fault: str) -> bool:
    return re.fullmatch("[0-9a-f]{16}", fault) is not None


def _has_its_form(told: Told) -> bool:
    if told.area in ("api", "metrics"):
        problem = json.loads(told.text) if told.kind == "application/problem+json" else {}
        code = "fault" if told.status == 500 else "database_unavailable"
        return (problem.get("status"), problem.get("code")) == (told.status, code)
    if told.area == "readyz":
        return told.kind == "application/json" and "reasons" in json.loads(told.text)
    if (reads := _programs_read(told)) is not None:
        return told.kind == "application/json" and reads(json.loads(told.text), told.status == 500)
    if told.area == "telegram" and told.status == 503:
        return told.text == ""
    if told.kind != "text/html" or (told.status == 500 and not NUMBER.search(told.text)):
        return False
    # A piece of a page that the desk has is a message beside it; all else is a page.
    piece = told.area == "desk" and told.method == "POST" and "HX-Retarget" in told.headers
    return ("<!doctype html>" in told.text.lower()) is not piece


def _broken(told: list[Told], status: int) -> Counter[str]:
    return Counter(one.area for one in told if one.status == status)


async def test_s80_whatever_breaks_behind_an_address_it_tells_a_number_in_its_own_form(asker: Asker) -> None:
    ctx = asker.target.desk.ctx
    await _take_away(ctx, AT_THE_DOOR)
    behind = await _walk(asker, whole=False)
    assert not [str(one) for one in behind if one.headers.get("Location", "").startswith("/desk/login")]
    assert {one.path for one in behind if one.text == CUT} == BEGINS_AT_ONCE
    await _take_away(ctx, ())
    nothing = await _walk(asker, whole=True)
    await ctx.database.close()
    away = await _walk(asker, whole=True)
    wrong = [f"{why}: {one}" for one in (*behind, *nothing, *away) if (why := _wrong(asker, one))]
    assert wrong == [], "\n".join(wrong)
    for told, status, least in (
        (behind, 500, {"api": 105, "desk": 235, "portal": 12, "help": 3, "chat": 8, "survey": 3, "follow": 2, "forms": 2}),
        (nothing, 500, {"api": len(OPERATIONS), "desk": 350, "portal": 15, "help": 4, "chat": 8, "survey": 3, "follow": 2}),
        (away, 503, {"api": len(OPERATIONS), "desk": 350, "portal": 15, "help": 4, "chat": 8, "survey": 3, "follow": 2}),
    ):  # fmt: skip
        found = _broken(told, status)
        few = {area for area, most in least.items() if found[area] < most}
        assert not few, "\n".join([str(found), *_quiet(told, status)])


async def test_what_is_refused_before_a_door_is_told_to_its_scripts_in_their_form(asker: Asker) -> None:
    """A body that unfolds, and one that is too long."""
    target, found = asker.target, Counter[str]()
    posted = [path_of(route) for route in target.routes() if route.method == "POST"]
    token = asker.chats["chat"]
    for path in posted:
        if path.startswith(("/chat/", "/forms/")):
            packed = {
                "Content-Encoding": "gzip",
                "Content-Type": "application/json",
                "Origin": target.desk.url,
            }
            async with target.desk.session.post(
                target.url + path, data=gzip.compress(b"{}"), headers=packed
            ) as answer:
                assert (answer.status, answer.content_type) == (415, "application/json"), path
                said = await answer.json()
            assert (
                said["frames"][0]["code"] == "bad_frame" if "frames" in said else said["errors"][0]["message"]
            ), path
            found[path.split("/")[1]] += 1
    assert found["chat"] >= 6 and found["forms"] >= 1, found
    headers = {"Authorization": f"Bearer {token}", "Origin": target.desk.url}
    async with target.desk.session.post(
        f"{target.url}/chat/chat/say", data=b" " * 100_000, headers=headers
    ) as answer:
        assert (answer.status, (await answer.json())["frames"][0]["code"]) == (413, "too_long")


def _quiet(told: list[Told], status: int) -> list[str]:
    """Those that answered otherwise."""
    return [f"{one.method} {one.path} {one.status}" for one in told if one.status != status]
