-- Incidents: what went wrong for many, whom it concerns, what they were told.

-- name: add
INSERT INTO incident (title, made_by, author) VALUES ($1, $2, $3) RETURNING id, code

-- name: lock
SELECT id, title, state, version FROM incident WHERE code = $1 FOR NO KEY UPDATE

-- name: set
UPDATE incident SET title = $2, state = $3, version = version + 1, changed_at = clock_timestamp(),
    resolved_at = CASE WHEN $3 <> 'resolved' THEN NULL WHEN state = 'resolved' THEN resolved_at ELSE clock_timestamp() END
WHERE id = $1

-- name: touch
UPDATE incident SET changed_at = clock_timestamp() WHERE id = $1

-- name: row
SELECT n.id, n.code, n.title, n.state, n.version, n.author, n.made_at, n.changed_at, n.resolved_at,
       (SELECT count(*) FROM incident_ticket WHERE incident_id = n.id) AS tickets,
       (SELECT count(DISTINCT t.customer_id) FROM incident_ticket i JOIN ticket t ON t.id = i.ticket_id
        WHERE i.incident_id = n.id) AS customers,
       (SELECT count(*) FROM incident_update WHERE incident_id = n.id) AS updates
FROM incident n

-- name: tickets
-- Newest first.
SELECT t.code, t.subject, t.status, t.updated_at, ch.kind AS channel_kind, cu.name AS customer_name, cu.code AS customer_code,
       coalesce(a.name, '') AS assignee_name
FROM incident_ticket i JOIN ticket t ON t.id = i.ticket_id JOIN channel ch ON ch.id = t.channel_id
JOIN customer cu ON cu.id = t.customer_id LEFT JOIN agent a ON a.id = t.assignee_id
WHERE i.incident_id = $1 ORDER BY i.added_at DESC, t.id DESC LIMIT $2

-- name: open_tickets
-- Those that are not resolved yet, in order.
SELECT t.code FROM incident_ticket i JOIN ticket t ON t.id = i.ticket_id
WHERE i.incident_id = $1 AND t.status IN ('open', 'pending') ORDER BY t.id

-- name: attach
-- Returns those that were not on it.
INSERT INTO incident_ticket (incident_id, ticket_id, agent_id, author)
SELECT $1, g.id, $3, $4 FROM unnest($2::bigint[]) AS g (id) ORDER BY g.id
ON CONFLICT DO NOTHING
RETURNING ticket_id

-- name: detach
DELETE FROM incident_ticket WHERE incident_id = $1 AND ticket_id = ANY($2::bigint[]) RETURNING ticket_id

-- name: tickets_with_tag
-- In work, and not on the incident yet.
SELECT t.id FROM ticket t
WHERE t.tags <> '{}' AND t.tags @> ARRAY[$2::text] AND t.status IN ('open', 'pending')
  AND NOT EXISTS (SELECT 1 FROM incident_ticket i WHERE i.incident_id = $1 AND i.ticket_id = t.id)
ORDER BY t.id LIMIT $3

-- name: of_ticket
SELECT n.code, n.title, n.state FROM incident_ticket i JOIN incident n ON n.id = i.incident_id
WHERE i.ticket_id = $1 ORDER BY n.state = 'resolved', n.changed_at DESC LIMIT 10

-- name: concerned
-- Each customer once, with the ticket on which they are told: one in work before one that is resolved, the newest of those. Where
-- the customer was heard last on it, and whether the address for letters is proven theirs and letters arrive there.
SELECT DISTINCT ON (t.customer_id)
       t.customer_id, cu.code AS customer_code, cu.name AS customer_name, t.id AS ticket_id, t.code AS ticket_code, t.status,
       coalesce(nullif(cu.language, ''), t.language) AS language, ch.name AS channel, t.reply_address,
       coalesce(said.channel, '') AS heard_channel, coalesce(said.thread_key, '') AS heard_thread,
       EXISTS (SELECT 1 FROM identity d WHERE d.customer_id = t.customer_id AND d.kind = 'email'
               AND d.value = lower(t.reply_address) AND d.verified) AS proven
FROM incident_ticket i JOIN ticket t ON t.id = i.ticket_id JOIN channel ch ON ch.id = t.channel_id
JOIN customer cu ON cu.id = t.customer_id
LEFT JOIN LATERAL (
    SELECT c.name AS channel, e.thread_key FROM interaction e JOIN channel c ON c.id = e.channel_id
    WHERE e.ticket_id = t.id AND e.direction = 'in' AND e.automatic = '' ORDER BY e.id DESC LIMIT 1) said ON true

-- name: add_update
-- Null where the same key was there already.
INSERT INTO incident_update (incident_id, key, state, text_en, text_zh, with_claimed, agent_id, author)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (incident_id, key) DO NOTHING RETURNING id

-- name: update_by_key
SELECT id FROM incident_update WHERE incident_id = $1 AND key = $2

-- name: add_deliveries
INSERT INTO incident_delivery (update_id, customer_id, ticket_id, language, state, why, settled_at)
SELECT $1, g.customer_id, g.ticket_id, g.language, CASE WHEN g.why = '' THEN 'waiting' ELSE 'skipped' END, g.why,
       CASE WHEN g.why <> '' THEN clock_timestamp() END
FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[]) AS g (customer_id, ticket_id, language, why)
ORDER BY g.customer_id
ON CONFLICT DO NOTHING

-- name: updates
-- Newest first, with what became of each.
SELECT u.id, u.state, u.text_en, u.text_zh, u.author, u.made_at, n.waiting, n.leaving, n.sent, n.failed, n.skipped,
       n.faulty
FROM incident_update u CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE d.state = 'waiting') AS waiting,
           count(*) FILTER (WHERE o.state IN ('queued', 'sending')) AS leaving,
           count(*) FILTER (WHERE o.state = 'sent') AS sent,
           count(*) FILTER (WHERE o.state IN ('failed', 'uncertain', 'cancelled')) AS failed,
           count(*) FILTER (WHERE d.state = 'skipped') AS skipped,
           count(*) FILTER (WHERE d.state = 'skipped' AND d.why = 'fault') AS faulty
    FROM incident_delivery d LEFT JOIN outbox o ON o.interaction_id = d.interaction_id
    WHERE d.update_id = u.id) n
WHERE u.incident_id = $1 ORDER BY u.id DESC LIMIT $2

-- name: not_told
-- Of one update: whom it did not reach, and why.
SELECT cu.code AS customer_code, cu.name AS customer_name, t.code AS ticket_code, d.why, coalesce(o.state, '') AS delivery
FROM incident_delivery d JOIN customer cu ON cu.id = d.customer_id JOIN ticket t ON t.id = d.ticket_id
LEFT JOIN outbox o ON o.interaction_id = d.interaction_id
WHERE d.update_id = $1 AND (d.state = 'skipped' OR o.state IN ('failed', 'uncertain', 'cancelled'))
ORDER BY d.id LIMIT $2

-- name: claim
-- The next one that waits and that no other hub is at; held until the transaction ends.
SELECT d.id, d.customer_id, d.ticket_id, t.code AS ticket_code, d.language, u.text_en, u.text_zh, u.with_claimed, u.agent_id,
       u.author, u.incident_id
FROM incident_delivery d JOIN incident_update u ON u.id = d.update_id JOIN ticket t ON t.id = d.ticket_id
WHERE d.state = 'waiting' ORDER BY d.id LIMIT 1 FOR UPDATE OF d SKIP LOCKED

-- name: settle
UPDATE incident_delivery SET state = $2, why = $3, interaction_id = $4, settled_at = clock_timestamp() WHERE id = $1

-- name: stop
-- What has not been made yet is not made.
UPDATE incident_delivery SET state = 'skipped', why = 'stopped', settled_at = clock_timestamp()
WHERE state = 'waiting' AND update_id IN (SELECT id FROM incident_update WHERE incident_id = $1 AND id = $2)
RETURNING id

-- name: try_again
UPDATE incident_delivery SET state = 'waiting', why = '', settled_at = NULL
WHERE state = 'skipped' AND why = $3 AND update_id IN (SELECT id FROM incident_update WHERE incident_id = $1 AND id = $2)
RETURNING id

-- name: faulty
-- Incidents with customers who were not told because something was broken.
SELECT n.code, n.title, count(*)::int AS customers, max(d.settled_at) AS at
FROM incident_delivery d JOIN incident_update u ON u.id = d.update_id JOIN incident n ON n.id = u.incident_id
WHERE d.state = 'skipped' AND d.why = 'fault'
GROUP BY n.id ORDER BY max(d.settled_at) DESC LIMIT $1
