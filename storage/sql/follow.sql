-- Links by which customers follow a case without signing in.

-- name: add
INSERT INTO follow_link (token_hash, ticket_id, channel_id, thread_key, address, language, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7))

-- name: find
SELECT f.ticket_id, t.code AS ticket_code, t.status, t.created_at, t.merged_into, f.channel_id, c.name AS channel, c.kind AS channel_kind,
       f.thread_key, f.address, f.language
FROM follow_link f JOIN ticket t ON t.id = f.ticket_id JOIN channel c ON c.id = f.channel_id
WHERE f.token_hash = $1 AND f.expires_at > clock_timestamp()

-- name: lines
-- What they handed in themselves, and what was sent to them: to whoever proved an address, and otherwise only that it was. What an
-- agent wrote to somebody else in this ticket is nobody's business here; nor is a note, ever. The last ones, oldest first.
SELECT id, direction, author_name, text, fields, occurred_at, shown_at, address, files FROM (
    SELECT i.id, i.seq, i.direction, i.author_name, i.text, i.fields, i.occurred_at, coalesce(o.settled_at, i.occurred_at) AS shown_at,
           coalesce(o.message->>'address', '') AS address,
           coalesce((SELECT array_agg(a.filename ORDER BY a.id) FROM attachment a WHERE a.interaction_id = i.id), '{}') AS files
    FROM interaction i LEFT JOIN outbox o ON o.interaction_id = i.id
    WHERE i.ticket_id = $1
      AND ((i.direction = 'in' AND i.channel_id = $2 AND i.thread_key = $3)
           OR (i.direction = 'out' AND i.automatic = '' AND o.state = 'sent'))
    ORDER BY i.seq DESC
    LIMIT 200
) last
ORDER BY seq

-- name: tidy
DELETE FROM follow_link WHERE expires_at < clock_timestamp()
