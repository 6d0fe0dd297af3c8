-- What was said, in other words: later versions of entries of the timeline.

-- name: of
SELECT id, revises, text, fields, occurred_at FROM interaction WHERE revises = ANY($1::bigint[]) ORDER BY id
