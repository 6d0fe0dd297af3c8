-- What public doors count, and what they take once; shared by all hubs.

-- name: count
-- One more of each; in the order of the keys, so that two hubs wait for each other and never in a circle.
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::float8[], $3::int[]) WITH ORDINALITY AS g (key, seconds, amount, ord)
), counted AS (
    INSERT INTO rate_limit AS r (key, window_start, hits) SELECT key, clock_timestamp(), amount FROM asked ORDER BY key
    ON CONFLICT (key) DO UPDATE
    SET hits = CASE WHEN r.window_start + make_interval(secs => (SELECT a.seconds FROM asked a WHERE a.key = r.key)) <= clock_timestamp()
                    THEN excluded.hits ELSE least(r.hits::bigint + excluded.hits, 2000000000)::int END,
        window_start = CASE WHEN r.window_start + make_interval(secs => (SELECT a.seconds FROM asked a WHERE a.key = r.key))
                                 <= clock_timestamp()
                            THEN clock_timestamp() ELSE r.window_start END
    RETURNING r.key, r.hits, r.window_start
)
SELECT c.hits, extract(epoch FROM c.window_start + make_interval(secs => a.seconds) - clock_timestamp())::float8 AS ends_in
FROM asked a JOIN counted c ON c.key = a.key ORDER BY a.ord

-- name: look
SELECT coalesce(r.hits, 0) AS hits,
       coalesce(extract(epoch FROM r.window_start + make_interval(secs => g.seconds) - clock_timestamp()), g.seconds)::float8 AS ends_in
FROM unnest($1::text[], $2::float8[]) WITH ORDINALITY AS g (key, seconds, ord)
LEFT JOIN rate_limit r ON r.key = g.key AND r.window_start + make_interval(secs => g.seconds) > clock_timestamp()
ORDER BY g.ord

-- name: take_once
INSERT INTO spent_proof (mark, until) VALUES ($1, clock_timestamp() + make_interval(secs => $2)) ON CONFLICT DO NOTHING RETURNING mark

-- name: tidy
DELETE FROM spent_proof WHERE until < clock_timestamp()
