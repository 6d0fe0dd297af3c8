-- Everything about one customer, page by page, for them to take away.

-- name: customer
SELECT c.id, c.code, c.name, c.language, c.segment, c.note, c.key_account, coalesce(o.name, '') AS organisation, c.created_at,
       c.last_seen_at, c.anonymised_at,
       coalesce((SELECT f.said FROM customer_fields f WHERE f.customer_id = c.id), '{}') AS fields
FROM customer c LEFT JOIN organisation o ON o.id = c.organisation_id
WHERE c.code = $1

-- name: identities
SELECT kind, value, verified, created_at FROM identity WHERE customer_id = $1 ORDER BY id

-- name: tickets
SELECT t.id, t.code, t.subject, t.kind, t.status, t.priority, t.language, q.name AS queue, ch.name AS channel, ch.kind AS channel_kind,
       coalesce(a.name, '') AS assignee, t.tags, t.created_at, t.updated_at, t.resolved_at,
       coalesce((SELECT f.said FROM ticket_fields f WHERE f.ticket_id = t.id), '{}') AS fields
FROM ticket t JOIN queue q ON q.id = t.queue_id JOIN channel ch ON ch.id = t.channel_id LEFT JOIN agent a ON a.id = t.assignee_id
WHERE t.customer_id = $1 AND t.id > $2
ORDER BY t.id
LIMIT 50

-- name: entries
SELECT i.id, i.kind, i.direction, i.author_name, i.subject, coalesce(nullif(i.full_text, ''), i.text) AS text, i.html, i.fields,
       i.details, coalesce(ch.name, '') AS channel, i.occurred_at, coalesce(o.message->>'address', '') AS sent_to
FROM interaction i LEFT JOIN channel ch ON ch.id = i.channel_id LEFT JOIN outbox o ON o.interaction_id = i.id
WHERE i.ticket_id = $1 AND i.id > $2
ORDER BY i.id
LIMIT 200

-- name: files
SELECT a.interaction_id, a.token, a.filename, a.content_type, a.size, coalesce(s.state = 'infected', false) AS infected
FROM attachment a LEFT JOIN file_scan s ON s.sha256 = a.sha256
WHERE a.interaction_id = ANY($1::bigint[])
ORDER BY a.id

-- name: bytes
SELECT b.data FROM attachment a JOIN blob b ON b.sha256 = a.sha256 WHERE a.token = $1

-- name: tasks
SELECT t.code, t.title, t.text, t.state, t.outcome, t.author, t.made_at, t.due_at, t.ended_at
FROM task t LEFT JOIN ticket k ON k.id = t.ticket_id
WHERE t.customer_id = $1 OR k.customer_id = $1
ORDER BY t.id
LIMIT 5000
