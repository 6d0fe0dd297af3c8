-- Tickets while they are worked on: locked, answered, given, moved. Lock order: agents before tickets.

-- name: peek
-- Without a lock: whose agents have to be locked first.
SELECT id, assignee_id FROM ticket WHERE code = $1

-- name: lock_ticket
SELECT t.id, t.code, t.customer_id, t.channel_id, t.subject, t.status, t.seq, t.version, t.assignee_id, t.queue_id,
       t.priority, t.reply_address, t.thread_key, c.name AS customer_name, ch.name AS channel
FROM ticket t JOIN customer c ON c.id = t.customer_id JOIN channel ch ON ch.id = t.channel_id
WHERE t.id = $1
FOR NO KEY UPDATE OF t

-- name: said_since
-- Whether somebody else spoke to or for the customer after this number of the ledger.
SELECT EXISTS (
    SELECT 1 FROM event
    WHERE ticket_id = $1 AND seq > $2 AND kind IN ('ticket_opened', 'interaction_added')
      AND data->>'direction' IN ('in', 'out') AND (agent_id IS NULL OR agent_id IS DISTINCT FROM $3::bigint)
)

-- name: add_entry
INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, agent_id, author_name, subject, text,
                         external_id, thread_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
RETURNING id, created_at

-- name: last_letters
-- Message-IDs of the conversation, newest first: of letters only, and not of those that a mail server wrote.
SELECT i.external_id, i.direction FROM interaction i
WHERE i.ticket_id = $1 AND i.external_id <> '' AND i.direction IN ('in', 'out')
  AND i.automatic NOT IN ('bounce', 'delayed', 'receipt')
  AND EXISTS (SELECT 1 FROM thread_ref r WHERE r.scope = 'mail' AND r.ref = i.external_id)
ORDER BY i.id DESC LIMIT 30

-- name: set_ticket
-- Everything that a step of work changes; null leaves as it is.
UPDATE ticket
SET seq = $2, version = version + 1, updated_at = clock_timestamp(),
    status = coalesce($3::text, status),
    resolved_at = CASE WHEN $3::text = 'resolved' THEN clock_timestamp() WHEN $3::text IS NULL THEN resolved_at END,
    waiting_since = CASE WHEN $3::text = 'open' THEN coalesce(waiting_since, clock_timestamp())
                         WHEN $3::text IS NULL THEN waiting_since END,
    -- A ticket that is worked on again leads nowhere else.
    merged_into = CASE WHEN $3::text IS NULL OR $3::text = 'closed' THEN merged_into END,
    last_out_at = CASE WHEN $4 THEN clock_timestamp() ELSE last_out_at END,
    last_preview = coalesce($5::text, last_preview)
WHERE id = $1
RETURNING version

-- name: set_assignee
-- Also back to nobody; the wait goes on from where it began.
UPDATE ticket
SET assignee_id = $2, last_agent_id = coalesce($2, assignee_id, last_agent_id), waiting_why = NULL,
    declined_by = CASE WHEN $2::bigint IS NULL THEN assignee_id END,
    declined_until = CASE WHEN $2::bigint IS NULL THEN clock_timestamp() + interval '10 minutes' END
WHERE id = $1

-- name: end_assignment
UPDATE assignment SET ended_at = clock_timestamp(), end_reason = $2 WHERE ticket_id = $1 AND ended_at IS NULL

-- name: begin_assignment
INSERT INTO assignment (ticket_id, agent_id, decision_id) VALUES ($1, $2, $3)

-- name: add_decision
INSERT INTO routing_decision (ticket_id, step, queue_id, agent_id, priority, why) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id

-- name: agents
-- All who could be given work, locked in order: nobody else changes their load meanwhile, and one drain waits for another.
SELECT clock_timestamp() AS now, a.id, a.name, a.presence, a.capacity, a.load, a.idle_since, a.languages, a.skills,
       ARRAY(SELECT q.name FROM queue_member m JOIN queue q ON q.id = m.queue_id WHERE m.agent_id = a.id) AS queues
FROM agent a WHERE a.active ORDER BY a.id FOR NO KEY UPDATE OF a

-- name: look_at_agents
SELECT clock_timestamp() AS now, a.id, a.name, a.presence, a.capacity, a.load, a.idle_since, a.languages, a.skills,
       ARRAY(SELECT q.name FROM queue_member m JOIN queue q ON q.id = m.queue_id WHERE m.agent_id = a.id) AS queues
FROM agent a WHERE a.active ORDER BY a.id

-- name: waiting
-- At most as many of each sort as there are free places: more could not be given out, and a sort that nobody can take
-- holds up no other. With them those that were not looked at yet. What came first of a sort was promised first.
SELECT id, queue, priority, waiting_since, language, skills, kind, last_agent_id, declined_by, waiting_why,
       (SELECT min(c.due_at) FROM sla_clock c WHERE c.ticket_id = w.id AND c.state = 'running' AND c.target <> 'resolution') AS due_at
FROM (
    SELECT t.id, q.name AS queue, t.priority, t.waiting_since, t.required_language AS language,
           t.required_skills AS skills, t.kind, t.last_agent_id, t.waiting_why,
           CASE WHEN t.declined_until > clock_timestamp() THEN t.declined_by END AS declined_by,
           row_number() OVER (PARTITION BY t.queue_id, t.required_language, t.required_skills, t.kind, t.priority,
                                           t.channel_id, t.declined_by
                              ORDER BY t.waiting_since, t.id) AS place
    FROM ticket t JOIN queue q ON q.id = t.queue_id
    WHERE t.assignee_id IS NULL AND t.status = 'open'
) w
WHERE place <= $1 OR waiting_why IS NULL
ORDER BY place, priority DESC, waiting_since, id
LIMIT 2000

-- name: expected
SELECT q.name AS queue, t.required_language AS language, t.required_skills AS skills, t.kind, count(*) / 4.0::float8 AS tickets
FROM generate_series(1, 4) AS weeks
JOIN ticket t ON t.created_at >= now() - make_interval(weeks => weeks)
             AND t.created_at < now() - make_interval(weeks => weeks) + make_interval(secs => $1 * 60)
JOIN queue q ON q.id = t.queue_id
GROUP BY q.name, t.required_language, t.required_skills, t.kind

-- name: unexplained
SELECT t.id, q.name AS queue, t.priority, t.waiting_since, t.required_language AS language, t.required_skills AS skills,
       t.kind, t.last_agent_id, CASE WHEN t.declined_until > clock_timestamp() THEN t.declined_by END AS declined_by,
       t.waiting_why,
       (SELECT min(c.due_at) FROM sla_clock c WHERE c.ticket_id = t.id AND c.state = 'running' AND c.target <> 'resolution') AS due_at
FROM ticket t JOIN queue q ON q.id = t.queue_id
WHERE t.assignee_id IS NULL AND t.status = 'open' AND t.waiting_why IS NULL
ORDER BY t.id
LIMIT 500

-- name: waiting_ticket
SELECT t.id, q.name AS queue, t.priority, t.waiting_since, t.required_language AS language, t.required_skills AS skills,
       t.kind, t.last_agent_id, CASE WHEN t.declined_until > clock_timestamp() THEN t.declined_by END AS declined_by,
       t.waiting_why,
       (SELECT min(c.due_at) FROM sla_clock c WHERE c.ticket_id = t.id AND c.state = 'running' AND c.target <> 'resolution') AS due_at
FROM ticket t JOIN queue q ON q.id = t.queue_id
WHERE t.code = $1 AND t.assignee_id IS NULL AND t.status = 'open'

-- name: give
-- Conditional: a ticket that somebody took meanwhile, or that is not open any more, stays as it is. Each assignment with
-- its decision, its entry in the ledger and its agent's load.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS g (ticket_id, agent_id, why)
), locked AS (
    SELECT t.id, g.agent_id, g.why FROM ticket t JOIN given g ON g.ticket_id = t.id
    WHERE t.id = ANY($1::bigint[]) AND t.assignee_id IS NULL AND t.status = 'open'
    ORDER BY t.id FOR NO KEY UPDATE OF t
), taken AS (
    UPDATE ticket t
    SET assignee_id = l.agent_id, last_agent_id = l.agent_id, declined_by = NULL, waiting_why = NULL, seq = t.seq + 1, version = t.version + 1,
        updated_at = clock_timestamp()
    FROM locked l WHERE t.id = l.id
    RETURNING t.id, t.seq, t.queue_id, t.priority, l.agent_id, l.why
), decided AS (
    INSERT INTO routing_decision (ticket_id, step, queue_id, agent_id, priority, why)
    SELECT id, 'assigned', queue_id, agent_id, priority, why::jsonb FROM taken
    RETURNING id, ticket_id, agent_id
), begun AS (
    INSERT INTO assignment (ticket_id, agent_id, decision_id) SELECT ticket_id, agent_id, id FROM decided
), told AS (
    INSERT INTO event (ticket_id, seq, kind, data)
    SELECT id, seq, 'ticket_assigned', jsonb_build_object('agent', agent_id) FROM taken
), loaded AS (
    UPDATE agent a SET load = a.load + n.more, idle_since = clock_timestamp()
    FROM (SELECT agent_id, count(*) AS more FROM taken GROUP BY agent_id) n WHERE a.id = n.agent_id
)
SELECT count(*), (SELECT count(pg_notify(topic, '')) FROM unnest($4::text[]) AS topic) FROM taken

-- name: say_why_waiting
UPDATE ticket t SET waiting_why = g.why::jsonb
FROM unnest($1::bigint[], $2::text[]) AS g (id, why)
WHERE t.id = g.id AND t.assignee_id IS NULL AND t.status = 'open'

-- name: add_outbox
INSERT INTO outbox (ticket_id, interaction_id, channel_id, message, message_id, give_up_at, not_before, made_pending)
VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6), clock_timestamp() + make_interval(secs => $7), $8)

-- name: close_if_resolved
-- The timer's effect. Whatever took the ticket out of this state has cancelled the timer.
UPDATE ticket SET status = 'closed', seq = seq + 1, version = version + 1, updated_at = clock_timestamp(), waiting_since = NULL
WHERE id = $1 AND status = 'resolved'
RETURNING seq

