-- Signing in: second steps, passkeys, the company's own sign-in, sessions as their owners see them.

-- name: add_session
INSERT INTO session (token_hash, agent_id, expires_at, user_agent, peer, how, limited)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3), $4, $5, $6, $7)

-- name: holder
-- Also of a session that is limited; `fresh`: the holder showed who they are at most so many seconds ago.
SELECT s.id AS session_id, s.agent_id, s.how, s.limited, a.login, a.name, a.role, a.locale, a.theme,
       s.limited AND s.how <> 'company' AND a.password_until IS NOT NULL AS chooses,
       s.proved_at > clock_timestamp() - make_interval(secs => $3) AS fresh
FROM session s JOIN agent a ON a.id = s.agent_id
WHERE s.token_hash = $1 AND a.active AND s.expires_at > clock_timestamp()
  AND s.last_seen_at > clock_timestamp() - make_interval(secs => $2)

-- name: prove
UPDATE session SET proved_at = clock_timestamp() WHERE id = $1 AND agent_id = $2

-- name: unlimit
UPDATE session SET limited = false, token_hash = $2, how = $3, proved_at = clock_timestamp()
WHERE token_hash = $1 AND limited
RETURNING agent_id

-- name: sessions_of
SELECT id, user_agent, peer, how, created_at, last_seen_at FROM session
WHERE agent_id = $1 AND NOT limited AND expires_at > clock_timestamp()
  AND last_seen_at > clock_timestamp() - make_interval(secs => $2)
ORDER BY last_seen_at DESC, id
LIMIT 200

-- name: end_session
DELETE FROM session WHERE agent_id = $1 AND id = $2 RETURNING id

-- name: end_others
WITH begun AS (DELETE FROM sign_in_step WHERE agent_id = $1)
DELETE FROM session WHERE agent_id = $1 AND id <> $2 RETURNING id

-- name: end_oldest
-- All but the `$2` that were used last.
DELETE FROM session
WHERE agent_id = $1 AND id NOT IN (SELECT id FROM session WHERE agent_id = $1 ORDER BY last_seen_at DESC, id LIMIT $2)
RETURNING id

-- name: begin
INSERT INTO sign_in_step (token_hash, purpose, agent_id, data, expires_at)
VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))

-- name: look_at_step
SELECT s.agent_id, s.data FROM sign_in_step s LEFT JOIN agent a ON a.id = s.agent_id
WHERE s.token_hash = $1 AND s.purpose = $2 AND s.expires_at > clock_timestamp() AND coalesce(a.active, true)

-- name: change_step
UPDATE sign_in_step SET data = data || $3 WHERE token_hash = $1 AND purpose = $2

-- name: finish
WITH over AS (DELETE FROM sign_in_step WHERE token_hash = $1 AND purpose = $2 RETURNING agent_id, data, expires_at)
SELECT o.agent_id, o.data FROM over o LEFT JOIN agent a ON a.id = o.agent_id
WHERE o.expires_at > clock_timestamp() AND coalesce(a.active, true)

-- name: tidy_steps
DELETE FROM sign_in_step WHERE expires_at < clock_timestamp()

-- name: second_steps
SELECT t.set_up_at AS totp_since, t.used_at AS totp_used_at,
       (SELECT count(*) FROM passkey p WHERE p.agent_id = a.id)::int AS passkeys,
       (SELECT count(*) FROM recovery_code r WHERE r.agent_id = a.id AND r.used_at IS NULL)::int AS codes_left
FROM agent a LEFT JOIN totp t ON t.agent_id = a.id AND t.sealed IS NOT NULL
WHERE a.id = $1

-- name: lock_agent
SELECT id FROM agent WHERE id = $1 AND active FOR NO KEY UPDATE

-- name: begin_totp
INSERT INTO totp (agent_id, pending, pending_until) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (agent_id) DO UPDATE SET pending = $2, pending_until = clock_timestamp() + make_interval(secs => $3)

-- name: pending_totp
SELECT pending FROM totp WHERE agent_id = $1 AND pending IS NOT NULL AND pending_until > clock_timestamp()

-- name: confirm_totp
UPDATE totp SET sealed = pending, last_step = $3, set_up_at = clock_timestamp(), used_at = NULL,
       pending = NULL, pending_until = NULL
WHERE agent_id = $1 AND pending = $2
RETURNING agent_id

-- name: totp
SELECT sealed, last_step FROM totp WHERE agent_id = $1 AND sealed IS NOT NULL

-- name: use_totp
-- Whoever comes second with a code of this time step, or of an earlier one, is refused.
UPDATE totp SET last_step = $3, used_at = clock_timestamp()
WHERE agent_id = $1 AND sealed = $2 AND last_step < $3
RETURNING agent_id

-- name: remove_totp
DELETE FROM totp WHERE agent_id = $1 RETURNING sealed IS NOT NULL AS was_set_up

-- name: remove_codes
DELETE FROM recovery_code WHERE agent_id = $1

-- name: add_codes
INSERT INTO recovery_code (agent_id, code_hash, key_id) SELECT $1, unnest($2::bytea[]), $3

-- name: use_code
UPDATE recovery_code SET used_at = clock_timestamp()
WHERE agent_id = $1 AND code_hash = ANY($2::bytea[]) AND used_at IS NULL
RETURNING agent_id

-- name: add_passkey
INSERT INTO passkey (agent_id, credential_id, public_key, sign_count, transports, name, user_handle)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (credential_id) DO NOTHING
RETURNING id

-- name: passkeys_of
SELECT id, credential_id, transports, name, created_at, used_at FROM passkey WHERE agent_id = $1 ORDER BY created_at, id

-- name: passkey
SELECT p.id, p.agent_id, p.public_key, p.sign_count, p.user_handle FROM passkey p JOIN agent a ON a.id = p.agent_id
WHERE p.credential_id = $1 AND a.active
FOR NO KEY UPDATE OF p

-- name: use_passkey
UPDATE passkey SET sign_count = $2, used_at = clock_timestamp() WHERE id = $1

-- name: rename_passkey
UPDATE passkey SET name = $3 WHERE agent_id = $1 AND id = $2 RETURNING id

-- name: remove_passkey
DELETE FROM passkey WHERE agent_id = $1 AND id = $2 RETURNING id

-- name: remove_passkeys
DELETE FROM passkey WHERE agent_id = $1 RETURNING id

-- name: use_company_login
UPDATE company_login l SET used_at = clock_timestamp(), shown_as = $3 FROM agent a
WHERE l.issuer = $1 AND l.subject = $2 AND a.id = l.agent_id
RETURNING l.agent_id, a.active

-- name: link_company_login
INSERT INTO company_login (issuer, subject, agent_id, shown_as) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
RETURNING agent_id

-- name: company_logins_of
SELECT issuer, subject, shown_as, created_at, used_at FROM company_login WHERE agent_id = $1 ORDER BY created_at

-- name: unlink_company_logins
DELETE FROM company_login WHERE agent_id = $1 RETURNING subject

-- name: active_of_login
SELECT id FROM agent WHERE login = $1 AND active

-- name: password_of_agent
-- One that was made for them and whose days are over is none.
SELECT password_hash FROM agent
WHERE id = $1 AND active AND (password_until IS NULL OR password_until > clock_timestamp())

-- name: was_given
SELECT password_until IS NOT NULL FROM agent WHERE id = $1

-- name: policy
SELECT required_of, grace_days, since FROM sign_in_policy

-- name: set_policy
-- Whoever was asked already keeps the day; a wider circle has its days from now on.
UPDATE sign_in_policy SET required_of = $1, grace_days = $2,
       since = CASE WHEN required_of = $1 THEN since ELSE clock_timestamp() END

-- name: due_since
-- From when on a second step is asked of this agent; no row: it is not. Nobody has fewer days than those who are here already.
SELECT greatest(p.since, a.created_at) + make_interval(days => p.grace_days) AS from_when
FROM sign_in_policy p, agent a
WHERE a.id = $1
  AND (p.required_of = 'everybody' OR p.required_of = 'leads' AND a.role <> 'agent')

-- name: limit_sessions
-- Sessions of those who have to have a second step by now and have none. `$1`: also of who came by the company's own account.
UPDATE session s SET limited = true
FROM agent a, sign_in_policy p
WHERE a.id = s.agent_id AND NOT s.limited AND ($1 OR s.how <> 'company')
  AND (p.required_of = 'everybody' OR p.required_of = 'leads' AND a.role <> 'agent')
  AND greatest(p.since, a.created_at) + make_interval(days => p.grace_days) <= clock_timestamp()
  AND NOT EXISTS (SELECT 1 FROM totp t WHERE t.agent_id = a.id AND t.sealed IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM passkey k WHERE k.agent_id = a.id)
RETURNING s.agent_id

-- name: without_second_step
SELECT count(*)::int FROM agent a
WHERE a.active AND NOT EXISTS (SELECT 1 FROM totp t WHERE t.agent_id = a.id AND t.sealed IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM passkey p WHERE p.agent_id = a.id)
