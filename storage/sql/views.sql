-- Read models. storage/views.py makes dataclasses of them; the column names are the field names.

-- name: tickets
-- One line of a ticket list; storage/views.py adds which tickets and the page.
SELECT t.id, t.code, t.subject, t.kind, t.kind_uncertain, t.status, t.priority, t.language,
       q.name AS queue, q.title_en AS queue_title_en, q.title_zh AS queue_title_zh,
       ch.name AS channel, ch.kind AS channel_kind,
       t.customer_id, cu.code AS customer_code, cu.name AS customer_name,
       t.assignee_id, coalesce(a.name, '') AS assignee_name, coalesce(f.name, '') AS offered_to,
       t.seq, t.last_preview AS preview, t.created_at, t.updated_at, t.waiting_since, t.waiting_why, t.reply_address, t.tags,
       -- Not correlated: the few troubled replies are read once, from the index outbox_troubled, for the whole page.
       t.id IN (SELECT o.ticket_id FROM outbox o WHERE o.state IN ('failed', 'uncertain')) AS trouble
FROM ticket t
JOIN queue q ON q.id = t.queue_id
JOIN channel ch ON ch.id = t.channel_id
JOIN customer cu ON cu.id = t.customer_id
LEFT JOIN agent a ON a.id = t.assignee_id LEFT JOIN agent f ON f.id = t.offered_to

-- name: timeline
-- One entry of a timeline; storage/views.py adds whose, and the page. The id is the chronological order, so the index of the
-- ticket, or of the customer, gives it. HTML stays where it is until somebody asks for it: only its length is looked at. Nor are
-- texts of many megabytes read: AT_ONCE characters, and whether there are more. How many bytes there are is known without reading.
SELECT i.id, i.ticket_id, t.code AS ticket_code, i.seq,
       coalesce(ch.name, '') AS channel, coalesce(ch.kind, '') AS channel_kind,
       i.kind, i.direction, i.author_name, i.agent_id, i.subject, left(i.text, 20000) AS text, left(i.full_text, 20000) AS full_text,
       octet_length(i.text) > octet_length(left(i.text, 20000))
           OR octet_length(i.full_text) > octet_length(left(i.full_text, 20000)) AS cut, i.html <> '' AS has_html, i.fields,
       i.details, i.automatic, i.warning, i.thread_rule, i.external_id, i.occurred_at, i.created_at, i.revises,
       coalesce(o.state, '') AS delivery, coalesce(o.error, '') AS delivery_detail,
       CASE WHEN o.state = 'queued' AND o.attempts = 0 THEN o.not_before END AS undo_until,
       coalesce(o.message->>'address', '') AS sent_to,
       coalesce(o.message->'cc', '[]') AS sent_cc, coalesce(o.message->'bcc', '[]') AS sent_bcc
FROM interaction i
JOIN ticket t ON t.id = i.ticket_id
LEFT JOIN channel ch ON ch.id = i.channel_id
LEFT JOIN outbox o ON o.interaction_id = i.id

-- name: more_of
-- MOST_TEXT characters of entries, and whether there are more still.
SELECT i.id, left(i.text, 220000) AS text, left(i.full_text, 220000) AS full_text,
       octet_length(i.text) > octet_length(left(i.text, 220000))
           OR octet_length(i.full_text) > octet_length(left(i.full_text, 220000)) AS cut
FROM interaction i
WHERE i.id = ANY($1::bigint[])

-- name: whole_text
-- All that an entry of this ticket says now, in bytes: nobody has to make one long string of it.
SELECT convert_to(coalesce(nullif(full_text, ''), text), 'UTF8') FROM interaction
WHERE $1 IN (id, revises) AND ticket_id = $2
ORDER BY occurred_at DESC, id DESC
LIMIT 1

-- name: entry_html
SELECT html FROM interaction WHERE id = $1 AND ticket_id = $2

-- name: attachments_of
SELECT a.token, a.interaction_id, a.filename, a.content_type, a.size, a.inline, a.content_id,
       coalesce(s.state, '') AS scan, coalesce(s.found, '') AS found
FROM attachment a
LEFT JOIN file_scan s ON s.sha256 = a.sha256
WHERE a.interaction_id = ANY($1::bigint[])
ORDER BY a.id

-- name: attachment
SELECT a.token, a.interaction_id, a.filename, a.content_type, a.size, a.inline, a.content_id, '' AS scan, '' AS found,
       a.ticket_id, b.data
FROM attachment a
JOIN blob b ON b.sha256 = a.sha256
WHERE a.token = $1

-- name: ticket_decisions
-- Newest first: the last one explains where the ticket is now.
SELECT d.id, d.step, coalesce(q.name, '') AS queue, coalesce(a.name, '') AS agent_name, d.priority, d.why, d.decided_at
FROM routing_decision d
LEFT JOIN queue q ON q.id = d.queue_id
LEFT JOIN agent a ON a.id = d.agent_id
WHERE d.ticket_id = $1
ORDER BY d.id DESC
LIMIT $2

-- name: ticket_events
-- Newest first.
SELECT e.id, e.seq, e.kind, coalesce(a.name, '') AS agent_name, e.data, e.at
FROM event e
LEFT JOIN agent a ON a.id = e.agent_id
WHERE e.ticket_id = $1
ORDER BY e.seq DESC
LIMIT $2

-- name: list_customers
-- Last seen first. Those who are looked for are found by sql/search.sql.
SELECT cu.id, cu.code, cu.name, cu.language, coalesce(o.name, '') AS organisation,
       cu.key_account OR coalesce(o.key_account, false) AS key_account,
       coalesce(nullif(cu.segment, ''), o.segment, '') AS segment, cu.created_at, cu.last_seen_at
FROM customer cu
LEFT JOIN organisation o ON o.id = cu.organisation_id
WHERE (cu.last_seen_at, cu.id) < ($1::timestamptz, $2::bigint) AND cu.merged_into IS NULL
ORDER BY cu.last_seen_at DESC, cu.id DESC
LIMIT $3

-- name: these_customers
-- Those of them that are nobody else by now, in the same order.
SELECT cu.id, cu.code, cu.name, cu.language, coalesce(o.name, '') AS organisation,
       cu.key_account OR coalesce(o.key_account, false) AS key_account,
       coalesce(nullif(cu.segment, ''), o.segment, '') AS segment, cu.created_at, cu.last_seen_at
FROM customer cu
LEFT JOIN organisation o ON o.id = cu.organisation_id
WHERE cu.id = ANY($1::bigint[]) AND cu.merged_into IS NULL
ORDER BY cu.last_seen_at DESC, cu.id DESC

-- name: get_customer
SELECT cu.id, cu.code, cu.name, cu.language, coalesce(o.name, '') AS organisation,
       cu.key_account OR coalesce(o.key_account, false) AS key_account,
       coalesce(nullif(cu.segment, ''), o.segment, '') AS segment, cu.created_at, cu.last_seen_at
FROM customer cu
LEFT JOIN organisation o ON o.id = cu.organisation_id
WHERE cu.id = $1

-- name: customer_id_of_code
-- Of who was merged: the one that they are now.
WITH RECURSIVE who AS (
    SELECT id, merged_into FROM customer WHERE code = $1
    UNION ALL
    SELECT c.id, c.merged_into FROM who w JOIN customer c ON c.id = w.merged_into
)
SELECT id FROM who WHERE merged_into IS NULL

-- name: identities_of
SELECT customer_id, kind, value, verified
FROM identity
WHERE customer_id = ANY($1::bigint[])
ORDER BY id

-- name: list_agents
SELECT a.id, a.login, a.name, a.role, a.locale, a.theme, a.presence, a.capacity, a.load, a.languages, a.skills, a.active,
       greatest(0, coalesce(extract(epoch FROM a.wrap_until - clock_timestamp()), 0))::float8 AS wrapping_seconds,
       a.keys
FROM agent a
ORDER BY name, id
LIMIT 1000

-- name: name_queues
SELECT id, name, title_en, title_zh FROM queue WHERE NOT retired ORDER BY id

-- name: list_queues
-- waiting: open and nobody's. open: open, whoever has it.
SELECT q.id, q.name, q.title_en, q.title_zh,
       coalesce(n.waiting, 0) AS waiting, n.oldest_waiting_since, coalesce(n.open, 0) AS open
FROM queue q
LEFT JOIN (
    SELECT queue_id,
           count(*) FILTER (WHERE assignee_id IS NULL) AS waiting,
           min(waiting_since) FILTER (WHERE assignee_id IS NULL) AS oldest_waiting_since,
           count(*) AS open
    FROM ticket
    WHERE status = 'open'
    GROUP BY queue_id
) n ON n.queue_id = q.id
WHERE NOT q.retired
ORDER BY q.id

-- name: list_channels
SELECT id, name, kind, state, state_detail, state_since
FROM channel
ORDER BY name

-- name: list_quarantine
-- Newest first.
SELECT r.id, ch.name AS channel, ch.kind AS channel_kind, r.external_key, r.received_at, r.error, r.attempts,
       length(r.content) AS size
FROM inbound_raw r
JOIN channel ch ON ch.id = r.channel_id
WHERE r.state = 'quarantined' AND r.id < $1
ORDER BY r.id DESC
LIMIT $2

-- name: raw_content
SELECT content FROM inbound_raw WHERE id = $1

-- name: backlog
-- Ages in seconds, 0 where nothing waits. The outbox's age counts from when a reply was due, not from its retries.
SELECT (SELECT count(*) FROM inbound_raw WHERE state = 'received') AS raw_waiting,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(journaled_at)), 0)::float8
        FROM inbound_raw WHERE state = 'received') AS raw_oldest_seconds,
       (SELECT count(*) FROM inbound_raw WHERE state = 'quarantined') AS quarantined,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)), 0)::float8
        FROM outbox WHERE state IN ('queued', 'sending')) AS outbox_oldest_seconds,
       (SELECT count(*) FROM ticket WHERE assignee_id IS NULL AND status = 'open') AS tickets_waiting,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(waiting_since)), 0)::float8
        FROM ticket WHERE assignee_id IS NULL AND status = 'open') AS ticket_oldest_seconds

-- name: quarantined
SELECT count(*) FROM inbound_raw WHERE state = 'quarantined'

-- name: outbox_states
-- What is still to be done or to be looked at; the long history of what was sent is not counted.
SELECT state, count(*) AS rows FROM outbox WHERE state IN ('queued', 'sending') GROUP BY state
UNION ALL
SELECT state, count(*) AS rows FROM outbox WHERE state IN ('failed', 'uncertain') GROUP BY state

-- name: troubled_deliveries
-- Replies that a person has to look at, newest first.
SELECT o.id, o.interaction_id, o.state, o.error, o.attempts, coalesce(o.settled_at, o.queued_at) AS at,
       ch.name AS channel, ch.kind AS channel_kind, t.code AS ticket_code, t.subject, cu.name AS customer_name
FROM outbox o
JOIN ticket t ON t.id = o.ticket_id
JOIN channel ch ON ch.id = o.channel_id
JOIN customer cu ON cu.id = t.customer_id
WHERE o.state IN ('failed', 'uncertain') AND o.id < $1
ORDER BY o.id DESC
LIMIT $2
