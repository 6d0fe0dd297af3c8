-- The customer's own page: codes, links and sessions of an address, and what its owner may see.

-- name: is_known
-- Whether there is anything for the owner of this address to see. What somebody typed into a form counts once a letter of ours about
-- it has gone there; of many who typed it, the newest.
SELECT EXISTS (SELECT 1 FROM identity n JOIN ticket t ON t.customer_id = n.customer_id
               WHERE n.kind = 'email' AND n.value = $1 AND n.verified)
    OR EXISTS (SELECT 1 FROM participant p WHERE p.kind = 'email' AND p.value = $1 AND p.state = 'member')
    OR EXISTS (SELECT 1 FROM (
                   SELECT t.id FROM identity n JOIN ticket t ON t.customer_id = n.customer_id
                   WHERE n.kind = 'email' AND n.value = $1 AND NOT n.verified ORDER BY t.id DESC LIMIT 200) t
               JOIN interaction i ON i.ticket_id = t.id AND i.direction = 'out' JOIN outbox o ON o.interaction_id = i.id
               WHERE o.state = 'sent' AND lower(o.message->>'address') = $1)

-- name: add_code
-- The same work whether the letter leaves or not (`$7`): nobody can tell by the time it takes. A code that nobody was sent is not
-- there to be guessed: no code has this hash.
WITH kept AS (
    INSERT INTO portal_code (browser_hash, address, code_hash, expires_at)
    VALUES ($1, $2, CASE WHEN $7::boolean THEN $3 ELSE decode(repeat('00', 32), 'hex') END,
            clock_timestamp() + make_interval(secs => $8))
), linked AS (
    INSERT INTO portal_link (token_hash, address, expires_at) VALUES ($4, $2, clock_timestamp() + make_interval(secs => $8))
)
INSERT INTO side_letter (channel_id, message, state, give_up_at)
VALUES ($5, CASE WHEN $7::boolean THEN $6::jsonb ELSE '{}' END,
        CASE WHEN $7::boolean THEN 'queued' ELSE 'failed' END, clock_timestamp() + make_interval(secs => $8))

-- name: take_try
-- One more try at the code that this browser asked for, where it is still good for something.
UPDATE portal_code SET tries = tries + 1
WHERE browser_hash = $1 AND expires_at > clock_timestamp() AND tries < $2
RETURNING address, code_hash

-- name: use_code
DELETE FROM portal_code WHERE browser_hash = $1 RETURNING 1

-- name: add_link
INSERT INTO portal_link (token_hash, address, ticket_id, expires_at)
VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))

-- name: find_link
SELECT l.address, l.ticket_id, t.code AS ticket_code FROM portal_link l LEFT JOIN ticket t ON t.id = l.ticket_id
WHERE l.token_hash = $1 AND l.expires_at > clock_timestamp()

-- name: use_link
-- One that opens everything is good for once.
DELETE FROM portal_link WHERE token_hash = $1 AND ticket_id IS NULL RETURNING 1

-- name: add_session
INSERT INTO portal_session (token_hash, address, ticket_id, expires_at)
VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4)) RETURNING made_at

-- name: device_holds
-- Whether a browser that was marked at this moment (`$2`) is still known again: not for ever (`$3`: seconds), and not after its owner
-- signed out everywhere.
SELECT $2::timestamptz > clock_timestamp() - make_interval(secs => $3)
   AND NOT EXISTS (SELECT FROM portal_device_end WHERE address = $1 AND at >= $2) AS holds

-- name: session
SELECT address, ticket_id, seen_at < clock_timestamp() - interval '1 minute' AS stale FROM portal_session
WHERE token_hash = $1 AND expires_at > clock_timestamp() AND seen_at > clock_timestamp() - make_interval(secs => $2)

-- name: touch_session
UPDATE portal_session SET seen_at = clock_timestamp() WHERE token_hash = $1

-- name: move_session
-- Whoever came by the link of a case goes on with the one that came of it.
UPDATE portal_session SET ticket_id = t.id FROM ticket t WHERE token_hash = $1 AND ticket_id IS NOT NULL AND t.code = $2

-- name: end_session
DELETE FROM portal_session WHERE token_hash = $1

-- name: end_all
-- Every way in that the owner of an address has, links too; browsers that were marked until now are known again no more.
WITH marks AS (
    INSERT INTO portal_device_end (address) VALUES ($1) ON CONFLICT (address) DO UPDATE SET at = clock_timestamp()
), sessions AS (
    DELETE FROM portal_session WHERE address = $1
), codes AS (
    DELETE FROM portal_code WHERE address = $1
)
DELETE FROM portal_link WHERE address = $1

-- name: tickets
-- Those that are the owner's of an address by proof, in which they may speak, or whose form has their address and about which they
-- had a letter; newest first. `$2`: "" all, open, done. `$3`: only those with a lower id. `$4`: only this one, or the one that it was
-- merged into, 0 for any. A ticket is called by its subject only where its owner has it already, from its first message or a letter
-- of ours.
WITH first AS (
    SELECT CASE WHEN $4::bigint = 0 THEN $3::bigint - 1 ELSE (SELECT coalesce(merged_into, id) FROM ticket WHERE id = $4) END AS id
), mine AS (
    (SELECT t.id FROM identity n CROSS JOIN LATERAL (
         SELECT id FROM ticket WHERE customer_id = n.customer_id AND id <= (SELECT id FROM first) AND merged_into IS NULL
           AND ($2::text = '' OR ($2::text = 'open') = (status IN ('open', 'pending')))
         ORDER BY id DESC LIMIT $5) t
     WHERE n.kind = 'email' AND n.value = $1 AND n.verified)
    UNION
    (SELECT t.id FROM participant p JOIN ticket t ON t.id = p.ticket_id
     WHERE p.kind = 'email' AND p.value = $1 AND p.state = 'member' AND p.ticket_id <= (SELECT id FROM first) AND t.merged_into IS NULL
       AND ($2::text = '' OR ($2::text = 'open') = (t.status IN ('open', 'pending')))
     ORDER BY p.ticket_id DESC LIMIT $5)
    UNION
    (SELECT t.id FROM (
         SELECT t.id FROM identity n JOIN ticket t ON t.customer_id = n.customer_id
         WHERE n.kind = 'email' AND n.value = $1 AND NOT n.verified AND t.id <= (SELECT id FROM first) AND t.merged_into IS NULL
           AND ($2::text = '' OR ($2::text = 'open') = (t.status IN ('open', 'pending')))
         ORDER BY t.id DESC LIMIT 200) t
     WHERE EXISTS (SELECT 1 FROM interaction i JOIN outbox o ON o.interaction_id = i.id
                   WHERE i.ticket_id = t.id AND i.direction = 'out' AND o.state = 'sent' AND lower(o.message->>'address') = $1)
     ORDER BY t.id DESC LIMIT $5)
)
SELECT t.id, t.code, t.status, t.created_at, ch.kind AS channel_kind, CASE WHEN known.yes THEN t.subject ELSE '' END AS subject,
       coalesce(last.at, t.created_at) AS last_at, coalesce(last.mine, true) AS last_mine
FROM mine m JOIN ticket t ON t.id = m.id JOIN channel ch ON ch.id = t.channel_id
LEFT JOIN LATERAL (
    SELECT coalesce(o.settled_at, i.occurred_at) AS at, i.direction = 'in' AS mine
    FROM interaction i LEFT JOIN outbox o ON o.interaction_id = i.id
    WHERE i.ticket_id = t.id AND shown_to($1, i.direction, i.kind, i.automatic, i.details, i.fields, o.message, o.state)
    ORDER BY i.id DESC LIMIT 1
) last ON true
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT 1 FROM interaction i LEFT JOIN outbox o ON o.interaction_id = i.id
        WHERE i.ticket_id = t.id AND (i.seq = 1 OR (i.direction = 'out' AND i.subject <> ''))
          AND shown_to($1, i.direction, i.kind, i.automatic, i.details, i.fields, o.message, o.state)) AS yes
) known
WHERE $4::bigint = 0 OR t.id = (SELECT id FROM first)
ORDER BY t.id DESC
LIMIT $5

-- name: ticket
-- The one of this number, or the one that it was merged into, where the owner of the address may see it; `$3`: only this one, 0 for
-- any. `standing`: customer, member or claimed.
SELECT t.id, t.code, t.status, t.created_at, t.resolved_at, t.channel_id, ch.kind AS channel_kind,
       CASE WHEN known.yes THEN t.subject ELSE '' END AS subject, may.standing
FROM ticket s JOIN ticket t ON t.id = coalesce(s.merged_into, s.id) JOIN channel ch ON ch.id = t.channel_id
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN EXISTS (SELECT 1 FROM identity n WHERE n.customer_id = t.customer_id AND n.kind = 'email' AND n.value = $1 AND n.verified)
        THEN 'customer'
        WHEN EXISTS (SELECT 1 FROM participant p WHERE p.ticket_id = t.id AND p.kind = 'email' AND p.value = $1 AND p.state = 'member')
        THEN 'member'
        WHEN EXISTS (SELECT 1 FROM identity n WHERE n.customer_id = t.customer_id AND n.kind = 'email' AND n.value = $1
                                                AND NOT n.verified)
         AND EXISTS (SELECT 1 FROM interaction i JOIN outbox o ON o.interaction_id = i.id
                     WHERE i.ticket_id = t.id AND i.direction = 'out' AND o.state = 'sent' AND lower(o.message->>'address') = $1)
        THEN 'claimed' END AS standing
) may
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT 1 FROM interaction i LEFT JOIN outbox o ON o.interaction_id = i.id
        WHERE i.ticket_id = t.id AND (i.seq = 1 OR (i.direction = 'out' AND i.subject <> ''))
          AND shown_to($1, i.direction, i.kind, i.automatic, i.details, i.fields, o.message, o.state)) AS yes
) known
WHERE s.code = $2 AND may.standing IS NOT NULL
  AND ($3::bigint = 0 OR t.id = (SELECT coalesce(w.merged_into, w.id) FROM ticket w WHERE w.id = $3))

-- name: lines
-- The last ones, oldest first. `$4`: only this one, 0 for any. Whoever wrote letters of many megabytes must not have the hub make a
-- page of them: MOST_TEXT characters of each, and once the newer ones have MOST_BYTES together, only the beginning of the others. How
-- many bytes there are is known without reading them.
SELECT id, mine, own, author_name, left(text, room) AS text, octet_length(text) > octet_length(left(text, room)) AS cut, fields, said_at
FROM (
    SELECT l.*, CASE WHEN sum(octet_length(l.text)::bigint) OVER (ORDER BY l.id DESC) - octet_length(l.text) < 2000000
                     THEN 220000 ELSE 2000 END AS room
    FROM (SELECT * FROM lines_for($2, $1) l WHERE $4::bigint = 0 OR l.id = $4 ORDER BY l.id DESC LIMIT $3) l
) last
ORDER BY id

-- name: lines_with
-- Of these tickets, which may be seen: the last lines of each that have the words, as far as the index tells; newest first. Of each
-- MOST_TEXT characters, as its page shows, and no more lines once those have `$5` bytes together (`bytes`: with this one).
SELECT ticket_id, id, mine, subject, left(text, 220000) AS text, fields, bytes,
       ARRAY(SELECT a.filename FROM attachment a WHERE a.interaction_id = line.id ORDER BY a.id) AS files
FROM (
    SELECT m.id AS ticket_id, l.*, sum(least(octet_length(l.text), 880000)) OVER (ORDER BY m.id DESC, l.id DESC) AS bytes
    FROM unnest($2::bigint[]) AS m (id)
    CROSS JOIN LATERAL (
        SELECT l.id, l.mine, l.subject, l.text, l.fields FROM lines_for($1, m.id) l JOIN search_entry s ON s.id = l.id
        WHERE s.words @@ $3::text::tsquery ORDER BY l.id DESC LIMIT $4
    ) l
) line
WHERE bytes - least(octet_length(text), 880000) < $5::bigint
ORDER BY ticket_id DESC, id DESC

-- name: files
SELECT interaction_id, token, filename, size FROM attachment WHERE interaction_id = ANY($1::bigint[]) ORDER BY id

-- name: file_ticket
-- The ticket that a file stands on, and its entry.
SELECT t.code AS ticket_code, a.interaction_id, a.filename FROM attachment a JOIN ticket t ON t.id = a.ticket_id WHERE a.token = $1

-- name: profile
-- The customer whose address this is by proof.
SELECT c.code, c.name, c.language, c.organisation_id, c.note, c.version FROM identity n JOIN customer c ON c.id = n.customer_id
WHERE n.kind = 'email' AND n.value = $1 AND n.verified

-- name: tidy
-- Those that are over. `$1`: seconds after which a session that nobody uses is; `$2`: after which no mark of a browser is good any more.
WITH codes AS (
    DELETE FROM portal_code WHERE expires_at < clock_timestamp()
), links AS (
    DELETE FROM portal_link WHERE expires_at < clock_timestamp()
), ends AS (
    DELETE FROM portal_device_end WHERE at < clock_timestamp() - make_interval(secs => $2)
)
DELETE FROM portal_session WHERE expires_at < clock_timestamp() OR seen_at < clock_timestamp() - make_interval(secs => $1)

-- name: heard_now
-- What was pressed calls for an answer, as a message does.
UPDATE ticket SET last_in_at = clock_timestamp(), heard_at = clock_timestamp() WHERE id = $1

-- name: add_said
-- What a customer said by pressing a button: no words of theirs.
INSERT INTO interaction (ticket_id, seq, customer_id, kind, direction, author_name, text, fields)
VALUES ($1, $2, $3, 'event', 'internal', $4, '', $5) RETURNING id
