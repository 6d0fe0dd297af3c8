-- What the installation is made of: channels, queues, facts that every hub must agree on.

-- name: channel_by_name
-- Makes the row where there is none yet; a channel that comes back keeps its history.
INSERT INTO channel (name, kind) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET kind = excluded.kind
RETURNING id

-- name: channel_by_id
SELECT name FROM channel WHERE id = $1

-- name: retire_channels
UPDATE channel SET state = 'retired', state_detail = '', state_since = clock_timestamp()
WHERE name <> ALL($1::text[]) AND state <> 'retired'

-- name: revive_channels
UPDATE channel SET state = 'starting', state_detail = '', state_since = clock_timestamp()
WHERE name = ANY($1::text[]) AND state = 'retired'

-- name: set_channel_state
-- One that is switched off says no more how it is.
UPDATE channel SET state = $2, state_detail = $3,
       state_since = CASE WHEN state = $2 THEN state_since ELSE clock_timestamp() END
WHERE name = $1 AND (state, state_detail) IS DISTINCT FROM ($2, $3) AND (state <> 'retired' OR $2 = 'starting')
RETURNING id

-- name: sync_queues
INSERT INTO queue (name, title_en, title_zh)
SELECT name, title_en, title_zh FROM unnest($1::text[], $2::text[], $3::text[]) AS g (name, title_en, title_zh)
ON CONFLICT (name) DO UPDATE SET title_en = excluded.title_en, title_zh = excluded.title_zh, retired = false
WHERE (queue.title_en, queue.title_zh, queue.retired) IS DISTINCT FROM (excluded.title_en, excluded.title_zh, false)

-- name: retire_queues
UPDATE queue SET retired = true WHERE name <> ALL($1::text[]) AND NOT retired

-- name: agree_on
-- The first hub says it, every other one compares.
-- The update changes nothing: it makes whoever came second at the same moment see what the first one said.
INSERT INTO installation (key, value) VALUES ($1, $2)
ON CONFLICT (key) DO UPDATE SET value = installation.value
RETURNING value

-- name: write_fact
INSERT INTO installation (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- name: fact
SELECT value FROM installation WHERE key = $1

-- name: make_partitions
SELECT make_partitions($1)

-- name: bookmark
SELECT value FROM bookmark WHERE channel_id = $1 AND key = $2

-- name: write_bookmark
INSERT INTO bookmark (channel_id, key, value) VALUES ($1, $2, $3)
ON CONFLICT (channel_id, key) DO UPDATE SET value = excluded.value, written_at = clock_timestamp()

-- name: transcripts
-- What the visitors of conversations of one channel may see: what went to and fro, never notes. `asked`: for which of them, from 1.
-- ($4, $5): (asked, id) of lines that they have. Files in the order of their numbers (sql/chat.sql, file).
SELECT g.asked, line.*
FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS g (thread_key, after, asked)
CROSS JOIN LATERAL (
    SELECT i.id, i.direction, CASE WHEN i.agent_id IS NULL THEN '' ELSE i.author_name END AS author_name, i.text, i.created_at,
           i.external_id, coalesce(f.names, '{}') AS file_names, coalesce(f.sizes, '{}') AS file_sizes,
           coalesce(f.types, '{}') AS file_types
    FROM interaction i
    LEFT JOIN LATERAL (
        SELECT array_agg(a.filename ORDER BY a.id) AS names, array_agg(a.size ORDER BY a.id) AS sizes,
               array_agg(a.content_type ORDER BY a.id) AS types
        FROM attachment a WHERE a.interaction_id = i.id
    ) f ON true
    WHERE i.channel_id = $1 AND i.thread_key = g.thread_key AND i.thread_key <> '' AND i.id > g.after
      AND i.direction IN ('in', 'out') AND (g.asked, i.id) NOT IN (SELECT * FROM unnest($4::bigint[], $5::bigint[]))
    ORDER BY i.id LIMIT 200
) line
ORDER BY g.asked, line.id

-- name: take_lease
-- By the database's clock alone. The token fences: whoever lost the lease has an old one.
INSERT INTO lease (name, holder, token, until) VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, token = excluded.token, until = excluded.until, taken_at = clock_timestamp()
WHERE lease.until < clock_timestamp()
RETURNING token

-- name: renew_lease
UPDATE lease SET until = clock_timestamp() + make_interval(secs => $3)
WHERE name = $1 AND token = $2 AND until >= clock_timestamp()
RETURNING token

-- name: release_lease
DELETE FROM lease WHERE name = $1 AND token = $2

-- name: recall
-- What was answered to this key before.
SELECT body_hash, status, response FROM idempotency WHERE principal = $1 AND key = $2

-- name: take_turn
SELECT pg_advisory_xact_lock($1)

-- name: remember
INSERT INTO idempotency (principal, key, body_hash, status, response) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING

-- name: hit
-- One more try in this window; returns how many there were and when the window ends (seconds).
INSERT INTO rate_limit (key, window_start, hits) VALUES ($1, clock_timestamp(), 1)
ON CONFLICT (key) DO UPDATE
SET hits = CASE WHEN rate_limit.window_start < clock_timestamp() - make_interval(secs => $2) THEN 1 ELSE rate_limit.hits + 1 END,
    window_start = CASE WHEN rate_limit.window_start < clock_timestamp() - make_interval(secs => $2)
                        THEN clock_timestamp() ELSE rate_limit.window_start END
RETURNING hits, extract(epoch FROM window_start + make_interval(secs => $2) - clock_timestamp())::float8 AS ends_in

-- name: forgive
DELETE FROM rate_limit WHERE key = $1

-- name: give_back
UPDATE rate_limit SET hits = hits - 1 WHERE key = $1 AND hits > 0

-- name: tidy_idempotency
DELETE FROM idempotency WHERE created_at < clock_timestamp() - interval '2 days'

-- name: tidy_rate_limits
DELETE FROM rate_limit WHERE window_start < clock_timestamp() - interval '1 day'

-- name: tidy_leases
DELETE FROM lease WHERE until < clock_timestamp() - interval '1 day'

-- name: due_timers
-- Fires each once: the mark is made in the transaction of its effect. (Those of silence: sql/live.sql.)
-- By now(): a clock that ticks while it is read opens no index.
UPDATE timer SET fired_at = clock_timestamp()
WHERE id IN (
    -- With their tickets, and without waiting: whoever works on a ticket holds it first and then its timers.
    SELECT m.id FROM timer m JOIN ticket t ON t.id = m.ticket_id
    WHERE m.fired_at IS NULL AND m.cancelled_at IS NULL AND m.due_at <= now() AND m.kind <> 'live_silence'
    ORDER BY m.due_at LIMIT $1 FOR NO KEY UPDATE OF m, t SKIP LOCKED
)
RETURNING id, kind, ticket_id, version

-- name: put_off
-- In the transaction that has marked it.
UPDATE timer SET fired_at = NULL, due_at = clock_timestamp() + make_interval(secs => $2) WHERE id = $1

-- name: set_timer
INSERT INTO timer (kind, ticket_id, due_at, version) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3), $4)
ON CONFLICT (kind, ticket_id, version) DO NOTHING

-- name: cancel_timers
-- `$2`: also the one that notices that nobody writes any more.
UPDATE timer SET cancelled_at = clock_timestamp()
WHERE ticket_id = $1 AND fired_at IS NULL AND cancelled_at IS NULL AND (kind <> 'live_silence' OR $2)

-- name: database_clock
SELECT clock_timestamp()

-- name: server_version
SELECT current_setting('server_version_num')::int

-- name: rights
-- What this role may do beyond its own databases, and how it got here: over TLS, or from this machine.
SELECT r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls AS more,
       coalesce(s.ssl, false) AS tls,
       inet_client_addr() IS NULL OR inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1' AS here
FROM pg_roles r LEFT JOIN pg_stat_ssl s ON s.pid = pg_backend_pid()
WHERE r.rolname = current_user

-- name: database_bytes
SELECT pg_database_size(current_database())
