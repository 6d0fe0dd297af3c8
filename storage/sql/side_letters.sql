-- Letters that belong to no ticket. Sent at most once: whoever dies while sending one has lost it, and it is asked for again.

-- name: add
INSERT INTO side_letter (channel_id, message, give_up_at)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))

-- name: any_due
SELECT EXISTS (SELECT 1 FROM side_letter
               WHERE state = 'queued' AND channel_id = $1 AND not_before <= clock_timestamp() AND give_up_at > clock_timestamp())

-- name: take
UPDATE side_letter s SET state = 'sending'
FROM (
    SELECT id FROM side_letter
    WHERE state = 'queued' AND channel_id = $1 AND not_before <= clock_timestamp() AND give_up_at > clock_timestamp()
    ORDER BY not_before LIMIT $2 FOR UPDATE SKIP LOCKED
) due
WHERE s.id = due.id
RETURNING s.id, s.message, s.queued_at

-- name: settle
-- What it said is needed only while it waits.
UPDATE side_letter SET state = $2, error = $3, not_before = clock_timestamp() + make_interval(secs => $4),
       message = CASE WHEN $2 = 'queued' THEN message ELSE '{}' END
WHERE id = $1 AND state = 'sending'

-- name: tidy
DELETE FROM side_letter WHERE give_up_at < clock_timestamp()
