-- What was said, in other words: later versions of entries of the timeline.

-- name: of
-- What may be changed afterwards is short by its channel; no page bears a long one for each change.
SELECT id, revises, left(text, 20000) AS text, octet_length(text) > octet_length(left(text, 20000)) AS cut, fields, occurred_at
FROM interaction WHERE revises = ANY($1::bigint[]) ORDER BY id
