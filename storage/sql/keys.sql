-- API keys: their hashes, what they open, until when.

-- name: add
INSERT INTO api_key (name, key_hash, scopes, expires_at, made_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (name) DO NOTHING
RETURNING id

-- name: use
UPDATE api_key SET last_used_at = clock_timestamp()
WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())
RETURNING name, scopes

-- name: revoke
UPDATE api_key SET revoked_at = clock_timestamp(), version = version + 1 WHERE name = $1 AND revoked_at IS NULL RETURNING id

-- name: list
-- Those that open something first.
SELECT id, name, scopes, created_at, last_used_at, revoked_at, expires_at, made_by, version,
       revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp()) AS alive
FROM api_key
ORDER BY revoked_at IS NOT NULL, name
LIMIT 500

-- name: lock
SELECT id, name, scopes, created_at, last_used_at, revoked_at, expires_at, made_by, version,
       revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp()) AS alive
FROM api_key
WHERE id = $1
FOR NO KEY UPDATE

-- name: name_taken
SELECT EXISTS (SELECT 1 FROM api_key WHERE name = $1 AND id <> $2)

-- name: change
UPDATE api_key SET name = $2, expires_at = $3, version = version + 1 WHERE id = $1
