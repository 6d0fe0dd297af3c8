-- Words kept ready: answers for everybody, signatures of agents.

-- name: list_templates
-- Of one language, with those that fit any; "" for all.
SELECT id, name, language, body, version, updated_at FROM template
WHERE NOT retired AND ($1::text = '' OR language IN ('', $1))
ORDER BY lower(name), language, id
LIMIT 1000

-- name: template
SELECT id, name, language, body, version, updated_at FROM template WHERE id = $1 AND NOT retired

-- name: add_template
INSERT INTO template (name, language, body, created_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (lower(name), language) WHERE NOT retired DO NOTHING
RETURNING id

-- name: lock_template
SELECT version FROM template WHERE id = $1 AND NOT retired FOR NO KEY UPDATE

-- name: name_taken
SELECT EXISTS (SELECT 1 FROM template WHERE lower(name) = lower($2) AND language = $3 AND NOT retired AND id <> $1)

-- name: change_template
UPDATE template SET name = $2, language = $3, body = $4, version = version + 1, updated_at = clock_timestamp()
WHERE id = $1
RETURNING version

-- name: retire_template
UPDATE template SET retired = true, version = version + 1, updated_at = clock_timestamp() WHERE id = $1

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
