-- The outbox: rows are the queue. Only the head of a ticket's conversation may leave, so order holds.

-- name: claim
-- The attempt is counted here, so that a reply which kills its sender is counted too. With their tickets, and without
-- waiting: whoever works on a ticket holds it first and then its replies.
UPDATE outbox o
SET state = 'sending', attempts = attempts + 1, lease_token = $3, lease_until = clock_timestamp() + make_interval(secs => $4)
FROM (
    SELECT q.id FROM outbox q JOIN ticket t ON t.id = q.ticket_id
    WHERE q.state = 'queued' AND q.not_before <= clock_timestamp() AND q.channel_id = ANY($1::int[])
      AND NOT EXISTS (SELECT 1 FROM channel c WHERE c.id = q.channel_id AND c.hold_until > clock_timestamp())
      AND NOT EXISTS (SELECT 1 FROM outbox e
                      WHERE e.ticket_id = q.ticket_id AND e.id < q.id AND e.state IN ('queued', 'sending'))
      -- Nor a later one on its way, when this one was sent again.
      AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.ticket_id = q.ticket_id AND e.state = 'sending')
    ORDER BY q.not_before, q.id
    LIMIT $2
    FOR NO KEY UPDATE OF q, t SKIP LOCKED
) due
WHERE o.id = due.id
RETURNING o.id, o.ticket_id, o.interaction_id, o.channel_id, o.message, o.message_id, o.attempts, o.queued_at,
          o.give_up_at <= clock_timestamp() AS too_late

-- name: files_of
SELECT a.interaction_id, a.filename, a.content_type, b.data
FROM attachment a JOIN blob b ON b.sha256 = a.sha256
WHERE a.interaction_id = ANY($1::bigint[]) ORDER BY a.id

-- name: settle
-- Fenced: whoever lost the lease changes nothing. The ticket is locked first, as everywhere. What would be tried again only
-- after its time, by the database's clock, is given up.
WITH held AS MATERIALIZED (
    SELECT t.id FROM ticket t JOIN outbox o ON o.ticket_id = t.id WHERE o.id = $1 FOR NO KEY UPDATE OF t
)
UPDATE outbox o
SET state = CASE WHEN late THEN 'failed' ELSE $3 END,
    error = CASE WHEN late THEN format('Given up after %s attempts. %s', o.attempts, $4::text) ELSE $4 END,
    external_id = $5, lease_token = NULL, lease_until = NULL,
    settled_at = CASE WHEN late OR $3 IN ('sent', 'failed', 'uncertain') THEN clock_timestamp() END,
    not_before = clock_timestamp() + make_interval(secs => $6)
FROM held
JOIN outbox now ON now.ticket_id = held.id AND now.id = $1
CROSS JOIN LATERAL (
    SELECT $3::text = 'queued' AND now.give_up_at < clock_timestamp() + make_interval(secs => $6) AS late
) times
WHERE o.id = now.id AND o.lease_token = $2 AND o.state = 'sending'
RETURNING o.ticket_id, o.interaction_id, o.state

-- name: renew
-- While they are being sent they stay with their sender.
UPDATE outbox SET lease_until = clock_timestamp() + make_interval(secs => $2) WHERE lease_token = $1 AND state = 'sending'

-- name: hold_channel
-- The other side asked for silence on the whole channel.
UPDATE channel SET hold_until = greatest(hold_until, clock_timestamp() + make_interval(secs => $2)) WHERE id = $1

-- name: abandoned
-- Their sender died, or lost its line to the database, while they were leaving.
SELECT o.id, o.ticket_id, o.interaction_id, o.channel_id, o.lease_token
FROM outbox o JOIN ticket t ON t.id = o.ticket_id
WHERE o.state = 'sending' AND o.lease_until < clock_timestamp() AND o.channel_id = ANY($1::int[])
FOR NO KEY UPDATE OF o, t SKIP LOCKED

-- name: resend
UPDATE outbox SET state = 'queued', error = '', not_before = clock_timestamp(), settled_at = NULL, attempts = 0,
       give_up_at = clock_timestamp() + make_interval(secs => $2)
WHERE interaction_id = $1 AND state IN ('failed', 'uncertain')
RETURNING ticket_id

-- name: cancel
UPDATE outbox SET state = 'cancelled', settled_at = clock_timestamp()
WHERE interaction_id = $1 AND state IN ('queued', 'failed', 'uncertain')
RETURNING ticket_id

-- name: outbox_of
SELECT o.state, t.code AS ticket_code FROM outbox o JOIN ticket t ON t.id = o.ticket_id WHERE o.interaction_id = $1
