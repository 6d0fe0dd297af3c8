-- Agents, their sessions, API keys.

-- name: add_agent
INSERT INTO agent (login, name, password_hash, role, languages, skills, capacity, locale)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (login) DO NOTHING
RETURNING id

-- name: join_queues
INSERT INTO queue_member (queue_id, agent_id) SELECT q.id, $1 FROM queue q WHERE q.name = ANY($2::text[]) RETURNING queue_id

-- name: set_password
UPDATE agent SET password_hash = $2 WHERE login = $1 RETURNING id

-- name: end_sessions
DELETE FROM session WHERE agent_id = $1

-- name: password_of
SELECT id, password_hash FROM agent WHERE login = $1 AND active

-- name: rehash
UPDATE agent SET password_hash = $3 WHERE id = $1 AND password_hash = $2

-- name: add_session
INSERT INTO session (token_hash, agent_id, expires_at, user_agent)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3), $4)

-- name: session
-- Touched once a minute at most, so that an open desk does not write at every look.
WITH found AS (
    SELECT token_hash, agent_id, last_seen_at FROM session
    WHERE token_hash = $1 AND expires_at > clock_timestamp()
      AND last_seen_at > clock_timestamp() - make_interval(secs => $2)
), touched AS (
    UPDATE session s SET last_seen_at = clock_timestamp() FROM found
    WHERE s.token_hash = found.token_hash AND found.last_seen_at < clock_timestamp() - interval '1 minute'
)
SELECT a.id, a.login, a.name, a.role, a.locale, a.theme, a.presence, a.capacity, a.load, a.languages, a.skills, a.active
FROM found JOIN agent a ON a.id = found.agent_id
WHERE a.active

-- name: end_session
DELETE FROM session WHERE token_hash = $1 RETURNING agent_id

-- name: has_session
SELECT EXISTS (
    SELECT 1 FROM session
    WHERE agent_id = $1 AND expires_at > clock_timestamp()
      AND last_seen_at > clock_timestamp() - make_interval(secs => $2)
)

-- name: tidy_sessions
DELETE FROM session
WHERE expires_at < clock_timestamp() OR last_seen_at < clock_timestamp() - make_interval(secs => $1)
RETURNING agent_id

-- name: set_preferences
UPDATE agent SET locale = coalesce($2, locale), theme = coalesce($3, theme) WHERE id = $1 RETURNING id

-- name: set_presence
UPDATE agent SET presence = $2, presence_since = clock_timestamp(),
       idle_since = CASE WHEN $2 = 'online' THEN clock_timestamp() ELSE idle_since END
WHERE id = $1 AND active AND presence <> $2
RETURNING id

-- name: absent
-- Whose every browser has been silent for so long: an open desk looks every few seconds. Programs may say that somebody who
-- has no session is here.
UPDATE agent a SET presence = 'offline', presence_since = clock_timestamp()
WHERE a.presence <> 'offline' AND a.presence_since < clock_timestamp() - make_interval(secs => $1)
  AND EXISTS (SELECT 1 FROM session s WHERE s.agent_id = a.id)
  AND NOT EXISTS (SELECT 1 FROM session s WHERE s.agent_id = a.id
                  AND s.last_seen_at > clock_timestamp() - make_interval(secs => $1))
RETURNING a.id

-- name: is_active
SELECT active FROM agent WHERE id = $1

-- name: add_key
INSERT INTO api_key (name, key_hash, scopes) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING RETURNING id

-- name: key
UPDATE api_key SET last_used_at = clock_timestamp()
WHERE key_hash = $1 AND revoked_at IS NULL
RETURNING name, scopes

-- name: revoke_key
UPDATE api_key SET revoked_at = clock_timestamp() WHERE name = $1 AND revoked_at IS NULL RETURNING id
