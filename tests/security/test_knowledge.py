"""What customers must not read of the knowledge base, by every way that there is; what agents must not write; votes."""

import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from aiohttp import web

from hub.actions.context import Context
from hub.actions.knowledge import judge, write
from hub.actions.knowledge.categories import add_category
from hub.actions.knowledge.write import Facts
from hub.actions.people.change_agent import AgentChange, change_agent
from hub.actions.people.roles import add_role
from hub.actions.ports import make_ports
from hub.model.articles import LANGUAGES, Visibility, other_language
from hub.model.people import HUB, Actor, Role
from hub.model.permissions import BUILT_IN, Permission, Sight
from hub.web.desk.routes import desk_routes
from hub.web.help.routes import help_routes
from storage import agents
from storage.knowledge import Words
from tests.fakes.desk import Desk, customer_writes, serving_desk
from tests.fakes.pictures import named, put_away
from tests.fakes.pictures import picture as a_picture
from tests.fakes.scene import one, rows
from tests.security.payloads import payloads

CANARY = "canary"
_peers = itertools.count()
ADMIN = Actor(name="Ada", role=Role.ADMIN)


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx, web={"trusted_proxies": ["127.0.0.1"]}) as desk:
        yield desk


def text(word: str, picture: str = "") -> Words:
    """`picture`: the token of one that it shows."""
    shown = f"\n\n{named(picture, word)}" if picture else ""
    return Words(title=f"Kettle {word} 水壶", summary=f"{word} summary", body=f"{word} body{shown}")


async def publish(ctx: Context, number: int, language: str, words: Words, visibility: Visibility) -> None:
    version = await one(
        ctx,
        "SELECT coalesce(max(version), 0) FROM article_text WHERE article_id = $1 AND language = $2",
        number, language,
    )  # fmt: skip
    await write.publish(
        ctx, article_id=number, language=language, version=version, text=words, visibility=visibility, actor=HUB
    )  # fmt: skip


async def hidden(ctx: Context, how: str, language: str, category: int, picture: str = "") -> tuple[int, bool]:
    """(an article in which CANARY, and the picture, stand where customers must not see it, whether they may read the rest of
    it)."""
    facts = Facts(category_id=category, tags=(CANARY,) if how != "changed" else ())
    first = text("harmless") if how in ("changed", "other language") else text(CANARY, picture)
    number = await write.new_article(ctx, language=language, text=first, facts=facts, actor=HUB)
    public = Visibility.PUBLIC
    match how:
        case "draft":
            pass
        case "internal":
            await publish(ctx, number, language, text(CANARY, picture), Visibility.INTERNAL)
        case "made internal":
            await publish(ctx, number, language, text(CANARY, picture), public)
            await write.change_facts(ctx, article_id=number, version=2, facts=facts, actor=HUB)
        case "archived":
            await publish(ctx, number, language, text(CANARY, picture), public)
            await write.set_archived(ctx, article_id=number, archived=True, actor=HUB)
        case "withdrawn":
            await publish(ctx, number, language, text(CANARY, picture), public)
            await write.withdraw(ctx, article_id=number, language=language, actor=HUB)
        case "changed":
            await publish(ctx, number, language, text("harmless"), public)
            await write.save_text(
                ctx, article_id=number, language=language, version=2, text=text(CANARY, picture), actor=HUB
            )
        case "other language":
            await publish(ctx, number, language, text("harmless"), public)
            await write.change_facts(
                ctx, article_id=number, version=2, facts=replace(facts, visibility=public, tags=()), actor=HUB
            )
            await write.save_text(
                ctx, article_id=number, language=other_language(language), version=0, text=text(CANARY, picture), actor=HUB
            )  # fmt: skip
    return number, how in ("changed", "other language")


HOW = ("draft", "internal", "made internal", "archived", "withdrawn", "changed", "other language")
_QUERIES = (
    "",
    "?q=canary",
    "?q=Kettle",
    "?q=水壶",
    "?q=canary&lang=zh",
    "?q=kettle+summary+canary+body",
    "?q=-nothing+canary",
)


def addresses(number: int, category: int, picture: str) -> dict[str, list[str]]:
    """Every way in, by the pattern of its route: what is filled in where. A new part of an address needs a line here."""
    fill = {
        "place": ("en", "zh"),
        "article": (f"{number}", f"{number}-kettle-canary", f"0{number}", f"{number}-"),
        "category": (f"{category}", f"{category}-x"),
        "token": (picture,),
        "size:small": ("small",),
    }
    found: dict[str, list[str]] = {}
    for route in _routes():
        parts = [part for part in route.path.split("/") if part.startswith("{")]
        names = [part.strip("{}") for part in parts]
        ways = itertools.product(*(fill[name] for name in names))
        found[route.path] = [
            "/".join(
                values[names.index(part.strip("{}"))] if part.startswith("{") else part
                for part in route.path.split("/")
            )
            for values in ways
        ]
    return found


def _routes() -> list[web.RouteDef]:
    class _Anything:
        def __getattr__(self, _name: str) -> Any:
            return _Anything()

        def __iter__(self) -> Any:
            return iter(())

    return help_routes(_Anything())  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_not_for_customers_is_like_what_does_not_exist(desk: Desk, language: str) -> None:
    category = await add_category(desk.ctx, title_en="Tea", title_zh="茶", actor=HUB)
    picture = await put_away(desk.ctx, a_picture(), small=a_picture(size=(32, 24)))
    for how in HOW:
        number, may_read = await hidden(desk.ctx, how, language, category, picture)
        for pattern, paths in addresses(number, category, picture).items():
            for path in paths:
                if pattern.startswith("/help/pictures/"):
                    assert (await desk.get(path)).status == 404, (how, path)
                    continue
                if pattern.endswith("/vote"):
                    elsewhere = {"X-Forwarded-For": f"203.0.113.{next(_peers) % 250}"}
                    answer = await desk.post(path, {"helped": "yes"}, **elsewhere)
                    assert answer.status == (303 if may_read else 404), (how, path)
                    assert CANARY not in answer.text + answer.headers.get("Location", ""), (how, path)
                    continue
                asks = _QUERIES if "search" in path or "suggest" in path else ("",)
                for query in asks:
                    answer = await desk.get(path + query)
                    said = answer.text.lower()
                    if not query:
                        assert CANARY not in said, (how, path)
                    # What was asked for may be said again; nothing else of it.
                    said = said.replace(query.partition("=")[2].replace("+", " "), "") if query else said
                    assert not re.search(f"{CANARY} (summary|body)|kettle.{CANARY}", said), (how, path, query)
                    if pattern.endswith("{article}"):
                        assert answer.status == (200 if may_read else 404), (how, path)
        ports = make_ports(desk.ctx, "shop")
        offers = await ports.suggest("Kettle canary 水壶", language)
        assert not any(CANARY in offer.title for offer in offers), how
        # One at a time, so that none is found instead of another.
        await one(desk.ctx, "DELETE FROM article WHERE id = $1 RETURNING id", number)
    assert await rows(desk.ctx, "SELECT 1 FROM article") == []


async def test_an_unknown_article_and_a_hidden_one_are_answered_alike(desk: Desk) -> None:
    category = await add_category(desk.ctx, title_en="Tea", title_zh="茶", actor=HUB)
    number, _ = await hidden(desk.ctx, "internal", "en", category)
    one_, other = await desk.get(f"/help/en/{number}"), await desk.get(f"/help/en/{number + 1}")
    assert (one_.status, one_.text) == (other.status, other.text)
    assert {k: v for k, v in one_.headers.items() if k != "Date"} == {
        k: v for k, v in other.headers.items() if k != "Date"
    }
    for number in ("99999999999", "9" * 30, "0", "-1"):
        assert (await desk.get(f"/help/en/category/{number}")).status == 404
        assert (await desk.get(f"/help/en/{number}")).status == 404


async def test_no_text_of_an_article_is_more_than_text(desk: Desk) -> None:
    """Titles, summaries and bodies, where customers and where colleagues read them."""
    await desk.log_in("ann")
    tricks = payloads("http://canary.example")
    for start in range(0, len(tricks), 60):
        attack = " ".join(tricks[start : start + 60])
        words = Words(title=attack[:190], summary=attack[200:690], body=attack)
        number = await write.new_article(desk.ctx, language="en", text=words, actor=HUB)
        await publish(desk.ctx, number, "en", words, Visibility.PUBLIC)
        for path in (
            f"/help/en/{number}", "/help/en", "/help/en/search?q=script", "/desk/knowledge",
            f"/desk/knowledge/{number}", f"/desk/knowledge/{number}/edit/en",
        ):  # fmt: skip
            answer = await desk.get(path)
            assert answer.status == 200, path
            assert _alive(answer.text) == [], path


async def test_votes_come_from_our_own_pages_and_not_without_end(desk: Desk) -> None:
    words = text("harmless")
    number = await write.new_article(desk.ctx, language="en", text=words, actor=HUB)
    await publish(desk.ctx, number, "en", words, Visibility.PUBLIC)
    path = f"/help/en/{number}/vote"
    for origin in ("https://evil.example", "null", None):
        assert (await desk.post(path, {"helped": "yes"}, origin=origin)).status == 403
    for _ in range(judge.VOTES_OF_A_PEER):
        kept = await desk.post(path, {"helped": "no"})
        assert kept.status == 303
    cookie = kept.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
    refused = await desk.post(path, {"helped": "yes"})
    assert refused.status == 429 and int(refused.headers["Retry-After"]) > 0
    # A browser that kept its number has one vote.
    assert await one(desk.ctx, "SELECT helped + helped_not FROM article WHERE id = $1", number) == 1
    # Others come from elsewhere, through the proxy that we trust.
    other = await desk.post(path, {"helped": "yes"}, **{"X-Forwarded-For": "203.0.113.9"})
    assert other.status == 303
    # An IPv6 line has more addresses than can be counted: it counts as one.
    for end in ("7", "ffff:1"):
        assert (
            await desk.post(path, {"helped": "yes"}, **{"X-Forwarded-For": f"2001:db8:1:2::{end}"})
        ).status == 303
    assert await one(desk.ctx, "SELECT max(hits) FROM rate_limit WHERE key LIKE '%2001:db8:%'") == 2
    assert (await desk.post(path, {"helped": "maybe"}, **{"X-Forwarded-For": "203.0.113.10"})).status == 404
    assert (await desk.get(f"/help/en/{number}", **{"Sec-Purpose": "prefetch"})).status == 200
    assert await one(desk.ctx, "SELECT views FROM article WHERE id = $1", number) == 0


async def test_who_does_not_write_sees_what_is_published_and_changes_nothing(desk: Desk) -> None:
    without = BUILT_IN["agent"] - {Permission.WRITE_KNOWLEDGE}
    await add_role(
        desk.ctx, name="Reader", permissions=without, sight=Sight.ALL, based_on="agent", actor=ADMIN
    )
    lin = await desk.ctx.database.read(lambda c: agents.id_of_login(c, "lin"))
    assert lin is not None
    await change_agent(desk.ctx, agent_id=lin, change=AgentChange(role="Reader"), actor=ADMIN)
    category = await add_category(desk.ctx, title_en="Tea", title_zh="茶", actor=HUB)
    pictures = {how: await put_away(desk.ctx, a_picture()) for how in HOW}
    numbers = {how: (await hidden(desk.ctx, how, "en", category, pictures[how]))[0] for how in HOW}
    code = await customer_writes(desk.ctx, "The kettle canary", subject="Kettle")
    await desk.log_in("lin")
    seen = {"internal", "made internal", "changed", "other language"}
    for how, number in numbers.items():
        assert (await desk.get(f"/desk/knowledge/{number}")).status == (200 if how in seen else 404), how
    read = {"internal", "made internal"}
    for how, token in pictures.items():
        assert (await desk.get(f"/desk/knowledge/pictures/{token}")).status == (
            200 if how in read else 404
        ), how
    listed = (await desk.get("/desk/knowledge?state=archived")).text + (
        await desk.get("/desk/knowledge?q=canary")
    ).text
    for how, number in numbers.items():
        assert (f'"/desk/knowledge/{number}' in listed) == (how in seen), how
    assert (await desk.get(f"/desk/knowledge/{numbers['changed']}")).text.count(CANARY) == 0
    offered = (await desk.get(f"/desk/fragments/tickets/T-{code}/articles")).text
    # What colleagues alone read is not put into a reply by one press.
    assert (
        "data-put"
        not in offered.partition(f"/desk/knowledge/{numbers['internal']}?")[2].partition("</li>")[0]
    )
    before = await rows(desk.ctx, "SELECT * FROM article ORDER BY id")
    for route in _writing(desk.ctx):
        path = route.path.replace("{code}", f"T-{code}").replace("{id}", str(numbers["internal"]))
        for name, value in (("{language}", "en"), ("{number}", "1"), ("{category}", str(category))):
            path = path.replace(name, value)
        answer = await (
            desk.post(path, {"title": "x", "version": "1"}) if route.method == "POST" else desk.get(path)
        )
        assert answer.status == 403, path
    assert await rows(desk.ctx, "SELECT * FROM article ORDER BY id") == before


def _writing(ctx: Context) -> list[web.RouteDef]:
    """The addresses of the desk that need the permission."""
    found = [
        route
        for route in desk_routes(ctx)
        if isinstance(route, web.RouteDef)
        and getattr(route.handler, "needs", None) is Permission.WRITE_KNOWLEDGE
    ]
    changing = [one for one in desk_routes(ctx) if _is_change(one)]
    assert len(changing) > 8 and {one.path for one in changing} <= {one.path for one in found}
    return found


def _is_change(route: web.AbstractRouteDef) -> bool:
    """Whatever is posted to the knowledge base, or makes an article of a ticket."""
    return (
        isinstance(route, web.RouteDef)
        and route.method == "POST"
        and (route.path.startswith("/desk/knowledge") or route.path.endswith("/article"))
    )


class _Tags(HTMLParser):
    """What of a page a browser would act on: elements and attributes that none of our pages has."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcset", "xlink:href", "background", "formaction"):
                self.alive.append(f"{tag} {name}")
            if name in ("href", "src", "action") and not (value or "").startswith(
                ("/", "#", "http://127.0.0.1", "http://canary.example", "https://", "mailto:", "tel:")
            ):
                self.alive.append(f"{tag} {name}={value}")
        if tag in ("iframe", "object", "embed", "base", "math", "marquee", "img", "video", "audio") and (
            tag,
            attrs,
        ) != ("img", [("alt", "")]):
            self.alive.append(tag)


def _alive(html: str) -> list[str]:
    parser = _Tags()
    parser.feed(html)
    return parser.alive
