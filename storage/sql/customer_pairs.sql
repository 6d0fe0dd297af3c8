-- Pairs of customers that look like one person.

-- name: mark
SELECT identity_id FROM customer_pair_mark FOR UPDATE

-- name: look
-- The next `$2` identities after number `$1`, of those that have been there for `$3` seconds: whoever was still writing one with a
-- smaller number has ended by then. A claim meets somebody's proof, or two of one name claim the same. Of one identity twenty at the
-- most: what many have typed says nothing.
WITH fresh AS MATERIALIZED (
    SELECT id, customer_id, kind, value, verified FROM identity
    WHERE id > $1 AND created_at <= clock_timestamp() - make_interval(secs => $3)
    ORDER BY id LIMIT $2
), met AS (
    SELECT f.customer_id AS one_id, o.customer_id AS other_id, f.kind, f.value, o.verified <> f.verified AS proof
    FROM fresh f CROSS JOIN LATERAL (
        SELECT o.customer_id, o.verified FROM identity o
        WHERE o.kind = f.kind AND o.value = f.value AND o.customer_id <> f.customer_id
        ORDER BY o.verified DESC LIMIT 20) o
), pairs AS (
    INSERT INTO customer_pair (low_id, high_id, reason, kind, value)
    SELECT DISTINCT ON (1, 2) least(m.one_id, m.other_id), greatest(m.one_id, m.other_id),
           CASE WHEN m.proof THEN 'claim_meets_proof' ELSE 'same_claim' END, m.kind, m.value
    FROM met m JOIN customer a ON a.id = m.one_id JOIN customer b ON b.id = m.other_id
    WHERE a.merged_into IS NULL AND b.merged_into IS NULL AND (m.proof OR a.name = b.name AND a.name <> '')
    ORDER BY 1, 2, m.proof DESC
    ON CONFLICT DO NOTHING
)
SELECT count(*)::int AS looked_at, max(id) AS reached FROM fresh

-- name: set_mark
UPDATE customer_pair_mark SET identity_id = $1

-- name: add
-- From a message that proves both.
INSERT INTO customer_pair (low_id, high_id, reason)
SELECT DISTINCT least(g.a, g.b), greatest(g.a, g.b), 'two_owners' FROM unnest($1::bigint[], $2::bigint[]) AS g (a, b)
ORDER BY 1, 2
ON CONFLICT DO NOTHING

-- name: open_pairs
-- Newest first. `$1`, `$2`, `$3`: the last one of the page before.
SELECT p.low_id, p.high_id, p.reason, p.kind, p.value, p.found_at,
       a.code AS low_code, a.name AS low_name, b.code AS high_code, b.name AS high_name,
       (SELECT count(*) FROM ticket WHERE customer_id = a.id) AS low_tickets,
       (SELECT count(*) FROM ticket WHERE customer_id = b.id) AS high_tickets
FROM customer_pair p JOIN customer a ON a.id = p.low_id JOIN customer b ON b.id = p.high_id
WHERE p.verdict = '' AND a.merged_into IS NULL AND b.merged_into IS NULL
  AND (p.found_at, p.low_id, p.high_id) < ($1::timestamptz, $2::bigint, $3::bigint)
ORDER BY p.found_at DESC, p.low_id DESC, p.high_id DESC
LIMIT $4

-- name: pair_count
-- Up to a hundred are counted.
SELECT count(*)::int FROM (SELECT 1 FROM customer_pair p JOIN customer a ON a.id = p.low_id JOIN customer b ON b.id = p.high_id
                           WHERE p.verdict = '' AND a.merged_into IS NULL AND b.merged_into IS NULL LIMIT 100) found

-- name: decide
-- `$3`: different, or '' for undecided again.
INSERT INTO customer_pair (low_id, high_id, reason, verdict, decided_by, author, decided_at)
SELECT least($1::bigint, $2::bigint), greatest($1::bigint, $2::bigint), 'two_owners', $3, $4, $5, clock_timestamp()
ON CONFLICT (low_id, high_id) DO UPDATE
SET verdict = excluded.verdict, author = excluded.author,
    decided_by = CASE WHEN excluded.verdict = '' THEN NULL ELSE excluded.decided_by END,
    decided_at = CASE WHEN excluded.verdict = '' THEN NULL ELSE excluded.decided_at END
