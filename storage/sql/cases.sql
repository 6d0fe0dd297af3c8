-- Whole tickets: taking back what was done to one, merging one into another, linking two. Tickets are locked by the caller.

-- name: event_at
SELECT kind, data, agent_id FROM event WHERE ticket_id = $1 AND seq = $2

-- name: happened_since
-- Whether the ledger tells anything of these kinds after number `$2`; of entries, only what was said to or by the customer counts.
SELECT EXISTS (
    SELECT 1 FROM event
    WHERE ticket_id = $1 AND seq > $2 AND kind = ANY($3::text[])
      AND (kind <> 'interaction_added' OR coalesce(data->>'as', data->>'direction') IN ('in', 'out'))
)

-- name: all_entries
SELECT id FROM interaction WHERE ticket_id = $1 ORDER BY id LIMIT $2

-- name: snapshot
-- What a merge changes beside the entries, as one document.
SELECT jsonb_build_object(
    'row', jsonb_build_object('last_in_at', t.last_in_at, 'last_out_at', t.last_out_at, 'heard_at', t.heard_at,
                              'last_preview', t.last_preview, 'waiting_since', t.waiting_since, 'resolved_at', t.resolved_at),
    'tags', to_jsonb(t.tags),
    'people', coalesce((SELECT jsonb_agg(to_jsonb(p) - 'ticket_id' ORDER BY p.kind, p.value)
                        FROM participant p WHERE p.ticket_id = t.id), '[]'),
    'followers', coalesce((SELECT jsonb_agg(f.agent_id ORDER BY f.agent_id) FROM ticket_follower f WHERE f.ticket_id = t.id), '[]'),
    'incidents', coalesce((SELECT jsonb_agg(n.incident_id ORDER BY n.incident_id) FROM incident_ticket n
                           WHERE n.ticket_id = t.id), '[]'),
    'links', coalesce((SELECT jsonb_agg(jsonb_build_array(l.ticket_id, l.other_id) ORDER BY l.ticket_id, l.other_id)
                       FROM ticket_link l WHERE l.ticket_id = t.id OR l.other_id = t.id), '[]'))
FROM ticket t WHERE t.id = $1

-- name: bring_people
-- Whoever is on ticket `$1` is on `$2` too, but not its customer; who may speak in either may speak.
INSERT INTO participant (ticket_id, kind, value, name, state, added_by, added_at)
SELECT $2, p.kind, p.value, p.name, p.state, p.added_by, p.added_at FROM participant p
WHERE p.ticket_id = $1
  AND NOT EXISTS (SELECT 1 FROM ticket t JOIN identity i ON i.customer_id = t.customer_id
                  WHERE t.id = $2 AND i.kind = p.kind AND i.value = p.value AND i.verified)
ORDER BY p.kind, p.value
ON CONFLICT (ticket_id, kind, value) DO UPDATE
SET state = 'member', added_by = coalesce(participant.added_by, excluded.added_by)
WHERE participant.state <> 'member' AND excluded.state = 'member'

-- name: bring_followers
INSERT INTO ticket_follower (ticket_id, agent_id) SELECT $2, agent_id FROM ticket_follower WHERE ticket_id = $1
ON CONFLICT DO NOTHING

-- name: bring_incidents
INSERT INTO incident_ticket (incident_id, ticket_id, agent_id, author)
SELECT incident_id, $2, agent_id, author FROM incident_ticket WHERE ticket_id = $1
ON CONFLICT DO NOTHING

-- name: add_merge
INSERT INTO ticket_merge (move_id, came, source_was, target_was) VALUES ($1, $2, $3, $4)

-- name: merge_of
SELECT came, source_was, target_was FROM ticket_merge WHERE move_id = $1

-- name: take_people_back
-- Those who came are gone, those who were let further in are where they were: unless somebody changed them since.
WITH before AS (
    SELECT * FROM jsonb_populate_recordset(NULL::participant, $2)
), after AS (
    SELECT * FROM jsonb_populate_recordset(NULL::participant, $3)
), gone AS (
    DELETE FROM participant p USING after a
    WHERE p.ticket_id = $1 AND p.kind = a.kind AND p.value = a.value AND to_jsonb(p) - 'ticket_id' = to_jsonb(a) - 'ticket_id'
      AND NOT EXISTS (SELECT 1 FROM before b WHERE b.kind = a.kind AND b.value = a.value)
)
UPDATE participant p SET name = b.name, state = b.state, added_by = b.added_by, added_at = b.added_at
FROM after a JOIN before b ON b.kind = a.kind AND b.value = a.value
WHERE p.ticket_id = $1 AND p.kind = a.kind AND p.value = a.value
  AND to_jsonb(p) - 'ticket_id' = to_jsonb(a) - 'ticket_id' AND to_jsonb(a) <> to_jsonb(b)

-- name: take_others_back
WITH followers AS (
    DELETE FROM ticket_follower WHERE ticket_id = $1 AND agent_id = ANY($2::bigint[])
), links AS (
    DELETE FROM ticket_link l USING unnest($4::bigint[], $5::bigint[]) AS g (ticket_id, other_id)
    WHERE l.ticket_id = g.ticket_id AND l.other_id = g.other_id AND l.why = 'moved'
)
DELETE FROM incident_ticket WHERE ticket_id = $1 AND incident_id = ANY($3::bigint[])

-- name: restore_row
-- What a ticket said of its entries before they came or went.
UPDATE ticket t
SET last_in_at = r.last_in_at, last_out_at = r.last_out_at, heard_at = r.heard_at, last_preview = r.last_preview,
    waiting_since = r.waiting_since, resolved_at = r.resolved_at
FROM jsonb_to_record($2::jsonb) AS r (last_in_at timestamptz, last_out_at timestamptz, heard_at timestamptz, last_preview text,
                                      waiting_since timestamptz, resolved_at timestamptz)
WHERE t.id = $1

-- name: ids_of
SELECT id, code FROM ticket WHERE code = ANY($1::bigint[])

-- name: add_link
INSERT INTO ticket_link (ticket_id, other_id, why) VALUES ($1, $2, $3)
ON CONFLICT (ticket_id, other_id) DO NOTHING

-- name: link_between
SELECT ticket_id, other_id, why FROM ticket_link
WHERE ticket_id = $1 AND other_id = $2 OR ticket_id = $2 AND other_id = $1

-- name: drop_link
DELETE FROM ticket_link WHERE (ticket_id = $1 AND other_id = $2 OR ticket_id = $2 AND other_id = $1)
  AND why IN ('related', 'duplicate', 'caused_by')

-- name: proposed
-- Tickets that another may be merged with or linked to: this customer's own, those in work and the newest first.
SELECT t.code, t.subject, t.status, ch.kind AS channel_kind, t.updated_at, coalesce(a.name, '') AS assignee_name
FROM ticket t JOIN channel ch ON ch.id = t.channel_id LEFT JOIN agent a ON a.id = t.assignee_id
WHERE t.customer_id = (SELECT customer_id FROM ticket WHERE id = $1) AND t.id <> $1 AND t.merged_into IS NULL
ORDER BY t.status IN ('open', 'pending') DESC, t.id DESC
LIMIT $2
