-- Everything that is sealed with the installation's key, a few rows after a place, locked; and what is made of that key.

-- name: channel_secrets
SELECT s.channel_id::bigint AS number, s.key, c.name, s.sealed FROM channel_secret s JOIN channel c ON c.id = s.channel_id
WHERE (s.channel_id, s.key) > ($1::bigint, $2::text)
ORDER BY s.channel_id, s.key LIMIT $3
FOR NO KEY UPDATE OF s

-- name: set_channel_secret
UPDATE channel_secret SET sealed = $3 WHERE channel_id = $1 AND key = $2

-- name: channel_configs
SELECT 0::bigint AS number, name AS key, name, secrets AS sealed FROM channel_config
WHERE (0, name) > ($1::bigint, $2::text) AND secrets IS NOT NULL
ORDER BY name LIMIT $3
FOR NO KEY UPDATE

-- name: set_channel_config
-- What it says is the same, so its version is too, and no hub begins the channel anew.
UPDATE channel_config SET secrets = $3 WHERE $1::bigint = 0 AND name = $2

-- name: webhooks
SELECT id AS number, '' AS key, name, sealed FROM webhook
WHERE (id, '') > ($1::bigint, $2::text) AND sealed <> ''
ORDER BY id LIMIT $3
FOR NO KEY UPDATE

-- name: set_webhook
UPDATE webhook SET sealed = $3 WHERE id = $1 AND $2::text = ''

-- name: totps
SELECT t.agent_id AS number, '' AS key, a.login AS name, t.sealed FROM totp t JOIN agent a ON a.id = t.agent_id
WHERE (t.agent_id, '') > ($1::bigint, $2::text) AND t.sealed IS NOT NULL
ORDER BY t.agent_id LIMIT $3
FOR NO KEY UPDATE OF t

-- name: set_totp
UPDATE totp SET sealed = $3 WHERE agent_id = $1 AND $2::text = ''

-- name: pending_totps
SELECT t.agent_id AS number, '' AS key, a.login AS name, t.pending AS sealed FROM totp t JOIN agent a ON a.id = t.agent_id
WHERE (t.agent_id, '') > ($1::bigint, $2::text) AND t.pending IS NOT NULL AND t.pending_until > clock_timestamp()
ORDER BY t.agent_id LIMIT $3
FOR NO KEY UPDATE OF t

-- name: set_pending_totp
UPDATE totp SET pending = $3 WHERE agent_id = $1 AND $2::text = ''

-- name: handleless
SELECT id, agent_id FROM passkey WHERE user_handle IS NULL ORDER BY id LIMIT $1 FOR NO KEY UPDATE

-- name: set_handle
UPDATE passkey SET user_handle = $2 WHERE id = $1

-- name: name_key_of_codes
UPDATE recovery_code SET key_id = $1 WHERE key_id IS NULL

-- name: codes_of_other_keys
SELECT count(DISTINCT agent_id) FROM recovery_code WHERE used_at IS NULL AND coalesce(key_id, $2::bytea) <> $1::bytea
