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
