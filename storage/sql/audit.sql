-- Administrative acts. Rows are only added; number, time and seal are given by the table itself.

-- name: add
INSERT INTO audit (kind, agent_id, who, subject, details) VALUES ($1, $2, $3, $4, $5)

-- name: list
-- What else is asked for follows, and newest first.
SELECT id, at, kind, agent_id, who, subject, details FROM audit WHERE id < $1

-- name: check_seals
-- Rows whose seal does not follow from them and the one before, after `$1`, in order, and how many were looked at. The oldest row
-- of all is taken as it is: what came before it may have ended.
WITH looked AS (
    SELECT a.id, a.seal, audit_seal(coalesce(p.seal, ''), a) AS expected, p.id IS NULL AS oldest, $1::bigint AS after
    FROM (SELECT * FROM audit WHERE id > $1 ORDER BY id LIMIT $2) a
    LEFT JOIN LATERAL (SELECT b.id, b.seal FROM audit b WHERE b.id < a.id ORDER BY b.id DESC LIMIT 1) p ON true
)
SELECT count(*) AS looked, coalesce(max(id), $1) AS reached,
       coalesce(array_agg(id ORDER BY id) FILTER (WHERE seal <> expected AND NOT (oldest AND id > 1)), '{}') AS broken
FROM looked
