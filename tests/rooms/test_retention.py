"""How long what is kept: nothing goes before somebody said so, then all of it that was meant, and nothing else."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.customers.merge import merge_customers_into
from hub.actions.errands.tasks import add_task
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.note import add_note
from hub.actions.people.keys import create_api_key
from hub.actions.privacy import forget
from hub.actions.privacy.forget import (
    anonymise_customer,
    finish_forgetting,
    has_more,
    lift_hold,
    refusal_of,
    set_hold,
    standing_of,
)
from hub.actions.privacy.policies import change_policy, find_old, list_policies, list_runs
from hub.actions.privacy.sweep import sweep_next
from hub.actions.search.index import index_some
from hub.actions.status import change_status
from hub.model.codes import CUSTOMER, show_code
from hub.model.people import Actor, Role, Scope
from hub.model.retention import Depth, Kept
from storage import privacy, retention
from storage.database import Connection
from tests.fakes.chat import CHAT, Visitor
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import a_hub, an_agent, one, rows, say, ticket, write

ADMIN = Actor(name="Ada", role=Role.ADMIN)
CANARY = "Zaunkoenig"
COUNTED = {
    "identity": "identities", "ticket": "tickets", "interaction": "entries", "attachment": "files", "draft_file": "files",
    "inbound_raw": "originals", "draft": "drafts", "draft_beside": "drafts", "scheduled_reply": "drafts", "task": "tasks",
    "survey_invitation": "surveys",
}  # fmt: skip
"""Tables that forgetting takes something from, and where that stands in what is said before."""
TOLD_IN_WORDS = {
    "customer", "customer_fields", "customer_pair", "customer_merge", "customer_merge_row", "ticket_fields", "participant",
    "undeliverable", "recipient_report", "thread_ref", "outbox", "notice", "webhook_call", "task_step", "blob",
    "follow_link",
}  # fmt: skip
"""What goes beside that and has no number on the page."""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def a_closed_ticket(ctx: Context, days: int, **said: Any) -> dict[str, Any]:
    """With a file, a note, an answer; its customer was last heard of so many days ago."""
    who = said.pop("who", f"li{days}@mail.example")
    kept = await say(
        ctx,
        name=f"{CANARY} Li",
        text=f"I am {CANARY} and my kettle leaks",
        subject=f"Kettle of {CANARY}",
        who=[("email", who, True)],
        files=[("photo.txt", f"{CANARY} in bytes {days}")],
        fields={"order_number": f"{CANARY}-1"},
        reply_address=who,
        **said,
    )
    found = await ticket(ctx, kept)
    await add_note(ctx, ticket_code=found["code"], actor=ADMIN, text=f"{CANARY} called")
    await change_status(ctx, ticket_code=found["code"], status="closed", actor=ADMIN)
    await grow_old(ctx, found["id"], days)
    return await ticket(ctx, kept)


async def grow_old(ctx: Context, ticket_id: int, days: int) -> None:
    await one(
        ctx, "UPDATE ticket SET updated_at = now() - make_interval(days => $2) WHERE id = $1 RETURNING 1", ticket_id, days
    )  # fmt: skip
    await one(
        ctx,
        """UPDATE customer SET last_seen_at = now() - make_interval(days => $2)
           WHERE id = (SELECT customer_id FROM ticket WHERE id = $1) RETURNING 1""",
        ticket_id, days,
    )  # fmt: skip


async def switch_on(ctx: Context, kept: Kept, days: int, depth: Depth = Depth.ALL) -> None:
    version = (await list_policies(ctx))[kept].version
    await change_policy(ctx, kept=kept, enabled=True, days=days, depth=depth, version=version, actor=ADMIN)


async def nights(ctx: Context, many: int = 1) -> None:
    for _ in range(many):
        await one(ctx, "UPDATE retention_policy SET last_run_at = NULL RETURNING 1")
        while await sweep_next(ctx, lambda: True):
            pass


async def where_it_stands(ctx: Context, word: str) -> list[str]:
    """Every table of the database in which any row holds this word."""
    tables = await rows(
        ctx,
        """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' AND NOT c.relispartition""",
    )
    found = []
    for table in tables:
        said = f"SELECT EXISTS (SELECT 1 FROM {table['name']} t WHERE strpos(lower(t::text), lower($1)) > 0)"
        if await one(ctx, said, word):
            found.append(table["name"])
        columns = await rows(
            ctx,
            """SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND atttypid = 'bytea'::regtype
               AND attnum > 0 AND NOT attisdropped""".replace("$1", f"'{table['name']}'"),
        )
        for column in columns:
            inside = f"SELECT EXISTS (SELECT 1 FROM {table['name']} WHERE position($1::bytea IN {column['attname']}) > 0)"
            if await one(ctx, inside, word.encode()):
                found.append(f"{table['name']}.{column['attname']}")
    return found


async def test_nothing_goes_before_a_policy_is_switched_on(ctx: Context) -> None:
    old = await a_closed_ticket(ctx, 4000)
    await nights(ctx)
    entries = await rows(ctx, "SELECT text FROM interaction WHERE ticket_id = $1", old["id"])
    assert all(entry["text"] for entry in entries)
    assert old["subject"] and await one(ctx, "SELECT count(*) FROM blob") == 1
    assert {run.what for run in await list_runs(ctx)} == {"webhook_calls", "notices", "pictures"}


async def test_who_chats_again_after_their_words_are_gone_is_known_again(database_dsn: str) -> None:
    async with a_hub(database_dsn, CHAT) as ctx:
        li = Visitor(ctx, "li")
        old = await li.says()
        await change_status(ctx, ticket_code=old["code"], status="closed", actor=ADMIN)
        await grow_old(ctx, old["id"], 400)
        await switch_on(ctx, Kept.MESSAGES, 365, Depth.WORDS)
        await nights(ctx)
        assert await one(ctx, "SELECT count(*) FROM chat") == 0
        assert (await li.says())["id"] != old["id"]
        assert await one(ctx, "SELECT count(*) FROM chat WHERE thread_key = $1", li.key) == 1


async def test_words_and_files_of_old_closed_tickets_go_and_their_figures_stay(ctx: Context) -> None:
    old, young = await a_closed_ticket(ctx, 400), await a_closed_ticket(ctx, 300)
    open_one = await ticket(ctx, await say(ctx, text="Still open", who=[("email", "o@mail.example", True)]))
    await grow_old(ctx, open_one["id"], 500)
    seqs = await rows(
        ctx, "SELECT seq, direction, kind FROM interaction WHERE ticket_id = $1 ORDER BY id", old["id"]
    )
    await switch_on(ctx, Kept.MESSAGES, 365, Depth.WORDS)
    await nights(ctx)
    said = await rows(
        ctx,
        "SELECT text, subject, fields, author_name, direction FROM interaction WHERE ticket_id = $1",
        old["id"],
    )
    assert {(row["text"], row["subject"]) for row in said} == {("", "")}
    assert all(row["fields"] == {} for row in said)
    after = await rows(
        ctx, "SELECT seq, direction, kind FROM interaction WHERE ticket_id = $1 ORDER BY id", old["id"]
    )
    assert after == seqs
    assert await one(ctx, "SELECT subject FROM ticket WHERE id = $1", old["id"]) == ""
    assert await one(ctx, "SELECT subject FROM ticket WHERE id = $1", young["id"]) == young["subject"]
    assert await one(ctx, "SELECT text FROM interaction WHERE ticket_id = $1", open_one["id"]) == "Still open"
    assert (
        await one(ctx, "SELECT count(*) FROM attachment") == 1 == await one(ctx, "SELECT count(*) FROM blob")
    )
    run = next(run for run in await list_runs(ctx) if run.what == "messages")
    assert (run.rows, run.error) == (1, "") and run.ended_at is not None
    # The next night finds only what has become old since.
    await grow_old(ctx, young["id"], 366)
    await nights(ctx)
    assert await one(ctx, "SELECT subject FROM ticket WHERE id = $1", young["id"]) == ""
    assert next(run for run in await list_runs(ctx) if run.what == "messages").rows == 1
    await assert_invariants(ctx.database)


async def test_files_alone_go_where_that_is_what_was_chosen_and_words_later(ctx: Context) -> None:
    old = await a_closed_ticket(ctx, 400)
    await switch_on(ctx, Kept.MESSAGES, 365, Depth.FILES)
    await nights(ctx)
    assert (
        await one(ctx, "SELECT count(*) FROM attachment") == 0 == await one(ctx, "SELECT count(*) FROM blob")
    )
    assert await one(ctx, "SELECT subject FROM ticket WHERE id = $1", old["id"]) == old["subject"]
    await switch_on(ctx, Kept.MESSAGES, 365, Depth.WORDS)
    await nights(ctx)
    assert await one(ctx, "SELECT subject FROM ticket WHERE id = $1", old["id"]) == ""


async def test_bytes_that_two_tickets_hold_stay_for_the_other(ctx: Context) -> None:
    for number, days in enumerate((400, 10)):
        kept = await say(
            ctx,
            text="See",
            who=[("email", f"f{number}@mail.example", True)],
            files=[("same.txt", "the same bytes")],
        )
        found = await ticket(ctx, kept)
        await change_status(ctx, ticket_code=found["code"], status="closed", actor=ADMIN)
        await grow_old(ctx, found["id"], days)
    await switch_on(ctx, Kept.MESSAGES, 365, Depth.WORDS)
    await nights(ctx)
    assert (
        await one(ctx, "SELECT count(*) FROM attachment") == 1 == await one(ctx, "SELECT count(*) FROM blob")
    )


async def test_a_hold_keeps_a_customer_out_of_all_of_it_until_it_is_lifted(ctx: Context) -> None:
    held = await a_closed_ticket(ctx, 400)
    code = await one(ctx, "SELECT code FROM customer WHERE id = $1", held["customer_id"])
    await set_hold(ctx, customer_code=code, reason="Case 12/26", actor=ADMIN)
    for kept, depth in (
        (Kept.MESSAGES, Depth.WORDS),
        (Kept.CUSTOMERS, Depth.ALL),
        (Kept.RAW, Depth.ALL),
        (Kept.EVENTS, Depth.ALL),
    ):
        await switch_on(ctx, kept, 100, depth)
    await one(ctx, "UPDATE event SET at = now() - interval '400 days' RETURNING 1")
    assert (await find_old(ctx, kept=Kept.MESSAGES, days=100)).many == 0
    await nights(ctx, 2)
    assert (await ticket_row(ctx, held["id"]))["subject"] == held["subject"]
    assert await one(ctx, "SELECT count(*) FROM event WHERE ticket_id = $1", held["id"]) > 0
    with pytest.raises(NotPossible) as refused:
        await anonymise_customer(ctx, customer_code=code, typed=show_code(CUSTOMER, code), actor=ADMIN)
    assert refused.value.code == "on_hold"
    await lift_hold(ctx, customer_code=code, actor=ADMIN)
    with pytest.raises(NotFound):
        await lift_hold(ctx, customer_code=code, actor=ADMIN)
    await nights(ctx)
    assert (await ticket_row(ctx, held["id"]))["subject"] == ""
    assert await one(ctx, "SELECT count(*) FROM event WHERE ticket_id = $1", held["id"]) == 0
    assert await one(ctx, "SELECT anonymised_at FROM customer WHERE id = $1", held["customer_id"])


async def ticket_row(ctx: Context, ticket_id: int) -> dict[str, Any]:
    (found,) = await rows(ctx, "SELECT * FROM ticket WHERE id = $1", ticket_id)
    return found


async def test_the_preview_counts_and_shows_the_oldest(ctx: Context) -> None:
    for days in (500, 450, 400, 390, 10):
        await a_closed_ticket(ctx, days)
    found = await find_old(ctx, kept=Kept.MESSAGES, days=365)
    assert (found.many, len(found.examples), found.more) == (4, 3, False)
    assert found.examples[0].at < found.examples[1].at
    assert (await find_old(ctx, kept=Kept.CUSTOMERS, days=420)).many == 2
    for kept in Kept:
        assert (await find_old(ctx, kept=kept, days=7000)).many == 0
    with pytest.raises(NotPossible):
        await find_old(ctx, kept=Kept.AUDIT, days=30)


async def test_a_policy_is_changed_by_who_may_and_from_what_they_saw(ctx: Context) -> None:
    change: dict[str, Any] = {"kept": Kept.RAW, "enabled": True, "days": 90, "depth": Depth.ALL}
    for wrong, actor, version, failure, code in (
        ({"days": 3}, ADMIN, 1, NotPossible, "bad_days"),
        ({"depth": Depth.WORDS}, ADMIN, 1, NotPossible, "bad_depth"),
        ({}, Actor(name="S", role=Role.SUPERVISOR), 1, NotPossible, "not_allowed"),
        ({}, ADMIN, 2, Conflict, "policy_changed"),
    ):
        with pytest.raises(failure) as refused:
            await change_policy(ctx, **{**change, **wrong}, version=version, actor=actor)
        assert refused.value.code == code
    await change_policy(ctx, **change, version=1, actor=ADMIN)
    assert (await list_policies(ctx))[Kept.RAW].enabled


async def test_raw_items_are_emptied_and_still_known_when_they_come_again(ctx: Context) -> None:
    kept = await write(ctx, "li@mail.example", f"I am {CANARY}", message_id="one@mail.example")
    await one(
        ctx,
        """INSERT INTO inbound_raw (id, channel_id, external_key, content, received_at, state)
           SELECT timeline_floor(now() - interval '200 days'), channel_id, 'old', 'bytes', now(), 'read'
           FROM inbound_raw WHERE id = $1 RETURNING 1""",
        kept.raw_id,
    )
    await switch_on(ctx, Kept.RAW, 100)
    await nights(ctx)
    assert await one(ctx, "SELECT content FROM inbound_raw WHERE external_key = 'old'") == b""
    assert CANARY.encode() in await one(ctx, "SELECT content FROM inbound_raw WHERE id = $1", kept.raw_id)
    await one(ctx, "UPDATE inbound_raw SET content = '' WHERE id = $1 RETURNING 1", kept.raw_id)
    await write(ctx, "li@mail.example", f"I am {CANARY}", message_id="one@mail.example")
    assert await one(ctx, "SELECT count(*) FROM interaction") == 1


@pytest.mark.parametrize("state", ["discarded", "read"])
async def test_an_original_that_nobody_could_read_is_emptied_once_it_is_settled(
    ctx: Context, state: str
) -> None:
    """It is in quarantine when the policy comes by, and the policy never comes back."""
    kept = await write(ctx, "li@mail.example", "Hello")
    await one(
        ctx,
        """INSERT INTO inbound_raw (id, channel_id, external_key, content, received_at, state)
           SELECT timeline_floor(now() - interval '200 days'), channel_id, 'old', 'bytes', now(), 'quarantined'
           FROM inbound_raw WHERE id = $1 RETURNING 1""",
        kept.raw_id,
    )
    await switch_on(ctx, Kept.RAW, 100)
    await nights(ctx, 2)
    old = "SELECT content FROM inbound_raw WHERE external_key = 'old'"
    assert await one(ctx, old) == b"bytes"
    await one(ctx, "UPDATE inbound_raw SET state = $1 WHERE external_key = 'old' RETURNING 1", state)
    await nights(ctx)
    assert await one(ctx, old) == b""
    assert await one(ctx, "SELECT count(*) FROM retention_later") == 0


async def test_the_ledger_of_a_ticket_that_was_open_goes_once_it_is_closed(ctx: Context) -> None:
    found = await ticket(ctx, await write(ctx, "li@mail.example", "Hello"))
    await one(ctx, "UPDATE event SET at = now() - interval '200 days' RETURNING 1")
    await switch_on(ctx, Kept.EVENTS, 100)
    events = "SELECT count(*) FROM event WHERE ticket_id = $1 AND at < now() - interval '100 days'"
    await nights(ctx, 2)
    assert await one(ctx, events, found["id"]) > 0
    await change_status(ctx, ticket_code=found["code"], status="closed", actor=ADMIN)
    await nights(ctx)
    assert await one(ctx, events, found["id"]) == 0
    assert await one(ctx, "SELECT count(*) FROM event WHERE ticket_id = $1", found["id"]) > 0
    assert await one(ctx, "SELECT count(*) FROM retention_later") == 0


async def test_the_oldest_of_the_audit_trail_may_go_and_what_is_left_is_still_sealed(
    ctx: Context, database_dsn: str
) -> None:
    import asyncpg

    from hub.actions.people.audit import broken_seals

    for name in ("one", "two", "three"):
        await create_api_key(ctx, name=name, scopes=[Scope.READ], actor=ADMIN)
    owner = await asyncpg.connect(database_dsn)
    await owner.execute("ALTER TABLE audit DISABLE TRIGGER ALL")
    await owner.execute(
        "UPDATE audit SET at = now() - interval '400 days' WHERE id = (SELECT min(id) FROM audit)"
    )
    await owner.execute("ALTER TABLE audit ENABLE TRIGGER ALL")
    await owner.close()
    await switch_on(ctx, Kept.AUDIT, 366)
    await nights(ctx)
    assert [row["subject"] for row in await rows(ctx, "SELECT subject FROM audit ORDER BY id")] == [
        "two",
        "three",
        "audit",
    ]
    assert await broken_seals(ctx) == (3, [])


async def test_what_readers_said_goes_and_how_many_were_helped_stays(ctx: Context) -> None:
    article = await one(ctx, "INSERT INTO article DEFAULT VALUES RETURNING id")
    for visitor, days, helped in (("a", 40, True), ("b", 40, False), ("c", 10, True)):
        await one(
            ctx,
            """INSERT INTO article_vote (article_id, visitor, language, helped, comment, voted_at)
               VALUES ($1, sha256($2::text::bytea), 'en', $3, 'from ' || $2, now() - make_interval(days => $4)) RETURNING 1""",
            article, visitor, helped, days,
        )  # fmt: skip
    assert (await find_old(ctx, kept=Kept.VOTES, days=30)).many == 2
    await switch_on(ctx, Kept.VOTES, 30)
    await nights(ctx)
    kept = await rows(
        ctx,
        """SELECT helped, comment, visitor IN (sha256('a'), sha256('b')) AS known FROM article_vote
           ORDER BY comment, helped""",
    )
    assert [(row["helped"], row["comment"], row["known"]) for row in kept] == [
        (False, "", False), (True, "", False), (True, "from c", False),
    ]  # fmt: skip
    assert (await find_old(ctx, kept=Kept.VOTES, days=30)).many == 0


async def everywhere(ctx: Context, found: dict[str, Any]) -> None:
    """What else of the hub may hold somebody's words, on this ticket and customer."""
    agent = await an_agent(ctx, "lin")
    other = await one(ctx, "INSERT INTO customer (name) VALUES ('Other') RETURNING id")
    place = {
        "$T": str(found["id"]),
        "$C": str(found["customer_id"]),
        "$A": str(agent),
        "$O": str(other),
        "$W": CANARY,
    }
    for words in (
        "INSERT INTO draft (ticket_id, agent_id, mode, text) VALUES ($T, $A, 'reply', 'Dear $W')",
        "INSERT INTO draft_beside (ticket_id, agent_id, mode, tab, number, text) VALUES ($T, $A, 'reply', 't', 1, '$W')",
        "INSERT INTO scheduled_reply (ticket_id, author_name, text, send_at) VALUES ($T, 'Lin', 'Dear $W', now())",
        """INSERT INTO notice (agent_id, kind, cause, ticket_id, params) VALUES ($A, 'rule', 'c', $T, '{"text": "$W"}')""",
        "INSERT INTO webhook (name, url, sealed) VALUES ('erp', 'https://erp.example', '')",
        """INSERT INTO webhook_call (webhook_id, event, cause, ticket_id, body, state, settled_at)
           SELECT id, 'rule.ran', 'c', $T, '$W', 'sent', now() FROM webhook""",
        """INSERT INTO ticket_fields VALUES ($T, '{"model": "$W"}')""",
        """INSERT INTO customer_fields VALUES ($C, '{"model": "$W"}')""",
        "UPDATE customer SET note = 'Calls himself $W', segment = '$W' WHERE id = $C",
        """INSERT INTO customer_pair (low_id, high_id, reason, kind, value)
           VALUES (least($C, $O), greatest($C, $O), 'same_claim', 'email', '$W@mail.example')""",
        "INSERT INTO undeliverable (address) VALUES (lower('$W') || '@mail.example')",
        """INSERT INTO recipient_report (interaction_id, address, outcome, report_id)
           SELECT min(id), lower('$W') || '@mail.example', 'delayed', 1 FROM interaction WHERE ticket_id = $T""",
        "INSERT INTO participant (ticket_id, kind, value, name) VALUES ($T, 'email', lower('$W') || '@b.example', '$W')",
        "INSERT INTO task (customer_id, title, text) VALUES ($C, 'Ask $W', '$W')",
        "INSERT INTO task_step (task_id, what, text) SELECT min(id), 'commented', '$W' FROM task",
        """INSERT INTO follow_link (token_hash, ticket_id, channel_id, thread_key, address, language, expires_at)
           SELECT sha256('x'), id, channel_id, '', '$W@mail.example', 'en', now() + interval '1 day' FROM ticket
           WHERE id = $T""",
        "INSERT INTO blob (sha256, data) VALUES (sha256('$W'), '$W')",
        """INSERT INTO draft_file (ticket_id, agent_id, filename, content_type, size, sha256)
           VALUES ($T, $A, '$W.txt', 'text/plain', 10, sha256('$W'))""",
        """INSERT INTO draft_file (ticket_id, scheduled_id, filename, content_type, size, sha256)
           SELECT ticket_id, id, '$W.txt', 'text/plain', 10, sha256('$W') FROM scheduled_reply""",
        """INSERT INTO survey_invitation (ticket_id, customer_id, resolution, kind, channel_id, address, comment, token_hash,
                                          expires_at)
           SELECT id, customer_id, 1, 'csat', channel_id, '$W@mail.example', '$W', sha256('$W'), now() + interval '1 day'
           FROM ticket WHERE id = $T""",
    ):  # fmt: skip
        said = words
        for sign, value in place.items():
            said = said.replace(sign, value)
        await ctx.database.run(lambda c, said=said: c.execute(said))


# ── one customer ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_of_a_forgotten_customer_nothing_is_left_anywhere(ctx: Context) -> None:
    kept = await write(
        ctx,
        f"{CANARY} Li <{CANARY.lower()}@mail.example>",
        f"I am {CANARY}, call me",
        subject=f"{CANARY} asks",
    )
    found = await ticket(ctx, kept)
    code = await one(ctx, "SELECT code FROM customer WHERE id = $1", found["customer_id"])
    await queue_reply(ctx, ticket_code=found["code"], actor=ADMIN, text=f"Dear {CANARY}")
    await one(ctx, "UPDATE outbox SET state = 'sent', settled_at = now() RETURNING 1")
    await add_note(ctx, ticket_code=found["code"], actor=ADMIN, text=f"{CANARY} called")
    await ctx.database.run(
        lambda c: add_task(c, title=f"Ask {CANARY}", text=CANARY, ticket_id=found["id"], actor=ADMIN)
    )
    await everywhere(ctx, found)
    with pytest.raises(NotPossible) as refused:
        await anonymise_customer(ctx, customer_code=code, typed=show_code(CUSTOMER, code), actor=ADMIN)
    assert refused.value.code == "still_in_work"
    await change_status(ctx, ticket_code=found["code"], status="closed", actor=ADMIN)
    figures = await one(ctx, "SELECT count(*) FROM interaction")
    while await index_some(ctx):
        pass
    assert len(await where_it_stands(ctx, CANARY)) > 5
    for typed in ("", "yes", show_code(CUSTOMER, code + 1), "C-1"):
        with pytest.raises(NotPossible) as refused:
            await anonymise_customer(ctx, customer_code=code, typed=typed, actor=ADMIN)
        assert refused.value.code == "number_differs"
    with pytest.raises(NotPossible):
        await anonymise_customer(
            ctx,
            customer_code=code,
            typed=show_code(CUSTOMER, code),
            actor=Actor(name="S", role=Role.SUPERVISOR),
        )
    assert "search_entry" in await where_it_stands(ctx, CANARY)
    await anonymise_customer(ctx, customer_code=code, typed=show_code(CUSTOMER, code), actor=ADMIN)
    while await index_some(ctx):
        pass
    assert await where_it_stands(ctx, CANARY) == []
    assert await one(ctx, "SELECT count(*) FROM interaction") == figures
    assert await one(ctx, "SELECT name FROM customer WHERE code = $1", code) == show_code(CUSTOMER, code)
    assert await one(ctx, "SELECT subject FROM audit WHERE kind = 'customer_anonymised'") == show_code(
        CUSTOMER, code
    )
    # Whoever writes from there is somebody new.
    again = await ticket(ctx, await write(ctx, f"{CANARY.lower()}@mail.example"))
    assert again["customer_id"] != found["customer_id"]


async def as_it_stands(ctx: Context) -> dict[str, Counter[str]]:
    """Every row of every table, as a sum."""
    tables = await rows(
        ctx,
        """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' AND NOT c.relispartition""",
    )
    return {
        table["name"]: Counter(
            row["sum"] for row in await rows(ctx, f"SELECT md5(t::text) AS sum FROM {table['name']} t")
        )
        for table in tables
    }


async def of_files(ctx: Context) -> int:
    size = "SELECT (SELECT sum(size) FROM attachment) + coalesce((SELECT sum(size) FROM draft_file), 0)"
    return int(await one(ctx, size))


async def test_what_is_said_to_go_is_what_goes(ctx: Context) -> None:
    """Two who are one person, with something of everything; somebody else has some of it too, and the first speaks there."""
    mine = f"{CANARY.lower()}@mail.example"
    kept = await write(ctx, f"{CANARY} Li <{mine}>", f"I am {CANARY}", message_id="a@mail.example")
    await write(ctx, f"{CANARY} Li <{mine}>", f"I am {CANARY}", message_id="a@mail.example")
    found, twin = await ticket(ctx, kept), await a_closed_ticket(ctx, 10)
    other = await a_closed_ticket(ctx, 20, who="other@mail.example")
    code, gone = [
        await one(ctx, "SELECT code FROM customer WHERE id = $1", each["customer_id"])
        for each in (found, twin)
    ]
    await queue_reply(ctx, ticket_code=found["code"], actor=ADMIN, text=f"Dear {CANARY}")
    await one(ctx, "UPDATE outbox SET state = 'sent', settled_at = now() RETURNING 1")
    await ctx.database.run(
        lambda c: add_task(c, title=f"Ask {CANARY}", text=CANARY, ticket_id=found["id"], actor=ADMIN)
    )
    await everywhere(ctx, found)
    await one(
        ctx, "INSERT INTO participant (ticket_id, kind, value) VALUES ($1, 'email', $2) RETURNING 1", other["id"], mine
    )  # fmt: skip
    part = await one(
        ctx,
        """INSERT INTO inbound_raw (channel_id, external_key, content, received_at, state)
           SELECT channel_id, 'part', 'bytes', now(), 'read' FROM inbound_raw WHERE id = $1 RETURNING id""",
        kept.raw_id,
    )
    await one(
        ctx,
        """INSERT INTO gathering (raw_id, channel_id, part_of, said_in, filed_as)
           SELECT $2, channel_id, 'a', 'a', id FROM inbound_raw WHERE id = $1 RETURNING 1""",
        kept.raw_id, part,
    )  # fmt: skip
    await merge_customers_into(ctx, kept_code=code, gone_code=gone, actor=ADMIN)
    await change_status(ctx, ticket_code=found["code"], status="closed", actor=ADMIN)

    said, before, bytes_before = await standing_of(ctx, code), await as_it_stands(ctx), await of_files(ctx)
    assert list(said.codes) == [code, gone] and said.names[0] == f"{CANARY} Li"
    assert refusal_of(said) is None and not has_more(said) and said.elsewhere == 1
    assert min(getattr(said, one_) for one_ in COUNTED.values()) > 0, "there is something of everything"
    assert said.originals == 4, "two letters, a copy of one, and a part of it"
    await anonymise_customer(ctx, customer_code=code, typed=show_code(CUSTOMER, code), actor=ADMIN)
    after = await as_it_stands(ctx)
    touched = {table: (was - after[table]).total() for table, was in before.items() if was - after[table]}
    told = Counter[str]()
    for table, what in COUNTED.items():
        told[what] += touched.pop(table, 0)
    assert told == {what: getattr(said, what) for what in told}
    assert bytes_before - await of_files(ctx) == said.size
    assert touched.keys() == TOLD_IN_WORDS and touched["customer"] == len(said.codes)
    left = "SELECT count(*) FROM participant WHERE ticket_id = $1 AND value = $2"
    assert await one(ctx, left, other["id"], mine) == said.elsewhere
    again = await standing_of(ctx, code)
    assert (again.identities, again.files, again.size, again.originals, again.drafts) == (0, 0, 0, 0, 0)


async def test_what_speaks_against_it_is_said_before_somebody_asks_for_it(ctx: Context) -> None:
    kept = await write(ctx, "li@mail.example")
    found, other = await ticket(ctx, kept), await ticket(ctx, await write(ctx, "wang@mail.example"))
    code, kept_code = [
        await one(ctx, "SELECT code FROM customer WHERE id = $1", each["customer_id"])
        for each in (found, other)
    ]
    seen = []

    async def asked() -> None:
        refusal = refusal_of(await standing_of(ctx, code))
        assert refusal is not None
        with pytest.raises(NotPossible) as refused:
            await anonymise_customer(ctx, customer_code=code, typed=show_code(CUSTOMER, code), actor=ADMIN)
        assert (refused.value.code, str(refused.value)) == (refusal.code, str(refusal))
        seen.append(refusal.code)

    await asked()
    await set_hold(ctx, customer_code=code, reason="Case 12/26", actor=ADMIN)
    await asked()
    await lift_hold(ctx, customer_code=code, actor=ADMIN)
    await queue_reply(ctx, ticket_code=found["code"], actor=ADMIN, text="Soon")
    for each in (found, other):
        await change_status(ctx, ticket_code=each["code"], status="closed", actor=ADMIN)
    await asked()
    await one(ctx, "UPDATE outbox SET state = 'sent', settled_at = now() RETURNING 1")
    merged = await merge_customers_into(ctx, kept_code=kept_code, gone_code=code, actor=ADMIN)
    assert merged
    await asked()
    code = kept_code
    await anonymise_customer(ctx, customer_code=code, typed=show_code(CUSTOMER, code), actor=ADMIN)
    await asked()
    assert seen == ["still_in_work", "on_hold", "still_written_to", "merged_away", "anonymised"]
    with pytest.raises(NotFound):
        await standing_of(ctx, 99999999992)


async def test_no_more_is_counted_than_a_page_has_to_know(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await a_closed_ticket(ctx, 10)
    code = await one(ctx, "SELECT code FROM customer WHERE id = $1", old["customer_id"])
    whole = await standing_of(ctx, code)
    assert (whole.tickets, whole.entries, has_more(whole)) == (1, 2, False)
    monkeypatch.setattr(forget, "MOST_COUNTED", 0)
    cut = await standing_of(ctx, code)
    assert (cut.tickets, cut.entries, has_more(cut)) == (1, 1, True)


MANY = """
INSERT INTO customer (name) SELECT 'c' || n FROM generate_series(1, 3000) n;
UPDATE customer SET merged_into = id - 1 WHERE id % 10 = 0;
INSERT INTO identity (customer_id, kind, value, verified) SELECT id, 'email', 'c' || id || '@mail.example', true FROM customer;
INSERT INTO ticket (customer_id, subject, kind, queue_id, status, channel_id)
    SELECT id, 's', 'enquiry', (SELECT min(id) FROM queue), CASE id % 2 WHEN 0 THEN 'open' ELSE 'closed' END,
           (SELECT min(id) FROM channel) FROM customer;
INSERT INTO participant (ticket_id, kind, value) SELECT id, 'email', 'p' || id || '@mail.example' FROM ticket;
INSERT INTO interaction (ticket_id, seq, customer_id, kind, direction, text)
    SELECT t.id, n, t.customer_id, 'message', 'in', 'x' FROM ticket t, generate_series(1, 5) n;
ANALYZE;
"""


async def test_what_would_go_is_counted_by_indexes(ctx: Context, database_dsn: str) -> None:
    """With the settings of tests/rooms/test_queries.py. Of what there is much of no index is walked from end to end either."""
    await say(ctx)
    connection = await asyncpg.connect(database_dsn)
    await connection.execute(MANY)
    await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE q AS {privacy.SQL['standing_of']}")
    plan = [row[0] for row in await connection.fetch("EXPLAIN EXECUTE q(1, 100)")]
    await connection.close()
    much = r"ticket|interaction|attachment|inbound_raw|identity|participant|task|draft_file|survey_invitation"
    scans = [
        place for place, line in enumerate(plan) if re.search(rf"Index(?: Only)? Scan .*on (?:{much})", line)
    ]
    assert len(scans) > 10 and not any("Seq Scan" in line for line in plan)
    walked = [plan[place] for place in scans if "Index Cond:" not in plan[place + 1]]
    assert walked == [], "\n".join(plan)


async def test_a_hub_that_went_away_in_the_middle_is_followed_by_one_that_ends_it(ctx: Context) -> None:
    old = await a_closed_ticket(ctx, 10)
    code = await one(ctx, "SELECT code FROM customer WHERE id = $1", old["customer_id"])

    async def half(connection: Connection) -> None:
        from hub.actions.privacy.forget import forget_people

        await forget_people(connection, await privacy.lock_customer(connection, code), actor=ADMIN)

    await ctx.database.run(half)
    assert "interaction" in await where_it_stands(ctx, CANARY)
    while await finish_forgetting(ctx):
        pass
    assert await where_it_stands(ctx, CANARY) == []


async def test_customers_who_were_not_seen_for_long_are_forgotten_but_none_with_work_left(
    ctx: Context,
) -> None:
    gone, recent = await a_closed_ticket(ctx, 800), await a_closed_ticket(ctx, 20)
    busy = await ticket(
        ctx, await say(ctx, name="Busy", text="Hello", who=[("email", "busy@mail.example", True)])
    )
    await grow_old(ctx, busy["id"], 900)
    await switch_on(ctx, Kept.CUSTOMERS, 700)
    await nights(ctx)
    names = {row["id"]: row["name"] for row in await rows(ctx, "SELECT id, name FROM customer")}
    assert names[gone["customer_id"]].startswith("C-") and names[busy["customer_id"]] == "Busy"
    assert CANARY in names[recent["customer_id"]]
    assert (await ticket_row(ctx, gone["id"]))["subject"] == ""
    await change_status(ctx, ticket_code=busy["code"], status="closed", actor=ADMIN)
    await nights(ctx)
    assert (await one(ctx, "SELECT name FROM customer WHERE id = $1", busy["customer_id"])).startswith("C-")


async def test_who_wrote_or_was_put_on_hold_a_moment_ago_is_left_alone(ctx: Context) -> None:
    """A batch is looked at again once its tickets are locked."""
    old, opened, held = [await a_closed_ticket(ctx, days) for days in (400, 410, 420)]
    await change_status(ctx, ticket_code=opened["code"], status="open", actor=ADMIN)
    code = await one(ctx, "SELECT code FROM customer WHERE id = $1", held["customer_id"])
    await set_hold(ctx, customer_code=code, reason="Case 12/26", actor=ADMIN)
    ids = [row["id"] for row in (old, opened, held)]
    assert await ctx.database.run(lambda c: retention.still_old(c, ids, 365)) == [old["id"]]
