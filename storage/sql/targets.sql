-- What was promised to customers: clocks, their segments, and which rules they go by. Whoever writes holds the tickets' rows.

-- name: agree_on_rules
-- One at a time: the newest number is that of whoever came last with something else.
WITH newest AS (SELECT coalesce(max(version), 0) AS version FROM sla_rules)
INSERT INTO sla_rules (fingerprint, version) SELECT $1, newest.version + 1 FROM newest
ON CONFLICT (fingerprint) DO UPDATE
SET version = excluded.version, agreed_at = excluded.agreed_at WHERE sla_rules.version < excluded.version - 1
RETURNING version

-- name: lock_rules
LOCK TABLE sla_rules IN SHARE ROW EXCLUSIVE MODE

-- name: facts
-- What a promise depends on, as the running transaction sees it; the tickets of which the same is true together.
SELECT array_agg(t.id) AS ticket_ids, t.status, t.kind, coalesce(t.promised_priority, t.priority) AS priority, q.name AS queue,
       ch.name AS channel, ch.kind AS channel_kind, cu.key_account OR coalesce(o.key_account, false) AS key_account,
       coalesce(nullif(cu.segment, ''), o.segment, '') AS segment,
       t.merged_into IS NOT NULL AS merged,
       coalesce((SELECT version FROM sla_rules WHERE fingerprint = $2), 0) AS rules_version, statement_timestamp() AS now
FROM ticket t
JOIN queue q ON q.id = t.queue_id
JOIN channel ch ON ch.id = t.channel_id
JOIN customer cu ON cu.id = t.customer_id
LEFT JOIN organisation o ON o.id = cu.organisation_id
WHERE t.id = ANY($1::bigint[])
GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10

-- name: clocks
-- The last cycle of each target.
SELECT DISTINCT ON (c.ticket_id, c.target)
       c.ticket_id, c.target, c.cycle, c.state, c.because, c.started_at, c.since, c.ended_at, c.minutes, c.calendar,
       c.warn_share, c.escalates, c.named_by, c.rules_version, c.due_at, c.warn_at, c.next_at, c.version, c.warned_at,
       c.breached_at
FROM sla_clock c
WHERE c.ticket_id = ANY($1::bigint[])
ORDER BY c.ticket_id, c.target, c.cycle DESC

-- name: segments
-- Of the last cycle of each target.
SELECT s.ticket_id, s.target, s.cycle, s.place, s.since, s.until, s.state, s.because
FROM (SELECT ticket_id, target, max(cycle) AS cycle FROM sla_clock WHERE ticket_id = ANY($1::bigint[]) GROUP BY 1, 2) c
JOIN sla_segment s ON s.ticket_id = c.ticket_id AND s.target = c.target AND s.cycle = c.cycle
ORDER BY s.ticket_id, s.target, s.place

-- name: write
WITH written AS (
    INSERT INTO sla_clock (ticket_id, target, cycle, state, because, started_at, since, ended_at, minutes, calendar, warn_share,
                           escalates, named_by, rules_version, due_at, warn_at, next_at, version, warned_at, breached_at)
    SELECT * FROM unnest(
        $1::bigint[], $2::text[], $3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[],
        $9::int[], $10::text[], $11::int[], $12::boolean[], $13::text[], $14::int[], $15::timestamptz[], $16::timestamptz[],
        $17::timestamptz[], $18::int[], $19::timestamptz[], $20::timestamptz[])
    ON CONFLICT (ticket_id, target, cycle) DO UPDATE
    SET state = excluded.state, because = excluded.because, since = excluded.since, ended_at = excluded.ended_at,
        minutes = excluded.minutes, calendar = excluded.calendar, warn_share = excluded.warn_share,
        escalates = excluded.escalates, named_by = excluded.named_by, rules_version = excluded.rules_version,
        due_at = excluded.due_at, warn_at = excluded.warn_at, next_at = excluded.next_at, version = excluded.version,
        warned_at = excluded.warned_at, breached_at = excluded.breached_at
)
INSERT INTO sla_segment (ticket_id, target, cycle, place, since, until, state, because)
SELECT * FROM unnest($21::bigint[], $22::text[], $23::int[], $24::int[], $25::timestamptz[], $26::timestamptz[], $27::text[],
                     $28::text[])

-- name: write_alike
-- Clocks that several tickets have alike: in place of a ticket's number stands that of the group of tickets.
INSERT INTO sla_clock (ticket_id, target, cycle, state, because, started_at, since, ended_at, minutes, calendar, warn_share,
                       escalates, named_by, rules_version, due_at, warn_at, next_at, version, warned_at, breached_at)
SELECT g.ticket_id, c.target, c.cycle, c.state, c.because, c.started_at, c.since, c.ended_at, c.minutes, c.calendar, c.warn_share,
       c.escalates, c.named_by, c.rules_version, c.due_at, c.warn_at, c.next_at, c.version, c.warned_at, c.breached_at
FROM unnest($1::bigint[], $2::bigint[]) AS g (ticket_id, place)
JOIN unnest(
    $3::bigint[], $4::text[], $5::int[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[],
    $11::int[], $12::text[], $13::int[], $14::boolean[], $15::text[], $16::int[], $17::timestamptz[], $18::timestamptz[],
    $19::timestamptz[], $20::int[], $21::timestamptz[], $22::timestamptz[]
) AS c (place, target, cycle, state, because, started_at, since, ended_at, minutes, calendar, warn_share, escalates, named_by,
        rules_version, due_at, warn_at, next_at, version, warned_at, breached_at) ON c.place = g.place

-- name: put_off
UPDATE sla_clock SET next_at = clock_timestamp() + make_interval(secs => $2) WHERE ticket_id = $1 AND next_at <= clock_timestamp()

-- name: due
-- Tickets with a clock about which something is to be said, longest due first; locked, without waiting: whoever works on one of
-- them says it.
SELECT t.id FROM ticket t
WHERE t.id IN (SELECT c.ticket_id FROM sla_clock c WHERE c.next_at <= now() ORDER BY c.next_at LIMIT $1)
ORDER BY t.id
FOR NO KEY UPDATE SKIP LOCKED

-- name: promised_by_older_rules
SELECT t.id FROM ticket t
WHERE t.id IN (
    SELECT c.ticket_id FROM sla_clock c
    WHERE c.state IN ('running', 'paused') AND c.rules_version < (SELECT version FROM sla_rules WHERE fingerprint = $1)
    ORDER BY c.rules_version LIMIT $2)
ORDER BY t.id
FOR NO KEY UPDATE SKIP LOCKED

-- name: raise_priority
UPDATE ticket SET promised_priority = coalesce(promised_priority, priority), priority = priority + 1
WHERE id = ANY($1::bigint[]) AND priority < 4 AND status IN ('open', 'pending') AND 'priority' <> ALL (by_hand)
RETURNING id, priority, status = 'open' AND assignee_id IS NULL AS waits

-- name: tell
-- Entries of ledgers whose tickets are locked, numbered on from where each ledger stands. That deadlines were worked out again is
-- nothing that happened to the ticket: lists keep their order when rules are published.
WITH told AS (
    SELECT g.*, row_number() OVER (PARTITION BY g.ticket_id ORDER BY g.ord)::int AS n
    FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY AS g (ticket_id, kind, data, ord)
), counted AS (
    UPDATE ticket t SET seq = t.seq + c.more, version = t.version + 1,
           updated_at = CASE WHEN c.happened THEN clock_timestamp() ELSE t.updated_at END
    FROM (SELECT ticket_id, count(*)::int AS more, bool_or(kind <> 'sla_recomputed') AS happened FROM told GROUP BY ticket_id) c
    WHERE t.id = c.ticket_id
    RETURNING t.id, t.seq - c.more AS before
)
INSERT INTO event (ticket_id, seq, kind, data)
SELECT told.ticket_id, counted.before + told.n, told.kind, told.data::jsonb
FROM told JOIN counted ON counted.id = told.ticket_id
ORDER BY told.ord
