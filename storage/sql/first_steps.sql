-- What a new house has to do, and whether it is done.

-- name: facts
-- `backed_up`: Postgres archives its log or has a standby; other ways of keeping a copy are not seen from here.
SELECT coalesce((SELECT password_changed_at IS NOT NULL AND password_until IS NULL FROM agent WHERE id = $1), false)
           OR EXISTS (SELECT 1 FROM company_login WHERE agent_id = $1) AS own_password,
       (SELECT count(*) FROM agent WHERE active) > 1 AS colleagues,
       EXISTS (SELECT 1 FROM channel WHERE state = 'up' AND kind <> 'loopback') AS channel_up,
       EXISTS (SELECT 1 FROM channel_probe WHERE filed_at IS NOT NULL)
           OR EXISTS (SELECT 1 FROM ticket) AS heard,
       EXISTS (SELECT 1 FROM template WHERE NOT retired) AS template,
       EXISTS (SELECT 1 FROM totp WHERE agent_id = $1 AND sealed IS NOT NULL)
           OR EXISTS (SELECT 1 FROM passkey WHERE agent_id = $1)
           OR EXISTS (SELECT 1 FROM company_login WHERE agent_id = $1) AS second_step,
       EXISTS (SELECT 1 FROM pg_stat_archiver WHERE archived_count > 0)
           OR EXISTS (SELECT 1 FROM pg_stat_replication) AS backed_up

-- name: not_needed
SELECT key FROM first_step

-- name: say_not_needed
INSERT INTO first_step (key, agent_id) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- name: say_needed
DELETE FROM first_step WHERE key = $1
