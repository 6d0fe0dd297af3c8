-- Conversations with somebody who sits at the other end: when nobody writes any more. Agents are locked before tickets.

-- name: end_wrap_up
UPDATE agent SET wrap_until = NULL WHERE id = $1 AND wrap_until > clock_timestamp() RETURNING presence

-- name: falling_silent
-- Who has, or is offered, a conversation whose time to be looked at has come. Without a lock: these agents are locked first.
SELECT DISTINCT coalesce(t.assignee_id, t.offered_to) AS holder
FROM (SELECT m.ticket_id FROM timer m
      WHERE m.kind = 'live_silence' AND m.fired_at IS NULL AND m.cancelled_at IS NULL AND m.due_at <= now()
      ORDER BY m.due_at LIMIT $1) due
JOIN ticket t ON t.id = due.ticket_id

-- name: take_silent
-- Where somebody wrote meanwhile the timer goes on until `$3` seconds after their last word; else it has fired, once, in the
-- transaction of what follows. With their tickets, and without waiting: whoever works on one holds it first and then its timers.
WITH due AS (
    SELECT m.id, greatest(t.last_in_at, t.last_out_at, t.created_at) + make_interval(secs => $3) AS until
    FROM timer m JOIN ticket t ON t.id = m.ticket_id
    WHERE m.kind = 'live_silence' AND m.fired_at IS NULL AND m.cancelled_at IS NULL AND m.due_at <= now()
      AND (coalesce(t.assignee_id, t.offered_to) IS NULL OR coalesce(t.assignee_id, t.offered_to) = ANY($2::bigint[]))
    ORDER BY m.due_at LIMIT $1 FOR NO KEY UPDATE OF m, t SKIP LOCKED
), looked AS (
    UPDATE timer m
    SET due_at = greatest(m.due_at, d.until), fired_at = CASE WHEN d.until <= clock_timestamp() THEN clock_timestamp() END
    FROM due d WHERE m.id = d.id
    RETURNING m.id AS timer_id, m.ticket_id, m.fired_at IS NOT NULL AS silent
)
SELECT timer_id, ticket_id, silent FROM looked ORDER BY ticket_id

-- name: end_live
-- `$3`: whoever has it has it no more.
WITH ended AS (
    UPDATE assignment SET ended_at = clock_timestamp(), end_reason = 'released' WHERE ticket_id = $1 AND ended_at IS NULL AND $3
)
UPDATE ticket
SET live = false, seq = $2, version = version + 1, updated_at = clock_timestamp(),
    assignee_id = CASE WHEN $3 THEN NULL ELSE assignee_id END, waiting_why = CASE WHEN $3 THEN NULL ELSE waiting_why END,
    snoozed_until = CASE WHEN NOT $3 THEN snoozed_until END
WHERE id = $1

-- name: begin_live
WITH heard AS (
    INSERT INTO timer (kind, ticket_id, due_at, version)
    SELECT 'live_silence', id, clock_timestamp() + make_interval(secs => $2), version FROM ticket WHERE id = $1
    ON CONFLICT (kind, ticket_id, version) DO UPDATE SET due_at = excluded.due_at, fired_at = NULL, cancelled_at = NULL
)
UPDATE ticket SET live = true WHERE id = $1

-- name: stop_live
WITH over AS (
    UPDATE timer SET cancelled_at = clock_timestamp()
    WHERE ticket_id = $1 AND kind = 'live_silence' AND fired_at IS NULL AND cancelled_at IS NULL
)
UPDATE ticket SET live = false WHERE id = $1
