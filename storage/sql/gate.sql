-- What public doors count, and what they take once; shared by all hubs.

-- name: count
-- One more of each; in the order of the keys, so that two hubs wait for each other and never in a circle: first those of one visitor,
-- then, unless one of these is above its most, those of all together.
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::float8[], $3::int[], $4::int[], $5::bool[]) WITH ORDINALITY AS g (key, seconds, amount, most, late, ord)
), first AS (
    INSERT INTO rate_limit AS r (key, window_start, hits) SELECT key, clock_timestamp(), amount FROM asked WHERE NOT late ORDER BY key
    ON CONFLICT (key) DO UPDATE
    SET hits = CASE WHEN r.window_start + make_interval(secs => (SELECT a.seconds FROM asked a WHERE a.key = r.key)) <= clock_timestamp()
                    THEN excluded.hits ELSE least(r.hits::bigint + excluded.hits, 2000000000)::int END,
        window_start = CASE WHEN r.window_start + make_interval(secs => (SELECT a.seconds FROM asked a WHERE a.key = r.key))
                                 <= clock_timestamp()
                            THEN clock_timestamp() ELSE r.window_start END
    RETURNING r.key, r.hits, r.window_start
), later AS (
    INSERT INTO rate_limit AS r (key, window_start, hits)
    SELECT key, clock_timestamp(), amount FROM asked
    WHERE late AND NOT EXISTS (SELECT FROM first f JOIN asked o ON o.key = f.key WHERE f.hits > o.most) ORDER BY key
    ON CONFLICT (key) DO UPDATE
    SET hits = CASE WHEN r.window_start + make_interval(secs => (SELECT a.seconds FROM asked a WHERE a.key = r.key)) <= clock_timestamp()
                    THEN excluded.hits ELSE least(r.hits::bigint + excluded.hits, 2000000000)::int END,
        window_start = CASE WHEN r.window_start + make_interval(secs => (SELECT a.seconds FROM asked a WHERE a.key = r.key))
                                 <= clock_timestamp()
                            THEN clock_timestamp() ELSE r.window_start END
    RETURNING r.key, r.hits, r.window_start
)
SELECT coalesce(c.hits, 0) AS hits,
       coalesce(extract(epoch FROM c.window_start + make_interval(secs => a.seconds) - clock_timestamp()), a.seconds)::float8 AS ends_in
FROM asked a LEFT JOIN (SELECT * FROM first UNION ALL SELECT * FROM later) c ON c.key = a.key ORDER BY a.ord

-- name: look
SELECT coalesce(r.hits, 0) AS hits,
       coalesce(extract(epoch FROM r.window_start + make_interval(secs => g.seconds) - clock_timestamp()), g.seconds)::float8 AS ends_in
FROM unnest($1::text[], $2::float8[]) WITH ORDINALITY AS g (key, seconds, ord)
LEFT JOIN rate_limit r ON r.key = g.key AND r.window_start + make_interval(secs => g.seconds) > clock_timestamp()
ORDER BY g.ord

-- name: take_once
INSERT INTO spent_proof (mark, until) VALUES ($1, clock_timestamp() + make_interval(secs => $2)) ON CONFLICT DO NOTHING RETURNING mark

-- name: was_taken
SELECT EXISTS (SELECT FROM spent_proof WHERE mark = $1 AND until > clock_timestamp()) AS taken

-- name: tidy_proofs
DELETE FROM spent_proof WHERE until < clock_timestamp()

-- name: tidy_counts
-- The longest window of a public door is an hour; a flood from very many addresses leaves a row for each of them.
DELETE FROM rate_limit WHERE (key LIKE 'form:%' OR key LIKE 'chat:%') AND window_start < clock_timestamp() - interval '1 hour'
