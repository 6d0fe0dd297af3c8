-- Beside the filtered timeline itself, which storage/customer_timeline.py puts together.

-- name: floor
-- The first id of a moment.
SELECT timeline_floor($1::timestamptz)

-- name: channels_of
-- On which channels something was said with the customer.
SELECT DISTINCT ch.name, ch.kind FROM ticket t JOIN channel ch ON ch.id = t.channel_id WHERE t.customer_id = $1 ORDER BY ch.name
