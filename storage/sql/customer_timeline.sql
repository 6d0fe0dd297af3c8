-- A customer's timeline through filters: storage/customer_timeline.py puts it behind the entry's own query.

-- name: filtered
WHERE i.customer_id = $1 AND i.id < $2 AND i.id >= $3
  AND ($4::text = '' OR ch.name = $4)
  AND ($5::text[] = '{}' OR i.kind = ANY($5))
  AND ($6::text = '' OR i.direction = $6)
  AND ($7::text = '' OR position(lower($7) IN lower(i.text)) > 0 OR position(lower($7) IN lower(i.subject)) > 0)
ORDER BY i.id DESC LIMIT $8

-- name: floor
-- The first id of a moment.
SELECT timeline_floor($1::timestamptz)

-- name: channels_of
-- On which channels something was said with the customer.
SELECT DISTINCT ch.name, ch.kind FROM ticket t JOIN channel ch ON ch.id = t.channel_id WHERE t.customer_id = $1 ORDER BY ch.name
