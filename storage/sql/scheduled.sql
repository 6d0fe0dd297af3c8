-- Replies that leave at a time of their own. Lock order: the ticket before its scheduled replies.

-- name: add
INSERT INTO scheduled_reply (ticket_id, agent_id, author_name, text, cc, bcc, inbox, way, send_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id

-- name: clock
SELECT clock_timestamp()

-- name: look
SELECT s.id, s.ticket_id, t.code AS ticket_code, s.agent_id, s.author_name, s.text, s.cc, s.bcc, s.inbox, s.way, s.send_at, s.made_at,
       s.state, s.why, s.interaction_id, s.settled_at
FROM scheduled_reply s JOIN ticket t ON t.id = s.ticket_id
WHERE s.id = $1

-- name: lock
-- Of a ticket that is held already. What became of the ticket since it was made: `heard` says that the customer wrote.
SELECT s.state, s.why, s.interaction_id, s.send_at <= clock_timestamp() AS due, coalesce(t.last_in_at > s.made_at, false) AS heard,
       t.merged_into, t.status = 'closed' AS closed
FROM scheduled_reply s JOIN ticket t ON t.id = s.ticket_id
WHERE s.id = $1
FOR NO KEY UPDATE OF s

-- name: settle
UPDATE scheduled_reply SET state = $2, why = $3, interaction_id = $4, settled_at = clock_timestamp()
WHERE id = $1 AND state = 'waiting'

-- name: ripe
-- What has to be settled now: its time has come, or it is not to leave any more. Those that wait are few; the ticket of each is
-- looked at by its number.
SELECT s.id, t.code AS ticket_code
FROM scheduled_reply s JOIN ticket t ON t.id = s.ticket_id
WHERE s.state = 'waiting'
  AND (s.send_at <= clock_timestamp() OR t.last_in_at > s.made_at OR t.status = 'closed' OR t.merged_into IS NOT NULL)
ORDER BY s.send_at LIMIT $1

-- name: of_ticket
-- What waits, and what was cancelled in the last three days, so that whoever comes back reads why.
SELECT s.id, s.ticket_id, t.code AS ticket_code, s.agent_id, s.author_name, s.text, s.cc, s.bcc, s.inbox, s.way, s.send_at, s.made_at,
       s.state, s.why, s.interaction_id, s.settled_at
FROM scheduled_reply s JOIN ticket t ON t.id = s.ticket_id
WHERE s.ticket_id = $1
  AND (s.state = 'waiting' OR s.state = 'cancelled' AND s.settled_at > clock_timestamp() - interval '3 days')
ORDER BY s.send_at, s.id

-- name: files_of
SELECT scheduled_id, token, filename, content_type, size FROM draft_file WHERE scheduled_id = ANY($1::bigint[]) ORDER BY id

-- name: waiting_of
SELECT count(*) FROM scheduled_reply WHERE ticket_id = $1 AND state = 'waiting'

-- name: calendar_of
SELECT calendar FROM agent WHERE id = $1
