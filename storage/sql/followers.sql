-- Who hears of tickets that are not theirs.

-- name: of_tickets
SELECT f.ticket_id, f.agent_id FROM ticket_follower f JOIN agent a ON a.id = f.agent_id
WHERE f.ticket_id = ANY($1::bigint[]) AND a.active
ORDER BY f.ticket_id, f.since, f.agent_id

-- name: named
SELECT a.id, a.name, a.presence FROM ticket_follower f JOIN agent a ON a.id = f.agent_id
WHERE f.ticket_id = $1 AND a.active
ORDER BY f.since, a.id

-- name: add
-- The event has no number in the ledger: it changes nothing of the ticket.
WITH added AS (
    INSERT INTO ticket_follower (ticket_id, agent_id)
    SELECT ticket_id, agent_id FROM unnest($1::bigint[], $2::bigint[]) AS g (ticket_id, agent_id)
    ON CONFLICT DO NOTHING
    RETURNING ticket_id, agent_id
), told AS (
    INSERT INTO event (ticket_id, kind, data)
    SELECT ticket_id, 'followers_changed', jsonb_build_object('agent', agent_id) FROM added
)
SELECT count(*) FROM added

-- name: remove
WITH removed AS (
    DELETE FROM ticket_follower WHERE ticket_id = $1 AND agent_id = $2 RETURNING ticket_id, agent_id
), told AS (
    INSERT INTO event (ticket_id, kind, data)
    SELECT ticket_id, 'followers_changed', jsonb_build_object('agent', agent_id) FROM removed
)
SELECT count(*) FROM removed
