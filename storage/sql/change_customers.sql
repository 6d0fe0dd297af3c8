-- Customers, their identities and organisations, as people change them. Rows are locked by `lock_…` before.

-- name: lock_customer
SELECT id, code, name, language, organisation_id, note, version, merged_into, anonymised_at IS NOT NULL AS anonymised
FROM customer WHERE code = $1 FOR NO KEY UPDATE

-- name: customer_to_change
SELECT c.id, c.code, c.name, c.language, c.organisation_id, c.note, c.version, c.merged_into,
       c.anonymised_at IS NOT NULL AS anonymised
FROM customer c WHERE c.id = $1

-- name: set_customer
UPDATE customer SET name = $2, language = $3, organisation_id = $4, note = $5, version = version + 1 WHERE id = $1

-- name: add_customer
INSERT INTO customer (name, language, organisation_id, note) VALUES ($1, $2, $3, $4) RETURNING id, code

-- name: add_claim
INSERT INTO identity (customer_id, kind, value, verified) VALUES ($1, $2, $3, false) ON CONFLICT DO NOTHING RETURNING id

-- name: identities_with_ids
SELECT i.id, i.kind, i.value, i.verified, coalesce(a.name, '') AS verified_by FROM identity i LEFT JOIN agent a ON a.id = i.verified_by
WHERE i.customer_id = $1 ORDER BY i.verified DESC, i.id

-- name: identity_of
SELECT id, kind, value, verified FROM identity WHERE id = $1 AND customer_id = $2 FOR UPDATE

-- name: owner_of
SELECT customer_id FROM identity WHERE kind = $1 AND value = $2 AND verified

-- name: verify
UPDATE identity SET verified = true, verified_by = $2 WHERE id = $1

-- name: drop_identity
DELETE FROM identity WHERE id = $1

-- name: put_identity
-- Back where it was.
INSERT INTO identity (customer_id, kind, value, verified, verified_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id

-- name: unsorted
SELECT id, name FROM organisation WHERE sorted_as IS NULL ORDER BY id LIMIT $1

-- name: sort
UPDATE organisation o SET sorted_as = g.sorted_as FROM unnest($1::bigint[], $2::text[]) AS g (id, sorted_as) WHERE o.id = g.id

-- name: organisation_row
-- storage/change_customers.py adds which, and in what order.
SELECT o.id, o.code, o.name, o.key_account, o.segment, o.owner_id, coalesce(a.name, '') AS owner_name, o.note, o.version,
       coalesce(o.sorted_as, '') AS sorted_as,
       (SELECT count(*) FROM customer c WHERE c.organisation_id = o.id AND c.merged_into IS NULL) AS members
FROM organisation o LEFT JOIN agent a ON a.id = o.owner_id

-- name: organisation_names
SELECT o.id, o.code, o.name FROM organisation o WHERE o.sorted_as IS NOT NULL

-- name: organisation_by_id
SELECT o.id FROM organisation o WHERE o.id = $1

-- name: lock_organisation
SELECT id, name, key_account, segment, owner_id, note, version FROM organisation WHERE code = $1 FOR NO KEY UPDATE

-- name: organisation_named
SELECT id FROM organisation WHERE lower(name) = lower($1) AND id <> $2 LIMIT 1

-- name: add_organisation
INSERT INTO organisation (name, key_account, segment, owner_id, note, sorted_as) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, code

-- name: set_organisation
UPDATE organisation SET name = $2, key_account = $3, segment = $4, owner_id = $5, note = $6, sorted_as = $7, version = version + 1
WHERE id = $1

-- name: members
SELECT c.code, c.name, c.last_seen_at, c.key_account FROM customer c
WHERE c.organisation_id = $1 AND c.merged_into IS NULL ORDER BY c.id LIMIT $2

-- name: tickets_of_organisation
SELECT t.code, t.subject, t.status, t.updated_at, ch.kind AS channel_kind, cu.name AS customer_name
FROM customer cu JOIN ticket t ON t.customer_id = cu.id JOIN channel ch ON ch.id = t.channel_id
WHERE cu.organisation_id = $1 ORDER BY t.id DESC LIMIT $2

-- name: lock_tickets_of_organisation
SELECT t.id FROM ticket t JOIN customer c ON c.id = t.customer_id
WHERE c.organisation_id = $1 AND t.status IN ('open', 'pending') ORDER BY t.id FOR NO KEY UPDATE OF t
