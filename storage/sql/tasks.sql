-- Tasks: work that is asked of departments and of people. Whoever writes to one that has a ticket holds the ticket first.

-- name: add
-- The same cause makes one task, once.
INSERT INTO task (ticket_id, customer_id, title, text, queue_id, assignee_id, due_at, made_by, author, rule, cause)
VALUES ($1, coalesce($2, (SELECT customer_id FROM ticket WHERE id = $1)), $3, $4, $5, $6,
        coalesce($7::timestamptz, clock_timestamp() + make_interval(secs => $8)), $9, $10, $11, $12)
ON CONFLICT (cause) WHERE cause <> '' DO NOTHING
RETURNING id, code

-- name: of_cause
SELECT id FROM task WHERE cause = $1 AND cause <> ''

-- name: code_of
SELECT code FROM task WHERE id = $1

-- name: queue
-- A department, and who works there by name; no member by name means everybody.
SELECT q.id, q.name, q.title_en, q.title_zh, ARRAY(
    SELECT m.agent_id FROM queue_member m JOIN agent a ON a.id = m.agent_id WHERE m.queue_id = q.id AND a.active ORDER BY 1
) AS members
FROM queue q WHERE q.name = $1 AND NOT q.retired

-- name: place
-- The ticket of a task never changes, so it may be locked before the task is.
SELECT id, ticket_id FROM task WHERE code = $1

-- name: lock_ticket
SELECT id FROM ticket WHERE id = $1 FOR NO KEY UPDATE

-- name: lock
SELECT t.id, t.code, t.ticket_id, t.title, t.text, coalesce(q.name, '') AS queue, t.queue_id, t.assignee_id, t.due_at, t.state,
       t.outcome, t.made_by, t.version
FROM task t LEFT JOIN queue q ON q.id = t.queue_id
WHERE t.id = $1
FOR NO KEY UPDATE OF t

-- name: set
-- With another time, that it has come has not been said yet.
UPDATE task
SET title = $2, text = $3, queue_id = $4, assignee_id = $5, state = $7, outcome = $8,
    due_said_at = CASE WHEN due_at IS NOT DISTINCT FROM $6 THEN due_said_at END, due_at = $6,
    ended_at = CASE WHEN $7 IN ('done', 'dropped') THEN coalesce(ended_at, clock_timestamp()) END,
    version = version + 1, changed_at = clock_timestamp()
WHERE id = $1
RETURNING version

-- name: add_step
INSERT INTO task_step (task_id, what, agent_id, author, to_agent_id, text) VALUES ($1, $2, $3, $4, $5, $6)

-- name: say_on_ticket
-- An entry on the ticket's timeline, for colleagues only, with its own place in the ledger.
WITH numbered AS (
    UPDATE ticket SET seq = seq + 1, version = version + 1, updated_at = clock_timestamp() WHERE id = $1
    RETURNING id, seq, customer_id
), said AS (
    INSERT INTO interaction (ticket_id, seq, customer_id, kind, direction, agent_id, author_name, text, fields)
    SELECT id, seq, customer_id, 'event', 'internal', $2, $3, $4, $5 FROM numbered
    RETURNING id, ticket_id, seq
)
INSERT INTO event (ticket_id, seq, kind, agent_id, data)
SELECT ticket_id, seq, 'interaction_added', $2, jsonb_build_object('interaction', id, 'direction', 'internal') FROM said

-- name: due
-- Marked in the transaction that tells of it: said once. Who has left hears nothing any more, and so has none of them.
UPDATE task t SET due_said_at = clock_timestamp()
WHERE t.id IN (
    SELECT d.id FROM task d
    WHERE d.due_at <= now() AND d.due_said_at IS NULL AND d.state IN ('open', 'doing')
    ORDER BY d.due_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING t.id, t.code, t.ticket_id, t.title, t.queue_id, t.version,
          (SELECT a.id FROM agent a WHERE a.id = t.assignee_id AND a.active) AS assignee_id

-- name: rows
-- As people look at them; storage/tasks.py adds which, and in what order.
SELECT t.id, t.code, t.title, t.text, t.state, t.outcome, t.due_at, coalesce(q.name, '') AS queue,
       coalesce(q.title_en, '') AS queue_title_en, coalesce(q.title_zh, '') AS queue_title_zh, t.assignee_id,
       coalesce(a.name, '') AS assignee_name, k.code AS ticket_code, coalesce(k.subject, '') AS ticket_subject,
       c.code AS customer_code, coalesce(c.name, '') AS customer_name, t.author, t.rule, t.version, t.made_at, t.changed_at,
       t.ended_at
FROM task t
LEFT JOIN queue q ON q.id = t.queue_id
LEFT JOIN agent a ON a.id = t.assignee_id
LEFT JOIN ticket k ON k.id = t.ticket_id
LEFT JOIN customer c ON c.id = t.customer_id

-- name: steps
SELECT s.id, s.what, s.author, coalesce(a.name, '') AS to_name, s.text, s.at
FROM task_step s LEFT JOIN agent a ON a.id = s.to_agent_id
WHERE s.task_id = $1
ORDER BY s.id
LIMIT 500

-- name: held_by
SELECT code FROM task WHERE assignee_id = $1 AND state IN ('open', 'doing') ORDER BY due_at, id

-- name: of_gone
-- What those have to do who may not log in any more.
SELECT t.code, t.assignee_id FROM agent a JOIN task t ON t.assignee_id = a.id AND t.state IN ('open', 'doing')
WHERE NOT a.active ORDER BY t.id LIMIT $1

-- name: counts
-- To do: of this agent, of these overdue, of the agent's departments, all.
SELECT count(*) FILTER (WHERE task.assignee_id = $1) AS mine,
       count(*) FILTER (WHERE task.assignee_id = $1 AND task.due_at <= clock_timestamp()) AS mine_overdue,
       count(*) FILTER (WHERE task.queue_id IN (
           SELECT m.queue_id FROM queue_member m WHERE m.agent_id = $1
           UNION ALL SELECT o.id FROM queue o WHERE NOT EXISTS (SELECT 1 FROM queue_member n WHERE n.agent_id = $1))) AS departments,
       count(*) AS "all",
       count(*) FILTER (WHERE task.due_at <= clock_timestamp()) AS overdue
FROM task LEFT JOIN ticket k ON k.id = task.ticket_id WHERE task.state IN ('open', 'doing')
