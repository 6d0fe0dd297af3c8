-- Fields of the company's own, and what stands in them.

-- name: own_fields
SELECT id, about, name, kind, label_en, label_zh, choices, required, place, retired, version
FROM custom_field WHERE about = ANY($1::text[])
ORDER BY about, retired, place, id

-- name: add_field
INSERT INTO custom_field (about, name, kind, label_en, label_zh, choices, required, place)
SELECT $1, $2, $3, $4, $5, $6, $7, coalesce(max(place), 0) + 1 FROM custom_field WHERE about = $1
ON CONFLICT DO NOTHING
RETURNING id

-- name: change_field
UPDATE custom_field
SET label_en = $3, label_zh = $4, choices = $5, required = $6, retired = $7, version = version + 1
WHERE id = $1 AND version = $2
RETURNING id

-- name: order_fields
UPDATE custom_field f SET place = g.place
FROM unnest($2::int[]) WITH ORDINALITY AS g (id, place)
WHERE f.id = g.id AND f.about = $1

-- name: said_ticket
SELECT said FROM ticket_fields WHERE ticket_id = $1

-- name: said_customer
SELECT said FROM customer_fields WHERE customer_id = $1

-- name: said_organisation
SELECT said FROM organisation_fields WHERE organisation_id = $1

-- name: say_ticket
INSERT INTO ticket_fields (ticket_id, said) VALUES ($1, $2) ON CONFLICT (ticket_id) DO UPDATE SET said = excluded.said

-- name: say_customer
INSERT INTO customer_fields (customer_id, said) VALUES ($1, $2) ON CONFLICT (customer_id) DO UPDATE SET said = excluded.said

-- name: say_organisation
INSERT INTO organisation_fields (organisation_id, said) VALUES ($1, $2)
ON CONFLICT (organisation_id) DO UPDATE SET said = excluded.said

-- name: lock_customer
SELECT id FROM customer WHERE id = $1 FOR NO KEY UPDATE

-- name: lock_organisation
SELECT id FROM organisation WHERE id = $1 FOR NO KEY UPDATE

-- name: whose_ticket
-- The ticket's customer, and that one's organisation.
SELECT t.id AS ticket_id, cu.id AS customer_id, cu.code AS customer_code, cu.organisation_id, o.code AS organisation_code,
       coalesce(o.name, '') AS organisation
FROM ticket t JOIN customer cu ON cu.id = t.customer_id LEFT JOIN organisation o ON o.id = cu.organisation_id
WHERE t.code = $1

-- name: whose_customer
SELECT 0::bigint AS ticket_id, cu.id AS customer_id, cu.code AS customer_code, cu.organisation_id, o.code AS organisation_code,
       coalesce(o.name, '') AS organisation
FROM customer cu LEFT JOIN organisation o ON o.id = cu.organisation_id
WHERE cu.code = $1

-- name: organisation_of_code
SELECT id FROM organisation WHERE code = $1
