-- The outbox: rows are the queue. Only the head of a ticket's conversation may leave, so order holds.

-- name: claim
-- The attempt is counted here, so that a reply which kills its sender is counted too.
UPDATE outbox o
SET state = 'sending', attempts = attempts + 1, lease_token = $3, lease_until = clock_timestamp() + make_interval(secs => $4)
FROM (
    SELECT q.id FROM outbox q
    WHERE q.state = 'queued' AND q.not_before <= clock_timestamp() AND q.channel_id = ANY($1::int[])
      AND NOT EXISTS (SELECT 1 FROM outbox e
                      WHERE e.ticket_id = q.ticket_id AND e.id < q.id AND e.state IN ('queued', 'sending'))
    ORDER BY q.not_before, q.id
    LIMIT $2
    FOR UPDATE SKIP LOCKED
) due
WHERE o.id = due.id
RETURNING o.id, o.ticket_id, o.interaction_id, o.channel_id, o.message, o.message_id, o.attempts, o.queued_at, o.give_up_at,
          o.give_up_at <= clock_timestamp() AS too_late

-- name: files_of
SELECT a.interaction_id, a.filename, a.content_type, b.data
FROM attachment a JOIN blob b ON b.sha256 = a.sha256
WHERE a.interaction_id = ANY($1::bigint[]) ORDER BY a.id

-- name: settle
-- Fenced: whoever lost the lease changes nothing.
UPDATE outbox
SET state = $3, error = $4, external_id = $5, lease_token = NULL, lease_until = NULL,
    settled_at = CASE WHEN $3 IN ('sent', 'failed', 'uncertain') THEN clock_timestamp() END,
    not_before = clock_timestamp() + make_interval(secs => $6)
WHERE id = $1 AND lease_token = $2 AND state = 'sending'
RETURNING ticket_id, interaction_id

-- name: hold_channel
-- The other side asked for silence on the whole channel.
UPDATE outbox SET not_before = greatest(not_before, clock_timestamp() + make_interval(secs => $2))
WHERE channel_id = $1 AND state = 'queued'

-- name: abandoned
-- Their sender died, or lost its line to the database, while they were leaving.
SELECT id, ticket_id, interaction_id, channel_id, lease_token FROM outbox
WHERE state = 'sending' AND lease_until < clock_timestamp() AND channel_id = ANY($1::int[])
FOR UPDATE SKIP LOCKED

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
