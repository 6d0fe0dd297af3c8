"""Every address of the hub says who may come in, and holds to it: asked for by nobody, by agents who may not, by keys
without the scope, by links that nobody made. The addresses are the application's own and those of its channels, so a new one is
asked as well. What channels ask for: tests/security/test_channel_doors.py."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar, web
from yarl import URL

from channels.doors import Asks, open_to
from hub.actions.context import Context
from hub.actions.people.roles import add_role
from hub.actions.people.staff import add_agent
from hub.model.people import Scope
from hub.web.app import make_app
from hub.web.doors import ChannelDoors, NoGuard, guard_of, refuse_unguarded
from tests.fakes.desk import PASSWORD, Answer, Desk
from tests.fakes.scene import one, rows
from tests.security.target import ADMIN, Target, a_target, path_of

PUBLIC = {
    "/", "/healthz", "/readyz", "/desk/static/{hash}/{name}", "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/{rest}",
    # Where somebody signs in or out. What a wrong try costs: tests/security/test_signing_in.py.
    "/desk/login", "/desk/login/passkey/options", "/desk/login/passkey", "/desk/login/company", "/desk/logout",
    "/portal", "/portal/code", "/portal/portal.css",
    # For readers, and what the pages of links look like.
    "/help", "/help/", "/help/suggest", "/help/sitemap.xml", "/help/help.css", "/help/icon.svg", "/help/suggest.js",
    "/help/pictures/{token}", "/help/pictures/{token}/{size}",
    "/help/{place}", "/help/{place}/search", "/help/{place}/category/{category}", "/help/{place}/{article}",
    "/help/{place}/{article}/vote", "/follow/follow.css", "/survey/survey.css",
    # What any channel shows to whoever comes: the page of a form, to which it is posted, and that of a chat.
    "/forms/{channel}", "/forms/{channel}/form.css", "/forms/{channel}/form.js", "/forms/{channel}/solve.js",
    "/forms/{channel}/embed.js",
    "/chat/{channel}", "/chat/{channel}/attach.js", "/chat/{channel}/bubbles.js", "/chat/{channel}/chat.css",
    "/chat/{channel}/chat.js", "/chat/{channel}/icon.svg", "/chat/{channel}/line.js", "/chat/{channel}/say.js",
    "/chat/{channel}/site.js", "/chat/{channel}/standing.js", "/chat/{channel}/store.js", "/chat/{channel}/theme.css",
    "/chat/{channel}/widget.js",
}  # fmt: skip
"""All that anybody may open. A new address stands here after somebody has thought about it."""

A_LETTER = "/desk/tickets/{code}/originals/{id}"
"""In its cage it may wear styles of its own, and nothing else: tests/security/test_rendering.py."""
CHANNEL_PAGE = re.compile(r"/(forms|chat)/[\w-]+")
"""Shown in a frame by the sites that the channel lists, of which there is none here, and by ourselves."""
WHAT_LOOKING_WRITES = {"session", "ticket_seen", "rate_limit", "audit"}
"""That somebody is there, has seen a ticket, has asked a public page, has looked at an original."""

REFUSED = (400, 401, 403, 404, 409, 410, 415, 422, 429)
OTHER_SCOPES = {
    Scope.READ: Scope.INGEST,
    Scope.WRITE: Scope.READ,
    Scope.INGEST: Scope.READ,
    Scope.ADMIN: Scope.WRITE,
}


@pytest.fixture
async def target(ctx: Context) -> AsyncIterator[Target]:
    async with a_target(ctx) as target:
        yield target


def addresses(target: Target) -> Iterator[tuple[str, str, str, str]]:
    """Method, path of the table, a path to ask for, and who may come in."""
    for route in target.routes():
        path = path_of(route)
        yield route.method, path, target.filled(path), guard_of(route.handler)


async def _ready() -> dict[str, str]:
    return {}


def policy_of(answer: Answer) -> dict[str, set[str]]:
    """What an answer's policy says, by its directives."""
    said = [
        one.split() for one in answer.headers.get("Content-Security-Policy", "").split(";") if one.strip()
    ]
    return {words[0]: set(words[1:]) for words in said}


async def picture(ctx: Context) -> dict[str, str]:
    """Every table, as a sum of what stands in it."""
    tables = await rows(
        ctx,
        """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' AND NOT c.relispartition""",
    )
    sums = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"
    return {row["name"]: await one(ctx, sums.format(row["name"])) for row in tables}


async def ask(desk: Desk, method: str, path: str, **headers: Any) -> Answer:
    if method == "POST" and path.startswith(("/desk", "/portal")):
        headers.setdefault("Origin", desk.url)
    headers = {name: value for name, value in headers.items() if value is not None}
    async with desk.session.request(
        method, desk.url + path, headers=headers, allow_redirects=False, data=b"" if method != "GET" else None
    ) as answer:
        return Answer(
            status=answer.status, text=await answer.text(errors="replace"), headers=answer.headers.copy(), url=answer.url
        )  # fmt: skip


async def test_an_address_that_does_not_say_who_may_come_in_keeps_the_hub_from_starting(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_request: web.Request) -> web.Response:
        return web.Response()

    for routes in (
        [web.get("/x", silent)],
        [web.post("/y", silent), *open_to(Asks.LINK, web.get("/z", silent))],
    ):
        with pytest.raises(NoGuard, match=r"/[xy]: nothing says"):
            refuse_unguarded(routes)
        with pytest.raises(NoGuard):
            ChannelDoors().open("a", routes)
    ChannelDoors().open("a", open_to(Asks.NOTHING, web.get("/x", silent)))
    # An operation of the API with no scope at all is one that says nothing.
    monkeypatch.setattr("hub.web.app.help_routes", lambda _ctx: [web.get("/help", _of_no_scope(silent))])
    with pytest.raises(NoGuard, match="GET /help"):
        make_app(ctx, ChannelDoors(), _ready)


RIGHTS = (
    """SELECT a.login, a.role, a.active, a.capacity, r::text FROM agent a, role r ORDER BY a.id, r.name"""
)
MORE = {
    "role": "admin", "is_admin": "yes", "admin": "1", "permissions": "manage_roles", "permission": "manage_roles",
    "sight": "all", "agent": "1", "agent_id": "1", "id": "1", "active": "yes", "capacity": "999", "login": "root",
    "locale": "en", "theme": "dark", "name": "x", "text": "x", "presence": "online",
}  # fmt: skip
"""Fields that nobody offers there, beside some that somebody may."""


def _of_no_scope(handler: Any) -> Any:
    async def serve(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await handler(request)
        return answer

    serve.scopes = ()  # type: ignore[attr-defined]
    return serve


async def test_what_is_open_to_all_is_a_list_that_somebody_thought_about(target: Target) -> None:
    opened = {
        re.sub(r"^/(forms|chat)/[\w-]+", r"/\1/{channel}", path)
        for _, path, _, guard in addresses(target)
        if guard == f"open:{Asks.NOTHING}"
    }
    assert opened - PUBLIC == set(), "open to everybody, and not in the list"
    assert PUBLIC - opened <= {"/api/v1/{rest}"}, "in the list, and not there"


async def test_the_addresses_that_are_asked_are_those_of_channels_too(target: Target) -> None:
    """As many as their own tables have, none of them twice; a channel that is shut is asked no more."""
    of_channels = [
        path for _, path, _, _ in addresses(target) if path.startswith(("/forms/", "/chat/", "/telegram/"))
    ]
    assert {path.split("/")[2] for path in of_channels} == {
        "form", "other-form", "chat", "other-chat", "bot", "other-bot",
    }  # fmt: skip
    assert len(target.doors) == len(list(target.doors))
    for name in target.workers:
        target.doors.shut(name)
    left = [path for _, path, _, _ in addresses(target)]
    assert len(target.doors) == 0 and not set(of_channels) & set(left)


async def test_s45_s52_s96_whoever_shows_nothing_comes_nowhere(target: Target) -> None:
    await _nobody_comes_by_the_machines_own_door(target)
    await _no_guess_is_a_link(target)
    wrong, asked = [], 0
    for method, path, address, guard in addresses(target):
        if guard == f"open:{Asks.NOTHING}" or guard == f"open:{Asks.MACHINE}":
            continue
        asked += 1
        answer = await ask(target.desk, method, address)
        place = answer.headers.get("Location", "").partition("?")[0]
        if guard.startswith("scope:"):
            good = answer.status == 401 and "WWW-Authenticate" in answer.headers
        elif answer.status == 303:
            good = place in ("/desk/login", "/portal", "/desk/login/second")
        elif "/login" in path or guard == f"open:{Asks.LINK}" or path == "/desk/live":
            good = answer.status in REFUSED
        else:
            good = answer.status in (401, 403, 404) or "/desk/login" in answer.headers.get("HX-Redirect", "")
        if not good:
            wrong.append((method, path, guard, answer.status, place))
    assert wrong == [], "\n".join(map(str, wrong))
    assert asked > 300


async def _nobody_comes_by_the_machines_own_door(target: Target) -> None:
    """Whoever comes by a proxy is asked for a key."""
    for header in (
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Real-IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
    ):
        assert (await ask(target.desk, "GET", "/metrics", **header)).status == 401, header
        for scope, status in ((Scope.READ, 403), (Scope.WRITE, 403), (Scope.INGEST, 403), (Scope.ADMIN, 200)):
            assert (
                await ask(target.desk, "GET", "/metrics", **header, **target.bearer(scope))
            ).status == status
    figures = (await ask(target.desk, "GET", "/metrics")).text
    assert "hub_tickets_waiting" in figures
    assert not re.search(r"li@mail|Li Wei|Parcel|T-\d{5}", figures), "no figure names anybody"


async def test_s47_s69_who_lacks_the_permission_or_the_scope_is_refused_everywhere(target: Target) -> None:
    await _no_key_without_the_scope_opens_anything(target)
    await _no_agent_without_the_permission_comes_in(target)


async def _no_agent_without_the_permission_comes_in(target: Target) -> None:
    """A role that allows nothing at all: every address that needs a permission says no, the others are no way around."""
    desk = target.desk
    await add_role(desk.ctx, name="Guest", permissions=(), based_on="agent", actor=ADMIN)
    await add_agent(desk.ctx, login="eve", name="Eve", password=PASSWORD, role="Guest", actor=ADMIN)
    await desk.log_in("eve")
    wrong, asked = [], 0
    rights = await rows(desk.ctx, RIGHTS)
    for method, path, address, guard in addresses(target):
        if guard.startswith("permission:"):
            asked += 1
            answer = await ask(desk, method, address)
            if answer.status != 403:
                wrong.append((method, path, guard, answer.status))
        elif method == "POST" and path.startswith("/desk") and path != "/desk/logout":
            # What is open to all who work here takes nothing beside what it offers.
            async with desk.session.post(
                desk.url + address, data=MORE, headers={"Origin": desk.url}
            ) as answered:
                assert answered.status < 500, path
        elif guard.startswith("scope:"):
            # A cookie of the desk is no key of the API.
            assert (await ask(desk, method, address)).status == 401, path
    assert wrong == [], "\n".join(map(str, wrong))
    assert asked > 150
    assert await rows(desk.ctx, RIGHTS) == rights


async def _no_key_without_the_scope_opens_anything(target: Target) -> None:
    wrong, asked = [], 0
    for method, path, address, guard in addresses(target):
        if not guard.startswith("scope:"):
            continue
        scopes = {Scope(one) for one in guard.partition(":")[2].split(",")}
        other = next(one for one in OTHER_SCOPES.values() if one not in scopes)
        asked += 1
        answer = await ask(target.desk, method, address, **target.bearer(other))
        if answer.status != 403:
            wrong.append((method, path, guard, other, answer.status))
    # In the address a key is none: it would stand in logs.
    for name in ("key", "access_token", "api_key"):
        asked_with = f"/api/v1/tickets?{name}={target.keys[Scope.ADMIN]}"
        assert (await ask(target.desk, "GET", asked_with)).status == 401, name
    assert wrong == [], "\n".join(map(str, wrong))
    assert asked > 100


async def test_s71_s73_s74_s75_s80_what_another_site_can_make_of_a_signed_in_browser(target: Target) -> None:
    await target.desk.log_in("ann")
    await _no_form_of_another_site_changes_anything(target)
    await _what_every_answer_says(target)
    await _a_cookie_that_was_logged_out_is_none_anywhere(target)


async def _no_form_of_another_site_changes_anything(target: Target) -> None:
    """With the cookie, from elsewhere: every POST is refused before anything is done; login and logout too."""
    desk = target.desk
    wrong = []
    for method, path, address, _guard in addresses(target):
        if method != "POST" or not path.startswith(("/desk", "/portal", "/forms/", "/chat/")):
            continue
        others = ("https://evil.example", desk.url + ".evil.example", desk.url.replace("http", "https") + "0")
        # A form takes what comes from nowhere in particular too, with the pass of its own page or as a program's.
        for origin in others if path.startswith("/forms/") else (*others, "null", None):
            answer = await ask(desk, method, address, Origin=origin)
            if answer.status != 403:
                wrong.append((path, origin, answer.status))
                break
    assert wrong == [], "\n".join(map(str, wrong))
    assert (await desk.get("/desk")).status == 200, "and nobody was logged out"


async def _no_guess_is_a_link(target: Target) -> None:
    """Public links carry tokens of their own: neither a number nor a guess is one, whatever its shape."""
    wrong = []
    for method, path, _, guard in addresses(target):
        if guard != f"open:{Asks.LINK}":
            continue
        for guess in (
            "1",
            "A" * 22,
            "A" * 43,
            "x" * 300,
            "%00",
            "..%2f..",
            "'%20OR%201=1--",
            target.names["number"],
        ):
            answer = await ask(target.desk, method, re.sub(r"{\w+[^}]*}", guess, path))
            if answer.status not in REFUSED:
                wrong.append((method, path, guess, answer.status))
    assert wrong == [], "\n".join(map(str, wrong))


async def _what_every_answer_says(target: Target) -> None:
    """No other site may read it or show it in a frame; no server, version or trace is named; asking changes nothing."""
    desk = target.desk
    wrong = []
    before = await picture(desk.ctx)
    for method, path, address, _guard in addresses(target):
        if method != "GET" or path == "/desk/live":
            continue
        answer = await ask(desk, "GET", address, Origin="https://evil.example")
        policy = policy_of(answer)
        told = [name for name in answer.headers if name.lower().startswith("access-control-")]
        trace = re.search(r"Traceback|asyncpg|aiohttp/|SELECT .* FROM|/site-packages/", answer.text)
        if "Server" in answer.headers or told or trace or answer.status >= 500:
            wrong.append((path, answer.status, told, trace))
        if (
            answer.headers.get("X-Content-Type-Options") != "nosniff"
            or "Referrer-Policy" not in answer.headers
        ):
            wrong.append((path, answer.status, "nosniff or referrer"))
        shown_by = {"'self'"} if CHANNEL_PAGE.fullmatch(path) else {"'none'"}
        if policy.get("frame-ancestors") != shown_by and "sandbox" not in policy:
            wrong.append((path, answer.status, f"may be framed: {policy}"))
        if not policy.get("default-src", set()) <= {"'none'", "'self'"}:
            wrong.append((path, answer.status, f"no default: {policy}"))
        wrong += [
            (path, answer.status, name, sources)
            for name, sources in policy.items()
            if sources & {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:", "http:"}
            and path != A_LETTER
        ]
    assert wrong == [], "\n".join(map(str, wrong))
    changed = {name for name, rows in (await picture(desk.ctx)).items() if rows != before[name]}
    assert changed - WHAT_LOOKING_WRITES == set(), "GET has changed something"


async def _a_cookie_that_was_logged_out_is_none_anywhere(target: Target) -> None:
    desk = target.desk
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        thief = Desk(ctx=desk.ctx, url=desk.url, session=browser)
        browser.cookie_jar.update_cookies(
            desk.session.cookie_jar.filter_cookies(URL(desk.url)), URL(desk.url)
        )
        assert (await thief.get("/desk")).url.path == "/desk"
        await desk.post("/desk/logout")
        for path in ("/desk", "/desk/fragments/list", f"/desk/tickets/{target.names['number']}"):
            assert (await thief.get(path)).url.path == "/desk/login", path
