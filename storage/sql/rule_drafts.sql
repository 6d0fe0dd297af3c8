-- Rules that somebody is changing and has not published.

-- name: draft
SELECT base_version, document, updated_at FROM rule_draft WHERE agent_id = $1

-- name: lock_agent
-- One change of a draft at a time, also of one that does not exist yet.
SELECT id FROM agent WHERE id = $1 FOR NO KEY UPDATE

-- name: keep
INSERT INTO rule_draft (agent_id, base_version, document) VALUES ($1, $2, $3::jsonb)
ON CONFLICT (agent_id) DO UPDATE
SET base_version = excluded.base_version, document = excluded.document, updated_at = clock_timestamp()

-- name: drop
DELETE FROM rule_draft WHERE agent_id = $1

-- name: drop_published
-- Unless it was changed again meanwhile.
DELETE FROM rule_draft WHERE agent_id = $1 AND updated_at = $2

-- name: begin_trial
-- The last one of this person is forgotten.
INSERT INTO rule_trial (agent_id, token, fingerprint, days) VALUES ($1, $2, $3, $4)
ON CONFLICT (agent_id) DO UPDATE
SET token = excluded.token, fingerprint = excluded.fingerprint, days = excluded.days, done = 0, total = 0, result = NULL,
    error = '', started_at = clock_timestamp(), told_at = clock_timestamp()

-- name: tell_trial
UPDATE rule_trial SET done = $3, total = $4, told_at = clock_timestamp() WHERE agent_id = $1 AND token = $2
RETURNING agent_id

-- name: end_trial
UPDATE rule_trial SET result = $3::jsonb, error = $4, told_at = clock_timestamp() WHERE agent_id = $1 AND token = $2

-- name: trial
SELECT fingerprint, days, done, total, result, error, started_at,
       extract(epoch FROM clock_timestamp() - told_at)::float8 AS silent_seconds
FROM rule_trial WHERE agent_id = $1
