-- What is taken away when words are no longer kept: of tickets, and of a customer. Figures stay: that something was said, when, by
-- which channel, by whom of the staff, and how the ticket went.

-- name: lock_tickets
SELECT id FROM ticket WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE

-- name: entries_of
SELECT id, raw_id FROM interaction WHERE ticket_id = ANY($1::bigint[])

-- name: drop_files
DELETE FROM attachment WHERE interaction_id = ANY($1::bigint[]) RETURNING sha256

-- name: drop_draft_files
DELETE FROM draft_file WHERE ticket_id = ANY($1::bigint[]) RETURNING sha256

-- name: drop_blobs
-- Only bytes that nothing else holds. Whoever keeps the same bytes at this moment is refused and tries again.
DELETE FROM blob b
WHERE b.sha256 = ANY($1::bytea[])
  AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.sha256 = b.sha256)
  AND NOT EXISTS (SELECT 1 FROM draft_file f WHERE f.sha256 = b.sha256)
  AND NOT EXISTS (SELECT 1 FROM article_picture p WHERE p.sha256 = b.sha256)
  AND NOT EXISTS (SELECT 1 FROM article_picture p WHERE p.small_sha256 = b.sha256)

-- name: empty_entries
UPDATE interaction
SET subject = '', text = '', full_text = '', html = '', fields = '{}', details = '{}',
    author_name = CASE WHEN direction = 'in' THEN '' ELSE author_name END
WHERE id = ANY($1::bigint[])

-- name: empty_tickets
UPDATE ticket SET subject = '', last_preview = '' WHERE id = ANY($1::bigint[])

-- name: empty_fields
DELETE FROM ticket_fields WHERE ticket_id = ANY($1::bigint[])

-- name: empty_outbox
-- What nobody can send any more needs nobody's decision, and no copy can be made of it.
UPDATE outbox
SET message = '{}', error = '', state = CASE WHEN state IN ('failed', 'uncertain') THEN 'cancelled' ELSE state END,
    sent_copy = CASE sent_copy WHEN 'wanted' THEN 'failed' ELSE sent_copy END
WHERE interaction_id = ANY($1::bigint[]) AND state NOT IN ('queued', 'sending')

-- name: empty_raw
-- As they came in, with their copies and the other parts of what arrived in several; that they came stays known, or they would be
-- fetched again.
UPDATE inbound_raw SET content = '', meta = '{}', error = ''
WHERE (id = ANY($1::bigint[]) OR duplicate_of = ANY($1::bigint[])
       OR id = ANY(ARRAY(SELECT raw_id FROM gathering WHERE filed_as = ANY($1::bigint[])))) AND state IN ('read', 'duplicate', 'discarded')

-- name: empty_tasks
UPDATE task SET title = '', text = '', outcome = '' WHERE ticket_id = ANY($1::bigint[])

-- name: empty_steps
UPDATE task_step s SET text = '' FROM task t WHERE s.task_id = t.id AND t.ticket_id = ANY($1::bigint[]) AND s.text <> ''

-- name: drop_drafts
DELETE FROM draft WHERE ticket_id = ANY($1::bigint[])

-- name: drop_drafts_beside
DELETE FROM draft_beside WHERE ticket_id = ANY($1::bigint[])

-- name: empty_scheduled
UPDATE scheduled_reply
SET text = '', cc = '', bcc = '', why = '', state = CASE state WHEN 'waiting' THEN 'cancelled' ELSE state END,
    settled_at = coalesce(settled_at, clock_timestamp())
WHERE ticket_id = ANY($1::bigint[])

-- name: drop_macro_runs
DELETE FROM macro_run WHERE ticket_id = ANY($1::bigint[])

-- name: drop_merges
DELETE FROM ticket_merge g USING move m
WHERE g.move_id = m.id AND (m.source_id = ANY($1::bigint[]) OR m.target_id = ANY($1::bigint[]))

-- name: drop_notices
DELETE FROM notice WHERE ticket_id = ANY($1::bigint[])

-- name: empty_calls
UPDATE webhook_call SET body = '' WHERE ticket_id = ANY($1::bigint[]) AND state IN ('sent', 'failed')

-- name: empty_surveys
-- The figures stay, and which of the reasons were given; no link that is still about puts words beside them again.
UPDATE survey_invitation SET comment = '', address = '', answers = answers - 'said', expires_at = least(expires_at, clock_timestamp())
WHERE ticket_id = ANY($1::bigint[])

-- name: drop_follow_links
DELETE FROM follow_link WHERE ticket_id = ANY($1::bigint[])

-- name: drop_portal_links
DELETE FROM portal_link WHERE ticket_id = ANY($1::bigint[])

-- name: drop_portal_sessions
DELETE FROM portal_session WHERE ticket_id = ANY($1::bigint[])

-- name: forget_people
-- Who wrote in, and by which references their letters are known.
UPDATE ticket SET reply_address = '', thread_key = '' WHERE id = ANY($1::bigint[])

-- name: forget_entries
UPDATE interaction SET external_id = '', thread_key = '' WHERE id = ANY($1::bigint[])

-- name: forget_participants
DELETE FROM participant WHERE ticket_id = ANY($1::bigint[])

-- name: forget_references
DELETE FROM thread_ref WHERE ticket_id = ANY($1::bigint[])

-- name: forget_citations
DELETE FROM cited_ref WHERE interaction_id = ANY($1::bigint[])

-- name: forget_reports
DELETE FROM recipient_report WHERE interaction_id = ANY($1::bigint[])

-- name: forget_sent
UPDATE outbox SET external_id = '', relay_id = '' WHERE interaction_id = ANY($1::bigint[]) AND state NOT IN ('queued', 'sending')

-- name: same_people
-- The customers of these numbers, and everybody who was found to be the same.
WITH RECURSIVE same AS (
    SELECT id FROM customer WHERE code = ANY($1::bigint[])
    UNION
    SELECT c.id FROM customer c JOIN same s ON c.merged_into = s.id
)
SELECT id FROM same

-- name: lock_people
SELECT id FROM customer WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE

-- name: customer_and_merged
-- The customer, and everybody who was found to be the same.
WITH RECURSIVE same AS (
    SELECT id FROM customer WHERE code = $1
    UNION
    SELECT c.id FROM customer c JOIN same s ON c.merged_into = s.id
)
SELECT c.id, c.code, c.anonymised_at, c.merged_into,
       EXISTS (SELECT 1 FROM legal_hold h WHERE h.customer_id = c.id) AS held,
       EXISTS (SELECT 1 FROM ticket t WHERE t.customer_id = c.id AND t.status IN ('open', 'pending')) AS in_work,
       EXISTS (SELECT 1 FROM ticket t JOIN outbox o ON o.ticket_id = t.id AND o.state IN ('queued', 'sending')
               WHERE t.customer_id = c.id) AS written_to
FROM customer c JOIN same s ON s.id = c.id
ORDER BY c.id

-- name: forget_customers
-- Their number is all that is left of them.
UPDATE customer c
SET name = 'C-' || c.code, language = '', organisation_id = NULL, segment = '', note = '', owner_id = NULL,
    anonymised_at = clock_timestamp(), version = version + 1
WHERE c.id = ANY($1::bigint[])

-- name: forget_undeliverable
DELETE FROM undeliverable u USING identity i WHERE i.customer_id = ANY($1::bigint[]) AND i.kind = 'email' AND u.address = i.value

-- name: forget_talks
-- Found by the identities, which go next.
WITH gone AS (
    DELETE FROM talk t USING identity n
    WHERE n.customer_id = ANY($1::bigint[]) AND n.kind = t.kind AND n.value = t.value RETURNING t.channel_id, t.thread_key
)
DELETE FROM proof p USING gone WHERE p.channel_id = gone.channel_id AND p.thread_key = gone.thread_key

-- name: forget_portal
-- Who is signed in to their own page, and every way in. Found by the identities, which go next.
WITH theirs AS (
    SELECT value FROM identity WHERE customer_id = ANY($1::bigint[]) AND kind = 'email'
), codes AS (
    DELETE FROM portal_code WHERE address IN (SELECT value FROM theirs)
), links AS (
    DELETE FROM portal_link WHERE address IN (SELECT value FROM theirs)
), ends AS (
    DELETE FROM portal_device_end WHERE address IN (SELECT value FROM theirs)
)
DELETE FROM portal_session WHERE address IN (SELECT value FROM theirs)

-- name: forget_survey_refusals
-- Not where they only claimed the address, and it is somebody else's.
DELETE FROM survey_refusal r USING identity i
WHERE i.customer_id = ANY($1::bigint[]) AND r.address = lower(i.value)
  AND (i.verified OR NOT EXISTS (SELECT 1 FROM identity o WHERE o.kind = i.kind AND o.value = i.value AND o.verified))

-- name: forget_identities
DELETE FROM identity WHERE customer_id = ANY($1::bigint[])

-- name: forget_customer_fields
DELETE FROM customer_fields WHERE customer_id = ANY($1::bigint[])

-- name: forget_pairs
DELETE FROM customer_pair WHERE low_id = ANY($1::bigint[]) OR high_id = ANY($1::bigint[])

-- name: forget_merge_rows
DELETE FROM customer_merge_row r USING customer_merge m
WHERE r.merge_id = m.id AND (m.kept_id = ANY($1::bigint[]) OR m.gone_id = ANY($1::bigint[]))

-- name: forget_merges
DELETE FROM customer_merge WHERE kept_id = ANY($1::bigint[]) OR gone_id = ANY($1::bigint[])

-- name: forget_tasks
UPDATE task SET title = '', text = '', outcome = '' WHERE customer_id = ANY($1::bigint[])

-- name: forget_steps
UPDATE task_step s SET text = '' FROM task t WHERE s.task_id = t.id AND t.customer_id = ANY($1::bigint[]) AND s.text <> ''

-- name: begin_forgetting
INSERT INTO forgetting (customer_id) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING

-- name: to_forget
-- Whose tickets are still to be emptied, and after which.
SELECT customer_id, after FROM forgetting ORDER BY customer_id LIMIT 1 FOR UPDATE SKIP LOCKED

-- name: tickets_after
SELECT id FROM ticket WHERE customer_id = $1 AND id > $2 ORDER BY id LIMIT $3

-- name: forgot_until
UPDATE forgetting SET after = $2 WHERE customer_id = $1

-- name: forgotten
DELETE FROM forgetting WHERE customer_id = $1

-- name: set_hold
INSERT INTO legal_hold (customer_id, reason, by_agent, by_name) SELECT id, $2, $3, $4 FROM customer WHERE code = $1
ON CONFLICT (customer_id) DO UPDATE SET reason = excluded.reason, by_agent = excluded.by_agent, by_name = excluded.by_name
RETURNING customer_id

-- name: lift_hold
DELETE FROM legal_hold h USING customer c WHERE c.id = h.customer_id AND c.code = $1 RETURNING h.reason

-- name: holds
SELECT h.customer_id, c.code, c.name, h.reason, h.by_name, h.since
FROM legal_hold h JOIN customer c ON c.id = h.customer_id
ORDER BY h.since DESC
LIMIT 500

-- name: hold_of
SELECT h.customer_id, c.code, c.name, h.reason, h.by_name, h.since
FROM legal_hold h JOIN customer c ON c.id = h.customer_id
WHERE c.code = $1

-- name: standing_of
-- What a page has to know before it offers to forget the customer of this number: who goes along, what speaks against it, how much of what
-- would go. Counted by indexes, over the first $2 tickets and the first $2 entries of them; no word of theirs is read.
WITH RECURSIVE same AS (
    SELECT id, code, name FROM customer WHERE code = $1
    UNION
    SELECT c.id, c.code, c.name FROM customer c JOIN same s ON c.merged_into = s.id
), theirs AS MATERIALIZED (
    SELECT id FROM ticket WHERE customer_id = ANY(ARRAY(SELECT id FROM same)) LIMIT $2
), entries AS MATERIALIZED (
    SELECT id, raw_id FROM interaction WHERE ticket_id = ANY(ARRAY(SELECT id FROM theirs)) LIMIT $2
), raws AS MATERIALIZED (
    SELECT raw_id FROM entries WHERE raw_id IS NOT NULL
), later AS MATERIALIZED (
    SELECT id, state FROM scheduled_reply WHERE ticket_id = ANY(ARRAY(SELECT id FROM theirs))
), files AS MATERIALIZED (
    SELECT size FROM attachment WHERE interaction_id = ANY(ARRAY(SELECT id FROM entries))
    UNION ALL
    SELECT size FROM draft_file WHERE scheduled_id IS NULL AND ticket_id = ANY(ARRAY(SELECT id FROM theirs))
    UNION ALL
    SELECT size FROM draft_file WHERE scheduled_id = ANY(ARRAY(SELECT id FROM later))
)
SELECT c.anonymised_at, c.merged_into IS NOT NULL AS merged_away,
       EXISTS (SELECT 1 FROM legal_hold WHERE customer_id = ANY(ARRAY(SELECT id FROM same))) AS held,
       EXISTS (SELECT 1 FROM ticket WHERE customer_id = ANY(ARRAY(SELECT id FROM same)) AND status IN ('open', 'pending')) AS in_work,
       EXISTS (SELECT 1 FROM ticket t JOIN outbox o ON o.ticket_id = t.id AND o.state IN ('queued', 'sending')
               WHERE t.customer_id = ANY(ARRAY(SELECT id FROM same))) AS written_to,
       ARRAY(SELECT code FROM same ORDER BY code <> $1, id) AS codes, ARRAY(SELECT name FROM same ORDER BY code <> $1, id) AS names,
       (SELECT count(*) FROM identity WHERE customer_id = ANY(ARRAY(SELECT id FROM same))) AS identities,
       (SELECT count(*) FROM theirs) AS tickets, (SELECT count(*) FROM entries) AS entries, (SELECT count(*) FROM files) AS files,
       (SELECT coalesce(sum(size), 0) FROM files)::bigint AS size,
       (SELECT count(*) FROM inbound_raw
        WHERE (id = ANY(ARRAY(SELECT raw_id FROM raws)) OR duplicate_of = ANY(ARRAY(SELECT raw_id FROM raws))
               OR id = ANY(ARRAY(SELECT g.raw_id FROM gathering g WHERE g.filed_as = ANY(ARRAY(SELECT raw_id FROM raws)))))
          AND state IN ('read', 'duplicate', 'discarded') AND content <> '') AS originals,
       (SELECT count(*) FROM draft WHERE ticket_id = ANY(ARRAY(SELECT id FROM theirs)))
       + (SELECT count(*) FROM draft_beside WHERE ticket_id = ANY(ARRAY(SELECT id FROM theirs)))
       + (SELECT count(*) FROM later WHERE state = 'waiting') AS drafts,
       (SELECT count(*) FROM task
        WHERE ticket_id = ANY(ARRAY(SELECT id FROM theirs)) OR customer_id = ANY(ARRAY(SELECT id FROM same))) AS tasks,
       (SELECT count(*) FROM survey_invitation WHERE ticket_id = ANY(ARRAY(SELECT id FROM theirs))) AS surveys,
       (SELECT count(DISTINCT f.ticket_id)
        FROM (SELECT p.ticket_id
              FROM identity n
              JOIN participant p ON p.kind = 'email' AND p.value = n.value AND p.state = 'member'
              JOIN ticket t ON t.id = p.ticket_id AND t.customer_id <> ALL(ARRAY(SELECT id FROM same))
              WHERE n.customer_id = ANY(ARRAY(SELECT id FROM same)) AND n.kind = 'email' AND n.verified
              LIMIT $2) f) AS elsewhere
FROM customer c WHERE c.code = $1

-- name: drop_chat_keys
-- Unless the conversation goes on in another ticket of its customer.
DELETE FROM chat_key c USING ticket t
WHERE t.id = ANY($1::bigint[]) AND t.thread_key <> '' AND c.channel_id = t.channel_id AND c.thread_key = t.thread_key
  AND NOT EXISTS (SELECT 1 FROM thread_ref r JOIN ticket o ON o.id = r.ticket_id
                  WHERE r.scope = 'channel:' || t.channel_id AND r.ref = t.thread_key AND o.id <> ALL($1) AND o.customer_id = t.customer_id)

-- name: drop_chat_pages
DELETE FROM chat_page c USING ticket t
WHERE t.id = ANY($1::bigint[]) AND t.thread_key <> '' AND c.channel_id = t.channel_id AND c.thread_key = t.thread_key
  AND NOT EXISTS (SELECT 1 FROM thread_ref r JOIN ticket o ON o.id = r.ticket_id
                  WHERE r.scope = 'channel:' || t.channel_id AND r.ref = t.thread_key AND o.id <> ALL($1) AND o.customer_id = t.customer_id)

-- name: drop_chat_typing
DELETE FROM chat_typing c USING ticket t
WHERE t.id = ANY($1::bigint[]) AND t.thread_key <> '' AND c.channel_id = t.channel_id AND c.thread_key = t.thread_key
  AND NOT EXISTS (SELECT 1 FROM thread_ref r JOIN ticket o ON o.id = r.ticket_id
                  WHERE r.scope = 'channel:' || t.channel_id AND r.ref = t.thread_key AND o.id <> ALL($1) AND o.customer_id = t.customer_id)

-- name: drop_chats
DELETE FROM chat c USING ticket t
WHERE t.id = ANY($1::bigint[]) AND t.thread_key <> '' AND c.channel_id = t.channel_id AND c.thread_key = t.thread_key
  AND NOT EXISTS (SELECT 1 FROM thread_ref r JOIN ticket o ON o.id = r.ticket_id
                  WHERE r.scope = 'channel:' || t.channel_id AND r.ref = t.thread_key AND o.id <> ALL($1) AND o.customer_id = t.customer_id)
