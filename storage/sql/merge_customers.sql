-- Two customers that are one person. Tickets before customers, as everywhere; the keys of the people are held by the caller.

-- name: look
-- Without a lock: who they are. A code leads to the customer itself here, also when it was merged.
SELECT id, code FROM customer WHERE code = ANY($1::bigint[])

-- name: identities
SELECT id, customer_id, kind, value, verified FROM identity WHERE customer_id = ANY($1::bigint[]) ORDER BY id

-- name: lock_tickets
SELECT id, status IN ('open', 'pending') AS in_work FROM ticket WHERE customer_id = $1 ORDER BY id FOR NO KEY UPDATE

-- name: lock
SELECT c.id, c.code, c.merged_into, c.anonymised_at IS NOT NULL AS anonymised,
       jsonb_build_object('name', c.name, 'language', c.language, 'organisation_id', c.organisation_id,
                          'key_account', c.key_account, 'segment', c.segment, 'owner_id', c.owner_id, 'note', c.note,
                          'created_at', c.created_at, 'last_seen_at', c.last_seen_at,
                          'fields', (SELECT f.said FROM customer_fields f WHERE f.customer_id = c.id),
                          'hold', (SELECT h.reason FROM legal_hold h WHERE h.customer_id = c.id)) AS said
FROM customer c WHERE c.id = ANY($1::bigint[]) ORDER BY c.id FOR NO KEY UPDATE OF c

-- name: add
INSERT INTO customer_merge (kept_id, gone_id, kept_was, kept_became, agent_id, by_name) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id

-- name: take_tickets
-- The tickets with all that was said in them, and what was asked about them.
WITH tickets AS (
    UPDATE ticket SET customer_id = $2 WHERE id = ANY($1::bigint[])
), asked AS (
    UPDATE survey_invitation SET customer_id = $2 WHERE ticket_id = ANY($1::bigint[])
)
UPDATE interaction SET customer_id = $2 WHERE ticket_id = ANY($1::bigint[])

-- name: record_tickets
INSERT INTO customer_merge_row (merge_id, what, row_id) SELECT $1, 'ticket', g FROM unnest($2::bigint[]) AS g

-- name: take_identities
-- A claim that both made stays where it is: once is enough.
WITH taken AS (
    UPDATE identity i SET customer_id = $3
    WHERE i.customer_id = $2 AND NOT EXISTS (SELECT 1 FROM identity k WHERE k.customer_id = $3 AND k.kind = i.kind
                                             AND k.value = i.value AND k.verified = i.verified)
    RETURNING i.id
)
INSERT INTO customer_merge_row (merge_id, what, row_id) SELECT $1, 'identity', id FROM taken

-- name: take_tasks
WITH taken AS (
    UPDATE task SET customer_id = $3 WHERE customer_id = $2 RETURNING id
)
INSERT INTO customer_merge_row (merge_id, what, row_id) SELECT $1, 'task', id FROM taken

-- name: take_deliveries
WITH taken AS (
    UPDATE incident_delivery d SET customer_id = $3
    WHERE d.customer_id = $2 AND NOT EXISTS (SELECT 1 FROM incident_delivery k WHERE k.update_id = d.update_id AND k.customer_id = $3)
    RETURNING d.id
)
INSERT INTO customer_merge_row (merge_id, what, row_id) SELECT $1, 'incident_delivery', id FROM taken

-- name: say
-- What a customer says of themselves. `$2` as `lock` has it; whoever may not be erased stays so.
WITH given AS (
    SELECT * FROM jsonb_to_record($2::jsonb) AS g (name text, language text, organisation_id bigint, key_account boolean,
        segment text, owner_id bigint, note text, created_at timestamptz, last_seen_at timestamptz, fields jsonb)
), fields AS (
    INSERT INTO customer_fields (customer_id, said) SELECT $1, g.fields FROM given g WHERE jsonb_typeof(g.fields) = 'object'
    ON CONFLICT (customer_id) DO UPDATE SET said = excluded.said WHERE customer_fields.said <> excluded.said
), no_fields AS (
    DELETE FROM customer_fields f USING given g WHERE f.customer_id = $1 AND jsonb_typeof(g.fields) IS DISTINCT FROM 'object'
)
UPDATE customer c
SET name = g.name, language = g.language, organisation_id = g.organisation_id, key_account = g.key_account, segment = g.segment,
    owner_id = g.owner_id, note = g.note, created_at = g.created_at, last_seen_at = g.last_seen_at, version = c.version + 1
FROM given g WHERE c.id = $1

-- name: take_hold
INSERT INTO legal_hold (customer_id, reason, by_agent, by_name, since)
SELECT $2, reason, by_agent, by_name, since FROM legal_hold WHERE customer_id = $1
ON CONFLICT (customer_id) DO NOTHING

-- name: drop_hold
DELETE FROM legal_hold k USING legal_hold g WHERE k.customer_id = $1 AND g.customer_id = $2 AND k.reason = g.reason AND k.since = g.since

-- name: lead
UPDATE customer SET merged_into = $2 WHERE id = $1

-- name: merge_of
SELECT m.id, m.kept_id, m.gone_id, k.code AS kept_code, g.code AS gone_code, m.kept_was, m.kept_became, m.merged_at, m.undone_at
FROM customer_merge m JOIN customer k ON k.id = m.kept_id JOIN customer g ON g.id = m.gone_id
WHERE m.id = $1

-- name: merges_of
-- Those that made a customer what they are and are not undone, newest first.
SELECT m.id, g.code AS gone_code, g.name AS gone_name, m.by_name, m.merged_at
FROM customer_merge m JOIN customer g ON g.id = m.gone_id
WHERE m.kept_id = $1 AND m.undone_at IS NULL ORDER BY m.id DESC LIMIT 50

-- name: end
UPDATE customer_merge SET undone_at = clock_timestamp(), undone_by = $2 WHERE id = $1 AND undone_at IS NULL RETURNING 1

-- name: tickets_back
-- Those that came, and those that were opened since from an address that goes back; unless they are somebody else's now.
SELECT t.id, t.status IN ('open', 'pending') AS in_work FROM ticket t
WHERE t.customer_id = $2 AND (
    EXISTS (SELECT 1 FROM customer_merge_row r WHERE r.merge_id = $1 AND r.what = 'ticket' AND r.row_id = t.id)
    OR t.created_at > $3 AND EXISTS (
        SELECT 1 FROM customer_merge_row r JOIN identity i ON i.id = r.row_id
        WHERE r.merge_id = $1 AND r.what = 'identity' AND i.customer_id = $2 AND i.verified AND i.value = lower(t.reply_address)))
ORDER BY t.id FOR NO KEY UPDATE OF t

-- name: rows_back
WITH identities AS (
    UPDATE identity i SET customer_id = $3 FROM customer_merge_row r
    WHERE r.merge_id = $1 AND r.what = 'identity' AND i.id = r.row_id AND i.customer_id = $2
      AND NOT EXISTS (SELECT 1 FROM identity k WHERE k.customer_id = $3 AND k.kind = i.kind AND k.value = i.value
                                                AND k.verified = i.verified)
), deliveries AS (
    UPDATE incident_delivery d SET customer_id = $3 FROM customer_merge_row r
    WHERE r.merge_id = $1 AND r.what = 'incident_delivery' AND d.id = r.row_id AND d.customer_id = $2
)
UPDATE task t SET customer_id = $3 FROM customer_merge_row r
WHERE r.merge_id = $1 AND r.what = 'task' AND t.id = r.row_id AND t.customer_id = $2

-- name: tasks_of_tickets_back
UPDATE task SET customer_id = $3 WHERE customer_id = $2 AND ticket_id = ANY($1::bigint[])

-- name: counts
-- What is a customer's own, for whoever wants to see it before it comes together.
SELECT (SELECT count(*) FROM ticket WHERE customer_id = $1) AS tickets,
       (SELECT count(*) FROM ticket WHERE customer_id = $1 AND status IN ('open', 'pending')) AS in_work,
       (SELECT count(*) FROM task WHERE customer_id = $1) AS tasks

-- name: settle_pair
-- `$3`: same or '' again. A pair that nobody found is not written down.
UPDATE customer_pair SET verdict = $3, decided_by = $4, author = $5, decided_at = CASE WHEN $3 = '' THEN NULL ELSE clock_timestamp() END
WHERE low_id = least($1::bigint, $2::bigint) AND high_id = greatest($1::bigint, $2::bigint) AND verdict <> $3
