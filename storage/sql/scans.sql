-- What a virus scanner says of files, by their bytes.

-- name: ask
INSERT INTO file_scan (sha256) SELECT sha256 FROM blob WHERE sha256 = ANY($1::bytea[]) ORDER BY 1 ON CONFLICT DO NOTHING

-- name: claim
-- The one that is due longest. It comes again later, should whoever has it go away.
UPDATE file_scan SET due_at = clock_timestamp() + make_interval(secs => $1)
WHERE sha256 = (SELECT sha256 FROM file_scan WHERE state = 'waiting' AND due_at <= now()
                ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING sha256, tries

-- name: bytes_of
SELECT data FROM blob WHERE sha256 = $1

-- name: settle
-- The first word stands.
INSERT INTO file_scan (sha256, state, found, looked_at)
SELECT b.sha256, $2, $3, clock_timestamp() FROM blob b WHERE b.sha256 = $1
ON CONFLICT (sha256) DO UPDATE SET state = $2, found = $3, looked_at = clock_timestamp() WHERE file_scan.state = 'waiting'
RETURNING sha256

-- name: later
UPDATE file_scan SET due_at = clock_timestamp() + make_interval(secs => $2), tries = tries + $3 WHERE sha256 = $1 AND state = 'waiting'

-- name: tickets_with
-- The newest that are not closed: of a file that is everywhere, those that somebody may have on the screen. In the order in which they
-- are locked.
SELECT ticket_id
FROM (SELECT DISTINCT a.ticket_id FROM attachment a JOIN ticket t ON t.id = a.ticket_id
      WHERE a.sha256 = $1 AND t.status <> 'closed' ORDER BY 1 DESC LIMIT 50) newest
ORDER BY 1

-- name: of_file
SELECT a.sha256, a.filename, t.code AS ticket_code, coalesce(s.state, '') AS state, coalesce(s.found, '') AS found
FROM attachment a JOIN ticket t ON t.id = a.ticket_id LEFT JOIN file_scan s ON s.sha256 = a.sha256 WHERE a.token = $1

-- name: forget_waiting
DELETE FROM file_scan WHERE state = 'waiting'

-- name: figures
SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
       coalesce(max(extract(epoch FROM clock_timestamp() - due_at)) FILTER (WHERE state = 'waiting'), 0)::float8 AS late
FROM file_scan WHERE state = 'waiting'
