-- Programs of others that are told what happens here, and the calls that tell them. Whoever writes to both holds the endpoint
-- first.

-- name: queue
-- Once for each endpoint and cause; nothing for one that is not there or is switched off.
WITH known AS (
    SELECT id FROM webhook WHERE name = $1 AND enabled AND NOT retired
), made AS (
    INSERT INTO webhook_call (webhook_id, event, cause, ticket_id, rule, body)
    SELECT id, $2, $3, $4, $5, $6 FROM known
    ON CONFLICT (webhook_id, cause) DO NOTHING
    RETURNING id
)
SELECT id FROM made
UNION ALL
SELECT c.id FROM webhook_call c JOIN known ON known.id = c.webhook_id WHERE c.cause = $3 AND NOT EXISTS (SELECT 1 FROM made)

-- name: facts
-- What a call tells of a ticket; without one, what time it is. No words of a customer.
SELECT now.at AS now, t.code, cu.code AS customer, cu.key_account OR coalesce(o.key_account, false) AS key_account,
       q.name AS queue, t.kind, t.priority, t.status, t.language, ch.name AS channel, ch.kind AS channel_kind,
       a.login AS assignee, t.created_at, t.updated_at, t.waiting_since,
       (SELECT min(c.due_at) FROM sla_clock c WHERE c.ticket_id = t.id AND c.state = 'running') AS due_at
FROM (SELECT clock_timestamp() AS at) now
LEFT JOIN ticket t ON t.id = $1
LEFT JOIN queue q ON q.id = t.queue_id
LEFT JOIN channel ch ON ch.id = t.channel_id
LEFT JOIN customer cu ON cu.id = t.customer_id
LEFT JOIN organisation o ON o.id = cu.organisation_id
LEFT JOIN agent a ON a.id = t.assignee_id

-- name: names
SELECT name FROM webhook WHERE NOT retired ORDER BY name

-- name: claim
-- The head of each endpoint's row, where nothing of it is on its way and it is not held. One that another hub looks at is left to
-- it; `state` is asked again at the write, because what was read may be older than that hub's commit.
WITH due AS (
    SELECT w.id AS webhook_id, head.id, w.url, w.sealed, w.failures
    FROM webhook w
    CROSS JOIN LATERAL (
        SELECT c.id, c.state FROM webhook_call c
        WHERE c.webhook_id = w.id AND c.state IN ('queued', 'sending') ORDER BY c.id LIMIT 1
    ) head
    WHERE w.enabled AND NOT w.retired AND (w.hold_until IS NULL OR w.hold_until <= clock_timestamp())
      AND head.state = 'queued'
      AND NOT EXISTS (SELECT 1 FROM webhook_call s WHERE s.webhook_id = w.id AND s.state = 'sending')
    ORDER BY head.id
    LIMIT $1
    FOR NO KEY UPDATE OF w SKIP LOCKED
)
UPDATE webhook_call c
SET state = 'sending', attempts = c.attempts + 1, lease_token = $2, lease_until = clock_timestamp() + make_interval(secs => $3)
FROM due
WHERE c.id = due.id AND c.state = 'queued'
RETURNING c.id, c.handle, c.webhook_id, c.body, c.attempts, due.url, due.sealed, due.failures

-- name: settle
-- Fenced by the token. `failures` counts on until the endpoint does what it should; at $8 of them it is paused.
WITH held AS MATERIALIZED (
    SELECT w.id FROM webhook w JOIN webhook_call c ON c.webhook_id = w.id WHERE c.id = $1 FOR NO KEY UPDATE OF w
), done AS (
    UPDATE webhook_call c
    SET state = $3, status = $4, error = $5, took_ms = $6, lease_token = NULL, lease_until = NULL,
        settled_at = CASE WHEN $3 IN ('sent', 'failed') THEN clock_timestamp() END
    FROM held
    WHERE c.id = $1 AND c.webhook_id = held.id AND c.lease_token = $2 AND c.state = 'sending'
    RETURNING c.webhook_id
)
UPDATE webhook w
SET failures = CASE WHEN $3 = 'sent' THEN 0 ELSE w.failures + 1 END,
    paused_at = CASE WHEN $3 = 'sent' THEN NULL WHEN w.failures + 1 >= $8 THEN coalesce(w.paused_at, clock_timestamp()) ELSE w.paused_at END,
    hold_until = CASE WHEN $3 <> 'sent' AND $7::float8 > 0 THEN clock_timestamp() + make_interval(secs => $7) END,
    enabled = w.enabled AND NOT $9::boolean
FROM done, webhook old
WHERE w.id = done.webhook_id AND old.id = w.id
RETURNING w.id, w.name, w.failures, w.paused_at, old.paused_at IS NOT NULL AS was_paused, w.enabled

-- name: abandoned
-- Their sender died: the other side may have got it, and knows a repetition by its name.
UPDATE webhook_call SET state = 'queued', lease_token = NULL, lease_until = NULL
WHERE id IN (SELECT id FROM webhook_call WHERE state = 'sending' AND lease_until < clock_timestamp()
             FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id

-- name: give_up
UPDATE webhook_call SET state = 'failed', error = 'given_up', settled_at = clock_timestamp()
WHERE id IN (SELECT id FROM webhook_call WHERE state = 'queued' AND give_up_at <= now()
             ORDER BY give_up_at LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id

-- name: add
INSERT INTO webhook (name, url, sealed, made_by) VALUES ($1, $2, '', $3)
ON CONFLICT (name) WHERE NOT retired DO NOTHING
RETURNING id

-- name: seal
UPDATE webhook SET sealed = $2, version = version + 1, changed_at = clock_timestamp() WHERE id = $1 AND NOT retired RETURNING id

-- name: lock
SELECT w.id, w.name, w.url, w.sealed, w.enabled, w.failures, w.paused_at, w.version FROM webhook w
WHERE w.id = $1 AND NOT w.retired FOR NO KEY UPDATE

-- name: change
-- Whoever changed something wants it tried now.
UPDATE webhook SET url = $2, enabled = $3, failures = 0, paused_at = NULL, hold_until = NULL, version = version + 1,
       changed_at = clock_timestamp()
WHERE id = $1
RETURNING version

-- name: retire
-- What was still to be told to it is not any more.
WITH gone AS (
    UPDATE webhook SET retired = true, enabled = false, sealed = '', version = version + 1, changed_at = clock_timestamp()
    WHERE id = $1 RETURNING id
)
UPDATE webhook_call c SET state = 'failed', error = 'retired', settled_at = clock_timestamp()
FROM gone WHERE c.webhook_id = gone.id AND c.state = 'queued'

-- name: works
UPDATE webhook SET failures = 0, paused_at = NULL, hold_until = NULL WHERE id = $1 AND NOT retired

-- name: add_settled
-- A trial, already over.
INSERT INTO webhook_call (handle, webhook_id, event, cause, body, state, attempts, status, error, took_ms, settled_at)
VALUES ($1::uuid, $2, $3, $1::uuid::text, $4, $5, 1, $6, $7, $8, clock_timestamp())
RETURNING id

-- name: again
UPDATE webhook_call c SET state = 'queued', error = '', status = NULL, attempts = 0, settled_at = NULL,
       give_up_at = clock_timestamp() + interval '24 hours'
FROM webhook w
WHERE c.id = $2 AND c.webhook_id = $1 AND c.state = 'failed' AND w.id = c.webhook_id AND NOT w.retired
RETURNING c.id

-- name: list
SELECT w.id, w.name, w.url, w.enabled, w.failures, w.paused_at, w.hold_until, w.version, w.made_by, w.made_at,
       coalesce(n.waiting, 0) AS waiting, n.oldest_at
FROM webhook w
LEFT JOIN (
    SELECT webhook_id, count(*) AS waiting, min(queued_at) AS oldest_at FROM webhook_call
    WHERE state IN ('queued', 'sending') GROUP BY webhook_id
) n ON n.webhook_id = w.id
WHERE NOT w.retired
ORDER BY w.name

-- name: calls
-- Newest first.
SELECT c.id, c.handle, c.event, t.code AS ticket_code, c.rule, c.state, c.attempts, c.status, c.error, c.took_ms, c.queued_at,
       c.settled_at
FROM webhook_call c LEFT JOIN ticket t ON t.id = c.ticket_id
WHERE c.webhook_id = $1 AND c.id < $2
ORDER BY c.id DESC
LIMIT $3

-- name: backlog
-- For the metrics: what waits, and how many endpoints are paused.
SELECT (SELECT count(*) FROM webhook_call WHERE state IN ('queued', 'sending')) AS waiting,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)), 0)::float8
        FROM webhook_call WHERE state IN ('queued', 'sending')) AS oldest_seconds,
       (SELECT count(*) FROM webhook WHERE paused_at IS NOT NULL AND enabled AND NOT retired) AS paused
