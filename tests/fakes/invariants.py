"""What must hold in the database whatever happened before: asked at the end of a test, and at every commit."""

from collections.abc import Sequence
from typing import Any

from storage.database import Connection, Database

# (what is wrong, query that finds it). Every query returns the offenders and must return none.
_WRONG = (
    (
        "I1: an accepted item has no end",
        "SELECT id, state FROM inbound_raw WHERE state NOT IN ('read', 'duplicate', 'quarantined', 'discarded')",
    ),
    (
        "I1: a read item is on no timeline",
        """SELECT r.id FROM inbound_raw r WHERE r.state = 'read'
           AND NOT EXISTS (SELECT 1 FROM interaction i WHERE i.id = r.interaction_id AND i.ticket_id = r.ticket_id
                           AND i.raw_id = coalesce((SELECT filed_as FROM gathering WHERE raw_id = r.id), r.id))""",
    ),
    (
        "I1: a duplicate is of nothing that was kept",
        """SELECT r.id FROM inbound_raw r WHERE r.state = 'duplicate' AND NOT EXISTS
           (SELECT 1 FROM inbound_raw o WHERE o.id = r.duplicate_of AND o.id <> r.id AND o.state <> 'duplicate')""",
    ),
    ("I1: quarantined without a reason", "SELECT id FROM inbound_raw WHERE state = 'quarantined' AND error = ''"),
    (
        "I1: a key without its item, or an item without its key",
        """SELECT k.key, r.id FROM inbound_key k FULL JOIN inbound_raw r ON r.id = k.raw_id
           WHERE k.raw_id IS NULL OR r.id IS NULL""",
    ),
    (
        "I2: one item twice on the timeline",
        "SELECT raw_id FROM interaction WHERE raw_id IS NOT NULL GROUP BY raw_id HAVING count(*) > 1",
    ),
    (
        "I2: an entry from outside whose item is not the one that was read",
        """SELECT i.id FROM interaction i LEFT JOIN inbound_raw r ON r.id = i.raw_id
           WHERE i.direction = 'in' AND (r.id IS NULL OR r.state <> 'read' OR r.interaction_id <> i.id)""",
    ),
    (
        "a question about a ticket, and another's",
        "SELECT s.id FROM survey_invitation s JOIN ticket t ON t.id = s.ticket_id WHERE s.customer_id <> t.customer_id",
    ),
    (
        "put off, and nobody's or done",
        """SELECT code FROM ticket WHERE snoozed_until IS NOT NULL
           AND (assignee_id IS NULL OR status NOT IN ('open', 'pending'))""",
    ),
    (
        "I6: a ledger with gaps or repeats",
        """SELECT t.id, t.seq, count(e.id), max(e.seq) FROM ticket t LEFT JOIN event e ON e.ticket_id = t.id
           GROUP BY t.id HAVING count(e.id) <> t.seq OR count(DISTINCT e.seq) <> t.seq OR max(e.seq) <> t.seq
                             OR min(e.seq) <> 1""",
    ),
    (
        "I6: a timeline whose ids and numbers are not in the same order",
        """SELECT ticket_id FROM (SELECT ticket_id, seq, lag(seq) OVER (PARTITION BY ticket_id ORDER BY id) AS before
                                  FROM interaction i WHERE NOT EXISTS (
                                      -- what people moved keeps its time and gets a new number
                                      SELECT 1 FROM moved_entry e WHERE e.interaction_id = i.id AND e.to_seq = i.seq)) i
           WHERE before >= seq""",
    ),
    (
        "I6: a later reply is on its way or has left before an earlier one",
        """SELECT later.id FROM outbox later JOIN outbox earlier USING (ticket_id)
           WHERE earlier.id < later.id AND earlier.state IN ('queued', 'sending') AND later.state IN ('sending', 'sent')
             AND NOT EXISTS (SELECT 1 FROM moved_entry e WHERE e.interaction_id = later.interaction_id)
             -- unless it had come to an end, and a person sent it again
             AND NOT EXISTS (SELECT 1 FROM event e WHERE e.ticket_id = earlier.ticket_id AND e.kind = 'delivery_changed'
                             AND e.data->>'interaction' = earlier.interaction_id::text
                             AND e.data->>'state' IN ('failed', 'uncertain'))""",
    ),
    (
        "I7: not exactly one active assignment for whoever holds a ticket",
        """SELECT t.id, t.assignee_id, a.agents FROM ticket t CROSS JOIN LATERAL (
               SELECT array_agg(agent_id) AS agents FROM assignment WHERE ticket_id = t.id AND ended_at IS NULL) a
           WHERE a.agents IS DISTINCT FROM CASE WHEN t.assignee_id IS NOT NULL THEN ARRAY[t.assignee_id] END""",
    ),
    (
        "an agent's load is not the sum of what their tickets count, those that can be put aside and the live ones",
        """SELECT a.login, a.load, a.live_load, h.load, h.live_load FROM agent a CROSS JOIN LATERAL (
               SELECT coalesce(sum(t.held) FILTER (WHERE NOT t.live), 0) AS load,
                      coalesce(sum(t.held) FILTER (WHERE t.live), 0) AS live_load
               FROM ticket t WHERE coalesce(t.assignee_id, t.offered_to) = a.id) h
           WHERE (a.load, a.live_load) <> (h.load, h.live_load)""",
    ),
    (
        "a live conversation whose silence nobody would notice, or one that is over",
        """SELECT t.id, t.status FROM ticket t WHERE t.live AND (t.status NOT IN ('open', 'pending') OR NOT EXISTS (
               SELECT 1 FROM timer m WHERE m.ticket_id = t.id AND m.kind = 'live_silence'
               AND m.fired_at IS NULL AND m.cancelled_at IS NULL))""",
    ),
    (
        "I7: a ticket that is offered without an open offer, to somebody else, or while somebody has it",
        """SELECT t.id, t.offered_to, t.assignee_id, o.agent_id FROM ticket t
           FULL JOIN (SELECT * FROM offer WHERE state = 'offered') o ON o.ticket_id = t.id
           WHERE t.offered_to IS DISTINCT FROM o.agent_id OR t.offered_to IS NOT NULL AND t.assignee_id IS NOT NULL
              OR t.offered_to IS NOT NULL AND t.status <> 'open'""",
    ),
    (
        "I8: an offer whose end is not told once",
        """SELECT o.id, o.state, e.told FROM offer o CROSS JOIN LATERAL (
               SELECT count(*) AS told FROM event WHERE ticket_id = o.ticket_id AND kind = 'offer_settled'
               AND data->>'offer' = o.id::text) e
           WHERE e.told <> (o.state IN ('declined', 'expired'))::int AND o.state <> 'withdrawn'""",
    ),
    (
        "I13: an entry of the timeline that its ledger does not tell",
        """SELECT i.id FROM interaction i WHERE NOT EXISTS (
               SELECT 1 FROM event e WHERE e.ticket_id = i.ticket_id AND e.seq = i.seq
               AND e.kind = CASE WHEN i.seq = 1 THEN 'ticket_opened'
                                 WHEN i.kind = 'survey' AND i.direction = 'out' THEN 'survey_sent'
                                 WHEN i.kind = 'survey' THEN 'survey_answered'
                                 WHEN i.revises IS NOT NULL THEN 'interaction_revised' ELSE 'interaction_added' END
               AND e.data->>'interaction' = i.id::text AND e.data->>'direction' = i.direction)""",
    ),
    (
        "I13: the status is not the last one that the ledger tells",
        """SELECT t.id, t.status, e.told FROM ticket t JOIN LATERAL (
               SELECT data->>'to' AS told FROM event WHERE ticket_id = t.id AND kind = 'status_changed'
               ORDER BY seq DESC LIMIT 1) e ON true WHERE e.told <> t.status""",
    ),
    (
        "I13: the holder is not the last one that the ledger tells",
        """SELECT t.id, t.assignee_id, e.told FROM ticket t LEFT JOIN LATERAL (
               SELECT CASE WHEN kind = 'ticket_assigned' THEN (data->>'agent')::bigint END AS told FROM event
               WHERE ticket_id = t.id AND kind IN ('ticket_assigned', 'ticket_released')
               ORDER BY seq DESC LIMIT 1) e ON true WHERE e.told IS DISTINCT FROM t.assignee_id""",
    ),
    (
        "I13: the state of a reply is not the last one that the ledger tells",
        """SELECT o.id, o.state, e.told FROM outbox o LEFT JOIN LATERAL (
               SELECT data->>'state' AS told FROM event WHERE ticket_id = o.ticket_id AND kind = 'delivery_changed'
               AND data->>'interaction' = o.interaction_id::text ORDER BY seq DESC LIMIT 1) e ON true
           WHERE coalesce(e.told, 'queued') <> o.state""",
    ),
    (
        "I13: what hangs on an entry is on another ticket than the entry",
        """SELECT i.id FROM interaction i
           LEFT JOIN attachment a ON a.interaction_id = i.id LEFT JOIN outbox o ON o.interaction_id = i.id
           LEFT JOIN cited_ref c ON c.interaction_id = i.id
           WHERE i.ticket_id <> coalesce(a.ticket_id, i.ticket_id) OR i.ticket_id <> coalesce(o.ticket_id, i.ticket_id)
              OR i.ticket_id <> coalesce(c.ticket_id, i.ticket_id)""",
    ),
    (
        "I13: a move that is not undone, of entries that are neither where it put them nor moved on",
        """SELECT m.id, e.interaction_id FROM move m JOIN moved_entry e ON e.move_id = m.id
           JOIN interaction i ON i.id = e.interaction_id
           WHERE m.undone_at IS NULL AND (i.ticket_id <> m.target_id OR i.seq <> e.to_seq)
             AND NOT EXISTS (SELECT 1 FROM moved_entry n JOIN move l ON l.id = n.move_id
                             WHERE n.interaction_id = e.interaction_id AND l.id > m.id)""",
    ),
    (
        "a ticket into which another was merged is merged itself, or the one that was merged is not closed",
        """SELECT t.id FROM ticket t JOIN ticket o ON o.id = t.merged_into
           WHERE t.status <> 'closed' OR o.merged_into IS NOT NULL""",
    ),
    (
        "an open ticket that waits for nobody knows how long, or another that waits",
        "SELECT id, status, waiting_since FROM ticket WHERE (status = 'open') <> (waiting_since IS NOT NULL)",
    ),
    (
        "a verified identity of two customers",
        "SELECT kind, value FROM identity WHERE verified GROUP BY kind, value HAVING count(*) > 1",
    ),
    (
        "an entry on another customer's timeline than its ticket's",
        "SELECT i.id FROM interaction i JOIN ticket t ON t.id = i.ticket_id WHERE i.customer_id <> t.customer_id",
    ),
    (
        "I8: a clock that does not go with its ticket",
        """SELECT t.id, t.status, c.target, c.state, c.because FROM ticket t JOIN sla_clock c ON c.ticket_id = t.id
           WHERE CASE WHEN c.target = 'resolution' AND c.because <> 'not_promised'
                      THEN (t.status = 'open') <> (c.state = 'running') OR (t.status = 'pending') <> (c.state = 'paused')
                      ELSE c.state IN ('running', 'paused') AND t.status IN ('resolved', 'closed') END""",
    ),
    (
        "I8: a ledger of a clock with a gap, or with a time that counts twice",
        """SELECT c.ticket_id, c.target, c.cycle, s.place FROM sla_clock c LEFT JOIN LATERAL (
               SELECT p.*, lag(p.until) OVER w AS before, row_number() OVER w AS n, lead(p.since) OVER w AS next
               FROM sla_segment p WHERE (p.ticket_id, p.target, p.cycle) = (c.ticket_id, c.target, c.cycle)
               WINDOW w AS (ORDER BY p.place)) s ON true
           WHERE CASE WHEN s.place IS NULL THEN c.started_at <> c.since
                      ELSE s.place <> s.n OR s.since <> coalesce(s.before, c.started_at) OR s.until <> coalesce(s.next, c.since)
                 END""",
    ),
    (
        "I8: the same said twice of one deadline",
        """SELECT ticket_id, kind, data FROM (
               SELECT *, count(*) OVER (PARTITION BY ticket_id, kind, data->>'target', data->>'cycle', data->>'version') AS n
               FROM event WHERE kind IN ('sla_warning', 'sla_breached')) e WHERE n > 1""",
    ),
    (
        "I8: a breach that nobody was told of, or one that is told of a target that was kept",
        """SELECT c.ticket_id, c.target, c.state, e.told FROM sla_clock c JOIN LATERAL (
               SELECT count(*) AS told FROM event e WHERE e.ticket_id = c.ticket_id AND e.kind = 'sla_breached'
               AND e.data->>'target' = c.target AND e.data->>'cycle' = c.cycle::text) e ON true
           WHERE c.breached_at IS NOT NULL AND e.told = 0 OR c.state = 'missed' AND c.breached_at IS NULL""",
    ),
    (
        "a task of which its ticket's ledger does not tell, or whose list of steps does not go with its version",
        """SELECT t.id FROM task t
           WHERE t.version <> (SELECT count(*) FROM task_step s WHERE s.task_id = t.id AND s.what <> 'commented')
           OR t.ticket_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM event e WHERE e.ticket_id = t.ticket_id
               AND e.kind = 'task_added' AND e.data->>'task' = t.id::text)""",
    ),
    (
        "a closed or open ticket with a timer still running",
        """SELECT t.id, m.kind FROM timer m JOIN ticket t ON t.id = m.ticket_id
           WHERE m.fired_at IS NULL AND m.cancelled_at IS NULL
             AND CASE m.kind WHEN 'live_silence' THEN NOT t.live ELSE t.status <> 'resolved' END""",
    ),
)  # fmt: skip

# The same of a run in which customers and hubs do what they do, and no person moves, splits, merges or closes anything by hand.
_WRONG_AFTER_A_RUN = (
    (
        "I2: a conversation that was begun while the one before it was open",
        """SELECT b.id, b.before FROM (
               SELECT id, created_at, lag(id) OVER (PARTITION BY channel_id, thread_key ORDER BY id) AS before
               FROM ticket WHERE thread_key <> '') b
           WHERE b.before IS NOT NULL AND coalesce((
               SELECT e.data->>'to' FROM event e WHERE e.ticket_id = b.before AND e.kind = 'status_changed'
               AND e.at <= b.created_at ORDER BY e.seq DESC LIMIT 1), 'open') <> 'closed'""",
    ),
    (
        "I8: a timer that fired before it was due",
        "SELECT id, kind, due_at, fired_at FROM timer WHERE fired_at < due_at - interval '1 second'",
    ),
    (
        "I8: a ticket that was closed by itself more often, or less, than a timer said so",
        """SELECT ticket_id, f.fired, c.closed FROM (
               SELECT ticket_id, count(*) AS fired FROM timer
               WHERE kind = 'close_resolved' AND fired_at IS NOT NULL GROUP BY 1) f
           FULL JOIN (SELECT ticket_id, count(*) AS closed FROM event
                      WHERE kind = 'status_changed' AND data->>'to' = 'closed' AND agent_id IS NULL GROUP BY 1) c
           USING (ticket_id) WHERE f.fired IS DISTINCT FROM c.closed""",
    ),
    (
        "I9: the fate of an answer, written down by somebody who did not have it",
        """SELECT ticket_id, interaction, before, state FROM (
               SELECT ticket_id, data->>'interaction' AS interaction, data->>'state' AS state,
                      lag(data->>'state') OVER (PARTITION BY ticket_id, data->>'interaction' ORDER BY seq) AS before
               FROM event WHERE kind = 'delivery_changed') e
           WHERE CASE state WHEN 'sending' THEN coalesce(before, 'queued') <> 'queued'
                            WHEN 'failed' THEN before IN ('sent', 'uncertain', 'failed')
                            ELSE before IS DISTINCT FROM 'sending' END""",
    ),
)  # fmt: skip

OVERFULL = "more than there is room for"
MOST_OF_EACH = 5
_OVERFULL = """SELECT login, load, capacity, live_load, live_capacity FROM agent
               WHERE load > capacity OR live_load > live_capacity"""

_AT_EVERY_COMMIT = """
-- Asked for every row of every transaction: by an index, or ten thousand of them take minutes.
CREATE INDEX check_holder ON ticket (coalesce(assignee_id, offered_to)) INCLUDE (held, live) WHERE held > 0;
-- Commits come here one by one, or of two at the same moment neither would see what the other does. Nothing is locked after it.
CREATE FUNCTION check_alone() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_xact_lock(1128808772)';
CREATE FUNCTION check_load() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong text;
BEGIN
    PERFORM check_alone();
    SELECT string_agg(format('%s load %s of %s holds %s, live %s of %s holds %s', a.login, a.load, a.capacity, n.load,
                             a.live_load, a.live_capacity, n.live_load), '; ')
    INTO wrong
    FROM agent a CROSS JOIN LATERAL (
        SELECT coalesce(sum(held) FILTER (WHERE NOT live), 0) AS load, coalesce(sum(held) FILTER (WHERE live), 0) AS live_load
        FROM ticket WHERE coalesce(assignee_id, offered_to) = a.id AND held > 0) n
    WHERE a.id IN (NEW.assignee_id, OLD.assignee_id, NEW.offered_to, OLD.offered_to)
      AND ((a.load, a.live_load) <> (n.load, n.live_load) OR {too_much});
    IF wrong IS NOT NULL THEN RAISE EXCEPTION 'at commit: %', wrong; END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER check_load AFTER UPDATE OF assignee_id, offered_to, status, live, weight ON ticket
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_load();
CREATE FUNCTION check_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    holders bigint[];
BEGIN
    PERFORM check_alone();
    SELECT array_agg(agent_id) INTO holders FROM assignment WHERE ticket_id = NEW.ticket_id AND ended_at IS NULL;
    IF cardinality(holders) > 1 THEN RAISE EXCEPTION 'at commit: ticket % is given to %', NEW.ticket_id, holders; END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER check_once AFTER INSERT OR UPDATE ON assignment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_once();
"""
_WITHOUT_ITS_GUARD = """
DROP INDEX assignment_active;
CREATE INDEX assignment_active ON assignment (ticket_id) WHERE ended_at IS NULL;
"""


async def check_every_commit(database: Database, *, by_hand: bool = False, unguarded: bool = False) -> None:
    """From now on a transaction that leaves an agent's load wrong, or a ticket with two holders, cannot commit. `by_hand`:
    people may overfill an agent. `unguarded`: no index forbids a second holder, so that it is hubs that are tried."""
    sql = _AT_EVERY_COMMIT.replace(
        "{too_much}", "false" if by_hand else "a.load > a.capacity OR a.live_load > a.live_capacity"
    ) + (_WITHOUT_ITS_GUARD if unguarded else "")
    await database.run(lambda c: c.execute(sql))


async def assert_invariants(database: Database, *, waiting: bool = False, by_hand: bool = False) -> None:
    """`waiting`: items may still wait to be read. `by_hand`: people may have given an agent more than there is room for."""

    found = await database.read(lambda c: find_breaches(c, waiting=waiting, by_hand=by_hand))
    assert not found, found


async def find_breaches(
    connection: Connection, *, waiting: bool = False, by_hand: bool = False
) -> list[tuple[str, dict[str, Any]]]:
    """What `assert_invariants` says no to: (what is wrong, a row where it is), five rows of each at the most."""
    asked = [
        (what, query)
        for what, query in _WRONG
        if not (waiting and what.startswith("I1: an accepted item has no end"))
    ]
    return await _offenders(connection, asked if by_hand else [*asked, (OVERFULL, _OVERFULL)])


async def find_breaches_of_a_run(connection: Connection) -> list[tuple[str, dict[str, Any]]]:
    """Beside those: what people might do, and nobody has done in a fault run."""
    return await _offenders(connection, _WRONG_AFTER_A_RUN)


def questions() -> list[str]:
    """What is asked: all that the two may say is wrong."""
    return [what for what, _ in (*_WRONG, *_WRONG_AFTER_A_RUN)] + [OVERFULL]


async def _offenders(
    connection: Connection, asked: Sequence[tuple[str, str]]
) -> list[tuple[str, dict[str, Any]]]:
    return [
        (what, dict(row)) for what, query in asked for row in (await connection.fetch(query))[:MOST_OF_EACH]
    ]
