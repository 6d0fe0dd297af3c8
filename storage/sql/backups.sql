-- What a copy of the database is compared by, and what has to be set right in one that was brought over from another server.

-- name: tables
-- Everything of ours that holds rows: partitions, not their parents.
SELECT c.relname::text AS name FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
ORDER BY c.relname

-- name: is_empty
SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S'))

-- name: snapshot
SELECT pg_export_snapshot() AS name, clock_timestamp() AS at, current_setting('server_version') AS server,
       current_setting('server_version_num')::int / 10000 AS major

-- name: key
SELECT value FROM installation WHERE key = 'secret_key_fingerprint'

-- name: blobs
SELECT count(*) AS files, coalesce(sum(octet_length(data)), 0)::bigint AS bytes FROM blob

-- name: spoilt_blobs
-- Files whose bytes are not those that they are called by.
SELECT encode(sha256, 'hex') AS name FROM blob WHERE sha256(data) <> sha256 ORDER BY sha256 LIMIT 100

-- name: ledger_is_foreign
-- The ledger is read in the order of transactions, and this server has not come to those numbers yet: it was copied from one that
-- had. Whatever is committed here lies below the next number of all.
SELECT coalesce((SELECT xid FROM event ORDER BY xid DESC, id DESC LIMIT 1) >= pg_snapshot_xmax(pg_current_snapshot()), false)
    OR EXISTS (SELECT FROM feed_mark WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()))

-- name: lock_marks
-- Nobody reads on meanwhile.
SELECT name FROM feed_mark ORDER BY name FOR NO KEY UPDATE

-- name: renumber_ledger
-- Numbers below any that a server gives out (3 is the first), one for the stretch before each mark and one for what is behind the
-- last: what each reader had read, and what it had not, stays so. Inside a stretch the ids are the order.
UPDATE event e SET xid = (3 + (SELECT count(DISTINCT (m.xid, m.event_id)) FROM feed_mark m
                               WHERE (e.xid, e.id) > (m.xid, m.event_id)))::text::xid8

-- name: renumber_marks
UPDATE feed_mark m SET xid = (2 + placed.place)::text::xid8, event_id = 9223372036854775807
FROM (SELECT name, dense_rank() OVER (ORDER BY xid, event_id) AS place FROM feed_mark) placed
WHERE placed.name = m.name

-- name: hold_outbox
-- What was on its way when the copy was made may have arrived since: a person decides. With their entries in the ledger, one for each
-- reply, numbered on from the ticket's last.
WITH held AS (
    UPDATE outbox SET state = 'uncertain', error = $1, settled_at = clock_timestamp(), lease_token = NULL, lease_until = NULL
    WHERE state IN ('queued', 'sending')
    RETURNING id, ticket_id, interaction_id, message_id
), numbered AS (
    SELECT h.*, row_number() OVER (PARTITION BY ticket_id ORDER BY id) AS nth FROM held h
), counted AS (
    UPDATE ticket t SET seq = t.seq + more.n, version = t.version + 1, updated_at = clock_timestamp()
    FROM (SELECT ticket_id, count(*)::int AS n FROM held GROUP BY ticket_id) more WHERE t.id = more.ticket_id
    RETURNING t.id, t.code, t.seq - more.n AS before
), told AS (
    INSERT INTO event (ticket_id, seq, kind, data)
    SELECT n.ticket_id, c.before + n.nth, 'delivery_changed',
           jsonb_build_object('interaction', n.interaction_id, 'state', 'uncertain')
    FROM numbered n JOIN counted c ON c.id = n.ticket_id
)
SELECT c.code AS ticket_code, n.message_id FROM numbered n JOIN counted c ON c.id = n.ticket_id ORDER BY n.id

-- name: due_scheduled
-- Replies whose time has come since the copy was made: they may have left.
SELECT id FROM scheduled_reply WHERE state = 'waiting' AND send_at <= clock_timestamp() ORDER BY id
