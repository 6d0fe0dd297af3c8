-- What becomes of tickets that nobody works on: whose agent is gone or silent, who wait too long in one queue, whom nobody can take.
-- Lock order: agents, tickets. Every effect is one conditional step, so that of several hubs one has it.

-- name: leavers
-- Agents who hold open tickets that are to go back now. $1, $2: queues, and after how many minutes off line (0: never); who was
-- deactivated gives everything back at once. A live conversation does not wait longer than a minute; what is put off until a
-- moment waits for it.
-- Queue by queue for each of these few people: what all others have at work is not looked at.
SELECT a.id FROM agent a
WHERE (a.presence = 'offline' OR NOT a.active) AND EXISTS (
    SELECT 1 FROM queue q LEFT JOIN unnest($1::text[], $2::int[]) AS p (queue, minutes) ON p.queue = q.name
    CROSS JOIN LATERAL (SELECT live, snoozed_until FROM ticket
                        WHERE queue_id = q.id AND assignee_id = a.id AND status = 'open' OFFSET 0) t
    WHERE NOT a.active OR p.minutes > 0 AND t.snoozed_until IS NULL
          AND a.presence_since + make_interval(mins => CASE WHEN t.live THEN 1 ELSE p.minutes END) <= clock_timestamp()
    OFFSET 0)
ORDER BY a.id LIMIT 50

-- name: left_behind
-- The same of these agents, who are locked now: which tickets, $4 at the most.
SELECT t.id, t.assignee_id AS agent_id, a.name AS agent_name, a.active,
       (extract(epoch FROM clock_timestamp() - a.presence_since) / 60)::int AS minutes
FROM agent a JOIN ticket t ON t.assignee_id = a.id AND t.status = 'open'
JOIN queue q ON q.id = t.queue_id LEFT JOIN unnest($1::text[], $2::int[]) AS p (queue, minutes) ON p.queue = q.name
WHERE a.id = ANY($3::bigint[]) AND (a.presence = 'offline' OR NOT a.active) AND (NOT a.active OR p.minutes > 0 AND t.snoozed_until IS NULL
      AND a.presence_since + make_interval(mins => CASE WHEN t.live THEN 1 ELSE p.minutes END) <= clock_timestamp())
ORDER BY t.id LIMIT $4

-- name: next_leaving
-- Seconds until the next ticket goes back from somebody who is off line.
SELECT extract(epoch FROM min(a.presence_since + make_interval(mins => h.minutes)) - clock_timestamp())::float8
FROM agent a CROSS JOIN LATERAL (
    SELECT min(CASE WHEN t.live THEN 1 ELSE p.minutes END) AS minutes
    FROM unnest($1::text[], $2::int[]) AS p (queue, minutes) JOIN queue q ON q.name = p.queue
    CROSS JOIN LATERAL (SELECT live FROM ticket
                        WHERE queue_id = q.id AND assignee_id = a.id AND status = 'open' AND snoozed_until IS NULL OFFSET 0) t
    WHERE p.minutes > 0
) h
WHERE a.presence = 'offline' AND a.active

-- name: unanswered
-- Open tickets whose customers have waited for so many minutes for an agent who is here, by what somebody else must be to have
-- them: all of them, or those that nobody can have would stand before the others. $1, $2: queues and minutes.
SELECT array_agg(t.id ORDER BY t.id) AS ids, t.assignee_id AS agent_id, a.name AS agent_name, q.name AS queue,
       t.required_language AS language, t.required_skills AS skills, t.live, t.weight, p.minutes
FROM unnest($1::text[], $2::int[]) AS p (queue, minutes) JOIN queue q ON q.name = p.queue
JOIN ticket t ON t.queue_id = q.id AND t.status = 'open' AND t.assignee_id IS NOT NULL AND t.snoozed_until IS NULL
JOIN assignment s ON s.ticket_id = t.id AND s.ended_at IS NULL JOIN agent a ON a.id = t.assignee_id
WHERE a.active AND a.presence <> 'offline'
  AND greatest(t.waiting_since, s.started_at) + make_interval(mins => p.minutes) <= clock_timestamp()
GROUP BY t.assignee_id, a.name, q.name, t.required_language, t.required_skills, t.live, t.weight, p.minutes
ORDER BY min(t.id)

-- name: next_unanswered
-- Seconds until the next of these has waited so long; those that have already are looked at whenever something changes.
SELECT extract(epoch FROM min(d.at) - clock_timestamp())::float8
FROM unnest($1::text[], $2::int[]) AS p (queue, minutes) JOIN queue q ON q.name = p.queue
JOIN ticket t ON t.queue_id = q.id AND t.status = 'open' AND t.assignee_id IS NOT NULL AND t.snoozed_until IS NULL
JOIN assignment s ON s.ticket_id = t.id AND s.ended_at IS NULL JOIN agent a ON a.id = t.assignee_id
CROSS JOIN LATERAL (SELECT greatest(t.waiting_since, s.started_at) + make_interval(mins => p.minutes) AS at) d
WHERE a.active AND a.presence <> 'offline' AND d.at > clock_timestamp()

-- name: release
-- Back to the queue from these agents, whose rows are locked; the wait goes on from where it began. $5: whether the agent is not to
-- have it again at once.
WITH locked AS (
    SELECT t.id, g.agent_id, g.why, t.held, t.live
    FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS g (ticket_id, agent_id, why) JOIN ticket t ON t.id = g.ticket_id
    WHERE t.assignee_id = g.agent_id AND t.status = 'open'
    ORDER BY t.id FOR NO KEY UPDATE OF t
), back AS (
    UPDATE ticket t SET assignee_id = NULL, snoozed_until = NULL, waiting_why = NULL, seq = t.seq + 1, version = t.version + 1,
                        updated_at = clock_timestamp(),
                        declined_by = CASE WHEN $5 THEN l.agent_id END,
                        declined_until = CASE WHEN $5 THEN clock_timestamp() + interval '10 minutes' END
    FROM locked l WHERE t.id = l.id
    RETURNING t.id, t.seq, t.queue_id, t.priority, l.agent_id, l.why, l.held, l.live
), ended AS (
    UPDATE assignment s SET ended_at = clock_timestamp(), end_reason = $4
    FROM back b WHERE s.ticket_id = b.id AND s.ended_at IS NULL
), decided AS (
    INSERT INTO routing_decision (ticket_id, step, queue_id, agent_id, priority, why)
    SELECT id, 'released', queue_id, agent_id, priority, why::jsonb FROM back
), told AS (
    INSERT INTO event (ticket_id, seq, kind, data)
    SELECT id, seq, 'ticket_released', jsonb_build_object('agent', agent_id, 'because', $4::text) FROM back
), freed AS (
    UPDATE agent a SET load = a.load - n.less, live_load = a.live_load - n.live
    FROM (SELECT agent_id, coalesce(sum(held) FILTER (WHERE NOT live), 0) AS less,
                 coalesce(sum(held) FILTER (WHERE live), 0) AS live
          FROM back GROUP BY agent_id) n
    WHERE a.id = n.agent_id
)
SELECT count(*) FROM back

-- name: hand_over
-- Everything unfinished of one agent to another, or (null) back to the queues; both are locked. A ticket that only waits for its
-- customer goes too: whoever has it hears the answer.
WITH locked AS (
    SELECT t.id, t.held, t.live FROM ticket t
    WHERE t.assignee_id = $1 AND t.status IN ('open', 'pending') ORDER BY t.id FOR NO KEY UPDATE OF t
), moved AS (
    UPDATE ticket t SET assignee_id = $2::bigint, waiting_why = NULL, seq = t.seq + 1, version = t.version + 1,
                        snoozed_until = CASE WHEN $2::bigint IS NOT NULL THEN t.snoozed_until END, updated_at = clock_timestamp(), last_agent_id = coalesce($2::bigint, t.last_agent_id),
                        last_agent_at = CASE WHEN $2::bigint IS NULL THEN t.last_agent_at ELSE clock_timestamp() END,
                        declined_by = CASE WHEN $2::bigint IS NULL THEN $1::bigint END,
                        declined_until = CASE WHEN $2::bigint IS NULL THEN clock_timestamp() + interval '10 minutes' END
    FROM locked l WHERE t.id = l.id
    RETURNING t.id, t.seq, t.queue_id, t.priority, l.held, l.live
), ended AS (
    UPDATE assignment s SET ended_at = clock_timestamp(),
                            end_reason = CASE WHEN $2::bigint IS NULL THEN 'released' ELSE 'given away' END
    FROM moved m WHERE s.ticket_id = m.id AND s.ended_at IS NULL
    RETURNING s.ticket_id
), decided AS (
    INSERT INTO routing_decision (ticket_id, step, queue_id, agent_id, priority, why)
    SELECT id, CASE WHEN $2::bigint IS NULL THEN 'released' ELSE 'manual' END, queue_id, coalesce($2::bigint, $1), priority, $3
    FROM moved
    RETURNING id, ticket_id
), told AS (
    INSERT INTO event (ticket_id, seq, kind, agent_id, data)
    SELECT id, seq, CASE WHEN $2::bigint IS NULL THEN 'ticket_released' ELSE 'ticket_assigned' END, $4::bigint,
           jsonb_build_object('agent', coalesce($2::bigint, $1))
    FROM moved
), total AS (
    SELECT coalesce(sum(held) FILTER (WHERE NOT live), 0) AS load, coalesce(sum(held) FILTER (WHERE live), 0) AS live FROM moved
), loaded AS (
    UPDATE agent a SET load = a.load + CASE WHEN a.id = $1 THEN -n.load ELSE n.load END,
                       live_load = a.live_load + CASE WHEN a.id = $1 THEN -n.live ELSE n.live END
    FROM total n WHERE a.id IN ($1, $2::bigint)
)
SELECT d.ticket_id, d.id AS decision_id FROM decided d JOIN ended e ON e.ticket_id = d.ticket_id

-- name: begin_assignments
-- After those before them have ended: a ticket has one at a time.
INSERT INTO assignment (ticket_id, agent_id, decision_id)
SELECT g.ticket_id, $3, g.decision_id FROM unnest($1::bigint[], $2::bigint[]) AS g (ticket_id, decision_id)

-- name: agent_of_hand_over
-- Locked, in order.
SELECT id, name, active FROM agent WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE

-- name: overflowing
-- Waiting tickets that go on in another queue now. $1 … $3: from, to, after how many minutes there, in the order of the rules. A
-- ticket comes to no queue twice.
SELECT DISTINCT ON (t.id) t.id, s.source, s.target, s.minutes
FROM unnest($1::text[], $2::text[], $3::int[]) WITH ORDINALITY AS s (source, target, minutes, place)
JOIN queue q ON q.name = s.source JOIN queue n ON n.name = s.target AND NOT n.retired
JOIN ticket t ON t.queue_id = q.id AND t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open'
WHERE greatest(t.waiting_since, t.in_queue_since) + make_interval(mins => s.minutes) <= clock_timestamp()
  AND NOT EXISTS (SELECT 1 FROM routing_decision d WHERE d.ticket_id = t.id AND d.queue_id = n.id)
ORDER BY t.id, s.place LIMIT 500

-- name: next_overflow
-- Seconds until the next waiting ticket goes on.
SELECT extract(epoch FROM min(d.at) - clock_timestamp())::float8
FROM unnest($1::text[], $2::text[], $3::int[]) AS s (source, target, minutes)
JOIN queue q ON q.name = s.source JOIN queue n ON n.name = s.target AND NOT n.retired
JOIN ticket t ON t.queue_id = q.id AND t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open'
CROSS JOIN LATERAL (SELECT greatest(t.waiting_since, t.in_queue_since) + make_interval(mins => s.minutes) AS at) d
WHERE d.at > clock_timestamp()
  AND NOT EXISTS (SELECT 1 FROM routing_decision r WHERE r.ticket_id = t.id AND r.queue_id = n.id)

-- name: overflow
-- Conditional: whatever was taken or moved meanwhile stays. The place in time is kept.
WITH given AS MATERIALIZED (
    SELECT g.id, q.id AS source_id, n.id AS target_id, g.source, g.target, g.why
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS g (id, source, target, why)
    JOIN queue q ON q.name = g.source JOIN queue n ON n.name = g.target
), locked AS (
    SELECT t.id, g.target_id, g.source, g.target, g.why FROM ticket t JOIN given g ON g.id = t.id
    WHERE t.id = ANY($1::bigint[]) AND t.queue_id = g.source_id AND t.assignee_id IS NULL AND t.offered_to IS NULL
      AND t.status = 'open'
    ORDER BY t.id FOR NO KEY UPDATE OF t
), moved AS (
    UPDATE ticket t SET queue_id = l.target_id, in_queue_since = clock_timestamp(), waiting_why = NULL, unplaceable = false,
                        seq = t.seq + 1, version = t.version + 1, updated_at = clock_timestamp()
    FROM locked l WHERE t.id = l.id
    RETURNING t.id, t.seq, t.queue_id, t.priority, l.source, l.target, l.why
), decided AS (
    INSERT INTO routing_decision (ticket_id, step, queue_id, priority, why)
    SELECT id, 'overflow', queue_id, priority, why::jsonb FROM moved
), told AS (
    INSERT INTO event (ticket_id, seq, kind, data)
    SELECT id, seq, 'queue_changed', jsonb_build_object('from', source, 'to', target) FROM moved
)
SELECT id FROM moved ORDER BY id

-- name: waiting_sorts
-- What waits, by what it asks of an agent: one step of the index for each lot. What somebody turned down was offered to somebody.
WITH RECURSIVE lots AS (
    (SELECT t.lot, t.id FROM ticket t
     WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.declined_until IS NULL
     ORDER BY t.lot LIMIT 1)
    UNION ALL
    SELECT n.lot, n.id FROM lots l CROSS JOIN LATERAL (
        SELECT t.lot, t.id FROM ticket t
        WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.declined_until IS NULL AND t.lot > l.lot
        ORDER BY t.lot LIMIT 1) n
)
SELECT DISTINCT q.name AS queue, t.required_language AS language, t.required_skills AS skills
FROM lots l JOIN ticket t ON t.id = l.id JOIN queue q ON q.id = t.queue_id

-- name: say_unplaceable
-- Said once, of those sorts ($3: skills joined by commas) that nobody at all can take.
WITH locked AS (
    SELECT t.id FROM unnest($1::text[], $2::text[], $3::text[]) AS s (queue, language, skills)
    JOIN queue q ON q.name = s.queue
    JOIN ticket t ON t.queue_id = q.id AND t.required_language = s.language AND array_to_string(t.required_skills, ',') = s.skills
    WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND NOT t.unplaceable
    ORDER BY t.id LIMIT 500 FOR NO KEY UPDATE OF t
), said AS (
    UPDATE ticket t SET unplaceable = true, seq = t.seq + 1, version = t.version + 1, updated_at = clock_timestamp()
    FROM locked l WHERE t.id = l.id RETURNING t.id, t.seq
), told AS (
    INSERT INTO event (ticket_id, seq, kind) SELECT id, seq, 'ticket_unplaceable' FROM said
)
SELECT count(*) FROM said

-- name: placeable_again
-- Of those sorts somebody can be found now.
UPDATE ticket t SET unplaceable = false
FROM unnest($1::text[], $2::text[], $3::text[]) AS s (queue, language, skills) JOIN queue q ON q.name = s.queue
WHERE t.unplaceable AND t.queue_id = q.id AND t.required_language = s.language AND array_to_string(t.required_skills, ',') = s.skills

-- name: unplaceable
SELECT t.id, t.code, t.subject, q.name AS queue, q.title_en, q.title_zh, t.waiting_since, t.waiting_why AS why
FROM ticket t JOIN queue q ON q.id = t.queue_id
WHERE t.unplaceable AND t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open'
ORDER BY t.waiting_since, t.id LIMIT $1
