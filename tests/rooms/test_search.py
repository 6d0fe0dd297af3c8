"""Search on a real Postgres: everything that LIKE finds and nothing else, the newest first, for those who may see it."""

import random
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from hub.actions.context import Context
from hub.actions.search import find, index
from hub.actions.search.index import MOST_FAULTS, index_some, state_of_search, try_again
from hub.actions.search.query import read_query
from hub.model.codes import CUSTOMER, show_code
from hub.model.people import HUB, Actor
from hub.model.permissions import Sight
from hub.model.search_words import comparable, lexemes_of
from storage import search as stored
from storage import search_fill
from storage.database import Connection, joining
from storage.queries import numbered
from storage.search_fill import FaultRow, faults, is_behind
from storage.search_ways import customers as customers_text
from storage.search_ways import few_tickets, way

ANN = Actor(name="Ann", agent_id=1)
TODAY = date(2026, 3, 4)
_GROUND = """
INSERT INTO channel (name, kind) VALUES ('shop', 'api'), ('post', 'email');
INSERT INTO queue (name, title_en, title_zh) VALUES ('till', 'Till', '收银台'), ('shelf', 'Shelf', '货架');
INSERT INTO agent (login, name, password_hash) VALUES ('ann', 'Ann Lee', 'x'), ('bo', '博文', 'x');
INSERT INTO organisation (name) VALUES ('星河科技有限公司'), ('Harbour Foods');
INSERT INTO customer (name, organisation_id) VALUES ('张伟', 1), ('Anna Berg', NULL), ('單曉', NULL);
INSERT INTO identity (customer_id, kind, value, verified) VALUES
    (1, 'email', 'wei.zhang@mail.example', true), (1, 'phone', '+8613800138000', true), (2, 'email', 'anna@post.example', true);
INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, status, assignee_id, tags) VALUES
    (1, 1, '退款还没到账', 'complaint', (SELECT id FROM queue WHERE name = 'till'), 'open', 1, '{vip}'),
    (2, 2, 'Refund for order TW-20500', 'request', (SELECT id FROM queue WHERE name = 'shelf'), 'resolved', 2, '{}'),
    (3, 1, '訂單問題', 'enquiry', (SELECT id FROM queue WHERE name = 'shelf'), 'closed', NULL, '{}');
INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, author_name, text, fields) VALUES
    (1, 1, 1, 1, 'message', 'in', '张伟', '您好，退款三天了还没到账，订单 TW-20499', '{}'),
    (1, 2, 1, 1, 'note', 'internal', 'Ann Lee', '财务说退款明天到', '{}'),
    (2, 1, 2, 2, 'message', 'in', 'Anna Berg', 'Where is my refund? Order TW-20500. Call 020 7946-0123', '{}'),
    (3, 1, 3, 1, 'form', 'in', '單曉', '訂單還沒有收到', '{"Order": "SF-778899"}');
"""


async def run(ctx: Context, sql: str, *arguments: Any) -> None:
    async def work(c: Connection) -> None:
        await c.execute(sql, *arguments)

    await ctx.database.run(work)


async def take_in(ctx: Context) -> None:
    while await index_some(ctx):
        pass


@pytest.fixture
async def ground(ctx: Context) -> Context:
    await run(ctx, _GROUND)
    await take_in(ctx)
    return ctx


async def entries(ctx: Context, text: str, actor: Actor = ANN, **page: Any) -> list[str]:
    found = await find.find_entries(ctx, read_query(text, TODAY), actor, UTC, **page)
    return [hit.text for hit in found.hits]


async def subjects(ctx: Context, text: str, actor: Actor = ANN) -> list[str]:
    found = await find.find_tickets(ctx, read_query(text, TODAY), actor, UTC)
    return [hit.subject for hit in found.hits]


async def names(ctx: Context, text: str, actor: Actor = ANN) -> list[str]:
    return [hit.name for hit in (await find.find_customers(ctx, read_query(text, TODAY), actor)).hits]


async def test_everything_is_found_by_what_it_says(ground: Context) -> None:
    assert len(await entries(ground, "退款")) == 2 and len(await entries(ground, "款")) == 2
    assert await entries(ground, "订单还没有") == ["訂單還沒有收到"]
    assert len(await entries(ground, "refund")) == 1 and len(await entries(ground, "tw-204")) == 1
    assert len(await entries(ground, "02079460123")) == 1 and len(await entries(ground, "SF-778899")) == 1
    assert await subjects(ground, "退款") == ["退款还没到账"] and await subjects(ground, "vip") == [
        "退款还没到账"
    ]
    assert await subjects(ground, "tw-20500") == ["Refund for order TW-20500"]
    ticket = (await find.find_tickets(ground, read_query("订单问题", TODAY), ANN, UTC)).hits[0]
    assert await subjects(ground, f"T-{ticket.code}") == ["訂單問題"]
    assert await subjects(ground, str(ticket.code)) == ["訂單問題"]
    for typed in ("zhangwei", "zw", "张", "wei.zhang", "13800138000", "8000", "zhang wei"):
        assert await names(ground, typed) == ["张伟"], typed
    assert await names(ground, "单晓") == await names(ground, "shanx") == ["單曉"]
    found = await find.find_organisations(ground, read_query("xinghe", TODAY), HUB)
    assert [one.name for one in found.hits] == ["星河科技有限公司"] and found.hits[0].customers == 1


async def test_pages_of_all_customers_are_full_for_who_sees_few(ground: Context) -> None:
    await run(
        ground,
        """INSERT INTO customer (name, last_seen_at) SELECT 'C' || n, now() + n * interval '1 minute'
           FROM generate_series(1, 60) n""",
    )
    await run(
        ground,
        """INSERT INTO ticket (customer_id, channel_id, queue_id, kind, subject, assignee_id)
           SELECT id, (SELECT min(id) FROM channel), (SELECT min(id) FROM queue), 'enquiry', 'theirs', 1
           FROM customer
           WHERE name IN ('C3', 'C20', 'C21', 'C40', 'C59')""",
    )
    ann, after, pages = Actor(name="Ann", agent_id=1, sight=Sight.OWN), None, []
    while True:
        rows, after = await find.look_up_customers(ground, "", ann, after=after, limit=2)
        pages.append([row.name for row in rows if row.name.startswith("C")])
        if after is None:
            break
    assert pages[:2] == [["C59", "C40"], ["C21", "C20"]] and pages[2][:1] == ["C3"]
    everybody, _ = await find.look_up_customers(ground, "", HUB, limit=3)
    assert [row.name for row in everybody] == ["C60", "C59", "C58"]


async def test_the_list_of_customers_is_looked_through_by_the_same_index(ground: Context) -> None:
    """By name, pinyin, address, number and code; at once for who has just come; not who became another."""
    await run(ground, "INSERT INTO customer (name) VALUES ('100% Bob_'), ('伟大的张三')")
    await run(
        ground,
        "INSERT INTO identity (customer_id, kind, value, verified) VALUES (4, 'email', 'bob@late.example', false)",
    )

    async def found(typed: str, actor: Actor = HUB) -> list[str]:
        return sorted(row.name for row in (await find.look_up_customers(ground, typed, actor))[0])

    async def check() -> None:
        for typed in ("伟", "张", "张 伟", "zhang"):
            assert await found(typed) == ["伟大的张三", "张伟"], typed
        for typed in ("张伟", "ZHANGWEI", "wei.zhang@", "+86138", "138 0013 8000", "8000"):
            assert await found(typed) == ["张伟"], typed
        assert await found("bob_") == await found("bob@late") == await found("100%") == ["100% Bob_"]
        assert await found("%") == await found("' OR 1=1 --") == await found("status:open") == []
        assert len(await found("")) == len(await found(" ")) == 5

    await check()
    await take_in(ground)
    await check()
    rows, after = await find.look_up_customers(ground, "张", HUB, limit=1)
    rest, end = await find.look_up_customers(ground, "张", HUB, after=after, limit=1)
    assert {rows[0].name, rest[0].name} == {"伟大的张三", "张伟"} and end is None
    number = show_code(CUSTOMER, rows[0].code)
    assert [row.code for row in (await find.look_up_customers(ground, number, HUB))[0]] == [rows[0].code]
    assert await found("张", Actor(name="Ann", agent_id=1, sight=Sight.OWN)) == ["张伟"]
    await run(ground, "UPDATE customer SET merged_into = 2 WHERE id = 1")
    assert await found("张") == ["伟大的张三"]


async def test_operators_and_qualifiers(ground: Context) -> None:
    assert await entries(ground, "退款 -财务") == ["您好，退款三天了还没到账，订单 TW-20499"]
    assert await entries(ground, "退款 is:note") == ["财务说退款明天到"]
    assert await entries(ground, "状态:已关闭") == ["訂單還沒有收到"]
    assert (
        await entries(ground, "退款 负责人:bo") == []
        and len(await entries(ground, "refund assignee:bo")) == 1
    )
    assert len(await entries(ground, "退款 assignee:me kind:complaint queue:收银台 tag:vip channel:api")) == 2
    assert len(await entries(ground, "from:zhangwei")) == 2 and await entries(ground, "from:anna 退款") == []
    assert await subjects(ground, "客服:无") == ["訂單問題"]
    assert (
        await entries(ground, "退款 before:2020-01-01") == []
        and len(await entries(ground, "退款 after:2020-01-01")) == 2
    )
    assert (
        await subjects(ground, "退款 after:2090-01-01") == []
        and await subjects(ground, "退款 before:2020-01-01") == []
    )
    for text, qualifier in (
        ("queue:none", "queue"),
        ("assignee:zoe", "assignee"),
        ("channel:fax", "channel"),
        ("from:zoe", "customer"),
    ):
        with pytest.raises(find.NoSuchThing) as failed:
            await entries(ground, f"退款 {text}")
        assert failed.value.qualifier == qualifier


async def test_only_what_is_in_sight_is_found(ground: Context) -> None:
    own = Actor(name="Ann", agent_id=1, sight=Sight.OWN)
    assert len(await entries(ground, "退款", own)) == 2 and await entries(ground, "refund", own) == []
    assert await subjects(ground, "订单", own) == [] and await names(ground, "anna", own) == []
    assert await names(ground, "zhangwei", own) == ["张伟"]
    await run(
        ground, "INSERT INTO queue_member (queue_id, agent_id) SELECT id, 1 FROM queue WHERE name = 'shelf'"
    )
    queues = Actor(name="Ann", agent_id=1, sight=Sight.QUEUES)
    assert len(await entries(ground, "refund", queues)) == 1 and await names(ground, "anna", queues) == [
        "Anna Berg"
    ]


async def test_what_changes_is_found_anew(ground: Context) -> None:
    await run(ground, "UPDATE customer SET name = '李娜' WHERE id = 1")
    await run(ground, "UPDATE ticket SET tags = '{urgent}' WHERE id = 1")
    await run(ground, "UPDATE organisation SET name = '远景集团' WHERE id = 1")
    await run(ground, "UPDATE identity SET customer_id = 2 WHERE kind = 'phone'")
    await run(ground, "UPDATE interaction SET text = '(removed)' WHERE direction = 'internal'")
    await take_in(ground)
    assert await names(ground, "zhangw") == [] and await names(ground, "lina") == ["李娜"]
    assert await subjects(ground, "vip") == [] and await subjects(ground, "urgent") == ["退款还没到账"]
    assert [
        one.name for one in (await find.find_organisations(ground, read_query("远景", TODAY), HUB)).hits
    ] == ["远景集团"]
    assert await names(ground, "13800138000") == ["Anna Berg"] and await entries(ground, "财务") == []
    await run(ground, "DELETE FROM interaction WHERE direction = 'internal'")
    await take_in(ground)
    assert await entries(ground, "removed") == []
    left = await ground.database.read(lambda c: c.fetchval("SELECT count(*) FROM search_entry"))
    assert left == 3


async def test_what_was_there_before_is_filled_in_from_the_newest_down(ground: Context) -> None:
    for table in ("search_entry", "search_ticket", "search_customer", "search_organisation", "search_due"):
        await run(ground, f"DELETE FROM {table}")
    await run(
        ground,
        "INSERT INTO interaction (ticket_id, seq, customer_id, kind, direction, text)"
        " SELECT 1, 10 + n, 1, 'message', 'in', '历史 ' || n FROM generate_series(1, 900) n",
    )
    await run(ground, "DELETE FROM search_due")
    await run(
        ground,
        "UPDATE search_fill SET entry = (SELECT max(id) + 1 FROM interaction), ticket = 99, customer = 99, organisation = 99",
    )
    assert await state_of_search(ground)
    for _ in range(
        7
    ):  # organisations, customers, tickets, each with the look that finds no more; the first lot of entries
        assert await index_some(ground)
    assert await names(ground, "zw") == ["张伟"] and await entries(ground, "refund") == []
    assert await entries(ground, "历史", limit=2) == ["历史 900", "历史 899"]
    await take_in(ground)
    assert len(await entries(ground, "refund")) == 1 and not await state_of_search(ground)
    assert await ground.database.read(is_behind) == (False, False)


async def test_two_hubs_take_turns(ground: Context) -> None:
    await run(ground, "UPDATE customer SET name = 'Zoe' WHERE id = 2")

    async def while_another_writes(c: Connection) -> int:
        await c.execute("SELECT 1 FROM search_fill FOR NO KEY UPDATE")
        return await index_some(ground)

    assert await ground.database.run(while_another_writes) == 0
    assert await index_some(ground) == 1
    assert await names(ground, "zoe") == ["Zoe"]


_PARTS = (
    "订单",
    "訂單",
    "退款",
    "发票",
    "物流",
    "没有",
    "收到",
    "，",
    " ",
    "ab",
    "TW-",
    "20500",
    "。",
    "單",
    "款项",
    "order ",
    "Ａb",
)


async def _many(ctx: Context, how_many: int) -> list[str]:
    """Entries of the last two years, a month apart from each other where they are old, with months of their own."""
    draw = random.Random(5)
    texts = ["".join(draw.choices(_PARTS, k=draw.randrange(1, 12))) or "x" for _ in range(how_many)]
    start = datetime.now(UTC) - timedelta(days=700)
    moments = sorted(start + timedelta(seconds=draw.randrange(700 * 86400)) for _ in texts)
    ids = [stored.timeline_floor(at) | number for number, at in enumerate(moments)]

    async def work(c: Connection) -> None:
        await c.execute(
            "SELECT make_month('search_entry', date_trunc('month', m))"
            " FROM generate_series($1::timestamptz, now(), '1 month') m",
            start,
        )
        await c.execute(
            "INSERT INTO interaction (id, ticket_id, seq, customer_id, kind, direction, text)"
            " SELECT id, 1 + n % 3, 100 + n, 1 + n % 3, 'message', 'in', text FROM unnest($1::bigint[], $2::text[])"
            " WITH ORDINALITY AS g (id, text, n)",
            ids,
            texts,
        )

    await ctx.database.run(work)
    await take_in(ctx)
    return texts


async def test_all_that_like_finds_is_found_and_nothing_else_whatever_way_is_taken(
    ground: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a walk so short that the index is asked as well, month by month."""
    await _many(ground, 700)
    monkeypatch.setattr(stored, "WALK", 40)
    monkeypatch.setattr(stored, "FEW", 0)
    rows = await ground.database.read(
        lambda c: c.fetch("SELECT id, text, fields, ticket_id FROM interaction ORDER BY id DESC")
    )
    said = {row["id"]: comparable(row["text"]) for row in rows}
    draw = random.Random(9)
    asked = [text[start : start + draw.randrange(1, 7)] for text in draw.sample(list(said.values()), 60)
             for start in [draw.randrange(max(1, len(text) - 1))]]  # fmt: skip
    for term in {one.strip() for one in asked if any("\u4e00" <= c <= "\u9fff" for c in one)}:
        # What a part begins with may be the end of a word: only with Chinese after it is that promised.
        if term[0].isascii() and not re.match(r"[a-z0-9]+[\u4e00-\u9fff]{2}", term):
            continue
        expected = [number for number, text in said.items() if term in text]
        for query, among in (
            (f'"{term}"', expected),
            (f'"{term}" status:open', [n for n in expected if _ticket(rows, n) == 1]),
        ):
            found, after = [], None
            while True:
                page = await find.find_entries(
                    ground, read_query(query, TODAY), ANN, UTC, after=after, limit=7
                )
                found += [hit.id for hit in page.hits]
                after = page.after
                if after is None:
                    break
            assert found == among, query


def _ticket(rows: list[Any], number: int) -> int:
    return next(row["ticket_id"] for row in rows if row["id"] == number)


async def test_pages_have_no_gap_and_no_repeat_and_the_newest_come_first(ground: Context) -> None:
    await _many(ground, 120)
    seen: list[int] = []
    after = None
    while True:
        page = await find.find_entries(ground, read_query("订单", TODAY), ANN, UTC, after=after, limit=10)
        seen += [hit.id for hit in page.hits]
        if (after := page.after) is None:
            break
    assert len(seen) > 40 and seen == sorted(set(seen), reverse=True)


async def test_a_letter_of_a_megabyte_is_found_too(ground: Context) -> None:
    draw = random.Random(3)
    words = " ".join("".join(draw.choices("bcdfghjklmnpqrstvwxz", k=18)) for _ in range(56_000))
    await run(
        ground,
        "INSERT INTO interaction (ticket_id, seq, customer_id, kind, direction, text) VALUES (1, 50, 1, 'message', 'in', $1)",
        words + " 针在这里",
    )
    await take_in(ground)
    assert len(await entries(ground, "针在")) == 1 and await entries(ground, "针不在") == []


async def _letters(ctx: Context, texts: Sequence[str]) -> None:
    await run(
        ctx,
        "INSERT INTO interaction (ticket_id, seq, customer_id, kind, direction, text)"
        " SELECT 1, 100 + n, 1, 'message', 'in', x FROM unnest($1::text[]) WITH ORDINALITY g (x, n)",
        texts,
    )


_LONG = "订单退款发票" * 60_000


async def test_large_letters_come_in_lots_of_so_many_bytes(ground: Context) -> None:
    """Four hundred letters of a megabyte would take longer than a transaction may, and come again for ever."""
    await _letters(ground, [*("彩虹" for _ in range(5)), *(f"{_LONG} {n} 针在" for n in range(6)), _LONG * 3])
    lots = [await index_some(ground) for _ in range(5)]
    assert lots == [7, 2, 2, 1, 0]
    assert len(await entries(ground, "彩虹")) == 5 and len(await entries(ground, "针在")) == 6


async def test_large_letters_that_were_there_before_come_in_such_lots_too(ground: Context) -> None:
    await _letters(ground, [_LONG * 3, *(f"{_LONG} {n} 针在" for n in range(6))])
    await run(ground, "DELETE FROM search_due")
    await run(ground, "UPDATE search_fill SET entry = (SELECT max(id) + 1 FROM interaction)")
    # The last that is large, four that are not, and nothing.
    assert [await index_some(ground) for _ in range(7)] == [2, 2, 2, 1, 4, 1, 0]
    assert len(await entries(ground, "针在")) == 6 and not await state_of_search(ground)


async def test_the_words_of_a_lot_are_written_in_statements_that_end_in_time(
    ground: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A letter of numbers has two dozen times its length of words."""
    written: list[int] = []
    write = search_fill.write

    async def noted(connection: Connection, what: Any, words: Mapping[int, Sequence[str]]) -> None:
        written.append(len(words))
        await write(connection, what, words)

    monkeypatch.setattr(search_fill, "write", noted)
    await _letters(ground, ["彩虹"] * 300)
    assert await index_some(ground) == 300 and written == [300]
    written.clear()
    await _letters(ground, [f"{n} 针在 " + "订单" * 60_000 for n in range(5)])
    await run(ground, "DELETE FROM interaction WHERE text = '彩虹'")
    await take_in(ground)
    assert max(written) == 2 and sum(written) == 5 and await entries(ground, "彩虹") == []
    assert len(await entries(ground, "针在")) == 5


async def test_a_letter_that_takes_long_does_not_end_the_session(
    ground: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(text: str) -> list[str]:
        time.sleep(1)
        return lexemes_of(text)

    monkeypatch.setattr(index, "lexemes_of", slowly)
    monkeypatch.setattr(index, "SAY_EVERY", 0.1)
    await _letters(ground, ["彩虹"])

    async def where_who_is_silent_is_ended(c: Connection) -> int:
        await c.execute("SET LOCAL idle_in_transaction_session_timeout = '500ms'")
        with joining(c):
            return await index_some(ground)

    assert await ground.database.run(where_who_is_silent_is_ended) == 1
    assert len(await entries(ground, "彩虹")) == 1


def _plans() -> list[tuple[str, str, str]]:
    """(what, text, arguments): each way with and without conditions, as it is asked for."""
    conditions = stored.Conditions(
        status=("open",), queue=1, kind=("request",), tag="vip", assignee=1, sight=Sight.QUEUES, agent_id=1
    )
    clauses = [clause for clause, _ in conditions.asked()]
    given = "'{open}', 1, '{request}', 'vip', 1, 1"
    many = "'{1,2}'"
    plans = []
    for name in (
        "entries_walk",
        "entries_gather",
        "entries_browse",
        "tickets_walk",
        "tickets_gather",
        "tickets_browse",
    ):
        words = not name.endswith("browse")
        base = f"'''ab'''', 9000000000000000000, {2000 if name.endswith('walk') else 0}, 21".replace(
            "''''", "'''"
        )
        months = (0, 2**62)
        plans.append((name, way(name, words=words, months=months), base))
        plans.append(
            (
                f"{name}, asked",
                way(name, numbered(clauses, 5), words=words, months=months),
                f"{base}, {given}",
            )
        )
    for name, column in (
        ("entries_of", "customer_id"),
        ("entries_of", "ticket_id"),
        ("tickets_of", "id"),
        ("tickets_of", "customer_id"),
    ):
        text = way(name, numbered(clauses, 6), words=True, theirs=column)
        plans.append((f"{name} {column}", text, f"'''ab''', 9000000000000000000, 0, 21, {many}, {given}"))
    plans.append(("few tickets", few_tickets(numbered(clauses, 2)), f"1001, {given}"))
    for walk in (0, 500):
        plans.append(
            (
                f"customers {'walk' if walk else 'gather'}",
                customers_text(walk=walk, sight=Sight.QUEUES),
                "'''ab''', now(), 1, 21, 1",
            )
        )
    return plans


async def test_every_way_goes_by_an_index(ground: Context) -> None:
    """With a plan that does not know what is asked: none reads a table from end to end, and what is gathered comes by words."""
    for table in ("search_entry", "search_ticket", "search_customer"):
        await run(
            ground,
            f"INSERT INTO {table} (id, words) SELECT {'next_timeline_id()' if table == 'search_entry' else '100 + n'},"
            " array_to_tsvector(ARRAY['w' || n, 'x']) FROM generate_series(1, 4000) n",
        )
        await run(ground, f"ANALYZE {table}")

    async def plans(c: Connection) -> dict[str, str]:
        await c.execute("SET plan_cache_mode = force_generic_plan")
        found = {}
        for what, text, arguments in _plans():
            await c.execute(f"PREPARE q AS {text}")
            found[what] = "\n".join(row[0] for row in await c.fetch(f"EXPLAIN EXECUTE q({arguments})"))
            await c.execute("DEALLOCATE q")
        await c.execute("RESET plan_cache_mode")
        return found

    for what, plan in (await ground.database.read(plans)).items():
        assert not any(
            f"Seq Scan on {table}" in plan for table in ("search_", "interaction", "ticket", "customer")
        ), (what, plan)
        if "gather" in what:
            by_words = re.findall(r"Bitmap Index Scan on (search_\w+_words\w*)", plan)
            month = f"search_entry_{datetime.now(UTC):%Y_%m}_words_idx"
            sort = what.split("_")[0].split()[0]
            index = {
                "entries": month,
                "tickets": "search_ticket_words",
                "customers": "search_customer_words",
            }[sort]
            assert index in by_words, (what, plan)


async def test_an_arrival_pays_one_line_for_search_and_other_changes_nothing(ground: Context) -> None:
    await run(
        ground,
        "INSERT INTO interaction (ticket_id, seq, customer_id, kind, direction, text)"
        " SELECT 1, 60 + n, 1, 'message', 'in', 'x' FROM generate_series(1, 3) n",
    )
    due = await ground.database.read(lambda c: c.fetch("SELECT what FROM search_due"))
    assert [row["what"] for row in due] == ["entry"] * 3
    await run(ground, "UPDATE ticket SET priority = 3, updated_at = now() WHERE id = 1")
    await run(ground, "UPDATE customer SET last_seen_at = now(), name = name WHERE id = 1")
    assert await ground.database.read(lambda c: c.fetchval("SELECT count(*) FROM search_due")) == 3


async def test_a_query_that_is_no_query_finds_nothing(ground: Context) -> None:
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await ground.database.read(lambda c: c.fetchval("SELECT $1::text::tsquery", "'ab' 'cd'"))
    for text in ("'", "\\", "' | 'x", "ab' & !('cd", "订单'"):
        await entries(ground, text)
        await subjects(ground, text)
        await names(ground, text)


async def test_a_text_of_many_long_words_does_not_hold_up_what_was_written_with_it(ground: Context) -> None:
    """A row that the database refuses would be tried again for ever, and nothing new be found any more."""
    draw = random.Random(7)
    long = " ".join("".join(draw.choices("абвгдежзиклмнопрст", k=60)) for _ in range(10_000))
    await run(ground, "UPDATE interaction SET text = $1 WHERE ticket_id = 1 AND seq = 1", f"{long} закат")
    await run(ground, "UPDATE interaction SET text = 'a rainbow' WHERE ticket_id = 1 AND seq = 2")
    await take_in(ground)
    assert len(await entries(ground, "rainbow")) == 1
    assert len(await entries(ground, "закат")) == 1


async def set_aside(ctx: Context) -> list[FaultRow]:
    """What could not be taken in, as the System page reads it."""
    return await ctx.database.read(lambda c: faults(c, MOST_FAULTS))


async def test_what_cannot_be_taken_in_is_set_aside_and_holds_up_nothing(ground: Context) -> None:
    """The database refuses one text for a reason that has nothing to do with its length."""
    await run(
        ground,
        "ALTER TABLE search_entry ADD CONSTRAINT poison CHECK (NOT words @@ 'hemlock'::tsquery) NOT VALID",
    )
    await run(
        ground, "ALTER TABLE search_customer ADD CONSTRAINT poison CHECK (NOT words @@ 'hemlock'::tsquery)"
    )
    for seq, text in ((1, "hemlock"), (2, "a rainbow")):
        await run(ground, "UPDATE interaction SET text = $1 WHERE ticket_id = 1 AND seq = $2", text, seq)
    await run(ground, "UPDATE customer SET name = 'Hemlock' WHERE id = 2")
    await run(ground, "UPDATE customer SET name = 'Zoe Stern' WHERE id = 3")
    await take_in(ground)
    assert len(await entries(ground, "rainbow")) == 1 and await names(ground, "stern") == ["Zoe Stern"]
    aside = await set_aside(ground)
    assert sorted((one.what, one.code is not None, one.ticket_code is not None) for one in aside) == [
        ("customer", True, False), ("entry", False, True),
    ]  # fmt: skip
    assert all("poison" in one.error for one in aside)
    # In vain as long as the cause is there; also what it is changed to is tried by itself.
    assert await try_again(ground, actor=ANN) == 2
    await take_in(ground)
    assert len(await set_aside(ground)) == 2
    await run(ground, "UPDATE customer SET name = 'Anna Berg' WHERE id = 2")
    await run(ground, "ALTER TABLE search_entry DROP CONSTRAINT poison")
    await try_again(ground, actor=ANN)
    await take_in(ground)
    assert len(await entries(ground, "hemlock")) == 1 and await set_aside(ground) == []


@pytest.mark.parametrize("poisonous", [[0], [3, 4], [0, 11], list(range(12))])
async def test_all_but_the_poisonous_ones_are_taken_in(ground: Context, poisonous: list[int]) -> None:
    await run(
        ground, "ALTER TABLE search_customer ADD CONSTRAINT poison CHECK (NOT words @@ 'hemlock'::tsquery)"
    )
    for number in range(12):
        name = f"Hemlock {number}" if number in poisonous else f"Heather {number}"
        await run(ground, "INSERT INTO customer (name) VALUES ($1)", name)
    await take_in(ground)
    assert len(await names(ground, "heather")) == 12 - len(poisonous)
    assert len(await set_aside(ground)) == len(poisonous)
