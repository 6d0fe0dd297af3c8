-- The rules that hubs go by: every version that ever was in use.

-- name: lock
-- Versions are made one at a time; reading goes on meanwhile.
LOCK TABLE rulebook IN SHARE ROW EXCLUSIVE MODE

-- name: newest
SELECT version, document FROM rulebook ORDER BY version DESC LIMIT 1

-- name: newest_version
SELECT coalesce(max(version), 0) FROM rulebook

-- name: last_from_file
-- What the file said when a hub last started with one that had changed.
SELECT fingerprint FROM rulebook WHERE origin = 'file' ORDER BY version DESC LIMIT 1

-- name: add
INSERT INTO rulebook (version, document, fingerprint, origin, restores, made_by, author, note)
SELECT coalesce(max(version), 0) + 1, $1::jsonb, $2, $3, $4, $5, $6, $7 FROM rulebook
RETURNING version

-- name: versions
SELECT version, fingerprint, origin, restores, made_by, author, note, made_at
FROM rulebook ORDER BY version DESC LIMIT $1

-- name: version
SELECT version, fingerprint, origin, restores, made_by, author, note, made_at FROM rulebook WHERE version = $1

-- name: document
SELECT document FROM rulebook WHERE version = $1

-- name: occupied
-- Queues beside those listed in which there is work.
SELECT q.name, count(*) AS tickets FROM queue q JOIN ticket t ON t.queue_id = q.id
WHERE q.name <> ALL($1::text[]) AND NOT q.retired AND t.status IN ('open', 'pending')
GROUP BY q.name ORDER BY q.name

-- name: on_other_shifts
-- People whose shifts are none of these calendars, and which they are.
SELECT a.name AS agent, a.calendar FROM agent a
WHERE a.active AND a.calendar <> '' AND a.calendar <> ALL($1::text[])
ORDER BY a.calendar, a.name

-- name: is_from_file
SELECT origin = 'file' FROM rulebook ORDER BY version DESC LIMIT 1
