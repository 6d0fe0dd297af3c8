-- Several acts on a ticket at once, and what their runs did.

-- name: list_macros
-- Everybody's and queues', with one agent's own.
SELECT m.id, m.name, m.acts, m.owner_id, coalesce(q.name, '') AS queue, m.used, m.version, m.updated_at
FROM macro m LEFT JOIN queue q ON q.id = m.queue_id
WHERE NOT m.retired AND (m.owner_id IS NULL OR m.owner_id = $1)
ORDER BY lower(m.name), m.id
LIMIT 1000

-- name: offered_on
-- For whoever works on this ticket, most used first: everybody's, their own, those of the ticket's queue and of queues that they
-- are a member of.
SELECT m.id, m.name, m.acts, m.owner_id, coalesce(q.name, '') AS queue, m.used, m.version, m.updated_at
FROM macro m LEFT JOIN queue q ON q.id = m.queue_id
WHERE NOT m.retired AND (m.owner_id IS NULL OR m.owner_id = $2)
  AND (m.queue_id IS NULL OR m.queue_id = (SELECT queue_id FROM ticket WHERE code = $1)
       OR EXISTS (SELECT 1 FROM queue_member r WHERE r.agent_id = $2 AND r.queue_id = m.queue_id))
ORDER BY m.used DESC, lower(m.name), m.id
LIMIT 1000

-- name: macro
-- One that this agent may see.
SELECT m.id, m.name, m.acts, m.owner_id, coalesce(q.name, '') AS queue, m.used, m.version, m.updated_at
FROM macro m LEFT JOIN queue q ON q.id = m.queue_id
WHERE m.id = $1 AND NOT m.retired AND (m.owner_id IS NULL OR m.owner_id = $2)

-- name: add_macro
INSERT INTO macro (name, acts, owner_id, queue_id, created_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (coalesce(owner_id, 0), lower(name)) WHERE NOT retired DO NOTHING
RETURNING id

-- name: lock_macro
SELECT version, owner_id FROM macro WHERE id = $1 AND NOT retired FOR NO KEY UPDATE

-- name: name_taken
SELECT EXISTS (SELECT 1 FROM macro
               WHERE lower(name) = lower($2) AND coalesce(owner_id, 0) = coalesce($3, 0) AND NOT retired AND id <> $1)

-- name: change_macro
UPDATE macro SET name = $2, acts = $3, owner_id = $4, queue_id = $5, version = version + 1, updated_at = clock_timestamp()
WHERE id = $1
RETURNING version

-- name: retire_macro
UPDATE macro SET retired = true, version = version + 1, updated_at = clock_timestamp() WHERE id = $1

-- name: add_run
WITH counted AS (UPDATE macro SET used = used + 1 WHERE id = $1)
INSERT INTO macro_run (macro_id, ticket_id, agent_id, done) VALUES ($1, $2, $3, $4) RETURNING id

-- name: take_run
-- Once, by whoever ran it.
UPDATE macro_run r SET undone_at = clock_timestamp()
FROM ticket t
WHERE r.id = $1 AND r.agent_id = $2 AND r.undone_at IS NULL AND r.at > clock_timestamp() - make_interval(secs => $3)
  AND t.id = r.ticket_id
RETURNING r.macro_id, t.code AS ticket_code, r.done
