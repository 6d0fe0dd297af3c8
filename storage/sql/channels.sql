-- Channels that are set up at the desk, how every channel is, and messages that try one.

-- name: desk_channels
SELECT name, kind, settings, secrets, enabled, version, changed_at FROM channel_config ORDER BY name

-- name: desk_marks
-- What a hub compares with what it goes by: cheap, for it is asked every few seconds.
SELECT name, version, changed_at FROM channel_config

-- name: add_config
INSERT INTO channel_config (name, kind, settings, secrets, enabled, changed_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
RETURNING version

-- name: change_config
UPDATE channel_config
SET settings = $3, secrets = $4, enabled = $5, changed_by = $6, version = version + 1, changed_at = clock_timestamp()
WHERE name = $1 AND version = $2
RETURNING version

-- name: begin_anew
-- With the settings that it has: hubs open it anew when its version is another.
UPDATE channel_config SET changed_by = $2, version = version + 1, changed_at = clock_timestamp() WHERE name = $1
RETURNING enabled

-- name: remove_config
DELETE FROM channel_config WHERE name = $1 AND version = $2 RETURNING version

-- name: forget_secrets
DELETE FROM channel_secret s USING channel c WHERE c.id = s.channel_id AND c.name = $1

-- name: kind_of
SELECT kind FROM channel WHERE name = $1

-- name: pulses
-- How each channel is. Today begins at $1; the last messages are looked for from $2 on: the ids are times, so that what is
-- older is not touched.
SELECT c.id, c.name, c.kind, c.state, c.state_detail, c.state_since, c.hold_until,
       coalesce(n.came, 0) AS came, coalesce(n.went, 0) AS went, i.created_at AS last_in, o.created_at AS last_out,
       coalesce(r.waiting, 0) AS unread, r.oldest AS unread_since, coalesce(x.waiting, 0) AS unsent, x.oldest AS unsent_since,
       coalesce(q.rows, 0) AS quarantined, coalesce(f.rows, 0) AS failed
FROM channel c
LEFT JOIN (
    SELECT channel_id, count(*) FILTER (WHERE direction = 'in') AS came, count(*) FILTER (WHERE direction = 'out') AS went
    FROM interaction WHERE id >= timeline_floor($1) AND channel_id IS NOT NULL GROUP BY channel_id
) n ON n.channel_id = c.id
LEFT JOIN LATERAL (
    SELECT created_at FROM interaction
    WHERE id >= timeline_floor($2) AND channel_id = c.id AND direction = 'in' ORDER BY id DESC LIMIT 1
) i ON c.state <> 'retired'
LEFT JOIN LATERAL (
    SELECT created_at FROM interaction
    WHERE id >= timeline_floor($2) AND channel_id = c.id AND direction = 'out' ORDER BY id DESC LIMIT 1
) o ON c.state <> 'retired'
LEFT JOIN (
    SELECT channel_id, count(*) AS waiting, min(journaled_at) AS oldest FROM inbound_raw WHERE state = 'received'
    GROUP BY channel_id
) r ON r.channel_id = c.id
LEFT JOIN (
    SELECT channel_id, count(*) AS waiting, min(queued_at) AS oldest FROM outbox WHERE state IN ('queued', 'sending')
    GROUP BY channel_id
) x ON x.channel_id = c.id
LEFT JOIN (
    SELECT channel_id, count(*) AS rows FROM inbound_raw WHERE state = 'quarantined' GROUP BY channel_id
) q ON q.channel_id = c.id
LEFT JOIN (
    SELECT channel_id, count(*) AS rows FROM outbox WHERE state IN ('failed', 'uncertain') GROUP BY channel_id
) f ON f.channel_id = c.id
ORDER BY c.name

-- name: begin_probe
INSERT INTO channel_probe (channel_id, agent_id, message_id, address) VALUES ($1, $2, $3, $4) RETURNING id

-- name: last_probe
SELECT x.id, x.channel_id, x.message_id, x.address, x.after_raw, x.started_at, x.sent_at, x.raw_id, x.arrived_at, x.ticket_id,
       x.filed_at, x.ended_at, x.error, t.code AS ticket_code, coalesce(t.status, '') AS ticket_status,
       coalesce(q.title_en, '') AS queue_title_en, coalesce(q.title_zh, '') AS queue_title_zh, coalesce(a.name, '') AS assignee
FROM channel_probe x
LEFT JOIN ticket t ON t.id = x.ticket_id
LEFT JOIN queue q ON q.id = t.queue_id
LEFT JOIN agent a ON a.id = t.assignee_id
WHERE x.channel_id = $1
ORDER BY x.id DESC
LIMIT 1

-- name: probe_sent
UPDATE channel_probe SET sent_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL

-- name: probe_addressed
UPDATE channel_probe SET address = $2, sent_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL

-- name: probe_arrived
UPDATE channel_probe SET raw_id = $2, arrived_at = $3 WHERE id = $1 AND ended_at IS NULL AND raw_id IS NULL

-- name: probe_filed
UPDATE channel_probe SET ticket_id = $2, filed_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL AND ticket_id IS NULL

-- name: end_probe
UPDATE channel_probe SET ended_at = clock_timestamp(), error = $2 WHERE id = $1 AND ended_at IS NULL

-- name: end_lost_probes
-- Those whose hub has gone: it looks at each twice a second and gives up by itself.
UPDATE channel_probe SET ended_at = clock_timestamp(), error = 'gone'
WHERE channel_id = $1 AND ended_at IS NULL AND started_at < clock_timestamp() - make_interval(secs => $2)

-- name: arrival_of_letter
-- The letter with this Message-ID, once it is on the timeline.
SELECT i.raw_id, w.journaled_at AS arrived_at, i.ticket_id, t.code AS ticket_code, '' AS trouble
FROM thread_ref r
JOIN ticket t ON t.id = r.ticket_id
JOIN interaction i ON i.ticket_id = r.ticket_id AND i.external_id = $2 AND i.direction = 'in'
JOIN inbound_raw w ON w.id = i.raw_id
WHERE r.scope = 'mail' AND r.ref = $2 AND i.channel_id = $1
ORDER BY i.id
LIMIT 1

-- name: next_arrival
-- The first thing that came in by this channel after $2, read or not.
SELECT w.id AS raw_id, w.journaled_at AS arrived_at, w.ticket_id, t.code AS ticket_code,
       CASE WHEN w.state = 'quarantined' THEN w.error ELSE '' END AS trouble
FROM inbound_raw w
LEFT JOIN ticket t ON t.id = w.ticket_id
WHERE w.channel_id = $1 AND w.id >= $2 AND w.state <> 'duplicate'
ORDER BY w.id
LIMIT 1

-- name: last_heard
-- When the channel was heard last, as far as was written down, and the time now. Whoever says so at the same moment waits.
SELECT written_at AS since, clock_timestamp() AS until FROM bookmark WHERE channel_id = $1 AND key = 'hub:heard' FOR NO KEY UPDATE

-- name: gaps
-- Silences in which something may have been lost that nobody has put away and that are not older than $1 days, by name and time.
SELECT c.name AS channel, c.kind, (g.value ->> 'since')::timestamptz AS since, (g.value ->> 'until')::timestamptz AS until,
       (g.value ->> 'hours')::int AS hours
FROM bookmark b
JOIN channel c ON c.id = b.channel_id
CROSS JOIN LATERAL jsonb_array_elements(b.value) AS g (value)
WHERE b.key = 'hub:gaps' AND (g.value ->> 'until')::timestamptz > clock_timestamp() - make_interval(days => $1)
ORDER BY c.name, until

-- name: forget_gaps
DELETE FROM bookmark b USING channel c WHERE c.id = b.channel_id AND c.name = $1 AND b.key = 'hub:gaps'
RETURNING c.name
