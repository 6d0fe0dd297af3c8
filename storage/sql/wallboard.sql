-- The floor at this moment: what waits, who is here, how today went. What is read grows with open work and with today alone.

-- name: queues_now
-- `overdue`: an answer was due; `next_due`: the next that will be.
SELECT q.name, q.title_en, q.title_zh,
       count(t.id) FILTER (WHERE t.assignee_id IS NULL) AS waiting,
       min(t.waiting_since) FILTER (WHERE t.assignee_id IS NULL) AS oldest_since,
       count(t.id) FILTER (WHERE t.assignee_id IS NOT NULL) AS in_work,
       count(t.id) FILTER (WHERE c.due_at <= clock_timestamp()) AS overdue,
       min(c.due_at) FILTER (WHERE c.due_at > clock_timestamp()) AS next_due
FROM queue q
LEFT JOIN ticket t ON t.queue_id = q.id AND t.status = 'open'
LEFT JOIN LATERAL (
    SELECT min(c.due_at) AS due_at FROM sla_clock c
    WHERE c.ticket_id = t.id AND c.state = 'running' AND c.target <> 'resolution'
) c ON true
WHERE NOT q.retired
GROUP BY q.id
ORDER BY q.id

-- name: needs_now
-- What waits, by what it asks of an agent; with the ticket that waits longest.
SELECT q.name AS queue, t.required_language AS language, t.required_skills AS skills, t.kind, t.live, count(*) AS tickets,
       min(t.waiting_since) AS oldest_since, (array_agg(t.code ORDER BY t.waiting_since, t.id))[1] AS oldest_code
FROM ticket t JOIN queue q ON q.id = t.queue_id
WHERE t.status = 'open' AND t.assignee_id IS NULL AND t.offered_to IS NULL
GROUP BY q.name, t.required_language, t.required_skills, t.kind, t.live

-- name: agents_now
-- `oldest_since`: of the customers who wait for this agent, who has waited longest.
SELECT a.id, a.name, a.presence, a.presence_since, a.capacity, a.load, a.live_capacity, a.live_load,
       CASE WHEN a.wrap_until > clock_timestamp() THEN a.wrap_until END AS wrap_until,
       o.code AS offered_code, o.expires_at AS offered_until,
       coalesce(w.tickets, 0) AS tickets, w.oldest_since, w.oldest_code
FROM agent a
LEFT JOIN LATERAL (
    SELECT t.code, f.expires_at FROM offer f JOIN ticket t ON t.id = f.ticket_id
    WHERE f.agent_id = a.id AND f.state = 'offered' ORDER BY f.id LIMIT 1
) o ON true
LEFT JOIN (
    SELECT assignee_id, count(*) AS tickets, min(waiting_since) AS oldest_since,
           (array_agg(code ORDER BY waiting_since, id) FILTER (WHERE waiting_since IS NOT NULL))[1] AS oldest_code
    FROM ticket WHERE status = 'open' AND assignee_id IS NOT NULL
    GROUP BY assignee_id
) w ON w.assignee_id = a.id
WHERE a.active
ORDER BY array_position('{online,busy,away,offline}', a.presence), a.name, a.id

-- name: today
-- Tickets answered, promises of an answer kept and broken since this moment.
SELECT (SELECT count(*) FROM ticket WHERE last_out_at >= $1) AS answered,
       (SELECT count(*) FROM sla_clock WHERE state = 'met' AND target <> 'resolution' AND ended_at >= $1) AS in_time,
       (SELECT count(*) FROM sla_clock WHERE breached_at >= $1 AND target <> 'resolution') AS late

-- name: answered_lately
-- The last thousand answers of the last hours, and the minutes each took: since the ticket came into hand, its customer spoke
-- last, or the same agent had answered the one before. By now(): a clock that ticks while it is read opens no index.
SELECT queue, kind, live, minutes FROM (
    SELECT q.name AS queue, t.kind, t.live, extract(epoch FROM t.last_out_at - greatest(
               s.started_at, t.last_in_at, lag(t.last_out_at) OVER (PARTITION BY s.agent_id ORDER BY t.last_out_at)
           ))::float8 / 60.0 AS minutes
    FROM (SELECT * FROM ticket WHERE last_out_at > now() - make_interval(secs => $1)
          ORDER BY last_out_at DESC LIMIT 1000) t
    JOIN queue q ON q.id = t.queue_id
    JOIN assignment s ON s.ticket_id = t.id AND s.ended_at IS NULL
) d
WHERE minutes > 0

-- name: line_now
-- Everything that waits, by sort: the ids, and for each since when it waits and when its answer is due, minutes from $1. The three
-- lists of a sort are in one order, whichever that is: to put thousands in order costs as much as to find them.
SELECT q.name AS queue, t.required_language AS language, t.required_skills AS skills, t.preferred_skills AS preferred, t.kind,
       t.live, t.priority, array_agg(t.id) AS ids,
       array_agg(extract(epoch FROM t.waiting_since - $1::timestamptz)::float8 / 60.0) AS since,
       array_agg(extract(epoch FROM c.due_at - $1)::float8 / 60.0) AS due
FROM ticket t JOIN queue q ON q.id = t.queue_id
LEFT JOIN LATERAL (
    SELECT min(c.due_at) AS due_at FROM sla_clock c
    WHERE c.ticket_id = t.id AND c.state = 'running' AND c.target <> 'resolution'
) c ON true
WHERE t.status = 'open' AND t.assignee_id IS NULL AND t.offered_to IS NULL
GROUP BY q.name, t.required_language, t.required_skills, t.preferred_skills, t.kind, t.live, t.priority
