-- Who looks after a customer, and what sort of customer they are.

-- name: lock_care
-- The customer's own values; what their organisation says counts beside them.
SELECT c.id, c.key_account, c.segment, c.owner_id FROM customer c WHERE c.code = $1 FOR NO KEY UPDATE

-- name: set_care
UPDATE customer SET key_account = $2, segment = $3, owner_id = $4 WHERE id = $1

-- name: care_of
SELECT c.key_account, c.segment, c.owner_id, coalesce(a.name, '') AS owner_name FROM customer c LEFT JOIN agent a ON a.id = c.owner_id
WHERE c.id = $1

-- name: lock_tickets_in_work
SELECT id FROM ticket WHERE customer_id = $1 AND status IN ('open', 'pending') ORDER BY id FOR NO KEY UPDATE

-- name: segments
-- Words that are in use already, the most frequent first.
SELECT segment FROM customer WHERE segment <> '' GROUP BY segment ORDER BY count(*) DESC, segment LIMIT 50
