-- name: feed_end
-- The last event that is settled (storage/settled.py). In the order of the column, not of its text: 9 comes before 10.
SELECT e.xid::text AS xid, e.id FROM event e
WHERE e.xid < greatest($1::text::xid8, pg_snapshot_xmin(pg_current_snapshot()))
ORDER BY e.xid DESC, e.id DESC
LIMIT 1

-- name: feed_after
-- Only what is settled: below all transactions, or below `$4` (storage/settled.py).
SELECT e.xid::text AS xid, e.id, e.kind, e.ticket_id, t.code AS ticket_code, t.channel_id,
       coalesce(t.thread_key, '') AS thread_key, t.assignee_id, e.agent_id, e.data
FROM event e
LEFT JOIN ticket t ON t.id = e.ticket_id
WHERE (e.xid, e.id) > ($1::text::xid8, $2::bigint)
  AND e.xid < greatest($4::text::xid8, pg_snapshot_xmin(pg_current_snapshot()))
ORDER BY e.xid, e.id
LIMIT $3

-- name: is_ahead
-- Whether this server has not come to that transaction yet: the cursor was given out by another one.
SELECT $1::text::xid8 >= pg_snapshot_xmax(pg_current_snapshot())

-- name: add_event
INSERT INTO event (ticket_id, kind, agent_id, data) VALUES ($1, $2, $3, $4)

-- name: add_ticket_event
-- The ledger has no gaps: the number comes from the ticket row, under its lock.
WITH numbered AS (
    UPDATE ticket SET seq = seq + 1, version = version + 1, updated_at = clock_timestamp() WHERE id = $1 RETURNING seq
)
INSERT INTO event (ticket_id, seq, kind, agent_id, data)
SELECT $1, numbered.seq, $2, $3, $4 FROM numbered

-- name: notify
SELECT pg_notify(topic, '') FROM unnest($1::text[]) AS topic

-- name: add_ticket_events
-- Entries of ledgers whose tickets are locked and whose numbers were counted by the caller.
INSERT INTO event (ticket_id, seq, kind, agent_id, data)
SELECT ticket_id, seq, kind, agent_id, data::jsonb
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::text[]) AS g (ticket_id, seq, kind, agent_id, data)
