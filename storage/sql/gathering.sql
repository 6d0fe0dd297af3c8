-- Parts of one message that arrive one by one. Rows are only added and marked, so that whoever journals a part never waits.

-- name: add_parts
-- Nobody reads them by themselves.
WITH added AS (
    INSERT INTO gathering (raw_id, channel_id, part_of, said_in)
    SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[])
)
UPDATE inbound_raw SET lease_until = 'infinity' WHERE id = ANY($1::bigint[])

-- name: due
-- Messages of which nothing came for `$1` seconds, or that began `$2` seconds ago, the oldest first. What waits is read by the index of
-- what waits alone, whatever else grows.
WITH waiting AS MATERIALIZED (SELECT channel_id, part_of, at FROM gathering WHERE filed_as IS NULL)
SELECT channel_id, part_of FROM waiting WHERE channel_id = ANY($3::int[])
GROUP BY channel_id, part_of
HAVING max(at) <= clock_timestamp() - make_interval(secs => $1) OR min(at) <= clock_timestamp() - make_interval(secs => $2)
ORDER BY min(at) LIMIT 20

-- name: waiting_in
-- In these conversations, the oldest first.
SELECT part_of FROM gathering WHERE filed_as IS NULL AND channel_id = $1 AND said_in = ANY($2::text[])
GROUP BY part_of ORDER BY min(raw_id)

-- name: next_due
WITH waiting AS MATERIALIZED (SELECT channel_id, part_of, at FROM gathering WHERE filed_as IS NULL)
SELECT extract(epoch FROM min(least(latest + make_interval(secs => $1), first + make_interval(secs => $2))) - clock_timestamp())::float8
FROM (
    SELECT max(at) AS latest, min(at) AS first FROM waiting WHERE channel_id = ANY($3::int[]) GROUP BY channel_id, part_of
) g

-- name: take
-- Each message by one hub at a time.
SELECT pg_try_advisory_xact_lock($1)

-- name: parts_of
-- All that is known of one message, what was put on the timeline before too.
SELECT g.raw_id, g.filed_as IS NOT NULL AS filed, r.state, r.external_key, r.content, r.meta, r.received_at
FROM gathering g JOIN inbound_raw r ON r.id = g.raw_id
WHERE g.channel_id = $1 AND g.part_of = $2
ORDER BY g.raw_id

-- name: settle
-- These are on the timeline with number `$1`, or in quarantine with it.
WITH marked AS (
    UPDATE gathering SET filed_as = $1 WHERE raw_id = ANY($2::bigint[])
)
UPDATE inbound_raw r SET state = f.state, error = f.error, interaction_id = f.interaction_id, ticket_id = f.ticket_id, lease_until = NULL
FROM inbound_raw f WHERE f.id = $1 AND r.id = ANY($2::bigint[]) AND r.state = 'received'

-- name: tidy
-- Nothing can be added to them any more, and what they said was taken away.
DELETE FROM gathering WHERE raw_id IN (
    SELECT g.raw_id FROM gathering g JOIN inbound_raw r ON r.id = g.raw_id
    WHERE g.filed_as IS NOT NULL AND g.at < clock_timestamp() - interval '2 days' AND length(r.content) = 0
    LIMIT 1000
)
