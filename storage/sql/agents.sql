-- Members of staff as supervisors see and change them.

-- name: list_details
SELECT a.id, a.login, a.name, a.role, a.locale, a.languages, a.skills, a.capacity, a.load, a.live_capacity, a.live_load,
       a.calendar, a.presence, a.active, a.version,
       ARRAY(SELECT q.name FROM queue_member m JOIN queue q ON q.id = m.queue_id WHERE m.agent_id = a.id ORDER BY q.id) AS queues
FROM agent a
ORDER BY a.active DESC, a.name, a.id
LIMIT 2000

-- name: details
SELECT a.id, a.login, a.name, a.role, a.locale, a.languages, a.skills, a.capacity, a.load, a.live_capacity, a.live_load,
       a.calendar, a.presence, a.active, a.version,
       ARRAY(SELECT q.name FROM queue_member m JOIN queue q ON q.id = m.queue_id WHERE m.agent_id = a.id ORDER BY q.id) AS queues
FROM agent a
WHERE a.id = $1

-- name: id_of_login
SELECT id FROM agent WHERE login = $1

-- name: open_tickets_of
-- What an agent would leave behind.
SELECT count(*) FROM ticket WHERE assignee_id = $1 AND status IN ('open', 'pending')

-- name: lock
-- With every administrator: that one of them stays is decided by one change at a time.
SELECT id, role = 'admin' AND active AS administers FROM agent WHERE id = $1 OR (role = 'admin' AND active)
ORDER BY id FOR NO KEY UPDATE

-- name: change
UPDATE agent
SET name = $2, role = $3, locale = $4, languages = $5, skills = $6, capacity = $7, live_capacity = $8, calendar = $9, active = $10,
    version = version + 1
WHERE id = $1

-- name: set_password
-- `$3`: for how many seconds it opens, where it was made for them; NULL where they chose it.
UPDATE agent SET password_hash = $2, password_until = clock_timestamp() + make_interval(secs => $3), version = version + 1
WHERE id = $1

-- name: lock_all
SELECT id FROM agent ORDER BY id FOR NO KEY UPDATE

-- name: leave_queues
DELETE FROM queue_member m USING queue q
WHERE m.agent_id = $1 AND q.id = m.queue_id AND q.name <> ALL($2::text[])

-- name: join_queues
-- How many of these queues there are, after which the agent is a member of each.
WITH wanted AS (SELECT id FROM queue WHERE name = ANY($2::text[]) AND NOT retired),
joined AS (INSERT INTO queue_member (queue_id, agent_id) SELECT id, $1 FROM wanted ON CONFLICT DO NOTHING)
SELECT count(*) FROM wanted
