-- Words kept ready: canned replies, signatures of agents.

-- name: list_templates
-- Everybody's and queues', with one agent's own. Of one language, with those that fit any; "" for all.
SELECT t.id, t.name, t.language, t.body, t.version, t.updated_at, t.shortcut, t.folder, t.owner_id, coalesce(q.name, '') AS queue,
       t.used
FROM template t LEFT JOIN queue q ON q.id = t.queue_id
WHERE NOT t.retired AND ($1::text = '' OR t.language IN ('', $1)) AND (t.owner_id IS NULL OR t.owner_id = $2)
ORDER BY lower(t.folder), lower(t.name), t.language, t.id
LIMIT 2000

-- name: offered_on
-- For whoever answers this ticket, most used first: everybody's, their own, those of the ticket's queue and of queues that they
-- are a member of.
SELECT t.id, t.name, t.language, t.body, t.version, t.updated_at, t.shortcut, t.folder, t.owner_id, coalesce(q.name, '') AS queue,
       t.used
FROM template t LEFT JOIN queue q ON q.id = t.queue_id
WHERE NOT t.retired AND (t.owner_id IS NULL OR t.owner_id = $2)
  AND (t.queue_id IS NULL OR t.queue_id = (SELECT queue_id FROM ticket WHERE code = $1)
       OR EXISTS (SELECT 1 FROM queue_member m WHERE m.agent_id = $2 AND m.queue_id = t.queue_id))
ORDER BY t.used DESC, lower(t.name), t.language, t.id
LIMIT 2000

-- name: template
-- One that this agent may see.
SELECT t.id, t.name, t.language, t.body, t.version, t.updated_at, t.shortcut, t.folder, t.owner_id, coalesce(q.name, '') AS queue,
       t.used
FROM template t LEFT JOIN queue q ON q.id = t.queue_id
WHERE t.id = $1 AND NOT t.retired AND (t.owner_id IS NULL OR t.owner_id = $2)

-- name: queue_id
SELECT id FROM queue WHERE name = $1 AND NOT retired

-- name: add_template
INSERT INTO template (name, language, body, shortcut, folder, owner_id, queue_id, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (coalesce(owner_id, 0), lower(name), language) WHERE NOT retired DO NOTHING
RETURNING id

-- name: lock_template
SELECT version, owner_id FROM template WHERE id = $1 AND NOT retired FOR NO KEY UPDATE

-- name: name_taken
SELECT EXISTS (SELECT 1 FROM template
               WHERE lower(name) = lower($2) AND language = $3 AND coalesce(owner_id, 0) = coalesce($4, 0) AND NOT retired
                 AND id <> $1)

-- name: find_template
SELECT t.id, t.name, t.language, t.body, t.version, t.updated_at, t.shortcut, t.folder, t.owner_id, coalesce(q.name, '') AS queue,
       t.used
FROM template t LEFT JOIN queue q ON q.id = t.queue_id
WHERE lower(t.name) = lower($1) AND t.language = $2 AND coalesce(t.owner_id, 0) = coalesce($3, 0) AND NOT t.retired
FOR NO KEY UPDATE OF t

-- name: change_template
UPDATE template
SET name = $2, language = $3, body = $4, shortcut = $5, folder = $6, owner_id = $7, queue_id = $8, version = version + 1,
    updated_at = clock_timestamp()
WHERE id = $1
RETURNING version

-- name: retire_template
UPDATE template SET retired = true, version = version + 1, updated_at = clock_timestamp() WHERE id = $1

-- name: count_use
UPDATE template SET used = used + 1 WHERE id = $1

-- name: facts_of_ticket
-- What placeholders stand for.
SELECT t.code, t.subject, t.language, c.name AS customer_name, ch.name AS channel, t.reply_address,
       (SELECT ic.name FROM interaction i JOIN channel ic ON ic.id = i.channel_id
        WHERE i.ticket_id = t.id AND i.direction = 'in' AND i.automatic = '' ORDER BY i.id DESC LIMIT 1) AS last_inbox,
       clock_timestamp() AS now
FROM ticket t JOIN customer c ON c.id = t.customer_id JOIN channel ch ON ch.id = t.channel_id
WHERE t.code = $1

-- name: signature
SELECT signature FROM agent WHERE id = $1

-- name: set_signature
UPDATE agent SET signature = $2 WHERE id = $1 RETURNING id
