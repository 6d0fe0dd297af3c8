-- What there is for an agent; storage/sight.py adds the condition.

-- name: by_code
SELECT 1 FROM ticket t WHERE t.code = $1

-- name: by_id
SELECT 1 FROM ticket t WHERE t.id = $1

-- name: of_customer
SELECT 1 FROM ticket t JOIN customer c ON c.id = t.customer_id WHERE c.code = $1

-- name: of_these
SELECT t.id FROM ticket t WHERE t.id = ANY($1::bigint[])

-- name: of_these_customers
SELECT DISTINCT t.customer_id FROM ticket t WHERE t.customer_id = ANY($1::bigint[])

-- name: organisation
SELECT 1 FROM organisation o WHERE o.code = $1

-- name: task
SELECT 1 FROM task t LEFT JOIN ticket k ON k.id = t.ticket_id WHERE t.code = $1
