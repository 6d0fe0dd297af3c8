-- The hub's own past, read in batches for simulations, and the simulations themselves.

-- name: touched
-- Tickets that something happened to since then, the longest untouched first.
SELECT id, updated_at FROM ticket WHERE (updated_at, id) > ($1, $2) ORDER BY updated_at, id LIMIT $3

-- name: turns
-- What customers of these tickets said, up to each answer: machines' words count on neither side, nor does what was taken back.
WITH said AS (
    SELECT i.ticket_id, i.direction, i.created_at, i.agent_id,
           count(*) FILTER (WHERE i.direction = 'out') OVER (PARTITION BY i.ticket_id ORDER BY i.id)
               - (i.direction = 'out')::int AS turn
    FROM interaction i LEFT JOIN outbox x ON x.interaction_id = i.id
    WHERE i.ticket_id = ANY ($1::bigint[]) AND i.direction IN ('in', 'out') AND i.automatic = '' AND i.revises IS NULL
      AND x.state IS DISTINCT FROM 'cancelled'
), turns AS (
    SELECT ticket_id, turn::int AS turn,
           min(created_at) FILTER (WHERE direction = 'in') AS at,
           min(created_at) FILTER (WHERE direction = 'out') AS answered_at,
           min(agent_id) FILTER (WHERE direction = 'out') AS answered_by
    FROM said GROUP BY ticket_id, turn
)
SELECT n.ticket_id, n.turn, n.at, n.answered_at, n.answered_by, t.customer_id, t.kind, t.kind_uncertain AS uncertain,
       coalesce(t.promised_priority, t.priority) AS priority, t.subject, t.language, ch.name AS channel, ch.kind AS channel_kind,
       q.name AS queue, t.required_language, t.required_skills, t.preferred_skills, t.weight,
       coalesce(c.owner_id, o.owner_id) AS looked_after_by,
       (c.key_account OR coalesce(o.key_account, false)) AS key_account, sorted.why,
       -- A ticket was given to who answered it before they did.
       (SELECT max(e.at) FROM event e WHERE e.ticket_id = n.ticket_id AND e.kind = 'ticket_assigned' AND e.at <= n.answered_at)
           AS assigned_at
FROM turns n JOIN ticket t ON t.id = n.ticket_id JOIN channel ch ON ch.id = t.channel_id JOIN queue q ON q.id = t.queue_id
JOIN customer c ON c.id = t.customer_id LEFT JOIN organisation o ON o.id = c.organisation_id
LEFT JOIN LATERAL (SELECT d.why FROM routing_decision d WHERE d.ticket_id = n.ticket_id AND d.step = 'classified'
                   ORDER BY d.id LIMIT 1) sorted ON true
WHERE n.at >= $2 AND n.at < $3
ORDER BY n.ticket_id, n.turn

-- name: staff_of_now
SELECT a.id, a.login, a.name, a.languages, a.skills, a.capacity, a.live_capacity, a.calendar,
       ARRAY(SELECT q.name FROM queue_member m JOIN queue q ON q.id = m.queue_id WHERE m.agent_id = a.id ORDER BY q.name) AS queues
FROM agent a WHERE a.active ORDER BY a.id

-- name: presence_of
-- What this agent was when the time began, and every change in it.
(SELECT at, data->>'presence' AS presence FROM event
 WHERE kind = 'presence_changed' AND agent_id = $1 AND at < $2 ORDER BY at DESC LIMIT 1)
UNION ALL
(SELECT at, data->>'presence' FROM event
 WHERE kind = 'presence_changed' AND agent_id = $1 AND at >= $2 AND at < $3 ORDER BY at LIMIT 20000)

-- name: now
SELECT clock_timestamp()

-- name: ask
INSERT INTO simulation (asked_by, author, question, rules_version) VALUES ($1, $2, $3, $4) RETURNING id

-- name: waiting
SELECT count(*) FROM simulation WHERE state = 'waiting'

-- name: claim
-- The oldest that waits, or whose hub was not heard of for so many seconds.
UPDATE simulation SET state = 'running', token = $1, attempts = attempts + 1, progress = 0, heard_at = clock_timestamp()
WHERE id = (
    SELECT id FROM simulation
    WHERE state = 'waiting' OR (state = 'running' AND heard_at < clock_timestamp() - make_interval(secs => $2))
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, question, rules_version, attempts

-- name: hear
-- Whether it is still ours to answer.
UPDATE simulation SET progress = greatest(progress, $3), heard_at = clock_timestamp()
WHERE id = $1 AND token = $2 AND state = 'running'
RETURNING true

-- name: finish
UPDATE simulation SET state = 'done', progress = 1, result = $3, token = NULL, ended_at = clock_timestamp()
WHERE id = $1 AND token = $2 AND state = 'running'

-- name: fail
UPDATE simulation SET state = 'failed', trouble = $3, token = NULL, ended_at = clock_timestamp()
WHERE id = $1 AND token = $2 AND state = 'running'

-- name: give_back
UPDATE simulation SET state = 'waiting', token = NULL, progress = 0, attempts = greatest(attempts - 1, 0)
WHERE id = $1 AND token = $2 AND state = 'running'

-- name: cancel
UPDATE simulation SET state = 'cancelled', token = NULL, ended_at = clock_timestamp()
WHERE id = $1 AND state IN ('waiting', 'running')
RETURNING true

-- name: simulation
SELECT id, author, question, rules_version, state, progress, result, trouble, made_at, ended_at FROM simulation WHERE id = $1

-- name: simulations
-- The newest first; of their results the figures that a list shows.
SELECT id, author, question, rules_version, state, progress, trouble, made_at, ended_at,
       result->'before'->'figures'->'in_time_weighted'->'mean' AS before,
       result->'after'->'figures'->'in_time_weighted'->'mean' AS after
FROM simulation ORDER BY id DESC LIMIT $1

-- name: tidy
DELETE FROM simulation WHERE ended_at < clock_timestamp() - make_interval(days => $1)
