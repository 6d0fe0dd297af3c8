-- What is being written and was not sent yet. Lock order: a ticket before its drafts.

-- name: take
-- Made if there is none, so that two first writes meet at one row.
INSERT INTO draft (ticket_id, agent_id, mode, revision) VALUES ($1, $2, $3, 0) ON CONFLICT (ticket_id, agent_id, mode) DO NOTHING

-- name: lock
SELECT revision, tab, number, text, cc, bcc, inbox, way, expected_seq FROM draft
WHERE ticket_id = $1 AND agent_id = $2 AND mode = $3
FOR NO KEY UPDATE

-- name: write
UPDATE draft SET revision = $4, tab = $5, number = $6, text = $7, cc = $8, bcc = $9, inbox = $10, way = $11, expected_seq = $12,
       written_at = clock_timestamp()
WHERE ticket_id = $1 AND agent_id = $2 AND mode = $3

-- name: keep_beside
-- The last of each page; an older one that comes late changes nothing.
INSERT INTO draft_beside (ticket_id, agent_id, mode, tab, number, text, cc, bcc)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (ticket_id, agent_id, mode, tab) DO UPDATE
SET number = excluded.number, text = excluded.text, cc = excluded.cc, bcc = excluded.bcc, kept_at = clock_timestamp()
WHERE draft_beside.number < excluded.number

-- name: drop_beside
-- What a page had beside and what has been sent or stands there now.
DELETE FROM draft_beside WHERE ticket_id = $1 AND agent_id = $2 AND mode = $3 AND tab = $4 AND number <= $5

-- name: forget_beside
DELETE FROM draft_beside WHERE id = $1 AND agent_id = $2

-- name: drafts_of
SELECT mode, revision, tab, number, text, cc, bcc, inbox, way, expected_seq FROM draft WHERE ticket_id = $1 AND agent_id = $2

-- name: beside_of
SELECT id, mode, text, cc, bcc, kept_at FROM draft_beside WHERE ticket_id = $1 AND agent_id = $2 ORDER BY kept_at DESC, id DESC

-- name: files_of
SELECT token, filename, content_type, size FROM draft_file
WHERE ticket_id = $1 AND agent_id = $2 AND scheduled_id IS NULL
ORDER BY id

-- name: file
SELECT f.filename, f.ticket_id, b.data FROM draft_file f JOIN blob b ON b.sha256 = f.sha256
WHERE f.token = $1 AND (f.agent_id = $2 OR f.scheduled_id IS NOT NULL)

-- name: room_of
-- How much lies ready already; the ticket is held, so that two uploads are counted one after the other.
SELECT count(*) AS files, coalesce(sum(size), 0)::bigint AS bytes FROM draft_file
WHERE ticket_id = $1 AND agent_id = $2 AND scheduled_id IS NULL

-- name: lying_ready
-- Which of these bytes lie ready already.
SELECT DISTINCT sha256 FROM draft_file
WHERE ticket_id = $1 AND agent_id = $2 AND scheduled_id IS NULL AND sha256 = ANY($3::bytea[])

-- name: hold_ticket
SELECT id FROM ticket WHERE id = $1 FOR NO KEY UPDATE

-- name: add_file
INSERT INTO draft_file (ticket_id, agent_id, scheduled_id, filename, content_type, size, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING token, filename, content_type, size

-- name: remove_file
DELETE FROM draft_file WHERE token = $1 AND agent_id = $2 AND scheduled_id IS NULL RETURNING ticket_id

-- name: take_files
-- They are the reply's from now on.
DELETE FROM draft_file WHERE ticket_id = $1 AND agent_id = $2 AND scheduled_id IS NULL AND token = ANY($3::text[])
RETURNING id, token, filename, content_type, size, sha256

-- name: take_scheduled_files
DELETE FROM draft_file WHERE scheduled_id = $1
RETURNING id, token, filename, content_type, size, sha256

-- name: attach
INSERT INTO attachment (interaction_id, ticket_id, filename, content_type, size, sha256)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bytea[])

-- name: give_back_files
-- The files of a reply that was taken back lie ready again.
INSERT INTO draft_file (ticket_id, agent_id, filename, content_type, size, sha256)
SELECT a.ticket_id, $2, a.filename, a.content_type, a.size, a.sha256 FROM attachment a WHERE a.interaction_id = $1 ORDER BY a.id

-- name: set_files_aside
UPDATE draft_file SET scheduled_id = $4
WHERE ticket_id = $1 AND agent_id = $2 AND scheduled_id IS NULL AND token = ANY($3::text[])
RETURNING size

-- name: free_files
-- What lay with a scheduled reply lies ready again.
UPDATE draft_file SET scheduled_id = NULL, agent_id = $2, ticket_id = $3, uploaded_at = clock_timestamp() WHERE scheduled_id = $1

-- name: begun_on
SELECT agent_id, mode, revision, tab, number, text, cc, bcc, inbox, way, expected_seq FROM draft
WHERE ticket_id = $1 AND (text <> '' OR cc <> '' OR bcc <> '')
ORDER BY agent_id, mode
FOR NO KEY UPDATE

-- name: add_beside
-- Under a name that no page has.
INSERT INTO draft_beside (ticket_id, agent_id, mode, tab, number, text, cc, bcc)
VALUES ($1, $2, $3, 'moved.' || gen_random_uuid(), 0, $4, $5, $6)
RETURNING id

-- name: take_beside
DELETE FROM draft_beside WHERE id = $1 AND ticket_id = $2 RETURNING text, cc, bcc

-- name: move_beside
-- A page may have written on both tickets.
UPDATE draft_beside SET ticket_id = $2, tab = 'moved.' || id
WHERE ticket_id = $1 AND ($3::bigint[] IS NULL OR id = ANY($3))
RETURNING id

-- name: move_files
UPDATE draft_file SET ticket_id = $2
WHERE ticket_id = $1 AND scheduled_id IS NULL AND ($3::bigint[] IS NULL OR id = ANY($3)) AND NOT (agent_id = ANY($4::bigint[]))
RETURNING id

-- name: tickets_with_drafts
-- Of an agent, among these tickets.
SELECT DISTINCT ticket_id FROM draft WHERE agent_id = $1 AND ticket_id = ANY($2::bigint[]) AND (text <> '' OR cc <> '' OR bcc <> '')
UNION
SELECT ticket_id FROM draft_file WHERE agent_id = $1 AND ticket_id = ANY($2::bigint[]) AND scheduled_id IS NULL

-- name: tidy
-- What nobody has written on for thirty days goes on tickets that are over; an empty one anywhere. Uploads that belong to no
-- draft go, and with them the bytes that nothing else names.
WITH old AS (
    DELETE FROM draft d USING ticket t
    WHERE t.id = d.ticket_id AND d.written_at < clock_timestamp() - interval '30 days'
      AND (t.status = 'closed' OR d.text = '' AND d.cc = '' AND d.bcc = '')
), beside AS (
    DELETE FROM draft_beside WHERE kept_at < clock_timestamp() - interval '30 days'
), files AS (
    DELETE FROM draft_file f
    WHERE f.scheduled_id IS NULL AND f.uploaded_at < clock_timestamp() - interval '30 days'
      AND NOT EXISTS (SELECT 1 FROM draft d WHERE d.ticket_id = f.ticket_id AND d.agent_id = f.agent_id AND d.mode = 'reply'
                      AND d.written_at > clock_timestamp() - interval '30 days')
    RETURNING f.id, f.sha256
)
SELECT array_agg(DISTINCT sha256) FROM files
