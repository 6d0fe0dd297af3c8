-- Tickets while they are worked on: locked, answered, given, moved. Lock order: agents before tickets.

-- name: peek
-- Without a lock: whose agents have to be locked first.
SELECT id, coalesce(assignee_id, offered_to) AS holder FROM ticket WHERE code = $1

-- name: lock_ticket
-- What may change while the lock is waited for is looked up by itself: a join would be with what stood there before, and find nothing.
SELECT t.id, t.code, t.customer_id, t.channel_id, t.subject, t.status, t.seq, t.version, t.assignee_id, t.offered_to, t.queue_id,
       t.priority, t.live, t.weight, t.held, t.reply_address, t.thread_key, ch.name AS channel,
       (SELECT c.name FROM customer c WHERE c.id = t.customer_id) AS customer_name,
       (SELECT q.name FROM queue q WHERE q.id = t.queue_id) AS queue
FROM ticket t JOIN channel ch ON ch.id = t.channel_id
WHERE t.id = $1
FOR NO KEY UPDATE OF t

-- name: said_since
-- Whether somebody else spoke to or for the customer after this number of the ledger.
SELECT EXISTS (
    SELECT 1 FROM event
    WHERE ticket_id = $1 AND seq > $2 AND kind IN ('ticket_opened', 'interaction_added', 'interaction_revised')
      AND coalesce(data->>'as', data->>'direction') IN ('in', 'out') AND (agent_id IS NULL OR agent_id IS DISTINCT FROM $3::bigint)
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
    -- A conversation that is done is nobody's at the other end.
    live = live AND coalesce($3::text, status) IN ('open', 'pending'),
    snoozed_until = CASE WHEN coalesce($3::text, status) IN ('open', 'pending') THEN snoozed_until END,
    -- A ticket that is worked on again leads nowhere else.
    merged_into = CASE WHEN $3::text IS NULL OR $3::text = 'closed' THEN merged_into END,
    last_out_at = CASE WHEN $4 THEN clock_timestamp() ELSE last_out_at END,
    last_preview = coalesce($5::text, last_preview)
WHERE id = $1
RETURNING version

-- name: set_assignee
-- Also back to nobody; the wait goes on from where it began. What is nobody's is put off by nobody.
UPDATE ticket
SET assignee_id = $2, snoozed_until = CASE WHEN $2::bigint IS NOT NULL THEN snoozed_until END, last_agent_id = coalesce($2, assignee_id, last_agent_id), waiting_why = NULL,
    last_agent_at = CASE WHEN coalesce($2, assignee_id) IS NULL THEN last_agent_at ELSE clock_timestamp() END,
    declined_by = CASE WHEN $2::bigint IS NULL THEN assignee_id END,
    declined_until = CASE WHEN $2::bigint IS NULL THEN clock_timestamp() + interval '10 minutes' END
WHERE id = $1

-- name: settle_load
-- The ticket stands as this transaction leaves it; before, it counted `$3` for agent `$2`, `$4`: as a live one. What agents have
-- more or less on hand is the difference. `$5`: seconds that agent `$2` has to wrap up.
UPDATE agent a
SET load = a.load + c.load, live_load = a.live_load + c.live_load,
    idle_since = CASE WHEN c.load + c.live_load > 0 THEN clock_timestamp() ELSE a.idle_since END,
    wrap_until = CASE WHEN c.before AND $5 > 0
                      THEN greatest(a.wrap_until, clock_timestamp() + make_interval(secs => $5)) ELSE a.wrap_until END
FROM (
    SELECT agent_id, bool_or(before) AS before, coalesce(sum(held) FILTER (WHERE NOT live), 0) AS load,
           coalesce(sum(held) FILTER (WHERE live), 0) AS live_load
    FROM (
        SELECT $2::bigint AS agent_id, true AS before, -$3::int AS held, $4::boolean AS live
        UNION ALL
        SELECT coalesce(assignee_id, offered_to), false, held, live FROM ticket WHERE id = $1
    ) counted
    WHERE agent_id IS NOT NULL
    GROUP BY agent_id
) c
WHERE a.id = c.agent_id


-- name: end_assignment
UPDATE assignment SET ended_at = clock_timestamp(), end_reason = $2 WHERE ticket_id = $1 AND ended_at IS NULL

-- name: begin_assignment
INSERT INTO assignment (ticket_id, agent_id, decision_id) VALUES ($1, $2, $3)

-- name: add_decision
INSERT INTO routing_decision (ticket_id, step, queue_id, agent_id, priority, why) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id

-- name: any_waiting
-- Without a lock.
SELECT clock_timestamp() AS now, EXISTS (SELECT 1 FROM ticket
                                         WHERE assignee_id IS NULL AND status = 'open' AND offered_to IS NULL) AS waits

-- name: agents
-- All who could be given work, locked in order: nobody else changes their load meanwhile, and one drain waits for another.
SELECT clock_timestamp() AS now, a.id, a.name, a.presence, a.capacity, a.load, a.live_capacity, a.live_load, a.idle_since,
       a.languages, a.skills, a.calendar, a.wrap_until,
       ARRAY(SELECT q.name FROM queue_member m JOIN queue q ON q.id = m.queue_id WHERE m.agent_id = a.id) AS queues
FROM agent a WHERE a.active ORDER BY a.id FOR NO KEY UPDATE OF a

-- name: look_at_agents
SELECT clock_timestamp() AS now, a.id, a.name, a.presence, a.capacity, a.load, a.live_capacity, a.live_load, a.idle_since,
       a.languages, a.skills, a.calendar, a.wrap_until,
       ARRAY(SELECT q.name FROM queue_member m JOIN queue q ON q.id = m.queue_id WHERE m.agent_id = a.id) AS queues
FROM agent a WHERE a.active ORDER BY a.id

-- name: waiting
-- Of what waits in queues that are open: the first `$1` of each lot (`$2` of one of live conversations), found by one step of the
-- index a lot and not by looking at all that waits; with them those whose customer one of the agents `$3` had last, those that
-- somebody turned down, and those that were not looked at yet. More of a lot than there are free places could not be given out, and
-- a lot that nobody can take holds up no other. What came first of a lot was promised first. `$4`: queues that are shut, `$5`: rows
-- at the most.
WITH RECURSIVE lots AS (
    (SELECT t.lot, t.queue_id, t.live FROM ticket t
     WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.declined_until IS NULL
     ORDER BY t.lot LIMIT 1)
    UNION ALL
    SELECT n.lot, n.queue_id, n.live FROM lots l CROSS JOIN LATERAL (
        SELECT t.lot, t.queue_id, t.live FROM ticket t
        WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.declined_until IS NULL AND t.lot > l.lot
        ORDER BY t.lot LIMIT 1) n
), shut AS MATERIALIZED (
    SELECT id FROM queue WHERE name = ANY($4::text[])
), found AS (
    SELECT h.id, h.place FROM lots l CROSS JOIN LATERAL (
        SELECT t.id, row_number() OVER (ORDER BY t.waiting_since, t.id) AS place FROM ticket t
        WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.declined_until IS NULL AND t.lot = l.lot
        ORDER BY t.waiting_since, t.id LIMIT CASE WHEN l.live THEN $2::int ELSE $1::int END) h
    WHERE l.queue_id NOT IN (SELECT id FROM shut)
    UNION ALL
    SELECT h.id, h.place FROM unnest($3::bigint[]) AS a (id) CROSS JOIN LATERAL (
        SELECT t.id, row_number() OVER (ORDER BY t.waiting_since) AS place FROM ticket t
        WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.last_agent_id = a.id
          AND t.queue_id NOT IN (SELECT id FROM shut)
        ORDER BY t.waiting_since LIMIT 20) h
    UNION ALL
    (SELECT t.id, 1 FROM ticket t
     WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.declined_until IS NOT NULL
     ORDER BY t.declined_until LIMIT 500)
    UNION ALL
    (SELECT t.id, 2 FROM ticket t
     WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.waiting_why IS NULL
     ORDER BY t.id LIMIT 500)
), chosen AS (
    SELECT id, min(place) AS place FROM found GROUP BY id ORDER BY 2, 1 LIMIT $5
)
SELECT t.id, q.name AS queue, t.priority, t.waiting_since, t.required_language AS language, t.required_skills AS skills,
       t.preferred_skills AS preferred, t.kind, t.live, t.weight, t.last_agent_id, greatest(t.last_agent_at, t.last_out_at) AS last_agent_at,
       coalesce(c.owner_id, o.owner_id) AS owner_id, t.waiting_why,
       CASE WHEN t.declined_until > clock_timestamp() THEN t.declined_by END AS declined_by,
       CASE WHEN t.declined_until IS NULL THEN '{}' ELSE
       ARRAY(SELECT f.agent_id FROM offer f WHERE f.ticket_id = t.id AND f.state IN ('declined', 'expired')
             AND f.settled_at > clock_timestamp() - interval '10 minutes') END AS not_to,
       (SELECT min(k.due_at) FROM sla_clock k WHERE k.ticket_id = t.id AND k.state = 'running' AND k.target <> 'resolution') AS due_at
-- OFFSET 0: each by its number; to read all that there are would seem as good to a planner that knows no more than this.
FROM chosen CROSS JOIN LATERAL (SELECT * FROM ticket WHERE id = chosen.id OFFSET 0) t JOIN queue q ON q.id = t.queue_id JOIN customer c ON c.id = t.customer_id LEFT JOIN organisation o ON o.id = c.organisation_id
ORDER BY chosen.place, t.priority DESC, t.waiting_since, t.id

-- name: expected
-- `$2`: kinds of channel on which somebody sits at the other end.
SELECT q.name AS queue, t.required_language AS language, t.required_skills AS skills, t.kind, ch.kind = ANY($2::text[]) AS live,
       count(*) / 4.0::float8 AS tickets
FROM generate_series(1, 4) AS weeks
JOIN ticket t ON t.created_at >= now() - make_interval(weeks => weeks)
             AND t.created_at < now() - make_interval(weeks => weeks) + make_interval(secs => $1 * 60)
JOIN queue q ON q.id = t.queue_id
JOIN channel ch ON ch.id = t.channel_id
GROUP BY q.name, t.required_language, t.required_skills, t.kind, 5

-- name: given_lately
-- What these agents were given in the last `$2` seconds, of each kind; of one agent no more than the last 300.
SELECT a.id AS agent_id, t.kind, t.live, count(*)::int AS tickets
FROM unnest($1::bigint[]) AS a (id)
CROSS JOIN LATERAL (SELECT ticket_id, started_at FROM assignment WHERE agent_id = a.id ORDER BY id DESC LIMIT 300) s
JOIN ticket t ON t.id = s.ticket_id
WHERE s.started_at >= clock_timestamp() - make_interval(secs => $2)
GROUP BY a.id, t.kind, t.live

-- name: here_lately
-- For how many minutes of the last `$2` seconds these agents were at their desks.
WITH asked AS (
    SELECT clock_timestamp() AS now, clock_timestamp() - make_interval(secs => $2) AS since
), told AS (
    SELECT a.id, e.at, e.presence FROM asked CROSS JOIN unnest($1::bigint[]) AS a (id) CROSS JOIN LATERAL (
        (SELECT asked.since AS at, data->>'presence' AS presence FROM event
         WHERE kind = 'presence_changed' AND agent_id = a.id AND at < asked.since ORDER BY at DESC LIMIT 1)
        UNION ALL
        (SELECT at, data->>'presence' FROM event
         WHERE kind = 'presence_changed' AND agent_id = a.id AND at >= asked.since ORDER BY at LIMIT 1000)
    ) e
), spans AS (
    SELECT told.id, told.presence, lead(told.at, 1, asked.now) OVER (PARTITION BY told.id ORDER BY told.at) - told.at AS span
    FROM told CROSS JOIN asked
)
SELECT id AS agent_id, (extract(epoch FROM sum(span)) / 60)::float8 AS minutes
FROM spans WHERE presence IN ('online', 'busy') GROUP BY id

-- name: in_hand
-- Of each agent, out of the ten that wait longest.
SELECT a.id AS agent_id, h.* FROM unnest($1::bigint[]) AS a (id) CROSS JOIN LATERAL (
    SELECT t.id AS ticket_id, q.name AS queue, t.required_language AS language, t.required_skills AS skills, t.kind, t.priority,
           t.waiting_since, k.due_at
    FROM (SELECT * FROM ticket WHERE assignee_id = a.id AND status = 'open' AND NOT live ORDER BY waiting_since LIMIT 10) t
    JOIN queue q ON q.id = t.queue_id
    LEFT JOIN LATERAL (SELECT min(c.due_at) AS due_at FROM sla_clock c
                       WHERE c.ticket_id = t.id AND c.state = 'running' AND c.target <> 'resolution') k ON true
    ORDER BY k.due_at, t.priority DESC, t.waiting_since LIMIT 1) h

-- name: next_by_time
SELECT clock_timestamp() AS now,
       (SELECT min(t.declined_until) FROM ticket t
        WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.declined_until > $1) AS turned_down,
       (SELECT min(a.wrap_until) FROM agent a WHERE a.active AND a.wrap_until > $1) AS wrapped_up,
       ARRAY(SELECT DISTINCT a.calendar FROM agent a WHERE a.active AND a.calendar <> '') AS calendars,
       ARRAY(SELECT (SELECT min(t.waiting_since) FROM ticket t
                     WHERE t.assignee_id IS NULL AND t.status = 'open' AND t.queue_id = q.id AND t.waiting_since > g.since)
             FROM unnest($2::text[], $3::timestamptz[]) WITH ORDINALITY AS g (queue, since, ord) LEFT JOIN queue q ON q.name = g.queue
             ORDER BY g.ord) AS waiting_since

-- name: unexplained
SELECT t.id, q.name AS queue, t.priority, t.waiting_since, t.required_language AS language, t.required_skills AS skills,
       t.preferred_skills AS preferred, t.kind, t.live, t.weight, t.last_agent_id, greatest(t.last_agent_at, t.last_out_at) AS last_agent_at,
       coalesce(c.owner_id, o.owner_id) AS owner_id, t.waiting_why,
       CASE WHEN t.declined_until > clock_timestamp() THEN t.declined_by END AS declined_by,
       CASE WHEN t.declined_until IS NULL THEN '{}' ELSE
       ARRAY(SELECT f.agent_id FROM offer f WHERE f.ticket_id = t.id AND f.state IN ('declined', 'expired')
             AND f.settled_at > clock_timestamp() - interval '10 minutes') END AS not_to,
       (SELECT min(k.due_at) FROM sla_clock k WHERE k.ticket_id = t.id AND k.state = 'running' AND k.target <> 'resolution') AS due_at
FROM ticket t JOIN queue q ON q.id = t.queue_id JOIN customer c ON c.id = t.customer_id LEFT JOIN organisation o ON o.id = c.organisation_id
WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.waiting_why IS NULL
ORDER BY t.id
LIMIT 500

-- name: waiting_ticket
SELECT t.id, q.name AS queue, t.priority, t.waiting_since, t.required_language AS language, t.required_skills AS skills,
       t.preferred_skills AS preferred, t.kind, t.live, t.weight, t.last_agent_id, greatest(t.last_agent_at, t.last_out_at) AS last_agent_at,
       coalesce(c.owner_id, o.owner_id) AS owner_id, t.waiting_why,
       CASE WHEN t.declined_until > clock_timestamp() THEN t.declined_by END AS declined_by,
       CASE WHEN t.declined_until IS NULL THEN '{}' ELSE
       ARRAY(SELECT f.agent_id FROM offer f WHERE f.ticket_id = t.id AND f.state IN ('declined', 'expired')
             AND f.settled_at > clock_timestamp() - interval '10 minutes') END AS not_to,
       (SELECT min(k.due_at) FROM sla_clock k WHERE k.ticket_id = t.id AND k.state = 'running' AND k.target <> 'resolution') AS due_at
FROM ticket t JOIN queue q ON q.id = t.queue_id JOIN customer c ON c.id = t.customer_id LEFT JOIN organisation o ON o.id = c.organisation_id
WHERE t.code = $1 AND t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open'

-- name: give
-- Conditional: a ticket that somebody took meanwhile, that is not open any more or not as live as it was, stays as it is. Each
-- assignment with its decision, its entry in the ledger and its agent's load.
WITH locked AS (
    SELECT t.id, g.agent_id, g.why
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::boolean[]) AS g (ticket_id, agent_id, why, live)
    JOIN ticket t ON t.id = g.ticket_id
    WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.live = g.live
    ORDER BY t.id FOR NO KEY UPDATE OF t
), taken AS (
    UPDATE ticket t
    SET assignee_id = l.agent_id, last_agent_id = l.agent_id, last_agent_at = clock_timestamp(), declined_by = NULL,
        declined_until = NULL, waiting_why = NULL, seq = t.seq + 1, version = t.version + 1, updated_at = clock_timestamp()
    FROM locked l WHERE t.id = l.id
    RETURNING t.id, t.seq, t.queue_id, t.priority, t.live, t.held, l.agent_id, l.why
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
    UPDATE agent a SET load = a.load + n.load, live_load = a.live_load + n.live_load, idle_since = clock_timestamp()
    FROM (SELECT agent_id, coalesce(sum(held) FILTER (WHERE NOT live), 0) AS load,
                 coalesce(sum(held) FILTER (WHERE live), 0) AS live_load
          FROM taken GROUP BY agent_id) n
    WHERE a.id = n.agent_id
)
SELECT count(*), (SELECT count(pg_notify(topic, '')) FROM unnest($5::text[]) AS topic) FROM taken

-- name: say_why_waiting
UPDATE ticket t SET waiting_why = g.why::jsonb
FROM unnest($1::bigint[], $2::text[]) AS g (id, why)
WHERE t.id = g.id AND t.assignee_id IS NULL AND t.status = 'open'

-- name: add_outbox
INSERT INTO outbox (ticket_id, interaction_id, channel_id, message, message_id, give_up_at, not_before, made_pending)
VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6), clock_timestamp() + make_interval(secs => $7), $8)

-- name: ticket_language
SELECT language FROM ticket WHERE id = $1

-- name: close_if_resolved
-- The timer's effect. Whatever took the ticket out of this state has cancelled the timer.
UPDATE ticket SET status = 'closed', seq = seq + 1, version = version + 1, updated_at = clock_timestamp(), waiting_since = NULL
WHERE id = $1 AND status = 'resolved'
RETURNING seq


-- name: answers_given
-- The last $2 answers of the last $1 days to tickets that could be put aside, and the minutes each took: since the ticket came
-- into hand, its customer spoke last, or the same agent had answered the one before. `known`: the agent had the customer before.
-- By now(): a clock that ticks while it is read opens no index.
SELECT required_skills AS skills, queue, language, kind, levels, known, minutes FROM (
    SELECT t.required_skills, q.name AS queue, t.required_language AS language, t.kind, a.skills AS levels,
           coalesce(d.why @> '{"reasons": [{"code": "last_agent"}]}', false) AS known,
           extract(epoch FROM t.last_out_at - greatest(
               s.started_at, t.last_in_at, lag(t.last_out_at) OVER (PARTITION BY s.agent_id ORDER BY t.last_out_at)
           ))::float8 / 60.0 AS minutes
    FROM (SELECT * FROM ticket WHERE last_out_at > now() - make_interval(days => $1) AND NOT live
          ORDER BY last_out_at DESC LIMIT $2) t
    JOIN queue q ON q.id = t.queue_id
    JOIN assignment s ON s.ticket_id = t.id AND s.ended_at IS NULL AND s.started_at < t.last_out_at
    JOIN agent a ON a.id = s.agent_id
    LEFT JOIN routing_decision d ON d.id = s.decision_id
) done
WHERE minutes > 0
