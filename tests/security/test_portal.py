"""The customer's own page (S13, S33, S45, S51, S52, S60, S63, S70, S71, S103, S105): nobody learns who is a customer,
nobody reads what was not written from or to their own address, and looking changes nothing. Every route is tried; a new one
needs an entry here."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from channels.doors import Asks
from hub.actions.counter.link import OF_HOUSE_PER_HOUR
from hub.actions.note import add_note
from hub.actions.portal.enter import ADDRESS_PER_DAY, HERE_PER_HOUR, NETWORK_PER_HOUR
from hub.actions.portal.token import hash_link
from hub.model.codes import TICKET, read_code
from hub.web.portal.routes import portal_routes
from tests.fakes.portal import LI, MEI, Browser, House, a_house, link_in, serving
from tests.fakes.scene import SYSTEM, a_hub, one, rows

NOBODY = "nobody@unknown.example"
UNKNOWN = "T-99999999992"
"""A number with its check digit, which no ticket has."""


@pytest.fixture
async def house(database_dsn: str) -> AsyncIterator[House]:
    async with a_house(database_dsn) as opened:
        yield opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """Everything of Mei's that an address on these pages can name, and the same of nobody."""

    number: str
    token: str
    link: str
    key: str

    def fill(self, path: str) -> str:
        named = {"number": self.number, "files": self.token, "go": self.key}
        return re.sub(
            r"\{(\w+)\}", lambda found: named["number" if found[1] == "number" else path.split("/")[2]], path
        )


NOBODYS = Theirs(number=UNKNOWN, token="f" * 64, link="", key="x" * 43)


async def of_mei(house: House) -> Theirs:
    """A case with a note, a file and an answer."""
    number = await house.writes(MEI, "CANARY of Mei", subject="CANARY")
    await add_note(house.ctx, ticket_code=read_code(TICKET, number), actor=SYSTEM, text="CANARY of staff")
    await house.answer(number, f"CANARY {house.ctx.public_url}/portal/{number}")
    link = link_in(await one(house.ctx, "SELECT message->>'text' FROM outbox ORDER BY id DESC LIMIT 1"))
    async with house.browser("198.51.100.1") as mei:
        await house.enter(mei, MEI)
        await mei.say(number, "CANARY with a file", files={"CANARY.txt": b"CANARY"})
        found = re.search(r"/portal/files/(\w+)", (await mei.get(f"/portal/{number}")).text)
    assert found
    return Theirs(number=number, token=found[1], link=link, key=link.rpartition("/")[2])


def routes(house: House) -> list[tuple[str, str, Asks]]:
    """(method, path, what it asks) of every one."""
    return [
        (str(one.method), one.path, one.handler.asks)  # type: ignore[attr-defined]
        for one in portal_routes(house.ctx)
    ]


OBJECTS: dict[tuple[str, str], dict[str, str]] = {
    ("GET", "/portal/{number}"): {},
    ("POST", "/portal/{number}/more"): {"text": "I am in"},
    ("POST", "/portal/{number}/settled"): {},
    ("POST", "/portal/{number}/not-settled"): {},
    ("POST", "/portal/{number}/rating"): {"score": "1"},
    ("GET", "/portal/files/{token}"): {},
}
"""What names an object of somebody's, and what is posted there."""
OWN: dict[tuple[str, str], dict[str, str]] = {
    ("GET", "/portal"): {},
    ("GET", "/portal/profile"): {},
    ("GET", "/portal/search"): {},
    ("GET", "/portal/code"): {},
    ("GET", "/portal/portal.css"): {},
    ("POST", "/portal/profile"): {"name": "Li", "language": "en"},
    ("POST", "/portal"): {"email": NOBODY},
    ("POST", "/portal/code"): {"code": "123456"},
    ("POST", "/portal/out"): {},
    ("POST", "/portal/out-everywhere"): {},
}
"""What speaks of nobody but whoever asks."""
LINKS = {("GET", "/portal/go/{token}"), ("POST", "/portal/go/{token}")}
"""What whoever holds the key may."""


async def test_every_route_has_an_entry(house: House) -> None:
    every = {(method, path) for method, path, _ in routes(house)}
    assert every == {*OBJECTS, *OWN, *LINKS}
    asked = {(method, path): asks for method, path, asks in routes(house)}
    assert all(asked[one] is Asks.SESSION for one in OBJECTS)
    assert all(asked[one] is Asks.LINK for one in LINKS)


async def test_s45_s33_what_is_somebody_elses_is_as_if_it_never_was(house: House) -> None:
    """With Li's session, and by the link to one case of Li's: Mei's objects are answered as ones that there are not."""
    theirs = await of_mei(house)
    mine = await house.writes(LI)
    await house.answer(mine, f"{house.ctx.public_url}/portal/{mine}")
    link = link_in(await one(house.ctx, "SELECT message->>'text' FROM outbox ORDER BY id DESC LIMIT 1"))
    before = await state_of(house)

    async def by_code(browser: Browser) -> None:
        await house.enter(browser, LI)

    async def by_link(browser: Browser) -> None:
        await browser.post(link)

    for enter in (by_code, by_link):
        async with house.browser() as li:
            await enter(li)
            for (method, path), posted in OBJECTS.items():
                data = posted if method == "POST" else None
                of_her = await li.ask(method, theirs.fill(path), data)
                of_nobody = await li.ask(method, NOBODYS.fill(path), data)
                assert of_her.status == of_nobody.status == 404, (method, path)
                same = of_her.text.replace(theirs.fill(path), "") == of_nobody.text.replace(
                    NOBODYS.fill(path), ""
                )
                assert same, (method, path)
                assert "CANARY" not in of_her.text
            for method, path in OWN:
                if method == "GET":
                    assert "CANARY" not in (await li.get(path)).text, path
    assert await state_of(house) == before


async def test_a_link_that_was_passed_on_opens_nothing_of_the_person(house: House) -> None:
    """Not what the customer is called, nor who else is signed in: the letter is about one case."""
    number = await house.writes(LI)
    await house.answer(number, f"{house.ctx.public_url}/portal/{number}")
    link = link_in(await one(house.ctx, "SELECT message->>'text' FROM outbox"))
    await one(house.ctx, "UPDATE customer SET name = 'CANARY' RETURNING 1")
    before = await state_of(house)
    async with house.browser() as li, house.browser() as passed_on:
        await house.enter(li, LI)
        await passed_on.post(link)
        assert "CANARY" not in (await passed_on.get("/portal/profile")).text
        await passed_on.post("/portal/profile", {"name": "Evil", "language": "zh_CN"})
        assert (await passed_on.post("/portal/out-everywhere")).status == 404
        assert "CANARY" in (await li.get("/portal/profile")).text, "still signed in, still called so"
        assert await state_of(house) == before
        await passed_on.say(number, "By the link.")
    assert await one(house.ctx, "SELECT author_name FROM interaction WHERE text = 'By the link.'") == "CANARY"


async def test_without_a_session_everybody_is_sent_to_the_door(house: House) -> None:
    """Whether there is such a case or not."""
    theirs = await of_mei(house)
    async with house.browser() as li:
        for method, path, asks in routes(house):
            if asks is not Asks.SESSION:
                continue
            answers = [await li.ask(method, one.fill(path)) for one in (theirs, NOBODYS)]
            assert {one.status for one in answers} == {303}, path
            assert all(one.goes_to.partition("?")[0] == "/portal" for one in answers), path
            assert "CANARY" not in "".join(one.text for one in answers)


async def test_s51_a_note_is_on_no_page_of_a_customers(house: House) -> None:
    theirs = await of_mei(house)
    async with house.browser() as mei:
        await house.enter(mei, MEI)
        for method, path, _ in routes(house):
            if method == "GET":
                page = await mei.get(theirs.fill(path))
                assert "CANARY of staff" not in page.text, path
        case = (await mei.get(f"/portal/{theirs.number}")).text
    assert "CANARY of Mei" in case, "and what is hers is there"


async def test_s13_a_letter_that_a_machine_sent_is_shown_to_nobody_it_did_not_go_to(house: House) -> None:
    """Ticket Trick: a service writes its code to our inbox, and whoever asked for it looks for it on their page."""
    number = await house.writes(LI, "My parcel")
    await house.answer(number, "We look.")
    message_id = await one(house.ctx, "SELECT message->>'message_id' FROM outbox")
    await house.writes("feedback@slack.example", "CANARY 123456", answers=message_id)
    async with house.browser() as li:
        await house.enter(li, LI)
        listed = (await li.get("/portal")).text
        cases = [(await li.get(path)).text for path in set(re.findall(r"/portal/T-\d+", listed))]
    assert "CANARY" not in listed + "".join(cases)


# ── who is a customer ────────────────────────────────────────────────────────────────────────────────────────────────
async def test_s60_asking_for_a_code_tells_nothing(house: House) -> None:
    """Bodies, statuses and headers are the same; so is the work: as many statements, as many rows, of the same kinds."""
    await house.writes(LI)
    seen: dict[str, set[Any]] = {}
    for address in (LI, NOBODY, "not an address", "support@shop.example", "x" * 500):
        async with house.browser() as browser:
            before = await counts(house)
            asked = await browser.post("/portal", {"email": address})
            after = await counts(house)
            page = await browser.get("/portal/code")
            wrong = await browser.post("/portal/code", {"code": "000000"})
        cookie = re.sub(r"=[\w.-]+;", "=;", asked.headers["Set-Cookie"])
        cookie = re.sub(r"expires=[^;]+;", "", cookie)
        grown = tuple(after[table] - before[table] for table in after)
        facts = (
            asked.status,
            asked.text,
            asked.goes_to,
            cookie,
            page.status,
            page.text,
            wrong.status,
            wrong.text,
            grown,
        )
        seen.setdefault(str(facts), set()).add(address)
    assert len(seen) == 1, list(seen.values())
    assert len(await house.letters(LI)) == 1
    assert await one(house.ctx, "SELECT count(*) FROM side_letter WHERE state = 'queued'") == 1


async def test_s60_too_often_is_the_same_for_everybody(house: House) -> None:
    await house.writes(LI)
    for limit, networks in ((HERE_PER_HOUR, 1), (ADDRESS_PER_DAY, 20)):
        told = []
        for address in (f"{limit}.{LI}", f"{limit}.{NOBODY}"):
            if address.endswith(LI):
                await house.writes(address)
            statuses = []
            for n in range(limit + 2):
                async with house.browser(f"203.0.{limit}.{n % networks}") as browser:
                    asked = await browser.post("/portal", {"email": address})
                    statuses.append((asked.status, asked.text, "Retry-After" in asked.headers))
            told.append(statuses)
        assert told[0] == told[1]
        assert [one[0] for one in told[0]] == [303] * limit + [429] * 2
        assert len(await house.letters(f"{limit}.{LI}")) == limit


async def test_s19_limits_hold_across_hubs_and_an_ipv6_line_is_one_network(database_dsn: str) -> None:
    async with (
        a_house(database_dsn) as first,
        a_hub(database_dsn, first.ctx.settings.channels) as opened,  # type: ignore[arg-type]
        serving(opened) as second,
    ):
        statuses = []
        for n in range(NETWORK_PER_HOUR + 2):
            hub = (first, second)[n % 2]
            async with hub.browser(f"2001:db8:1:2::{n:x}") as browser:
                statuses.append((await browser.post("/portal", {"email": f"{n}@shop.example"})).status)
        assert statuses == [303] * NETWORK_PER_HOUR + [429] * 2
        async with second.browser("2001:db8:1:3::1") as neighbour:
            assert (await neighbour.post("/portal", {"email": LI})).status == 303


async def test_s59_a_code_that_did_not_leave_is_good_for_nobody(house: House) -> None:
    """Whoever guesses, with many browsers and networks, has no more codes to guess at than letters leave."""
    await house.writes(LI)
    await one(
        house.ctx,
        "INSERT INTO rate_limit (key, window_start, hits) VALUES ('code:house', clock_timestamp(), $1) RETURNING 1",
        OF_HOUSE_PER_HOUR,
    )
    async with house.browser() as browser:
        await browser.post("/portal", {"email": LI})
    assert await house.letters(LI) == []
    assert await one(house.ctx, "SELECT code_hash FROM portal_code") == bytes(32), "no code has this hash"


async def test_s59_tries_of_codes_are_counted_whoever_asked(house: House) -> None:
    """One network has so many, whatever cookies it throws away."""
    statuses = set()
    async with house.browser() as browser:
        for _ in range(61):
            statuses.add((await browser.post("/portal/code", {"code": "123456"})).status)
        assert (await browser.post("/portal/code", {"code": "123456"})).status == 429
    assert statuses == {422, 429}


# ── tokens, cookies, origins ─────────────────────────────────────────────────────────────────────────────────────────
async def test_s52_s63_keys_are_long_random_hashed_and_end(house: House) -> None:
    theirs = await of_mei(house)
    assert len(theirs.key) >= 43, "256 bits in base64url"
    held = await rows(house.ctx, "SELECT token_hash FROM portal_link")
    assert hash_link(theirs.key) in [row["token_hash"] for row in held]
    for table in ("portal_link", "portal_session", "portal_code"):
        assert (
            await one(
                house.ctx, f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%' || $1 || '%'", theirs.key
            )
            == 0
        )
    async with house.browser() as thief:
        for bad in ("", "x", theirs.key[:-1], theirs.key + "x", "%00", "null", "x" * 5000):
            for method in ("GET", "POST"):
                answer = await thief.ask(method, f"/portal/go/{bad}")
                assert answer.status in (404, 405), bad
        await one(
            house.ctx, "UPDATE portal_link SET expires_at = now() WHERE ticket_id IS NOT NULL RETURNING 1"
        )
        assert (await thief.post(theirs.link)).status == 404


async def test_s63_a_link_is_made_of_the_configured_address_alone(house: House) -> None:
    await house.writes(LI)
    async with house.browser() as evil:
        await evil.post("/portal", {"email": LI}, Host="evil.example", Origin=evil.url)
        await evil.post("/portal", {"email": LI}, **{"X-Forwarded-Host": "evil.example"})
    for letter in await house.letters(LI):
        assert "evil" not in str(letter) and f"{house.ctx.public_url}/portal/go/" in letter["text"]


async def test_s70_cookies_are_the_hosts_own(database_dsn: str) -> None:
    async with a_house(database_dsn) as plain:
        settings = plain.ctx.settings
        web = settings.web.model_copy(update={"public_url": "https://hub.example"})
        plain.ctx.settings.__dict__["web"] = web
        await plain.writes(LI)
        async with plain.browser() as li:
            asked = await li.post("/portal", {"email": LI}, Origin="https://hub.example")
            step = re.search(r"__Host-hub-portal-step=[^;]+", asked.headers["Set-Cookie"])
            assert step
            entered = await li.post(
                "/portal/code", {"code": await plain.code(LI)}, Origin="https://hub.example", Cookie=step[0]
            )
            cookies = entered.headers["Set-Cookie"]
    assert entered.status == 303
    for cookie in (asked.headers["Set-Cookie"], cookies):
        assert cookie.startswith("__Host-hub-portal")
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))


async def test_s71_only_our_own_page_is_heard(house: House) -> None:
    """Login CSRF too: nobody is signed in by a foreign page, as themselves or as somebody else."""
    theirs = await of_mei(house)
    before = await state_of(house)
    async with house.browser() as mei:
        await house.enter(mei, MEI)
        for method, path, _ in routes(house):
            if method != "POST":
                continue
            data = {**OBJECTS, **OWN}.get((method, path), {})
            for origin in ("https://evil.example", "null", ""):
                answer = await mei.post(theirs.fill(path), data, Origin=origin)
                assert answer.status == 403 and "CANARY" not in answer.text, (path, origin)
        assert (await mei.get("/portal/profile")).status == 200, "and nobody was signed out"
    assert await state_of(house) == before


async def test_s105_looking_changes_nothing(house: House) -> None:
    theirs = await of_mei(house)
    async with house.browser() as mei, house.browser() as scanner:
        await house.enter(mei, MEI)
        before = await everything(house)
        for browser in (mei, scanner):
            for method, path, _ in routes(house):
                if method != "GET":
                    continue
                for asked in (theirs.fill(path), f"{theirs.fill(path)}?lang=zh_CN"):
                    await browser.get(asked)
                    await browser.ask("HEAD", asked)
        assert await everything(house) == before


async def test_s103_what_is_asked_for_is_bounded(house: House) -> None:
    await house.writes(LI)
    async with house.browser() as li:
        await house.enter(li, LI)
        for query in (
            "before=-1", "before=99999999999999999999999", "before=%00", "state=%27%3B--", "page_size=1000000000",
            "before=1&before=2", "state[]=open", "__proto__[x]=1",
        ):  # fmt: skip
            answer = await li.get(f"/portal?{query}")
            assert answer.status == 200 and len(answer.text) < 20_000, query
        for number in ("T-1", "T-99999999999999999999", "%00", "..%2f..%2fdesk", "T-10019%27", "a" * 3000):
            assert (await li.get(f"/portal/{number}")).status == 404, number
        assert (await li.post("/portal/profile", b"a=" + b"x" * 100_000)).status == 413
        assert (await li.post("/portal/profile", b"&".join([b"a=1"] * 100))).status == 400


async def test_s75_pages_load_their_own_files_alone(house: House) -> None:
    theirs = await of_mei(house)
    async with house.browser() as mei:
        await house.enter(mei, MEI)
        for path in (
            "/portal",
            "/portal/code",
            f"/portal/{theirs.number}",
            "/portal/profile",
            f"/portal/{UNKNOWN}",
        ):
            page = await mei.get(path)
            policy = page.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'") and "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy and page.headers["Cache-Control"] == "no-store"
            assert "<script" not in page.text and "style=" not in page.text


async def state_of(house: House) -> list[Any]:
    """What nobody else's page may move."""
    tickets = await rows(house.ctx, "SELECT id, status, version, seq FROM ticket ORDER BY id")
    said = await one(house.ctx, "SELECT count(*) FROM interaction")
    return [*tickets, said, await rows(house.ctx, "SELECT name, language, version FROM customer ORDER BY id")]


async def everything(house: House) -> dict[str, str]:
    """A picture of every table but the counters."""
    tables = await rows(
        house.ctx,
        """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' AND NOT c.relispartition AND c.relname <> 'rate_limit'""",
    )
    asked: Callable[[str], Awaitable[Any]] = lambda name: one(  # noqa: E731
        house.ctx, f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t"
    )
    return {row["name"]: await asked(row["name"]) for row in tables}


async def counts(house: House) -> dict[str, int]:
    """Rows of what asking for a code writes."""
    return {
        table: await one(house.ctx, f"SELECT count(*) FROM {table}")
        for table in ("portal_code", "portal_link", "side_letter", "portal_session")
    }
