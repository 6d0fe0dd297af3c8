-- Finding things by their lexemes. storage/search.py puts the queries together of these and of the conditions that are asked for.
-- Everywhere: $1 the tsquery, $2 only below this id, $3 from this id on (or so many rows), $4 the limit.

-- name: entries_walk
-- Through the newest entries, whatever they say. A word that is frequent fills a page within a few of them.
SELECT s.id FROM (SELECT id, words FROM search_entry WHERE id < $2::bigint ORDER BY id DESC LIMIT $3::bigint) s

-- name: entries_gather
-- By the index of words, all that there are between two ids. Not sorted by the planner's leave: the hits are gathered first.
WITH hit AS MATERIALIZED (
    SELECT id FROM search_entry WHERE words @@ $1::text::tsquery AND id < $2::bigint AND id >= $3::bigint
)
SELECT s.id FROM hit s

-- name: entries_of_tickets
-- Through the entries of few tickets.
WITH few AS MATERIALIZED (
    SELECT id, ticket_id, direction FROM interaction WHERE ticket_id = ANY($13::bigint[]) AND id < $2::bigint AND id >= $3::bigint
)
SELECT s.id FROM few i JOIN search_entry s ON s.id = i.id JOIN ticket t ON t.id = i.ticket_id

-- name: entries_of_customers
-- Through what few customers said and were told.
WITH few AS MATERIALIZED (
    SELECT id, ticket_id, direction FROM interaction WHERE customer_id = ANY($11::bigint[]) AND id < $2::bigint AND id >= $3::bigint
)
SELECT s.id FROM few i JOIN search_entry s ON s.id = i.id JOIN ticket t ON t.id = i.ticket_id

-- name: entry_tickets
JOIN interaction i ON i.id = s.id
JOIN ticket t ON t.id = i.ticket_id

-- name: tickets_walk
SELECT s.id FROM (SELECT id, words FROM search_ticket WHERE id < $2::bigint ORDER BY id DESC LIMIT $3::bigint) s
JOIN ticket t ON t.id = s.id

-- name: tickets_gather
WITH hit AS MATERIALIZED (
    SELECT id FROM search_ticket WHERE words @@ $1::text::tsquery AND id < $2::bigint AND id >= $3::bigint
)
SELECT s.id FROM hit s
JOIN ticket t ON t.id = s.id

-- name: tickets_browse
SELECT s.id FROM ticket s
JOIN ticket t ON t.id = s.id

-- name: conditions
-- Each is open where its parameter is null. An assignee of 0 is nobody. $12, whoever looks, is asked by storage.sight.
    ($5::text[] IS NULL OR t.status = ANY($5))
AND ($6::int IS NULL OR t.queue_id = $6)
AND ($7::text[] IS NULL OR t.kind = ANY($7))
AND ($8::text IS NULL OR (t.tags <> '{}' AND t.tags @> ARRAY[$8]))
AND ($9::bigint IS NULL OR coalesce(t.assignee_id, 0) = $9)
AND ($10::int[] IS NULL OR t.channel_id = ANY($10))
AND ($11::bigint[] IS NULL OR t.customer_id = ANY($11))
AND ($12::bigint IS NULL OR true)

-- name: some_tickets
-- So many at the most: whether the conditions leave few.
SELECT t.id FROM ticket t

-- name: walked_to
-- The last of so many entries below an id; null where there are fewer.
SELECT id FROM search_entry WHERE id < $1 ORDER BY id DESC OFFSET $2 - 1 LIMIT 1

-- name: first_entry
SELECT min(id) FROM search_entry

-- name: entry_hits
SELECT i.id, i.kind, i.direction, i.author_name, i.subject, i.text, i.fields, i.occurred_at, t.code AS ticket_code,
       t.subject AS ticket_subject, t.status AS ticket_status, cu.code AS customer_code, cu.name AS customer_name,
       coalesce(ch.kind, '') AS channel_kind, coalesce(ch.name, '') AS channel,
       ARRAY(SELECT a.filename FROM attachment a WHERE a.interaction_id = i.id ORDER BY a.id) AS files
FROM interaction i
JOIN ticket t ON t.id = i.ticket_id
JOIN customer cu ON cu.id = i.customer_id
LEFT JOIN channel ch ON ch.id = i.channel_id
WHERE i.id = ANY($1::bigint[])
ORDER BY i.id DESC

-- name: find_customers
-- Who was seen last comes first.
WITH hit AS MATERIALIZED (SELECT id FROM search_customer WHERE words @@ $1::text::tsquery)
SELECT cu.id, cu.last_seen_at FROM hit JOIN customer cu ON cu.id = hit.id
WHERE (cu.last_seen_at, cu.id) < ($2::timestamptz, $3::bigint)

-- name: customer_hits
SELECT cu.id, cu.code, cu.name, cu.language, coalesce(o.name, '') AS organisation,
       cu.key_account OR coalesce(o.key_account, false) AS key_account, cu.last_seen_at,
       ARRAY(SELECT y.value FROM identity y WHERE y.customer_id = cu.id ORDER BY y.id) AS identities
FROM customer cu
LEFT JOIN organisation o ON o.id = cu.organisation_id
WHERE cu.id = ANY($1::bigint[])
ORDER BY cu.last_seen_at DESC, cu.id DESC

-- name: find_organisations
WITH hit AS MATERIALIZED (SELECT id FROM search_organisation WHERE words @@ $1::text::tsquery)
SELECT id FROM hit WHERE id < $2::bigint ORDER BY id DESC LIMIT $3

-- name: organisation_hits
SELECT o.id, o.code, o.name, o.key_account,
       (SELECT count(*) FROM (SELECT 1 FROM customer cu WHERE cu.organisation_id = o.id LIMIT 1000) c)::int AS customers
FROM organisation o
WHERE o.id = ANY($1::bigint[])
ORDER BY o.id DESC

-- name: queue_named
SELECT id FROM queue WHERE lower($1) IN (lower(name), lower(title_en), lower(title_zh)) ORDER BY retired, id LIMIT 1

-- name: agents_named
-- By login, or by a part of the name.
SELECT id FROM agent
WHERE login = lower($1) OR position(lower($1) IN lower(name)) > 0
ORDER BY login <> lower($1), NOT active, id
LIMIT 1

-- name: channels_named
SELECT id FROM channel WHERE lower($1) IN (lower(name), kind)
