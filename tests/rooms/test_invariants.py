"""What tests and fault runs ask of a database at their end and at every commit is shown what is broken, and says so: a question
that is never shown a breach may be dead, and nobody would know."""

from typing import Any

import asyncpg
import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.floor.route import drain
from tests.fakes.crowd import BESIDE_A_FREE_AGENT, tickets_wait
from tests.fakes.invariants import (
    OVERFULL,
    check_every_commit,
    find_breaches,
    find_breaches_of_a_run,
    questions,
)
from tests.fakes.outside import Outside
from tests.fakes.scene import BOB, SYSTEM, a_hub, an_agent, one, say, ticket
from tests.fakes.sending import deliver_due

FIRST, LAST = "(SELECT min(id) FROM ticket)", "(SELECT max(id) FROM ticket)"
_CLOCK = """INSERT INTO sla_clock (ticket_id, target, cycle, because, minutes, calendar, warn_share, escalates, named_by,
                                   rules_version, version, started_at, since, ended_at, state, breached_at) VALUES """
_RAW = """INSERT INTO inbound_raw (channel_id, external_key, content, received_at, state, duplicate_of)
          SELECT channel_id, 'x', '', now(), """
_FIRED = "INSERT INTO timer (kind, ticket_id, due_at, version, fired_at) SELECT 'close_resolved', "
_TOLD = "INSERT INTO event (ticket_id, seq, kind, data) SELECT "

BREACHES = (
    ("I1: an accepted item has no end", "UPDATE inbound_raw SET state = 'received'"),
    ("I1: a read item is on no timeline", "UPDATE inbound_raw SET ticket_id = ticket_id + 1"),
    ("I1: a read item is on no timeline", "UPDATE inbound_raw SET interaction_id = 1"),
    ("I1: a duplicate is of nothing that was kept", f"{_RAW} 'duplicate', 1 FROM inbound_raw LIMIT 1"),
    (
        "I1: a duplicate is of nothing that was kept",
        f"{_RAW} 'duplicate', id FROM inbound_raw; UPDATE inbound_raw SET duplicate_of = id WHERE external_key = 'x'",
    ),
    ("I1: quarantined without a reason", f"{_RAW} 'quarantined', NULL FROM inbound_raw LIMIT 1"),
    ("I1: a key without its item, or an item without its key", "DELETE FROM inbound_key"),
    ("I1: a key without its item, or an item without its key", "DELETE FROM inbound_raw"),
    (
        "I2: one item twice on the timeline",
        """INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, text, raw_id)
           SELECT ticket_id, 100, customer_id, channel_id, kind, direction, text, raw_id FROM interaction
           WHERE direction = 'in'""",
    ),
    (
        "I2: an entry from outside whose item is not the one that was read",
        "UPDATE interaction SET raw_id = NULL WHERE direction = 'in'",
    ),
    (
        "a question about a ticket, and another's",
        f"""INSERT INTO survey_invitation (ticket_id, resolution, kind, channel_id, address, token_hash, expires_at,
                                           customer_id)
            SELECT t.id, 1, 'rating', t.channel_id, 'a', '1', now(), o.customer_id FROM ticket t, ticket o
            WHERE t.id = {FIRST} AND o.id = {LAST}""",
    ),
    ("put off, and nobody's or done", "UPDATE ticket SET snoozed_until = now(), assignee_id = NULL"),
    ("put off, and nobody's or done", "UPDATE ticket SET snoozed_until = now(), status = 'resolved'"),
    ("I6: a ledger with gaps or repeats", "UPDATE ticket SET seq = seq + 1"),
    ("I6: a ledger with gaps or repeats", "DELETE FROM event WHERE seq = 1"),
    ("I6: a ledger with gaps or repeats", "UPDATE event SET seq = 0 WHERE seq = 1"),
    (
        "I6: a timeline whose ids and numbers are not in the same order",
        "UPDATE interaction SET seq = 0 WHERE direction = 'out'",
    ),
    (
        "I6: a later reply is on its way or has left before an earlier one",
        """UPDATE outbox SET state = 'queued';
           INSERT INTO outbox (ticket_id, interaction_id, channel_id, message, state)
           SELECT ticket_id, 1, channel_id, message, 'sent' FROM outbox""",
    ),
    (
        "I7: not exactly one active assignment for whoever holds a ticket",
        "UPDATE assignment SET ended_at = now()",
    ),
    (
        "I7: not exactly one active assignment for whoever holds a ticket",
        "UPDATE ticket SET assignee_id = NULL",
    ),
    (
        "I7: not exactly one active assignment for whoever holds a ticket",
        # The schema forbids it.
        """DROP INDEX assignment_active;
           INSERT INTO assignment (ticket_id, agent_id) SELECT ticket_id, agent_id FROM assignment WHERE ended_at IS NULL""",
    ),
    (
        "an agent's load is not the sum of what their tickets count, those that can be put aside and the live ones",
        "UPDATE agent SET load = load + 1",
    ),
    (
        "an agent's load is not the sum of what their tickets count, those that can be put aside and the live ones",
        "UPDATE agent SET live_load = live_load + 1",
    ),
    ("a live conversation whose silence nobody would notice, or one that is over", "UPDATE ticket SET live = true"),
    (
        "I7: a ticket that is offered without an open offer, to somebody else, or while somebody has it",
        "UPDATE ticket SET offered_to = (SELECT min(id) FROM agent)",
    ),
    (
        "I7: a ticket that is offered without an open offer, to somebody else, or while somebody has it",
        f"INSERT INTO offer (ticket_id, agent_id, expires_at) SELECT {LAST}, min(id), now() FROM agent",
    ),
    (
        "I8: an offer whose end is not told once",
        f"""INSERT INTO offer (ticket_id, agent_id, expires_at, state, settled_at)
            SELECT {LAST}, min(id), now(), 'expired', now() FROM agent""",
    ),
    (
        "I13: an entry of the timeline that its ledger does not tell",
        "UPDATE event SET data = data - 'interaction' WHERE kind = 'ticket_opened'",
    ),
    ("I13: the status is not the last one that the ledger tells", "UPDATE ticket SET status = 'resolved'"),
    ("I13: the holder is not the last one that the ledger tells", "UPDATE ticket SET assignee_id = NULL"),
    ("I13: the state of a reply is not the last one that the ledger tells", "UPDATE outbox SET state = 'failed'"),
    (
        "I13: what hangs on an entry is on another ticket than the entry",
        f"UPDATE outbox SET ticket_id = {LAST}",
    ),
    (
        "I13: what hangs on an entry is on another ticket than the entry",
        f"INSERT INTO cited_ref (ref, interaction_id, ticket_id) SELECT 'x', id, {LAST} FROM interaction",
    ),
    (
        "I13: what hangs on an entry is on another ticket than the entry",
        f"""INSERT INTO blob (sha256, data) VALUES ('1', '1');
            INSERT INTO attachment (interaction_id, ticket_id, filename, content_type, size, sha256)
            SELECT id, {LAST}, 'x', 'x', 1, '1' FROM interaction""",
    ),
    (
        "I13: a move that is not undone, of entries that are neither where it put them nor moved on",
        f"""INSERT INTO move (source_id, target_id, split, by_name, source_was, source_became, target_was, target_became,
                              target_seq)
            SELECT {FIRST}, {LAST}, false, 'x', 'open', 'open', 'open', 'open', 1;
            INSERT INTO moved_entry (move_id, interaction_id, from_seq, to_seq)
            SELECT m.id, i.id, 1, 9 FROM move m, interaction i""",
    ),
    (
        "a ticket into which another was merged is merged itself, or the one that was merged is not closed",
        f"UPDATE ticket SET merged_into = {LAST} WHERE id = {FIRST}",
    ),
    (
        "a ticket into which another was merged is merged itself, or the one that was merged is not closed",
        f"UPDATE ticket SET merged_into = {LAST}, status = 'closed'",
    ),
    (
        "an open ticket that waits for nobody knows how long, or another that waits",
        "UPDATE ticket SET waiting_since = NULL",
    ),
    (
        "an open ticket that waits for nobody knows how long, or another that waits",
        "UPDATE ticket SET waiting_since = now() WHERE status = 'pending'",
    ),
    (
        "a verified identity of two customers",
        # The schema forbids it.
        """DROP INDEX identity_verified;
           INSERT INTO identity (customer_id, kind, value, verified)
           SELECT c.id, i.kind, i.value, true FROM identity i, customer c WHERE c.id <> i.customer_id""",
    ),
    (
        "an entry on another customer's timeline than its ticket's",
        "UPDATE interaction SET customer_id = (SELECT max(id) FROM customer)",
    ),
    (
        "I8: a clock that does not go with its ticket",
        f"{_CLOCK} ({LAST}, 'resolution', 99, 'x', 1, '', 0, false, '', 1, 1, now(), now(), now(), 'met', NULL)",
    ),
    (
        "I8: a clock that does not go with its ticket",
        f"""UPDATE ticket SET status = 'closed';
            {_CLOCK} ({LAST}, 'next_response', 99, 'x', 1, '', 0, false, '', 1, 1, now(), now(), NULL, 'running', NULL)""",
    ),
    (
        "I8: a ledger of a clock with a gap, or with a time that counts twice",
        f"""{_CLOCK} ({LAST}, 'next_response', 99, 'x', 1, '', 0, false, '', 1, 1, now() - interval '1 hour', now(), now(),
                      'met', NULL)""",
    ),
    (
        "I8: the same said twice of one deadline",
        f"""{_TOLD} {LAST}, 100 + n, 'sla_warning', '{{"target": "x", "cycle": 1, "version": 1}}'
            FROM generate_series(1, 2) AS n""",
    ),
    (
        "I8: a breach that nobody was told of, or one that is told of a target that was kept",
        f"{_CLOCK} ({LAST}, 'next_response', 99, 'x', 1, '', 0, false, '', 1, 1, now(), now(), now(), 'missed', now())",
    ),
    (
        "I8: a breach that nobody was told of, or one that is told of a target that was kept",
        f"{_CLOCK} ({LAST}, 'next_response', 99, 'x', 1, '', 0, false, '', 1, 1, now(), now(), now(), 'missed', NULL)",
    ),
    (
        "a task of which its ticket's ledger does not tell, or whose list of steps does not go with its version",
        f"""INSERT INTO task (title, ticket_id) SELECT 'x', {LAST};
            INSERT INTO task_step (task_id, what) SELECT id, 'made' FROM task""",
    ),
    (
        "a task of which its ticket's ledger does not tell, or whose list of steps does not go with its version",
        "INSERT INTO task (title) VALUES ('x')",
    ),
    (
        "a closed or open ticket with a timer still running",
        f"INSERT INTO timer (kind, ticket_id, due_at, version) SELECT 'close_resolved', {LAST}, now(), 99",
    ),
    (OVERFULL, "UPDATE agent SET capacity = 0"),
    (OVERFULL, "UPDATE agent SET live_load = live_capacity + 1"),
    (
        "I2: a conversation that was begun while the one before it was open",
        "UPDATE ticket SET thread_key = 'k', channel_id = (SELECT min(channel_id) FROM ticket)",
    ),
    (
        "I8: a timer that fired before it was due",
        f"{_FIRED} {LAST}, now() + interval '1 hour', 99, now()",
    ),
    ("I8: a ticket that was closed by itself more often, or less, than a timer said so", f"{_FIRED} {LAST}, now(), 99, now()"),
    (
        "I8: a ticket that was closed by itself more often, or less, than a timer said so",
        f"""{_FIRED} {LAST}, now(), 99, now();
            {_TOLD} {LAST}, 100 + n, 'status_changed', '{{"to": "closed"}}' FROM generate_series(1, 2) AS n""",
    ),
    *(
        (
            "I9: the fate of an answer, written down by somebody who did not have it",
            f"""{_TOLD} ticket_id, 100, kind, data || '{{"state": "{again}"}}' FROM event
                WHERE kind = 'delivery_changed' AND data->>'state' = 'sent'""",
        )
        for again in ("sending", "sent", "uncertain", "failed", "queued")
    ),
)  # fmt: skip
"""(what the checker must say, what is done to a database in which everything is in order)."""


async def _in_order(ctx: Context) -> None:
    """Two customers and an agent: one was answered, the other waits for an answer."""
    await an_agent(ctx, "ann")
    first = await ticket(ctx, await say(ctx, who=BOB, key="k1", reply_address="a"))
    eve = [("email", "eve@example.com", True)]
    await say(ctx, who=eve, key="k2", reply_address="b")
    await drain(ctx)
    await queue_reply(ctx, ticket_code=first["code"], actor=SYSTEM, text="Yes.")
    assert await deliver_due(ctx, {"plain": Outside()}) == 1


def test_every_question_of_the_checker_is_shown_a_breach() -> None:
    assert {what for what, _ in BREACHES} == set(questions())


async def test_the_checker_says_what_is_broken_in_the_database_and_nothing_where_nothing_is(
    database_dsn: str,
) -> None:
    """Each breach in a transaction of its own, which is taken back."""
    async with a_hub(database_dsn) as ctx:
        await _in_order(ctx)
    connection = await asyncpg.connect(database_dsn)
    overlooked = []
    for what, sql in BREACHES:
        assert await _found(connection) == set()
        bent = connection.transaction()
        await bent.start()
        await connection.execute(sql)
        if what not in await _found(connection):
            overlooked.append((what, sql))
        await bent.rollback()
    assert overlooked == []
    await connection.close()


async def _found(connection: "asyncpg.Connection[Any]") -> set[str]:
    found = await find_breaches(connection) + await find_breaches_of_a_run(connection)
    return {what for what, _ in found}


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE ticket SET weight = 3", "load 1 of 8 holds 3"),
        ("UPDATE ticket SET status = 'resolved' WHERE status = 'open'", "load 1 of 8 holds 0"),
        ("UPDATE agent SET capacity = 0; UPDATE ticket SET weight = weight", "load 1 of 0 holds 1"),
        (
            """INSERT INTO assignment (ticket_id, agent_id)
               SELECT ticket_id, agent_id FROM assignment WHERE ended_at IS NULL LIMIT 1""",
            "is given to",
        ),
    ],
)
async def test_what_is_wrong_at_a_commit_is_not_committed(database_dsn: str, sql: str, why: str) -> None:
    async with a_hub(database_dsn) as ctx:
        await check_every_commit(ctx.database, unguarded=True)
        await _in_order(ctx)
        with pytest.raises(asyncpg.RaiseError, match=f"at commit: .*{why}"):
            await ctx.database.run(lambda c: c.execute(sql))


async def test_a_ticket_beside_a_free_agent_is_seen_and_one_that_must_wait_is_not(ctx: Context) -> None:
    await tickets_wait(ctx, 1)
    agent = await an_agent(ctx, "ann", capacity=1)
    assert await one(ctx, BESIDE_A_FREE_AGENT) == 1
    for sql in (
        "UPDATE agent SET presence = 'away'", "UPDATE agent SET active = false", "UPDATE agent SET load = 1",
        "UPDATE agent SET live_load = live_capacity", "UPDATE agent SET wrap_until = clock_timestamp() + interval '1 hour'",
        f"UPDATE ticket SET declined_by = {agent}", "UPDATE ticket SET status = 'pending'",
        "UPDATE ticket SET required_language = 'zh'", "UPDATE ticket SET required_skills = '{x}'",
    ):  # fmt: skip
        connection = await ctx.database.connect_alone()
        bent = connection.transaction()
        await bent.start()
        await connection.execute(sql)
        assert await connection.fetchval(BESIDE_A_FREE_AGENT) == 0, sql
        await bent.rollback()
        await connection.close()
