-- A made-up past, in bulk.

-- name: no_limits
SELECT set_config('statement_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false),
       set_config('maintenance_work_mem', '256MB', false)

-- name: is_empty
SELECT NOT EXISTS (SELECT 1 FROM ticket) AND NOT EXISTS (SELECT 1 FROM customer)

-- name: make_months
SELECT count(make_month(parent, month))
FROM unnest(ARRAY['interaction', 'search_entry']) AS parent,
     generate_series(date_trunc('month', $1::timestamptz), $2::timestamptz, interval '1 month') AS month

-- name: first_numbers
-- Nobody else draws from them meanwhile: the tables are locked.
SELECT setval('organisation_id_seq', nextval('organisation_id_seq') + $1) - $1 AS organisation_id,
       setval('organisation_serial', nextval('organisation_serial') + $1) - $1 AS organisation_serial,
       setval('customer_id_seq', nextval('customer_id_seq') + $2) - $2 AS customer_id,
       setval('customer_serial', nextval('customer_serial') + $2) - $2 AS customer_serial,
       setval('ticket_id_seq', nextval('ticket_id_seq') + $3) - $3 AS ticket_id,
       setval('ticket_serial', nextval('ticket_serial') + $3) - $3 AS ticket_serial

-- name: queues
SELECT id, name FROM queue WHERE NOT retired ORDER BY id

-- name: channels
SELECT id, kind FROM channel ORDER BY id

-- name: agents
SELECT id, name FROM agent WHERE active ORDER BY id

-- name: count_load
UPDATE agent a
SET load = c.load, live_load = c.live_load
FROM (SELECT assignee_id, coalesce(sum(held) FILTER (WHERE NOT live), 0) AS load,
             coalesce(sum(held) FILTER (WHERE live), 0) AS live_load
      FROM ticket WHERE assignee_id IS NOT NULL AND status IN ('open', 'pending') GROUP BY assignee_id) c
WHERE a.id = c.assignee_id

-- name: know_tags
INSERT INTO tag (name) SELECT DISTINCT unnest(tags) FROM ticket WHERE tags <> '{}' ON CONFLICT DO NOTHING

-- name: skip_ledger
UPDATE feed_mark m SET xid = e.xid, event_id = e.id
FROM (SELECT xid, id FROM event ORDER BY xid DESC, id DESC LIMIT 1) e

-- name: known_logins
SELECT login FROM agent WHERE login = ANY($1::text[])
