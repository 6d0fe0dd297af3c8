-- Lists of tickets as one agent sees them. Which tickets, and their order, storage/ticket_lists.py puts before and behind.

-- name: see
-- Never backwards: an older page that arrives late has seen less.
INSERT INTO ticket_seen (agent_id, ticket_id, seq) VALUES ($1, $2, $3)
ON CONFLICT (agent_id, ticket_id) DO UPDATE SET seq = excluded.seq, at = clock_timestamp() WHERE ticket_seen.seq < excluded.seq

-- name: codes_of
SELECT id, code FROM ticket WHERE code = ANY($1::bigint[])
