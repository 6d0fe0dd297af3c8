-- Mailboxes: secrets of channels, what was heard when, and comparisons of folders with the journal.

-- name: sealed
-- By the name: a channel that has none yet may not have a row of its own either.
SELECT s.sealed FROM channel_secret s JOIN channel c ON c.id = s.channel_id WHERE c.name = $1 AND s.key = $2

-- name: seal
-- A channel that is only being tried, and has no row, keeps none.
INSERT INTO channel_secret (channel_id, key, sealed) SELECT id, $2, $3 FROM channel WHERE name = $1
ON CONFLICT (channel_id, key) DO UPDATE SET sealed = excluded.sealed, written_at = clock_timestamp()

-- name: known_keys
SELECT key FROM inbound_key WHERE channel_id = $1 AND key = ANY($2::text[])

-- name: add_counts
INSERT INTO mailbox_count (channel_id, folder, on_server, known, missing, fetched, error)
SELECT $1, folder, on_server, known, missing, fetched, error
FROM unnest($2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::text[])
     AS g (folder, on_server, known, missing, fetched, error)

-- name: count_done
-- Who asked before it began has been served; who asked meanwhile has not.
UPDATE channel SET count_wanted_at = NULL WHERE id = $1 AND count_wanted_at <= $2

-- name: want_count
UPDATE channel SET count_wanted_at = clock_timestamp() WHERE id = $1

-- name: last_count
-- When it was done last, whether a person wants it now, and what time it is there.
SELECT (SELECT max(at) FROM mailbox_count WHERE channel_id = c.id) AS counted_at, c.count_wanted_at AS wanted_at,
       clock_timestamp() AS now
FROM channel c WHERE c.id = $1

-- name: tidy_counts
DELETE FROM mailbox_count WHERE at < clock_timestamp() - interval '90 days'

-- name: mailboxes
-- Each folder that is read, with what it said last and how it compared last. One that was last looked into an hour before the
-- others of its mailbox is no longer in the settings: all are looked into in turn, those that are missing too.
SELECT c.name AS channel, c.state, c.state_detail, c.count_wanted_at IS NOT NULL AS count_wanted,
       substr(h.key, 7) AS folder, h.written_at AS heard_at,
       extract(epoch FROM clock_timestamp() - h.written_at)::float8 AS heard_seconds_ago,
       coalesce((h.value ->> 'letters')::int, 0) AS letters, coalesce(h.value ->> 'error', '') AS error,
       coalesce((h.value ->> 'junk')::boolean, false) AS junk,
       n.at AS counted_at, n.on_server, n.known, n.missing, n.fetched, coalesce(n.error, '') AS count_error
FROM channel c
JOIN LATERAL (
    SELECT key, value, written_at, max(written_at) OVER () AS latest FROM bookmark
    WHERE channel_id = c.id AND key LIKE 'heard:%'
) h ON h.written_at > h.latest - interval '1 hour'
LEFT JOIN LATERAL (
    SELECT at, on_server, known, missing, fetched, error FROM mailbox_count
    -- Without a folder: nothing at all could be compared.
    WHERE channel_id = c.id AND folder IN (substr(h.key, 7), '')
    ORDER BY at DESC LIMIT 1
) n ON true
WHERE c.state <> 'retired'
ORDER BY c.name, folder

-- name: counts
-- The comparisons of one channel, the latest first.
SELECT folder, at, on_server, known, missing, fetched, error FROM mailbox_count
WHERE channel_id = $1
ORDER BY at DESC, id DESC
LIMIT $2
