-- Telling whoever opened a ticket its number.

-- name: acknowledge
-- One answer for each ticket whose limits allow it. Three windows count every wish, granted or not: of the address, of its
-- domain, and of the house (`limits`: key, seconds, most). Counted in the order of the keys, so that two hubs wait for each other
-- and never in a circle. No status changes: nobody has answered yet.
WITH wish AS MATERIALIZED (
    SELECT g.*, g.ticket_id AS id FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
         WITH ORDINALITY AS g (ticket_id, channel_id, customer_id, message, message_id, subject, text, ord)
), asked AS MATERIALIZED (
    SELECT g.ord, g.key, g.seconds, g.most, row_number() OVER (PARTITION BY g.key ORDER BY g.ord) AS place
    FROM unnest($8::bigint[], $9::text[], $10::float8[], $11::int[]) AS g (ord, key, seconds, most)
), counted AS (
    INSERT INTO rate_limit AS r (key, window_start, hits)
    SELECT key, clock_timestamp(), count(*) FROM asked GROUP BY key ORDER BY key
    ON CONFLICT (key) DO UPDATE
    SET hits = CASE WHEN r.window_start + make_interval(secs => (SELECT a.seconds FROM asked a WHERE a.key = r.key LIMIT 1))
                         <= clock_timestamp() THEN excluded.hits ELSE r.hits + excluded.hits END,
        window_start = CASE WHEN r.window_start + make_interval(secs => (SELECT a.seconds FROM asked a WHERE a.key = r.key LIMIT 1))
                                 <= clock_timestamp() THEN clock_timestamp() ELSE r.window_start END
    RETURNING r.key, r.hits
), granted AS MATERIALIZED (
    SELECT w.*, next_timeline_id() AS interaction_id FROM wish w
    WHERE NOT EXISTS (
        SELECT 1 FROM asked a JOIN counted c ON c.key = a.key
        WHERE a.ord = w.ord AND c.hits - (SELECT count(*) FROM asked b WHERE b.key = a.key) + a.place > a.most)
), numbered AS (
    UPDATE ticket t SET seq = seq + 1, version = version + 1 FROM granted g WHERE t.id = g.ticket_id RETURNING t.id, t.seq
), said AS (
    INSERT INTO interaction (id, ticket_id, seq, customer_id, channel_id, kind, direction, subject, text, external_id, automatic)
    SELECT g.interaction_id, g.ticket_id, n.seq, g.customer_id, g.channel_id, 'message', 'out', g.subject, g.text, g.message_id,
           'acknowledgement'
    FROM granted g JOIN numbered n ON n.id = g.ticket_id
), told AS (
    INSERT INTO event (ticket_id, seq, kind, data)
    SELECT g.ticket_id, n.seq, 'interaction_added', jsonb_build_object('interaction', g.interaction_id, 'direction', 'out')
    FROM granted g JOIN numbered n ON n.id = g.ticket_id ORDER BY g.ord
), known AS (
    INSERT INTO thread_ref (scope, ref, ticket_id) SELECT 'mail', message_id, ticket_id FROM granted ON CONFLICT DO NOTHING
), leaving AS (
    INSERT INTO outbox (ticket_id, interaction_id, channel_id, message, message_id)
    SELECT ticket_id, interaction_id, channel_id, message::jsonb, message_id FROM granted ORDER BY ord
)
SELECT count(pg_notify($12, ''))::int AS granted FROM granted
