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

-- name: hold_surveys
-- Customers who were to be asked meanwhile ($1: the timer's kind): they may have been.
UPDATE timer SET cancelled_at = clock_timestamp()
WHERE kind = $1 AND fired_at IS NULL AND cancelled_at IS NULL AND due_at <= clock_timestamp()
RETURNING ticket_id

-- name: hold_chats
-- Nobody knows any more what their visitors have seen since, or were sent by letter. What happens there next has them looked at
-- again. Returns the tickets of those with lines that would have left.
WITH held AS (
    UPDATE chat SET look_at = NULL WHERE look_at <= clock_timestamp()
    RETURNING channel_id, thread_key, mail, greatest(seen_line, mailed_line) AS after
)
SELECT t.code FROM held h
JOIN thread_ref r ON r.scope = 'channel:' || h.channel_id AND r.ref = h.thread_key
JOIN ticket t ON t.id = r.ticket_id
WHERE h.mail <> '' AND EXISTS (
    SELECT FROM interaction i JOIN outbox o ON o.interaction_id = i.id
    WHERE i.channel_id = h.channel_id AND i.thread_key = h.thread_key AND i.direction = 'out' AND i.automatic = '' AND i.id > h.after
      AND o.state <> 'cancelled')
ORDER BY t.code

-- name: hold_incidents
-- Customers who were still to be told of an incident are left out ($1: why). A person has them told after all.
WITH held AS (
    UPDATE incident_delivery SET state = 'skipped', why = $1, settled_at = clock_timestamp() WHERE state = 'waiting'
    RETURNING update_id
)
SELECT n.code, count(*)::int AS customers
FROM held h JOIN incident_update u ON u.id = h.update_id JOIN incident n ON n.id = u.incident_id
GROUP BY n.code ORDER BY n.code

-- name: hold_side_letters
-- Codes and links that people asked for: they ask again.
UPDATE side_letter SET state = 'failed', error = $1, message = '{}'
WHERE state = 'queued' AND give_up_at > clock_timestamp()
RETURNING id

-- name: last_run
SELECT coalesce(max(id), 0) FROM automation_run

-- name: held_by_rules
-- Tickets on which one of these rules has done something after this run.
SELECT DISTINCT t.code FROM automation_run r JOIN ticket t ON t.id = r.ticket_id
WHERE r.id > $1 AND r.rule = ANY($2::text[]) AND r.outcome = 'done'
ORDER BY t.code

-- name: look_back
-- Channels of these kinds are to look, once, for what they took in after the copy ($2) was made: from the day before that, for
-- time zones, or before the day on which they were heard last, where they had not been for a while. A look that an earlier restore
-- asked for and that did not end is part of it. The key $3 is the channel's.
WITH asked AS (
    SELECT c.id, c.name, (least($2::timestamptz, (SELECT max(h.written_at) FROM bookmark h
                                     WHERE h.channel_id = c.id AND h.key LIKE 'heard:%')) AT TIME ZONE 'UTC')::date - 1 AS since
    FROM channel c WHERE c.kind = ANY($1::text[])
), written AS (
    INSERT INTO bookmark AS b (channel_id, key, value) SELECT id, $3, jsonb_build_object('since', since) FROM asked
    ON CONFLICT (channel_id, key) DO UPDATE
    SET value = jsonb_build_object('since', least(b.value ->> 'since', excluded.value ->> 'since')), written_at = clock_timestamp()
    RETURNING channel_id, (value ->> 'since')::date AS since
)
SELECT a.name, w.since FROM written w JOIN asked a ON a.id = w.channel_id ORDER BY a.name

-- name: note_gaps
-- Channels of these kinds hand out nothing twice: what they took in after the copy ($2) was made is lost, which is a silence for
-- people to know of. One that was not in use any more had none. They count as heard now, so that it is not told twice.
WITH silence AS (
    SELECT c.id, c.name, least($2::timestamptz, h.written_at) AS since, clock_timestamp() AS until
    FROM channel c JOIN bookmark h ON h.channel_id = c.id AND h.key = 'hub:heard'
    WHERE c.kind = ANY($1::text[]) AND h.written_at > $2::timestamptz - interval '14 days'
), heard AS (
    UPDATE bookmark b SET written_at = s.until FROM silence s WHERE b.channel_id = s.id AND b.key = 'hub:heard'
), noted AS (
    INSERT INTO bookmark AS b (channel_id, key, value)
    SELECT id, 'hub:gaps', jsonb_build_array(jsonb_build_object('since', since, 'until', until, 'hours', 0)) FROM silence
    ON CONFLICT (channel_id, key) DO UPDATE SET value = b.value || excluded.value, written_at = clock_timestamp()
)
SELECT name, since, until FROM silence ORDER BY name
