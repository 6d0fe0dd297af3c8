-- Offers: a ticket that one agent may accept or decline, and whose place is held for them meanwhile. Lock order: agents, tickets,
-- offers. What ends an offer is one conditional step each; whoever comes second finds it ended.

-- name: offer
-- Conditional: a ticket that somebody has, or is offered already, that is not open any more or not as live as it was, stays as it is. Each with its
-- decision, its entry in the ledger, and the place that it takes.
WITH locked AS (
    SELECT t.id, g.agent_id, g.why, g.seconds
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::int[], $5::boolean[]) AS g (ticket_id, agent_id, why, seconds, live)
    JOIN ticket t ON t.id = g.ticket_id
    WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open' AND t.live = g.live
    ORDER BY t.id FOR NO KEY UPDATE OF t
), taken AS (
    UPDATE ticket t SET offered_to = l.agent_id, waiting_why = NULL, seq = t.seq + 1, version = t.version + 1,
                        updated_at = clock_timestamp()
    FROM locked l WHERE t.id = l.id
    RETURNING t.id, t.seq, t.queue_id, t.priority, t.live, t.held, l.agent_id, l.why, l.seconds
), decided AS (
    INSERT INTO routing_decision (ticket_id, step, queue_id, agent_id, priority, why)
    SELECT id, 'offered', queue_id, agent_id, priority, why::jsonb FROM taken
    RETURNING id, ticket_id
), made AS (
    INSERT INTO offer (ticket_id, agent_id, decision_id, expires_at)
    SELECT t.id, t.agent_id, d.id, clock_timestamp() + make_interval(secs => t.seconds)
    FROM taken t JOIN decided d ON d.ticket_id = t.id
    RETURNING id, ticket_id
), told AS (
    INSERT INTO event (ticket_id, seq, kind, data)
    SELECT t.id, t.seq, 'ticket_offered', jsonb_build_object('agent', t.agent_id, 'offer', m.id)
    FROM taken t JOIN made m ON m.ticket_id = t.id
), loaded AS (
    UPDATE agent a SET load = a.load + n.more, live_load = a.live_load + n.live, idle_since = clock_timestamp()
    FROM (SELECT agent_id, coalesce(sum(held) FILTER (WHERE NOT live), 0) AS more,
                 coalesce(sum(held) FILTER (WHERE live), 0) AS live
          FROM taken GROUP BY agent_id) n
    WHERE a.id = n.agent_id
)
SELECT count(*), (SELECT count(pg_notify(topic, '')) FROM unnest($6::text[]) AS topic) FROM taken

-- name: accept
-- The place was held from the beginning, so no load changes and no agent is locked. Why they were asked is why they
-- have it.
WITH locked AS (
    SELECT t.id, o.id AS offer_id, o.agent_id FROM offer o JOIN ticket t ON t.id = o.ticket_id
    WHERE o.id = $1 AND o.agent_id = $2 AND o.state = 'offered' AND t.offered_to = o.agent_id
    FOR NO KEY UPDATE OF t
), ended AS (
    UPDATE offer o SET state = 'accepted', settled_at = clock_timestamp() FROM locked l
    WHERE o.id = l.offer_id AND o.state = 'offered' AND o.expires_at > clock_timestamp()
    RETURNING o.ticket_id, o.agent_id, o.decision_id
), taken AS (
    UPDATE ticket t SET assignee_id = e.agent_id, last_agent_id = e.agent_id, last_agent_at = clock_timestamp(), offered_to = NULL,
                        declined_by = NULL, declined_until = NULL, waiting_why = NULL, seq = t.seq + 1,
                        version = t.version + 1, updated_at = clock_timestamp()
    FROM ended e WHERE t.id = e.ticket_id
    RETURNING t.id, t.code, t.seq, t.queue_id, t.priority, e.agent_id, e.decision_id
), decided AS (
    INSERT INTO routing_decision (ticket_id, step, queue_id, agent_id, priority, why)
    SELECT id, 'accepted', queue_id, agent_id, priority,
           coalesce((SELECT d.why FROM routing_decision d WHERE d.id = taken.decision_id), '{}') || $3 FROM taken
    RETURNING id, ticket_id, agent_id
), begun AS (
    INSERT INTO assignment (ticket_id, agent_id, decision_id) SELECT ticket_id, agent_id, id FROM decided
), told AS (
    INSERT INTO event (ticket_id, seq, kind, agent_id, data)
    SELECT id, seq, 'ticket_assigned', agent_id, jsonb_build_object('agent', agent_id) FROM taken
)
SELECT code FROM taken

-- name: put_back
-- Offers that ended without a yes: the ticket is where it was in its queue, and the place is free. Who said no, or nothing, is not
-- asked again for ten minutes. An offer expires by the clock of the database alone.
WITH locked AS (
    SELECT t.id, o.id AS offer_id, t.held, t.live FROM offer o JOIN ticket t ON t.id = o.ticket_id
    WHERE o.id = ANY($1::bigint[]) AND o.state = 'offered' AND t.offered_to = o.agent_id
    ORDER BY t.id FOR NO KEY UPDATE OF t
), ended AS (
    UPDATE offer o SET state = $2, settled_at = clock_timestamp() FROM locked l
    WHERE o.id = l.offer_id AND o.state = 'offered' AND ($2 <> 'expired' OR o.expires_at <= clock_timestamp())
    RETURNING o.id, o.ticket_id, o.agent_id, l.held, l.live
), back AS (
    UPDATE ticket t SET offered_to = NULL, waiting_why = NULL, seq = t.seq + 1, version = t.version + 1,
                        updated_at = clock_timestamp(),
                        declined_until = CASE WHEN $2 IN ('declined', 'expired') THEN clock_timestamp() + interval '10 minutes'
                                              ELSE t.declined_until END
    FROM ended e WHERE t.id = e.ticket_id
    RETURNING t.id, t.seq, t.queue_id, t.priority, e.agent_id, e.id AS offer_id
), decided AS (
    INSERT INTO routing_decision (ticket_id, step, queue_id, agent_id, priority, why)
    SELECT id, $2, queue_id, agent_id, priority, $3 FROM back
), told AS (
    INSERT INTO event (ticket_id, seq, kind, agent_id, data)
    SELECT id, seq, 'offer_settled', $4, jsonb_build_object('agent', agent_id, 'offer', offer_id, 'state', $2) FROM back
), freed AS (
    UPDATE agent a SET load = a.load - n.less, live_load = a.live_load - n.live
    FROM (SELECT agent_id, coalesce(sum(held) FILTER (WHERE NOT live), 0) AS less,
                 coalesce(sum(held) FILTER (WHERE live), 0) AS live
          FROM ended GROUP BY agent_id) n
    WHERE a.id = n.agent_id
)
SELECT DISTINCT agent_id FROM back

-- name: withdraw
-- Within somebody's step on the ticket, who holds the locks of both, and writes the ledger.
WITH ended AS (
    UPDATE offer o SET state = 'withdrawn', settled_at = clock_timestamp()
    WHERE o.ticket_id = $1 AND o.agent_id = $2 AND o.state = 'offered'
    RETURNING o.ticket_id, o.agent_id
), freed AS (
    UPDATE agent a SET load = a.load - CASE WHEN t.live THEN 0 ELSE t.held END,
                       live_load = a.live_load - CASE WHEN t.live THEN t.held ELSE 0 END
    FROM ended e JOIN ticket t ON t.id = e.ticket_id WHERE a.id = e.agent_id
)
UPDATE ticket t SET offered_to = NULL FROM ended e WHERE t.id = e.ticket_id RETURNING t.id

-- name: open_of_agent
SELECT id FROM offer WHERE agent_id = $1 AND state = 'offered' ORDER BY id

-- name: beyond_room
-- What of an agent's open offers there is no room for any more: the newest go, until the others have a place.
SELECT id FROM (
    SELECT o.id, sum(t.held) OVER (PARTITION BY t.live ORDER BY o.id DESC) - t.held AS freed,
           CASE WHEN t.live THEN a.live_load - a.live_capacity ELSE a.load - a.capacity END AS too_much
    FROM offer o JOIN ticket t ON t.id = o.ticket_id JOIN agent a ON a.id = o.agent_id
    WHERE o.agent_id = $1 AND o.state = 'offered') AS n
WHERE freed < too_much ORDER BY id

-- name: lock_agent_of
-- Whose the offer is, locked; nothing where it has ended.
SELECT a.id, a.name FROM offer o JOIN agent a ON a.id = o.agent_id
WHERE o.id = $1 AND o.state = 'offered' AND o.agent_id = $2
FOR NO KEY UPDATE OF a

-- name: overdue
-- Those whose time is over, the oldest first. Unlocked: whoever ends them looks again under the locks.
SELECT id, agent_id FROM offer WHERE state = 'offered' AND expires_at <= now() ORDER BY expires_at LIMIT $1

-- name: lock_agents
SELECT id FROM agent WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE

-- name: silent
-- Of these agents, those on line who let an offer expire, and then another that was made after that, and answered none in between.
-- Offers that were open side by side are one: whoever looked away once has missed them all.
SELECT a.id FROM agent a CROSS JOIN LATERAL (
    SELECT coalesce(max(o.settled_at), a.presence_since) AS at FROM offer o
    WHERE o.agent_id = a.id AND o.state IN ('accepted', 'declined') AND o.offered_at >= a.presence_since) answered
WHERE a.id = ANY($1::bigint[]) AND a.presence = 'online'
  AND (SELECT max(o.offered_at) >= min(o.settled_at) FROM offer o
       WHERE o.agent_id = a.id AND o.state = 'expired' AND o.offered_at >= a.presence_since AND o.settled_at > answered.at)
ORDER BY a.id

-- name: next_end
-- Seconds until the next open offer ends.
SELECT extract(epoch FROM min(expires_at) - clock_timestamp())::float8 FROM offer WHERE state = 'offered'

-- name: offers_of
-- What an agent is offered now, as their desk shows it: what is new comes last, so that nothing moves under a pointer.
SELECT o.id, t.code, c.name AS customer_name, ch.name AS channel, ch.kind AS channel_kind, t.subject, t.kind,
       t.kind_uncertain, t.priority,
       q.title_en, q.title_zh, t.last_preview AS preview, t.waiting_since,
       extract(epoch FROM o.expires_at - clock_timestamp())::float8 AS seconds_left,
       extract(epoch FROM o.expires_at - o.offered_at)::float8 AS seconds_given
FROM offer o JOIN ticket t ON t.id = o.ticket_id JOIN customer c ON c.id = t.customer_id
JOIN channel ch ON ch.id = t.channel_id JOIN queue q ON q.id = t.queue_id
WHERE o.agent_id = $1 AND o.state = 'offered' AND o.expires_at > clock_timestamp()
ORDER BY o.id

-- name: presence_because
SELECT presence_because FROM agent WHERE id = $1

-- name: list_offers
-- What else is asked for follows, and newest first.
SELECT o.id, t.code AS ticket_code, o.agent_id, a.name AS agent_name, o.state, o.offered_at, o.expires_at, o.settled_at
FROM offer o JOIN ticket t ON t.id = o.ticket_id JOIN agent a ON a.id = o.agent_id
WHERE o.id < $1
