-- Supervisors who listen to a colleague's conversation.

-- name: begin
INSERT INTO listening (ticket_id, agent_id) VALUES ($1, $2) ON CONFLICT (ticket_id, agent_id) WHERE until IS NULL DO NOTHING
RETURNING id

-- name: end
UPDATE listening SET until = clock_timestamp(), how_ended = $3 WHERE ticket_id = $1 AND agent_id = $2 AND until IS NULL RETURNING id

-- name: listeners
-- Of a ticket in work; when it is over, so is listening.
SELECT l.agent_id, a.name, l.since FROM listening l JOIN agent a ON a.id = l.agent_id
JOIN ticket t ON t.id = l.ticket_id AND t.status IN ('open', 'pending')
WHERE l.ticket_id = $1 AND l.until IS NULL ORDER BY l.since

-- name: whisper
INSERT INTO interaction (ticket_id, seq, customer_id, kind, direction, agent_id, author_name, text, fields)
VALUES ($1, $2, $3, 'note', 'internal', $4, $5, $6, '{"whisper": true}')
RETURNING id

-- name: tidy
UPDATE listening l SET until = clock_timestamp(), how_ended = 'over'
WHERE l.until IS NULL AND (l.since < clock_timestamp() - interval '12 hours'
    OR EXISTS (SELECT 1 FROM ticket t WHERE t.id = l.ticket_id AND t.status NOT IN ('open', 'pending')))

-- name: in_hand
-- What each of these agents talks about now: live conversations first, then who waits longest.
SELECT a.id AS agent_id, h.code, h.live, h.subject, h.channel_kind FROM unnest($1::bigint[]) AS a (id) CROSS JOIN LATERAL (
    SELECT t.code, t.live, t.subject, ch.kind AS channel_kind FROM ticket t JOIN channel ch ON ch.id = t.channel_id
    WHERE t.assignee_id = a.id AND t.status = 'open' ORDER BY t.live DESC, t.waiting_since, t.id LIMIT $2) h
