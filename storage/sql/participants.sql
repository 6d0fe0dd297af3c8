-- Who is on a ticket beside its customer. A member may speak in it; who was only copied is known, and may not.

-- name: add_participants
-- From letters. Nobody who is its customer; forty on one ticket at the most; who is a member stays one.
WITH given AS (
    SELECT DISTINCT ON (g.ticket_id, g.value) g.* FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[])
         WITH ORDINALITY AS g (ticket_id, value, name, state, ord)
    ORDER BY g.ticket_id, g.value, g.state DESC, g.ord
), fit AS (
    SELECT given.*, row_number() OVER (PARTITION BY given.ticket_id ORDER BY given.ord)
           + (SELECT count(*) FROM participant p WHERE p.ticket_id = given.ticket_id) AS place,
           EXISTS (SELECT 1 FROM participant p WHERE p.ticket_id = given.ticket_id AND p.kind = 'email'
                                                 AND p.value = given.value) AS known
    FROM given JOIN ticket t ON t.id = given.ticket_id
    WHERE NOT EXISTS (SELECT 1 FROM identity i WHERE i.customer_id = t.customer_id AND i.kind = 'email' AND i.value = given.value
                                                 AND i.verified)
)
INSERT INTO participant (ticket_id, kind, value, name, state)
SELECT ticket_id, 'email', value, name, state FROM fit WHERE known OR place <= $5::int
ORDER BY ticket_id, value
ON CONFLICT (ticket_id, kind, value) DO UPDATE
SET state = CASE WHEN excluded.state = 'member' THEN 'member' ELSE participant.state END,
    name = CASE WHEN participant.name = '' THEN excluded.name ELSE participant.name END
WHERE participant.state <> 'member' AND excluded.state = 'member' OR participant.name = '' AND excluded.name <> ''

-- name: let_in
-- By an agent.
INSERT INTO participant (ticket_id, kind, value, name, state, added_by)
SELECT $1, 'email', g.value, g.name, 'member', $4::bigint FROM unnest($2::text[], $3::text[]) AS g (value, name)
ORDER BY g.value
ON CONFLICT (ticket_id, kind, value) DO UPDATE
SET state = 'member', added_by = coalesce(participant.added_by, excluded.added_by),
    name = CASE WHEN participant.name = '' THEN excluded.name ELSE participant.name END

-- name: remove_participant
DELETE FROM participant WHERE ticket_id = $1 AND kind = 'email' AND value = $2 RETURNING 1

-- name: participants_of
-- Members first.
SELECT p.kind, p.value, p.name, p.state, p.added_by, coalesce(a.name, '') AS added_by_name, p.added_at,
       EXISTS (SELECT 1 FROM undeliverable u WHERE u.address = p.value) AS undeliverable
FROM participant p LEFT JOIN agent a ON a.id = p.added_by
WHERE p.ticket_id = $1
ORDER BY p.state DESC, p.added_at, p.value

-- name: forwarded_in
-- What a letter of this ticket says of the one whose letter it passes on.
SELECT details FROM interaction WHERE id = $1 AND ticket_id = $2 AND direction = 'in'

-- name: claimed_customer
-- Nobody is found by a claim: it is somebody new, until they write.
WITH made AS (
    INSERT INTO customer (name, language) VALUES ($1, $2) RETURNING id
), known AS (
    INSERT INTO identity (customer_id, kind, value, verified) SELECT id, 'email', $3, false FROM made
)
SELECT id FROM made

-- name: give_to_customer
-- The ticket, all that was said in it and asked about it, and where answers go.
WITH given AS (
    UPDATE ticket SET customer_id = $2, reply_address = $3 WHERE id = $1
), asked AS (
    UPDATE survey_invitation SET customer_id = $2 WHERE ticket_id = $1
)
UPDATE interaction SET customer_id = $2 WHERE ticket_id = $1
