-- What things are found by: read from the things themselves, written by one hub at a time.

-- name: take_turn
-- One hub writes at a time; the others look again later.
SELECT entry, ticket, customer, organisation FROM search_fill FOR NO KEY UPDATE SKIP LOCKED

-- name: still_there
SELECT 1

-- name: take_due
-- The first is taken whatever its size. Only entries have a size to speak of, and it is known without reading their texts.
WITH next AS MATERIALIZED (
    SELECT id, what, ref FROM search_due ORDER BY id LIMIT $1
), sized AS MATERIALIZED (
    SELECT n.id, coalesce((
        SELECT octet_length(i.text) + octet_length(i.fields::text) FROM interaction i WHERE n.what = 'entry' AND i.id = n.ref
    ), 0) AS size
    FROM next n
), taken AS (
    SELECT id, sum(size) OVER (ORDER BY id) - size AS before FROM sized
)
DELETE FROM search_due d USING taken WHERE d.id = taken.id AND taken.before < $2::int
RETURNING d.what, d.ref

-- name: old_entries
WITH next AS MATERIALIZED (
    SELECT id, octet_length(text) + octet_length(fields::text) AS size
    FROM interaction WHERE id < $1::bigint ORDER BY id DESC LIMIT $2
), sized AS (
    SELECT id, sum(size) OVER (ORDER BY id DESC) - size AS before FROM next
)
SELECT id FROM sized WHERE before < $3::int ORDER BY id DESC

-- name: old_tickets
SELECT id FROM ticket WHERE id < $1::bigint ORDER BY id DESC LIMIT $2

-- name: old_customers
SELECT id FROM customer WHERE id < $1::bigint ORDER BY id DESC LIMIT $2

-- name: old_organisations
SELECT id FROM organisation WHERE id < $1::bigint ORDER BY id DESC LIMIT $2

-- name: fill_on
UPDATE search_fill SET entry = $1, ticket = $2, customer = $3, organisation = $4

-- name: entry_documents
SELECT i.id, i.subject, i.text, i.fields,
       ARRAY(SELECT a.filename FROM attachment a WHERE a.interaction_id = i.id ORDER BY a.id) AS files
FROM interaction i
WHERE i.id = ANY($1::bigint[])

-- name: ticket_documents
SELECT id, code, subject, tags FROM ticket WHERE id = ANY($1::bigint[])

-- name: customer_documents
SELECT cu.id, cu.code, cu.name,
       ARRAY(SELECT y.value FROM identity y WHERE y.customer_id = cu.id ORDER BY y.id) AS identities
FROM customer cu
WHERE cu.id = ANY($1::bigint[])

-- name: organisation_documents
SELECT id, code, name FROM organisation WHERE id = ANY($1::bigint[])

-- name: write_entries
INSERT INTO search_entry (id, words) SELECT id, words::tsvector FROM unnest($1::bigint[], $2::text[]) AS g (id, words)
ON CONFLICT (id) DO UPDATE SET words = excluded.words

-- name: write_tickets
INSERT INTO search_ticket (id, words) SELECT id, words::tsvector FROM unnest($1::bigint[], $2::text[]) AS g (id, words)
ON CONFLICT (id) DO UPDATE SET words = excluded.words

-- name: write_customers
INSERT INTO search_customer (id, words) SELECT id, words::tsvector FROM unnest($1::bigint[], $2::text[]) AS g (id, words)
ON CONFLICT (id) DO UPDATE SET words = excluded.words

-- name: write_organisations
INSERT INTO search_organisation (id, words) SELECT id, words::tsvector FROM unnest($1::bigint[], $2::text[]) AS g (id, words)
ON CONFLICT (id) DO UPDATE SET words = excluded.words

-- name: forget_entries
DELETE FROM search_entry WHERE id = ANY($1::bigint[])

-- name: forget_tickets
DELETE FROM search_ticket WHERE id = ANY($1::bigint[])

-- name: forget_customers
DELETE FROM search_customer WHERE id = ANY($1::bigint[])

-- name: forget_organisations
DELETE FROM search_organisation WHERE id = ANY($1::bigint[])

-- name: still_due
SELECT EXISTS (SELECT 1 FROM search_due) AS due,
       EXISTS (SELECT 1 FROM search_fill WHERE coalesce(entry, ticket, customer, organisation) IS NOT NULL) AS filling

-- name: set_aside
INSERT INTO search_fault (what, ref, error) VALUES ($1, $2, $3)
ON CONFLICT (what, ref) DO UPDATE SET error = excluded.error, set_aside_at = clock_timestamp()

-- name: clear
DELETE FROM search_fault WHERE what = $1 AND ref = ANY($2::bigint[])

-- name: faults
SELECT f.what, f.ref, f.error, f.set_aside_at, coalesce(cu.code, o.code) AS code, coalesce(t.code, e.code) AS ticket_code
FROM search_fault f
LEFT JOIN customer cu ON f.what = 'customer' AND cu.id = f.ref
LEFT JOIN organisation o ON f.what = 'organisation' AND o.id = f.ref
LEFT JOIN ticket t ON f.what = 'ticket' AND t.id = f.ref
LEFT JOIN interaction i ON f.what = 'entry' AND i.id = f.ref
LEFT JOIN ticket e ON e.id = i.ticket_id
ORDER BY f.set_aside_at DESC, f.ref DESC LIMIT $1

-- name: put_back
WITH gone AS (
    DELETE FROM search_fault RETURNING what, ref
), due AS (
    INSERT INTO search_due (what, ref) SELECT what, ref FROM gone RETURNING 1
)
SELECT count(*)::int FROM due
