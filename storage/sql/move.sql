-- Entries that people take to another ticket. Both tickets are locked by the caller.

-- name: movable
-- What is known of the entries of this ticket that are to go, in their order.
SELECT i.id, i.seq, i.direction, i.kind, i.automatic, i.author_name, i.subject, i.text, i.full_text, i.details, i.created_at,
       i.occurred_at, i.channel_id, coalesce(ch.name, '') AS channel, coalesce(ch.kind, '') AS channel_kind, i.thread_key,
       coalesce(o.state, '') AS delivery, lower(coalesce(o.message->>'address', '')) AS sent_to, i.revises
FROM interaction i
LEFT JOIN channel ch ON ch.id = i.channel_id
LEFT JOIN outbox o ON o.interaction_id = i.id
WHERE i.ticket_id = $1 AND (i.id = ANY($2::bigint[]) OR i.revises = ANY($2::bigint[]))
ORDER BY i.id

-- name: put
-- The entries stand on ticket `$3` of customer `$4`, under these numbers; everything that hangs on them goes along. A reference
-- remembers the ticket from which it was taken first.
WITH given AS MATERIALIZED (
    SELECT g.id, g.seq, i.raw_id, i.external_id, o.relay_id
    FROM unnest($1::bigint[], $2::int[]) AS g (id, seq) JOIN interaction i ON i.id = g.id
    LEFT JOIN outbox o ON o.interaction_id = i.id
), entries AS (
    UPDATE interaction i SET ticket_id = $3, customer_id = $4, seq = g.seq FROM given g WHERE i.id = g.id
), files AS (
    UPDATE attachment a SET ticket_id = $3 FROM given g WHERE a.interaction_id = g.id
), journal AS (
    -- With the other parts of what arrived in several.
    UPDATE inbound_raw r SET ticket_id = $3
    FROM (SELECT raw_id FROM given UNION SELECT p.raw_id FROM gathering p JOIN given ON given.raw_id = p.filed_as) g
    WHERE r.id = g.raw_id
), letters AS (
    UPDATE outbox o SET ticket_id = $3 FROM given g WHERE o.interaction_id = g.id
), cited AS (
    UPDATE cited_ref c SET ticket_id = $3 FROM given g WHERE c.interaction_id = g.id
)
UPDATE thread_ref r SET ticket_id = $3, moved_from = nullif(coalesce(r.moved_from, $5), $3)
FROM (SELECT external_id AS ref FROM given UNION SELECT relay_id FROM given) g
WHERE r.scope = 'mail' AND r.ref = g.ref AND g.ref <> '' AND r.ticket_id = $5

-- name: refresh
-- What a ticket says of its own entries, after some came or went. Whoever presses that it is not settled is heard as if they wrote.
UPDATE ticket t
SET last_in_at = (SELECT max(i.created_at) FROM interaction i
                  WHERE i.ticket_id = t.id AND i.automatic = '' AND (i.direction = 'in' OR i.fields->>'portal' = 'not_settled')),
    last_out_at = said.at,
    heard_at = (SELECT max(least(i.occurred_at, i.created_at)) FROM interaction i
                WHERE i.ticket_id = t.id AND i.automatic = '' AND (i.direction = 'in' OR i.fields->>'portal' = 'not_settled')),
    last_preview = coalesce((SELECT left(btrim(regexp_replace(left(i.text, 600), '\s+', ' ', 'g')), 160) FROM interaction i
                             WHERE i.ticket_id = t.id AND i.direction IN ('in', 'out') AND i.automatic = ''
                             ORDER BY i.id DESC LIMIT 1), t.last_preview),
    waiting_since = CASE WHEN t.status = 'open' THEN
        coalesce((SELECT min(i.created_at) FROM interaction i
                  WHERE i.ticket_id = t.id AND i.automatic = '' AND (i.direction = 'in' OR i.fields->>'portal' = 'not_settled')
                    AND i.created_at > coalesce(said.at, '-infinity')),
                 t.waiting_since, clock_timestamp()) END
FROM (SELECT max(i.created_at) AS at FROM interaction i
      WHERE i.ticket_id = $1 AND i.direction = 'out' AND i.automatic = '') said
WHERE t.id = $1

-- name: speaks_last
-- Who had the last word on a ticket ("" for nobody), and whether anything is left of what was said to or by the customer.
SELECT coalesce((SELECT direction FROM interaction WHERE ticket_id = $1 AND direction IN ('in', 'out') AND automatic = ''
                 ORDER BY id DESC LIMIT 1), '') AS direction,
       EXISTS (SELECT 1 FROM interaction WHERE ticket_id = $1 AND direction IN ('in', 'out')) AS anything

-- name: owner_of
-- Whose proof an address is.
SELECT customer_id FROM identity WHERE kind = 'email' AND value = $1 AND verified

-- name: claims
-- Whether this customer is said to have this address.
SELECT EXISTS (SELECT 1 FROM identity WHERE customer_id = $1 AND kind = 'email' AND value = $2)

-- name: strangers
-- Those of these addresses that do not prove the ticket's customer.
SELECT g.value FROM unnest($2::text[]) AS g (value)
WHERE NOT EXISTS (SELECT 1 FROM ticket t JOIN identity i ON i.customer_id = t.customer_id
                  WHERE t.id = $1 AND i.kind = 'email' AND i.value = g.value AND i.verified)

-- name: merge_into
-- All of `$1` is on `$2` now, and what had gone to `$1` before too.
UPDATE ticket SET merged_into = $2 WHERE id = $1 OR merged_into = $1

-- name: unmerge
-- Nothing of `$1` is on `$2` any more; what had gone to `$1` before is there again.
UPDATE ticket t SET merged_into = CASE WHEN t.id = $1 THEN NULL ELSE $1 END
WHERE t.merged_into = $2
  AND (t.id = $1 OR t.id IN (SELECT m.source_id FROM move m WHERE m.target_id = $1 AND m.undone_at IS NULL))

-- name: add_move
INSERT INTO move (source_id, target_id, split, agent_id, by_name, source_was, source_became, target_was, target_became, target_seq)
VALUES ($1, $2, $3, $4, $5, $6, '', $7, '', 0)
RETURNING id

-- name: set_brought
UPDATE move SET brought = $2 WHERE id = $1

-- name: brought_by
SELECT brought FROM move WHERE id = $1

-- name: close_move
-- How it left both tickets, and where each entry stood and stands.
WITH kept AS (
    UPDATE move SET source_became = $2, target_became = $3, target_seq = $4 WHERE id = $1
)
INSERT INTO moved_entry (move_id, interaction_id, from_seq, to_seq)
SELECT $1, g.* FROM unnest($5::bigint[], $6::int[], $7::int[]) AS g (interaction_id, from_seq, to_seq)

-- name: move_of
SELECT m.id, m.source_id, m.target_id, s.code AS source_code, t.code AS target_code, m.split, m.source_was, m.source_became,
       m.target_was, m.target_became, m.target_seq, m.undone_at
FROM move m JOIN ticket s ON s.id = m.source_id JOIN ticket t ON t.id = m.target_id
WHERE m.id = $1

-- name: entries_of_move
SELECT interaction_id, from_seq, to_seq FROM moved_entry WHERE move_id = $1 ORDER BY interaction_id

-- name: in_place
-- How many of the entries stand where the move put them.
SELECT count(*)::int FROM moved_entry e JOIN interaction i ON i.id = e.interaction_id
WHERE e.move_id = $1 AND i.ticket_id = $2 AND i.seq = e.to_seq

-- name: added_since
SELECT EXISTS (SELECT 1 FROM interaction WHERE ticket_id = $1 AND seq > $2)

-- name: end_move
UPDATE move SET undone_at = clock_timestamp(), undone_by = $2 WHERE id = $1 AND undone_at IS NULL RETURNING 1

-- name: is_merged
SELECT merged_into IS NOT NULL FROM ticket WHERE id = $1
