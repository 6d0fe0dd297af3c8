-- Agents and their sessions.

-- name: add_agent
INSERT INTO agent (login, name, password_hash, role, languages, skills, capacity, live_capacity, calendar, locale,
                   password_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + make_interval(secs => $11))
ON CONFLICT (login) DO NOTHING
RETURNING id

-- name: join_queues
INSERT INTO queue_member (queue_id, agent_id) SELECT q.id, $1 FROM queue q WHERE q.name = ANY($2::text[]) RETURNING queue_id

-- name: set_password
UPDATE agent SET password_hash = $2, password_until = NULL WHERE login = $1 RETURNING id

-- name: end_sessions
-- And what was begun with a password that may be another one now.
WITH begun AS (DELETE FROM sign_in_step WHERE agent_id = $1)
DELETE FROM session WHERE agent_id = $1

-- name: password_of
SELECT id, password_hash, coalesce(password_until <= clock_timestamp(), false) AS over FROM agent WHERE login = $1 AND active

-- name: rehash
UPDATE agent SET password_hash = $3 WHERE id = $1 AND password_hash = $2

-- name: session
-- Touched once a minute at most, so that an open desk does not write at every look.
WITH found AS (
    SELECT token_hash, agent_id, last_seen_at FROM session
    WHERE token_hash = $1 AND NOT limited AND expires_at > clock_timestamp()
      AND last_seen_at > clock_timestamp() - make_interval(secs => $2)
), touched AS (
    UPDATE session s SET last_seen_at = clock_timestamp() FROM found
    WHERE s.token_hash = found.token_hash AND found.last_seen_at < clock_timestamp() - interval '1 minute'
)
SELECT a.id, a.login, a.name, a.role, a.locale, a.theme, a.presence, a.capacity, a.load, a.languages, a.skills, a.active,
       greatest(0, coalesce(extract(epoch FROM a.wrap_until - clock_timestamp()), 0))::float8 AS wrapping_seconds,
       a.keys
FROM found JOIN agent a ON a.id = found.agent_id
WHERE a.active

-- name: end_session
DELETE FROM session WHERE token_hash = $1 RETURNING agent_id

-- name: has_session
SELECT EXISTS (
    SELECT 1 FROM session
    WHERE agent_id = $1 AND NOT limited AND expires_at > clock_timestamp()
      AND last_seen_at > clock_timestamp() - make_interval(secs => $2)
)

-- name: tidy_sessions
DELETE FROM session
WHERE expires_at < clock_timestamp() OR last_seen_at < clock_timestamp() - make_interval(secs => $1)
RETURNING agent_id

-- name: set_preferences
UPDATE agent SET locale = coalesce($2, locale), theme = coalesce($3, theme) WHERE id = $1 RETURNING id

-- name: set_keys
UPDATE agent SET keys = $2 WHERE id = $1 RETURNING id

-- name: set_presence
-- What is set replaces what the agent would have come back as; what a person or a program says, also what is heard of their pages,
-- and why the hub had set the same.
UPDATE agent SET presence = $2, presence_since = CASE WHEN presence = $2 THEN presence_since ELSE clock_timestamp() END,
       comes_back_as = '', presence_because = $4,
       unheard_since = CASE WHEN $3 THEN unheard_since END,
       idle_since = CASE WHEN $2 = 'online' THEN clock_timestamp() ELSE idle_since END
WHERE id = $1 AND active AND (presence <> $2 OR $2 = 'away' AND NOT $3 AND presence_because <> $4)
RETURNING id

-- name: hear_line
-- What the agent is to be again, where they were taken off line for their silence and are back soon enough.
WITH heard AS (
    INSERT INTO desk_line (id, agent_id) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET heard_at = clock_timestamp()
    RETURNING agent_id
), was AS (
    SELECT a.id, a.presence, a.comes_back_as, a.unheard_since FROM agent a JOIN heard h ON h.agent_id = a.id
    WHERE a.unheard_since IS NOT NULL FOR NO KEY UPDATE OF a
), here AS (
    UPDATE agent a SET unheard_since = NULL, comes_back_as = '' FROM was w WHERE a.id = w.id
)
SELECT comes_back_as FROM was
WHERE presence = 'offline' AND comes_back_as <> '' AND unheard_since > clock_timestamp() - make_interval(secs => $3)

-- name: drop_line
-- The line ends, and was the agent's last or not. The agent is locked before, so that of two that end at once one is the last. One
-- that ended so soon that it had not been heard of yet counts as well.
WITH dropped AS (
    DELETE FROM desk_line WHERE id = $1 AND agent_id = $2
)
UPDATE agent a SET unheard_since = clock_timestamp()
WHERE a.id = $2 AND a.unheard_since IS NULL
  AND NOT EXISTS (SELECT 1 FROM desk_line l WHERE l.agent_id = a.id AND l.id <> $1
                  AND l.heard_at > clock_timestamp() - make_interval(secs => $3))

-- name: notice_unheard
-- Lines that no hub has spoken of for so long went with their hub: from now on their agents are unheard, unless another is there.
WITH lost AS (
    DELETE FROM desk_line WHERE heard_at < clock_timestamp() - make_interval(secs => $1) RETURNING agent_id
), locked AS (
    SELECT id FROM agent WHERE id IN (SELECT agent_id FROM lost) AND unheard_since IS NULL ORDER BY id FOR NO KEY UPDATE
)
UPDATE agent a SET unheard_since = clock_timestamp() FROM locked k
WHERE a.id = k.id
  AND NOT EXISTS (SELECT 1 FROM desk_line l WHERE l.agent_id = a.id
                  AND l.heard_at > clock_timestamp() - make_interval(secs => $1))

-- name: absent
-- Whose every page of the desk is gone for so long; and who has logged in, never had such a line, and has made no request for so
-- long. Programs may say that somebody who has neither is here.
WITH gone AS (
    SELECT a.id, a.presence, a.unheard_since FROM agent a
    WHERE a.presence <> 'offline'
      AND NOT EXISTS (SELECT 1 FROM desk_line l
                      WHERE l.agent_id = a.id AND l.heard_at > clock_timestamp() - make_interval(secs => $3))
      AND (a.unheard_since < clock_timestamp() - make_interval(secs => $1)
           OR a.unheard_since IS NULL AND a.presence_since < clock_timestamp() - make_interval(secs => $2)
              AND EXISTS (SELECT 1 FROM session s WHERE s.agent_id = a.id)
              AND NOT EXISTS (SELECT 1 FROM session s WHERE s.agent_id = a.id
                              AND s.last_seen_at > clock_timestamp() - make_interval(secs => $2)))
    ORDER BY a.id FOR NO KEY UPDATE OF a
)
UPDATE agent a SET presence = 'offline', presence_since = clock_timestamp(), presence_because = $4,
       comes_back_as = CASE WHEN g.unheard_since IS NOT NULL THEN g.presence ELSE '' END
FROM gone g WHERE a.id = g.id
RETURNING a.id

-- name: is_active
SELECT active FROM agent WHERE id = $1
