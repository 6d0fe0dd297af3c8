"""Forms over a real database: counters that all hubs share, work that counts once, following a case, letters of confirmation,
the timeline, search, and the page on which forms are built."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from altcha import Challenge, Payload, solve_challenge

from channels.adapter import RawItem
from channels.webform.presets import complaint
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.housekeeping import tidy
from hub.actions.own_fields import add_field
from hub.actions.ports import make_ports
from hub.actions.receive import accept_items
from hub.actions.search.documents import entry_text
from hub.actions.space import REFUSED_FOR, Short, Space
from hub.actions.status import change_status
from hub.model.people import HUB
from hub.model.tickets import TicketStatus
from hub.sandbox.visit import read_form
from hub.settings import Settings
from hub.web.app import make_app
from hub.web.desk.say.details import shown_fields
from hub.web.desk.say.language import Voice
from hub.web.doors import ChannelDoors
from hub.web.doorstep import PUBLIC
from storage.database import DatabaseFull
from tests.fakes.desk import serving_desk, words_of
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import MAIL, SYSTEM, a_hub, one, rows

VICTIM = "victim@innocent.example"
FORM: dict[str, Any] = {
    "kind": "webform",
    "fill_in_seconds": 0,
    "ticket_kind": "complaint",
    "confirm_by": "support",
    "form": complaint().model_dump(mode="json", exclude_defaults=True),
}
TOLD = {"form": FORM, "support": MAIL}
SAID = {
    "about": "product",
    "what_happened": "The lid broke.",
    "happened_on": "2026-11-20",
    "product": "Kettle Zwei",
    "remedy": "refund",
    "name": "Li",
    "email": "Li@Example.cn",
}


@dataclass
class House:
    """A hub with its public doors open. `peer` is where a visitor comes from, through a proxy of ours."""

    ctx: Context
    url: str
    client: aiohttp.ClientSession

    async def get(self, path: str, peer: str = "203.0.113.9") -> tuple[int, str]:
        async with self.client.get(self.url + path, headers={"X-Forwarded-For": peer}) as answer:
            return answer.status, await answer.text()

    async def post(
        self, path: str, data: Any, peer: str = "203.0.113.9", *, chunked: bool | None = None, **headers: str
    ) -> tuple[int, str, str]:
        headers = {"X-Forwarded-For": peer, "Origin": self.url, **headers}
        async with self.client.post(
            self.url + path, data=data, headers=headers, allow_redirects=False, chunked=chunked
        ) as answer:
            return answer.status, await answer.text(), answer.headers.get("Retry-After", "")

    async def send(self, peer: str = "203.0.113.9", **said: str) -> tuple[int, str, str]:
        """Open the form and send it."""
        _, page = await self.get("/forms/form", peer)
        return await self.post("/forms/form?lang=en", read_form(page).fields | SAID | said, peer)


@asynccontextmanager
async def a_house(dsn: str, channels: dict[str, Any] | None = None, **told: Any) -> AsyncIterator[House]:
    async with a_hub(dsn, channels or TOLD) as opened:
        settings = Settings(
            channels=opened.settings.channels,
            web={"trusted_proxies": ["127.0.0.1"]},  # type: ignore[arg-type]
            **told,
        )
        ctx = replace(opened, settings=settings, space=Space(opened.database, settings))
        doors = ChannelDoors()
        form = ctx.channel("form").settings
        adapter: Any = ctx.kinds["webform"].open("form", form, make_ports(ctx, "form"))
        doors.open("form", adapter.routes(partial(accept_items, ctx, "form")))

        async def ready() -> dict[str, str]:
            return {}

        runner = web.AppRunner(make_app(ctx, doors, ready), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as client:
            yield House(ctx, f"http://127.0.0.1:{runner.addresses[0][1]}", client)
        await runner.cleanup()


@pytest.fixture
async def house(database_dsn: str) -> AsyncIterator[House]:
    async with a_house(database_dsn) as opened:
        yield opened
        await assert_invariants(opened.ctx.database, by_hand=True)


def follow_path(page: str) -> str:
    found = re.search(r'href="https?://[^"/]*(/follow/[\w-]+)"', page)
    assert found, page
    return found[1]


async def counted(house: House, key: str, amount: int) -> None:
    """As if so much had been counted under this key."""
    await house.ctx.database.run(
        lambda c: c.execute("INSERT INTO rate_limit VALUES ($1, clock_timestamp(), $2)", key, amount)
    )


async def letters(ctx: Context) -> list[dict[str, Any]]:
    return [row["message"] for row in await rows(ctx, "SELECT message FROM outbox ORDER BY id")]


# ── what comes of a post ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_answers_stand_in_the_agents_language_and_are_found(house: House) -> None:
    status, page, _ = await house.send()
    assert status == 200 and "T-" in page and "A member of our staff reads your complaint" in page
    (kept,) = await rows(
        house.ctx, "SELECT kind, direction, subject, text, fields FROM interaction WHERE direction = 'in'"
    )
    entry: Any = type("Entry", (), kept)
    assert shown_fields(Voice(locale="en"), entry) == [
        ("E-mail", "Li@Example.cn"),
        ("What is your complaint about?", "A product"),
        ("When did it happen?", "2026-11-20"),
        ("Which product?", "Kettle Zwei"),
        ("What would put it right?", "My money back"),
    ]
    assert ("您希望如何解决？", "退款") in shown_fields(Voice(locale="zh_CN"), entry)
    found = entry_text(kept["subject"], kept["text"], kept["fields"])
    assert "zwei" in found and "money back" in found and "退款" in found
    # What was asked stands in every entry of the form: it finds none.
    assert "what would put it right" not in found
    (opened,) = await rows(house.ctx, "SELECT kind FROM ticket")
    assert opened == {"kind": "complaint"}


async def test_an_answer_fills_a_field_of_the_companys_own_where_it_fits(database_dsn: str) -> None:
    asked: list[dict[str, Any]] = [
        {"key": "message", "kind": "long", "label": {"en": "Message"}, "means": "message"},
        {"key": "price", "kind": "short", "label": {"en": "Price"}, "means": "ticket.price"},
        {"key": "size", "kind": "short", "label": {"en": "Size"}, "means": "customer.size"},
    ]
    form = {"kind": "webform", "fill_in_seconds": 0, "form": {"fields": asked}}
    async with a_house(database_dsn, {"form": form}) as house:
        await add_field(house.ctx, about="ticket", kind="number", label_en="Price", label_zh="", actor=HUB)
        await add_field(house.ctx, about="customer", kind="text", label_en="Size", label_zh="", actor=HUB)
        _, page = await house.get("/forms/form")
        for price in ("1,200.50", "much", "1e999999999"):
            said = {"message": "x", "price": price, "size": "L"}
            hidden = {
                **read_form(page).fields,
                "submission": read_form((await house.get("/forms/form"))[1]).fields["submission"],
            }
            assert (await house.post("/forms/form", hidden | said))[0] == 200
        told = await rows(house.ctx, "SELECT said FROM ticket_fields ORDER BY ticket_id")
        assert [row["said"] for row in told] == [{"price": 1200.5}]
        assert await one(house.ctx, "SELECT count(*) FROM customer_fields") == 3
        # What does not fit is an answer all the same.
        assert await one(house.ctx, "SELECT count(*) FROM interaction WHERE fields::text LIKE '%much%'") == 1


# ── following a case ─────────────────────────────────────────────────────────────────────────────────────────────────
async def test_s105_a_link_is_followed_and_looking_changes_nothing(house: House) -> None:
    _, page, _ = await house.send()
    path = follow_path(page)
    before = await rows(house.ctx, "SELECT id, version, seq FROM ticket")
    for _ in range(3):
        status, shown = await house.get(f"{path}?lang=en")
    assert status == 200
    assert "We are working on it." in shown and "The lid broke." in shown and "Kettle Zwei" in shown
    assert await rows(house.ctx, "SELECT id, version, seq FROM ticket") == before
    assert "正在处理" in (await house.get(f"{path}?lang=zh_CN"))[1]
    fields = read_form(shown).fields | {"text": "And the <b>cup</b>."}
    assert (await house.post(path, fields))[0] == 303
    assert (await house.post(path, fields))[0] == 303, "pressing twice doubles nothing"
    shown = (await house.get(path))[1]
    assert shown.count("And the &lt;b&gt;cup&lt;/b&gt;.") == 1
    # Back in the browser, and something else: no second press.
    assert (await house.post(path, fields | {"text": "And the saucer."}))[0] == 303
    assert "And the saucer." in (await house.get(path))[1]
    assert await one(house.ctx, "SELECT count(*) FROM ticket") == 1
    assert (
        await one(house.ctx, "SELECT count(*) FROM interaction WHERE kind = 'message' AND direction = 'in'")
        == 2
    )


async def test_what_was_added_while_nothing_can_be_counted_is_shown_again(house: House) -> None:
    path = follow_path((await house.send())[1])
    fields = read_form((await house.get(path))[1]).fields | {"text": "And the saucer."}
    await house.ctx.database.run(
        lambda c: c.execute(
            "CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$; "
            "CREATE TRIGGER full_up BEFORE INSERT ON rate_limit FOR EACH ROW EXECUTE FUNCTION full_up()"
        )
    )
    status, page, retry_after = await house.post(path, fields)
    assert (status, bool(retry_after)) == (503, True)
    assert "And the saucer." in page


async def test_who_filled_in_a_form_with_anothers_address_reads_no_answer(database_dsn: str) -> None:
    """The link on the page proves nothing; the one in the letter proves the address."""
    async with a_house(database_dsn) as house:
        await _read_by_its_owner_alone(house)


async def _read_by_its_owner_alone(house: House) -> None:
    _, page, _ = await house.send(email=VICTIM)
    (letter,) = await letters(house.ctx)
    path, sent = follow_path(page), re.search(r"/follow/[\w-]+", letter["text"])
    assert sent and sent[0] != path
    code = await one(house.ctx, "SELECT code FROM ticket")
    answer = await queue_reply(house.ctx, ticket_code=code, actor=SYSTEM, text="Your password is hunter2.")
    await house.ctx.database.run(
        lambda c: c.execute(
            "UPDATE outbox SET state = 'sent', settled_at = now() WHERE interaction_id = $1", answer
        )
    )
    shown = (await house.get(f"{path}?lang=en"))[1]
    assert "hunter2" not in shown and "We sent an answer to v•••@•••.example" in shown
    assert "hunter2" in (await house.get(sent[0]))[1]
    # What was answered to somebody else in the same ticket is not for them either.
    await house.ctx.database.run(
        lambda c: c.execute(
            'UPDATE outbox SET message = message || \'{"address": "boss@shop.example"}\' WHERE interaction_id = $1',
            answer,
        )
    )
    assert "hunter2" not in (await house.get(sent[0]))[1]
    # It is not on the timeline either, where everybody who works here could take it.
    assert await one(house.ctx, "SELECT count(*) FROM interaction WHERE text LIKE '%/follow/%'") == 0


async def test_links_that_are_none_are_all_the_same_and_closed_cases_take_nothing(house: House) -> None:
    _, page, _ = await house.send()
    path = follow_path(page)
    answers = {
        await house.get(f"/follow/{token}?lang=en") for token in ("x", "A" * 32, path[8:-1], path[8:] + "x")
    }
    assert {status for status, _ in answers} == {404}
    assert len({re.sub(r"/follow/[\w-]+", "", text) for _, text in answers}) == 1
    fields = read_form((await house.get(path))[1]).fields | {"text": "x"}
    assert (await house.post(path, fields, Origin="https://evil.example"))[0] == 403
    assert (await house.post(path, {"text": "x"}))[0] == 422
    code = await one(house.ctx, "SELECT code FROM ticket")
    await change_status(
        house.ctx, ticket_code=code, status=TicketStatus.CLOSED, actor=SYSTEM, unfinished=True
    )
    assert "<form" not in (await house.get(path))[1]
    status, shown, _ = await house.post(path, fields | {"text": "And the cup."})
    assert (status, "Nothing can be added here" in shown, "And the cup." in shown) == (409, True, True)
    assert await one(house.ctx, "SELECT count(*) FROM interaction WHERE direction = 'in'") == 1
    # Only hashes are kept, and they end.
    assert await one(house.ctx, "SELECT count(*) FROM follow_link WHERE length(token_hash) = 32") == 2
    await house.ctx.database.run(lambda c: c.execute("UPDATE follow_link SET expires_at = now()"))
    assert (await house.get(path))[0] == 404


async def test_what_is_added_has_limits_and_a_refusal_keeps_what_was_typed(database_dsn: str) -> None:
    async with a_house(database_dsn) as house:
        path = follow_path((await house.send())[1])
        fields = read_form((await house.get(path))[1]).fields | {"text": "And the cup."}
        for peer, what, amount in (("203.0.113.1", "post", 30), ("203.0.113.2", "kb", 300 * 1024 + 1)):
            await counted(house, f"form:/follow:{what}:{peer}", amount)
            status, page, after = await house.post(path, fields, peer)
            assert (status, "And the cup." in page, int(after) > 0) == (429, True, True)
            assert read_form(page).fields["submission"] == fields["submission"]
        assert (await house.post(path, fields))[0] == 303


async def test_s91_a_conversation_takes_so_many_files_from_wherever_they_come(database_dsn: str) -> None:
    async with a_house(database_dsn) as house:
        path = follow_path((await house.send())[1])
        fields = read_form((await house.get(path))[1]).fields | {"text": "And the cup."}
        thread = await one(house.ctx, "SELECT thread_key FROM follow_link")

        async def send(peer: str) -> tuple[int, str, str]:
            form = aiohttp.FormData(fields, default_to_multipart=True, quote_fields=False)
            form.add_field("files", b"x" * 600_000, filename="film.mov")
            return await house.post(path, form, peer)

        await counted(house, f"form:/follow:kb:of:form:{thread}", 100 * 1024)
        status, page, after = await send("203.0.113.3")
        assert (status, "very many files" in page, int(after) > 0) == (429, True, True)
        # Words still go in.
        assert (await house.post(path, fields, "203.0.113.4"))[0] == 303


async def test_of_a_long_case_the_end_is_shown(database_dsn: str) -> None:
    async with a_house(database_dsn) as house:
        path = follow_path((await house.send())[1])
        await house.ctx.database.run(
            lambda c: c.execute(
                """INSERT INTO interaction (id, ticket_id, seq, customer_id, channel_id, kind, direction, text, thread_key)
                   SELECT next_timeline_id(), ticket_id, 1000 + g, customer_id, channel_id, 'message', 'in',
                          'said ' || g || '.', thread_key FROM interaction, generate_series(1, 200) g WHERE direction = 'in'"""
            )
        )
        page = (await house.get(path))[1]
        assert "said 200." in page and "The lid broke." not in page
        assert page.index("said 1.") < page.index("said 2.")


# ── abuse ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_s19_many_forms_in_a_victims_name_write_to_them_once(database_dsn: str) -> None:
    flood = {**FORM, "address_posts": 1000, "busy_posts": 1000}
    async with a_house(database_dsn, {**TOLD, "form": flood}) as house:
        for number in range(12):
            said = {
                "email": VICTIM,
                "name": f"Buy {number}",
                "what_happened": "Buy pills http://spam.example",
            }
            assert (await house.send(**said))[0] == 200
        (letter,) = await letters(house.ctx)
        assert letter["address"] == VICTIM and letter["automatic"] is True
        assert "pills" not in str(letter) and "Buy " not in str(letter)  # no token has a blank
        assert (await house.send(email="noreply@shop.example"))[0] == 200
        assert (await house.send(email="support@shop.example"))[0] == 200
        assert len(await letters(house.ctx)) == 1


async def test_s90_a_flood_from_one_address_is_refused_by_every_hub_and_others_are_served(
    database_dsn: str,
) -> None:
    few = {**TOLD, "form": {**FORM, "address_posts": 3}}
    async with a_house(database_dsn, few) as house, a_house(database_dsn, few) as other:
        for hub in (house, other, house):
            assert (await hub.send("2001:db8:1:2::7"))[0] == 200
        # The same line of another hub and another of its addresses; what was typed stays.
        status, page, after = await other.send("2001:db8:1:2:ffff::1")
        assert (status, "The lid broke." in page, "Many messages came" in page) == (429, True, True)
        assert 0 < int(after) <= 600
        assert read_form(page).fields["submission"]
        for _ in range(10):
            status, page, _ = await house.post("/forms/form", {}, "2001:db8:1:2::7")
        assert (status, "The lid broke." in page) == (429, False)
        # A program is told so as a program is.
        async with house.client.post(
            f"{house.url}/forms/form", json=SAID, headers={"X-Forwarded-For": "2001:db8:1:2::7"}
        ) as answer:
            assert answer.status == 429 and (await answer.json())["errors"]
        # Who makes up an address before our proxy's word is still who they are.
        assert (await house.send("6.6.6.6, 2001:db8:1:2::7"))[0] == 429
        assert (await house.send("203.0.113.77"))[0] == 200
        assert await one(house.ctx, "SELECT count(*) FROM ticket") == 4
        assert await one(house.ctx, "SELECT count(*) FROM rate_limit WHERE key LIKE 'form:%'") == 5


def work(page: str) -> str:
    """What a browser with scripts does."""
    found = re.search(r'data-proof="([^"]*)"', page)
    assert found, "no work is asked for"
    challenge = Challenge.from_dict(json.loads(unescape(found[1])))
    solution = solve_challenge(challenge)
    assert solution is not None
    return Payload(challenge=challenge, solution=solution).to_base64()


async def test_s90_when_very_many_write_a_browser_works_first_and_each_work_counts_once(
    database_dsn: str,
) -> None:
    busy = {**TOLD, "form": {**FORM, "busy_posts": 2}}
    async with a_house(database_dsn, busy) as house, a_house(database_dsn, busy) as other:
        assert "data-proof" not in (await house.get("/forms/form"))[1]
        assert await one(house.ctx, "SELECT count(*) FROM rate_limit") == 0, "looking counts nothing"
        for number in range(2):
            assert (await house.send(f"203.0.113.{number}"))[0] == 200
        _, opened = await other.get("/forms/form")
        status, page, _ = await house.send("203.0.113.8")
        assert (status, "do a small calculation" in page, "The lid broke." in page) == (422, True, True)
        fields = read_form(page).fields | SAID
        done = work(opened)
        assert (await house.post("/forms/form", fields | {"altcha": done}))[0] == 200
        # Taken once, whichever hub is asked.
        _, again = await other.get("/forms/form")
        status, page, _ = await other.post("/forms/form", read_form(again).fields | SAID | {"altcha": done})
        assert (status, "too old or used before" in page) == (422, True)
        assert (await other.post("/forms/form", read_form(page).fields | SAID | {"altcha": "AAAA"}))[0] == 422
        assert await one(house.ctx, "SELECT count(*) FROM ticket") == 3


async def test_s90_in_a_flood_who_has_worked_is_taken_and_nobody_else(database_dsn: str) -> None:
    flood = {**TOLD, "form": {**FORM, "busy_posts": 1, "address_posts": 3}}
    async with a_house(database_dsn, flood) as house, a_house(database_dsn, flood) as other:
        # Who is refused for what they alone sent uses up nothing of what there is for all.
        for _ in range(20):
            await house.post("/forms/form", {}, "203.0.113.66")
        assert await one(house.ctx, "SELECT hits FROM rate_limit WHERE key = 'form:form:posts'") == 3
        for number in range(12):
            await house.post("/forms/form", {}, f"198.51.100.{number}")
        rows_before = await one(house.ctx, "SELECT count(*) FROM rate_limit")
        for number in range(20):
            status, page, after = await house.post("/forms/form", SAID, f"192.0.2.{number}")
            assert (status, "do a small calculation" in page, "The lid broke." in page) == (429, True, True)
            assert 0 < int(after) <= 60
        assert await one(house.ctx, "SELECT count(*) FROM rate_limit") == rows_before, "nobody was asked"
        for hub, peer in ((house, "203.0.113.20"), (other, "203.0.113.21")):
            _, page = await hub.get("/forms/form")
            worked = read_form(page).fields | SAID | {"altcha": work(page)}
            assert (await hub.post("/forms/form", worked, peer))[0] == 200
            assert (await hub.post("/forms/form", worked, peer))[0] == 422, "each piece of work counts once"
        await house.post("/forms/form", worked, "203.0.113.21")
        status, page, after = await house.post("/forms/form", worked, "203.0.113.21")
        assert (status, "from your connection" in page, int(after) > 0) == (429, True, True)
        # With work or without, there is an end to what a form takes.
        await house.ctx.database.run(
            lambda c: c.execute("UPDATE rate_limit SET hits = 10 WHERE key = 'form:form:worked'")
        )
        _, page = await house.get("/forms/form")
        worked = read_form(page).fields | SAID | {"altcha": work(page)}
        status, page, _ = await house.post("/forms/form", worked, "203.0.113.5")
        assert (status, "Very many people are writing" in page) == (429, True)
        assert await one(house.ctx, "SELECT count(*) FROM ticket") == 2


async def test_s90_every_page_for_strangers_has_the_doorstep_before_it(ctx: Context) -> None:
    async def ready() -> dict[str, str]:
        return {}

    inside = ("/desk", "/api/", "/healthz", "/readyz", "/metrics")
    app = make_app(ctx, ChannelDoors(), ready)
    paths = {one.canonical for one in app.router.resources()} - {"/"}
    public = {path for path in paths if not path.startswith(inside)}
    assert public and all(path.startswith(PUBLIC) for path in public), public


async def test_what_floods_have_left_behind_is_tidied_up(house: House) -> None:
    await house.ctx.database.run(
        lambda c: c.execute(
            """INSERT INTO rate_limit SELECT 'form:form:post:10.0.0.' || g, clock_timestamp() - make_interval(mins => 30 * g), 1
               FROM generate_series(0, 5) g"""
        )
    )
    await tidy(house.ctx)
    assert await one(house.ctx, "SELECT count(*) FROM rate_limit") == 2


async def test_s91_more_files_than_an_address_may_send_are_not_read(database_dsn: str) -> None:
    small = {**TOLD, "form": {**FORM, "address_mb": 1, "most_file_mb": 1}}
    async with a_house(database_dsn, small) as house:

        async def send(
            size: int, peer: str = "203.0.113.9", chunked: bool | None = None
        ) -> tuple[int, str, str]:
            form = aiohttp.FormData(default_to_multipart=True)
            for name, value in (read_form((await house.get("/forms/form"))[1]).fields | SAID).items():
                form.add_field(name, value)
            form.add_field("evidence", b"x" * size, filename="film.mov")
            return await house.post("/forms/form", form, peer, chunked=chunked)

        assert (await send(700_000))[0] == 200
        status, page, _ = await send(700_000)
        assert (status, "very many files" in page, "The lid broke." in page) == (429, True, True)
        assert (await send(700_000, "203.0.113.10"))[0] == 200
        # In chunks, without saying how much there is, is no way round it; nor is saying a number that is none.
        assert (await send(700_000, "203.0.113.11", chunked=True))[0] == 429
        reader, writer = await asyncio.open_connection("127.0.0.1", int(house.url.rpartition(":")[2]))
        writer.write(
            b"POST /forms/form HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999999\r\n\r\n"
        )
        assert b" 413 " in await reader.readline()
        writer.close()
        # All together may send so much in an hour; who only writes is heard.
        await house.ctx.database.run(
            lambda c: c.execute("UPDATE rate_limit SET hits = 3000 * 1024 WHERE key = 'form:form:kb'")
        )
        status, page, _ = await send(700_000, "203.0.113.12")
        assert (status, "very many files" in page) == (429, True)
        assert (await house.send("203.0.113.13"))[0] == 200
        assert await one(house.ctx, "SELECT count(*) FROM attachment") == 2


async def test_s91_strangers_are_sent_away_while_space_is_short_and_letters_and_the_desk_go_on(
    database_dsn: str, tmp_path: Path
) -> None:
    space = {"reserve_mb": 10_000_000}  # more than any disk has free
    async with a_house(database_dsn, data_dir=tmp_path, space=space) as house:
        status, page, after = await house.send()
        assert (status, "The lid broke." in page, after) == (503, True, "30")
        # Votes and the like, which have no page to come back to.
        status, _, after = await house.post("/help/en/article/1/vote", {"helped": "yes"})
        assert (status, after) == (503, "60")
        assert (await house.get("/help/en"))[0] == 200
        letter = RawItem(
            external_key="1", content=b"From: li@example.cn\r\n\r\nHello", received_at=datetime.now(UTC)
        )
        (kept,) = await accept_items(house.ctx, "support", [letter])
        assert not kept.duplicate
        ready = json.loads((await house.get("/readyz"))[1])
        assert (ready["status"], list(ready["notes"])) == ("ready", ["space"])
        async with house.client.get(f"{house.url}/metrics") as answer:
            figures = await answer.text()
        assert "hub_public_pages_shut 1.0" in figures and "hub_space_free_bytes" in figures
        assert await one(house.ctx, "SELECT count(*) FROM inbound_raw") == 1


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"reserve_mb": 10_000_000}, "the hub's data folder"),
        ({"reserve_mb": 0, "database_gb": 0.001}, "The database takes"),
        ({"reserve_mb": 0}, ""),
    ],
)
async def test_s91_the_system_page_says_that_space_is_short_and_why(
    ctx: Context, told: dict[str, Any], why: str
) -> None:
    async with serving_desk(replace(ctx, space=Space(ctx.database, Settings(space=told)))) as desk:  # type: ignore[arg-type]
        await desk.log_in()
        page = words_of((await desk.get("/desk/system")).text)
        assert ("take nothing just now" in page) == bool(why) and why in page
        assert ("1" in words_of((await desk.get("/desk/fragments/badge")).text)) == bool(why)


async def test_s91_a_bound_for_the_database_and_a_full_disk_shut_the_doors_for_a_while(
    ctx: Context,
) -> None:
    moments = [0.0]
    told = Settings(space={"reserve_mb": 0, "database_gb": 0.001})  # type: ignore[arg-type]
    space = Space(ctx.database, told, clock=lambda: moments[0])
    assert (await space.stock()).short is Short.DATABASE
    roomy = Space(ctx.database, Settings(space={"reserve_mb": 0}), clock=lambda: moments[0])  # type: ignore[arg-type]
    assert (await roomy.stock()).short is None
    # What Postgres itself says when its disk is full.
    refusal = (
        "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend file'; END $$"
    )
    with pytest.raises(DatabaseFull):
        await ctx.database.run(lambda c: c.execute(refusal))
    roomy.note_refused()
    assert (await roomy.stock()).short is Short.REFUSED
    moments[0] = REFUSED_FOR
    assert (await roomy.stock()).short is None


async def test_when_the_database_is_away_the_text_stays(database_dsn: str) -> None:
    async with a_house(database_dsn) as house:
        _, page = await house.get("/forms/form")
        fields = read_form(page).fields | SAID
        await house.ctx.database.close()
        status, page, after = await house.post("/forms/form", fields)
        assert (status, "The lid broke." in page, after) == (503, True, "30")
