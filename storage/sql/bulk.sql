-- What was done to many tickets with one press, for as long as it may be taken back.

-- name: keep
INSERT INTO bulk_change (agent_id, what, value, before) VALUES ($1, $2, $3, $4) RETURNING id

-- name: take
-- Once, by whoever did it.
UPDATE bulk_change SET undone_at = clock_timestamp()
WHERE id = $1 AND agent_id = $2 AND undone_at IS NULL AND made_at > clock_timestamp() - make_interval(secs => $3)
RETURNING what, value, before

-- name: tidy
DELETE FROM bulk_change WHERE made_at < clock_timestamp() - interval '1 day'
