-- How long what is kept: the policies, their runs, and what each finds to take away. Every batch takes a few hundred rows from where
-- the one before ended, in a transaction of its own.

-- name: list
SELECT what, enabled, days, depth, reached_at, reached_id, last_run_at, version, changed_by, changed_at FROM retention_policy ORDER BY what

-- name: lock
SELECT what, enabled, days, depth, reached_at, reached_id, last_run_at, version, changed_by, changed_at FROM retention_policy
WHERE what = $1 FOR NO KEY UPDATE

-- name: take
-- The policy for a batch; nothing while another hub works on it.
SELECT what, enabled, days, depth, reached_at, reached_id, last_run_at, version, changed_by, changed_at FROM retention_policy
WHERE what = $1 FOR NO KEY UPDATE SKIP LOCKED

-- name: change
-- What is taken away otherwise is looked for from the beginning.
UPDATE retention_policy
SET enabled = $2, days = $3, reached_at = CASE WHEN depth = $4 THEN reached_at ELSE '-infinity' END,
    reached_id = CASE WHEN depth = $4 THEN reached_id ELSE 0 END, depth = $4, changed_by = $5, changed_at = clock_timestamp(),
    version = version + 1
WHERE what = $1

-- name: begin_again
-- A hold was lifted: what was passed over is looked at again.
UPDATE retention_policy SET reached_at = '-infinity', reached_id = 0 WHERE what IN ('messages', 'raw', 'events')

-- name: start
-- The policies whose time has come, each once in twenty hours.
UPDATE retention_policy SET last_run_at = clock_timestamp()
WHERE what = (SELECT p.what FROM retention_policy p
              WHERE p.enabled AND (p.last_run_at IS NULL OR p.last_run_at < clock_timestamp() - make_interval(hours => $1))
              ORDER BY p.what LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING what, days, depth

-- name: begin_run
INSERT INTO retention_run (what, days, depth) VALUES ($1, $2, $3) RETURNING id

-- name: count_run
UPDATE retention_run SET rows = rows + $2 WHERE id = $1

-- name: end_run
UPDATE retention_run SET ended_at = clock_timestamp(), error = $2 WHERE id = $1

-- name: runs
-- Newest first; those that found nothing are not worth a line, except the last of each policy.
SELECT r.id, r.what, r.days, r.depth, r.rows, r.started_at, r.ended_at, r.error
FROM retention_run r
WHERE r.rows > 0 OR r.error <> '' OR r.ended_at IS NULL
   OR r.id = (SELECT max(l.id) FROM retention_run l WHERE l.what = r.what)
ORDER BY r.id DESC
LIMIT $1

-- name: tidy_runs
DELETE FROM retention_run WHERE started_at < clock_timestamp() - interval '2 years'

-- name: move_on
UPDATE retention_policy SET reached_at = $2, reached_id = $3 WHERE what = $1

-- name: old_tickets
-- Closed ones that nobody touched since, from the last one on; those of customers on hold are passed over.
SELECT t.id, t.updated_at AS at, EXISTS (SELECT 1 FROM legal_hold h WHERE h.customer_id = t.customer_id) AS held
FROM ticket t
WHERE t.status = 'closed' AND (t.updated_at, t.id) > ($1::timestamptz, $2::bigint)
  AND t.updated_at < clock_timestamp() - make_interval(days => $3)
ORDER BY t.updated_at, t.id
LIMIT $4

-- name: still_old
-- Of those, locked as everywhere: somebody may have written, or put the customer on hold, a moment ago.
SELECT t.id FROM ticket t
WHERE t.id = ANY($1::bigint[]) AND t.status = 'closed' AND t.updated_at < clock_timestamp() - make_interval(days => $2)
  AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.customer_id = t.customer_id)
ORDER BY t.id
FOR NO KEY UPDATE OF t

-- name: old_customers
SELECT c.id, c.code, c.last_seen_at AS at,
       c.anonymised_at IS NOT NULL OR c.merged_into IS NOT NULL
       OR EXISTS (SELECT 1 FROM legal_hold h WHERE h.customer_id = c.id)
       OR EXISTS (SELECT 1 FROM ticket t WHERE t.customer_id = c.id AND t.status IN ('open', 'pending')) AS stays
FROM customer c
WHERE (c.last_seen_at, c.id) > ($1::timestamptz, $2::bigint)
  AND c.last_seen_at < clock_timestamp() - make_interval(days => $3)
ORDER BY c.last_seen_at, c.id
LIMIT $4

-- name: empty_raw
-- Bytes go, the row stays: what came once is known by it, or it would be fetched again. What nobody could read yet is looked at
-- again later. Returns how far this batch got.
WITH old AS (
    SELECT r.id, r.state IN ('read', 'duplicate', 'discarded') AS over, r.state IN ('read', 'duplicate', 'discarded') AND r.content <> ''
           AND NOT EXISTS (SELECT 1 FROM ticket t JOIN legal_hold h ON h.customer_id = t.customer_id WHERE t.id = r.ticket_id) AS goes
    FROM inbound_raw r
    WHERE r.id > $1 AND r.id < timeline_floor(clock_timestamp() - make_interval(days => $2))
    ORDER BY r.id
    LIMIT $3
), emptied AS (
    UPDATE inbound_raw r SET content = '', meta = '{}', error = '' FROM old o WHERE r.id = o.id AND o.goes RETURNING 1
), later AS (
    INSERT INTO retention_later (what, id) SELECT 'raw', id FROM old WHERE NOT over ON CONFLICT DO NOTHING
)
SELECT (SELECT count(*) FROM old) AS looked, (SELECT count(*) FROM emptied) AS done, (SELECT max(id) FROM old) AS reached

-- name: empty_raw_later
-- What was passed over, and has been read or put away since.
WITH over AS (
    SELECT l.id FROM retention_later l JOIN inbound_raw r ON r.id = l.id
    WHERE l.what = 'raw' AND r.state IN ('read', 'duplicate', 'discarded')
      AND NOT EXISTS (SELECT 1 FROM ticket t JOIN legal_hold h ON h.customer_id = t.customer_id WHERE t.id = r.ticket_id)
    ORDER BY l.id LIMIT $1
), emptied AS (
    UPDATE inbound_raw r SET content = '', meta = '{}', error = '' FROM over o WHERE r.id = o.id
), done AS (
    DELETE FROM retention_later l USING over o WHERE l.what = 'raw' AND l.id = o.id
)
SELECT count(*) FROM over

-- name: drop_events
-- Of closed tickets, and of no ticket at all; those of the others are looked at again later.
WITH old AS (
    SELECT e.id, t.id AS ticket_id, t.status <> 'closed' AS open, t.id IS NULL OR (t.status = 'closed' AND NOT EXISTS (
               SELECT 1 FROM legal_hold h WHERE h.customer_id = t.customer_id)) AS goes
    FROM (SELECT v.id, v.ticket_id, v.at FROM event v WHERE v.id > $1 ORDER BY v.id LIMIT $3) e
    LEFT JOIN ticket t ON t.id = e.ticket_id
    WHERE e.at < clock_timestamp() - make_interval(days => $2)
), dropped AS (
    DELETE FROM event e USING old o WHERE e.id = o.id AND o.goes RETURNING 1
), later AS (
    INSERT INTO retention_later (what, id) SELECT DISTINCT 'events', ticket_id FROM old WHERE open ON CONFLICT DO NOTHING
)
SELECT (SELECT count(*) FROM old) AS looked, (SELECT count(*) FROM dropped) AS done, (SELECT max(id) FROM old) AS reached

-- name: drop_events_later
-- Of tickets that were passed over, and are closed by now.
WITH over AS (
    SELECT l.id FROM retention_later l JOIN ticket t ON t.id = l.id
    WHERE l.what = 'events' AND t.status = 'closed'
      AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.customer_id = t.customer_id)
    ORDER BY l.id LIMIT $2
), dropped AS (
    DELETE FROM event e USING over o
    WHERE e.ticket_id = o.id AND e.at < clock_timestamp() - make_interval(days => $1) RETURNING 1
), done AS (
    DELETE FROM retention_later l USING over o WHERE l.what = 'events' AND l.id = o.id
)
SELECT (SELECT count(*) FROM over) AS looked, (SELECT count(*) FROM dropped) AS done

-- name: drop_calls
WITH dropped AS (
    DELETE FROM webhook_call WHERE id IN (
        SELECT id FROM webhook_call WHERE settled_at < clock_timestamp() - make_interval(days => $1) ORDER BY settled_at LIMIT $2)
    RETURNING 1
)
SELECT count(*) FROM dropped

-- name: drop_notices
WITH dropped AS (
    DELETE FROM notice WHERE id IN (
        SELECT id FROM notice WHERE at < clock_timestamp() - make_interval(days => $1) ORDER BY at LIMIT $2)
    RETURNING 1
)
SELECT count(*) FROM dropped

-- name: end_audit
-- The table lets its oldest rows go to whoever says so in the transaction, and only what is older than a year.
SELECT set_config('hub.audit_ends', 'yes', true)

-- name: drop_audit
WITH dropped AS (
    DELETE FROM audit WHERE id IN (
        SELECT id FROM audit WHERE at < clock_timestamp() - make_interval(days => $1) ORDER BY id LIMIT $2)
    RETURNING 1
)
SELECT count(*) FROM dropped

-- name: drop_votes
-- The words, and by whom: 16 bytes of chance in the place of a visitor's 32. That somebody was helped stays counted.
WITH dropped AS (
    UPDATE article_vote v SET comment = '', visitor = uuid_send(gen_random_uuid())
    FROM (SELECT article_id, visitor FROM article_vote
          WHERE octet_length(visitor) = 32 AND voted_at < clock_timestamp() - make_interval(days => $1) LIMIT $2) old
    WHERE v.article_id = old.article_id AND v.visitor = old.visitor
    RETURNING 1
)
SELECT count(*) FROM dropped

-- name: drop_pictures
-- Of articles. Whoever names one of them in a text at this moment holds its row, and it stays.
WITH dropped AS (
    DELETE FROM article_picture p
    WHERE p.id IN (SELECT id FROM article_picture
                   WHERE loose_since < clock_timestamp() - make_interval(days => $1) ORDER BY loose_since LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING p.sha256, p.small_sha256
)
SELECT count(*) AS pictures, array_agg(sha256) || array_agg(small_sha256) FILTER (WHERE small_sha256 IS NOT NULL) AS digests FROM dropped

-- name: count_messages
-- How much there is to take away, counted no further than $2.
SELECT count(*) FROM (
    SELECT 1 FROM ticket t WHERE t.status = 'closed' AND t.updated_at < clock_timestamp() - make_interval(days => $1)
      AND (t.subject <> '' OR t.last_preview <> '')
      AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.customer_id = t.customer_id)
    LIMIT $2) found

-- name: count_customers
SELECT count(*) FROM (
    SELECT 1 FROM customer c WHERE c.last_seen_at < clock_timestamp() - make_interval(days => $1)
      AND c.anonymised_at IS NULL AND c.merged_into IS NULL
      AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.customer_id = c.id)
      AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.customer_id = c.id AND t.status IN ('open', 'pending'))
    LIMIT $2) found

-- name: count_raw
SELECT count(*) FROM (
    SELECT 1 FROM inbound_raw r
    WHERE r.id < timeline_floor(clock_timestamp() - make_interval(days => $1))
      AND r.state IN ('read', 'duplicate', 'discarded') AND r.content <> ''
    LIMIT $2) found

-- name: count_events
-- Among the oldest $2 there are.
SELECT count(*) FROM (SELECT v.ticket_id, v.at FROM event v ORDER BY v.id LIMIT $2) e LEFT JOIN ticket t ON t.id = e.ticket_id
WHERE e.at < clock_timestamp() - make_interval(days => $1) AND (t.id IS NULL OR t.status = 'closed')

-- name: count_webhook_calls
SELECT count(*) FROM (
    SELECT 1 FROM webhook_call WHERE settled_at < clock_timestamp() - make_interval(days => $1) LIMIT $2) found

-- name: count_notices
SELECT count(*) FROM (SELECT 1 FROM notice WHERE at < clock_timestamp() - make_interval(days => $1) LIMIT $2) found

-- name: count_audit
SELECT count(*) FROM (SELECT 1 FROM audit WHERE at < clock_timestamp() - make_interval(days => $1) LIMIT $2) found

-- name: count_votes
SELECT count(*) FROM (
    SELECT 1 FROM article_vote
    WHERE octet_length(visitor) = 32 AND voted_at < clock_timestamp() - make_interval(days => $1) LIMIT $2) found

-- name: count_pictures
SELECT count(*) FROM (
    SELECT 1 FROM article_picture WHERE loose_since < clock_timestamp() - make_interval(days => $1) LIMIT $2) found

-- name: example_messages
SELECT t.code, t.subject AS text, t.updated_at AS at
FROM ticket t
WHERE t.status = 'closed' AND t.updated_at < clock_timestamp() - make_interval(days => $1)
  AND (t.subject <> '' OR t.last_preview <> '')
  AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.customer_id = t.customer_id)
ORDER BY t.updated_at, t.id
LIMIT 3

-- name: example_customers
SELECT c.code, c.name AS text, c.last_seen_at AS at
FROM customer c
WHERE c.last_seen_at < clock_timestamp() - make_interval(days => $1) AND c.anonymised_at IS NULL AND c.merged_into IS NULL
  AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.customer_id = c.id)
  AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.customer_id = c.id AND t.status IN ('open', 'pending'))
ORDER BY c.last_seen_at, c.id
LIMIT 3
