-- Finding things by their lexemes: what is found, and what the ways of storage/search_ways.py need.

-- name: walked_to
-- The last of so many entries below an id; null where there are fewer.
SELECT id FROM search_entry WHERE id < $1 ORDER BY id DESC OFFSET $2 - 1 LIMIT 1

-- name: tickets_walked_to
SELECT id FROM search_ticket WHERE id < $1 ORDER BY id DESC OFFSET $2 - 1 LIMIT 1

-- name: opened_since
SELECT id FROM ticket WHERE created_at >= $1::timestamptz ORDER BY created_at LIMIT 1

-- name: opened_before
SELECT id FROM ticket WHERE created_at < $1::timestamptz ORDER BY created_at DESC LIMIT 1

-- name: first_entry
SELECT min(id) FROM search_entry

-- name: entry_hits
-- Of texts of many megabytes, MOST_TEXT characters. `beyond`: it goes on, and its words are all in the index; `deep`: they are not ($2:
-- TOO_LONG).
SELECT i.id, i.kind, i.direction, i.author_name, i.subject, left(i.text, 200000) AS text,
       octet_length(i.text) > octet_length(left(i.text, 200000))
           AND EXISTS (SELECT FROM search_entry s WHERE s.id = i.id AND NOT s.words @@ $2::text::tsquery) AS beyond,
       octet_length(i.text) > octet_length(left(i.text, 200000))
           AND EXISTS (SELECT FROM search_entry s WHERE s.id = i.id AND s.words @@ $2::text::tsquery) AS deep, i.fields, i.occurred_at, t.code AS ticket_code,
       t.subject AS ticket_subject, t.status AS ticket_status, cu.code AS customer_code, cu.name AS customer_name,
       coalesce(ch.kind, '') AS channel_kind, coalesce(ch.name, '') AS channel,
       ARRAY(SELECT a.filename FROM attachment a WHERE a.interaction_id = i.id ORDER BY a.id) AS files
FROM interaction i
JOIN ticket t ON t.id = i.ticket_id
JOIN customer cu ON cu.id = i.customer_id
LEFT JOIN channel ch ON ch.id = i.channel_id
WHERE i.id = ANY($1::bigint[])
ORDER BY i.id DESC

-- name: deep_text
SELECT left(text, 1200000) FROM interaction WHERE id = $1

-- name: customer_hits
SELECT cu.id, cu.code, cu.name, cu.language, coalesce(o.name, '') AS organisation,
       cu.key_account OR coalesce(o.key_account, false) AS key_account, cu.last_seen_at,
       ARRAY(SELECT y.value FROM identity y WHERE y.customer_id = cu.id ORDER BY y.id) AS identities
FROM customer cu
LEFT JOIN organisation o ON o.id = cu.organisation_id
WHERE cu.id = ANY($1::bigint[])
ORDER BY cu.last_seen_at DESC, cu.id DESC

-- name: find_organisations
-- storage/search.py adds which of them are in sight, and in what order.
WITH hit AS MATERIALIZED (SELECT id FROM search_organisation WHERE words @@ $1::text::tsquery)
SELECT hit.id FROM hit WHERE hit.id < $2::bigint

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
