-- What customers are asked after a resolution, and what they say.

-- name: resolution
-- The number in the ledger of the ticket's last resolution.
SELECT max(seq) FROM event WHERE ticket_id = $1 AND kind = 'status_changed' AND data->>'to' = 'resolved'

-- name: invite
-- Once for each resolution.
INSERT INTO survey_invitation (ticket_id, resolution, kind, channel_id, address, token_hash, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7))
ON CONFLICT DO NOTHING RETURNING id

-- name: asked
-- What a token was made for.
SELECT s.id, s.ticket_id, s.resolution, s.kind, s.channel_id, s.address, s.score, s.comment, s.entry_id,
       s.expires_at > clock_timestamp() AS open,
       coalesce(s.answered_at > clock_timestamp() - make_interval(secs => $2), true) AS changeable
FROM survey_invitation s WHERE s.token_hash = $1

-- name: asked_by_id
SELECT s.id, s.ticket_id, s.resolution, s.kind, s.channel_id, s.address, s.score, s.comment, s.entry_id,
       s.expires_at > clock_timestamp() AS open,
       coalesce(s.answered_at > clock_timestamp() - make_interval(secs => $2), true) AS changeable
FROM survey_invitation s WHERE s.id = $1

-- name: answer
UPDATE survey_invitation SET score = $2, comment = $3, entry_id = coalesce(entry_id, $4),
       answered_at = coalesce(answered_at, clock_timestamp())
WHERE id = $1

-- name: add_entry
-- What was asked ('out': the house says it by itself, so it answers nobody), or answered ('internal': nobody's turn to say anything
-- comes of it).
INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, author_name, text, fields, thread_key, revises,
                         automatic)
VALUES ($1, $2, $3, $4, 'survey', $5, $6, $7, $8, $9, $10, CASE WHEN $5 = 'out' THEN 'survey' ELSE '' END)
RETURNING id

-- name: scores_of
-- What a customer said of how they were served, the last first.
SELECT t.code, s.kind, s.score, s.comment, s.answered_at
FROM survey_invitation s JOIN ticket t ON t.id = s.ticket_id
WHERE t.customer_id = $1 AND s.score IS NOT NULL
ORDER BY s.answered_at DESC LIMIT $2
