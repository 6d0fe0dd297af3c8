-- Live conversations: who is there, how far they have seen, what becomes of them when their visitor leaves. $1, $2 are the channel and
-- the conversation's key, where nothing else is said.

-- name: here
-- A page that says it for the first time after all were gone brings its visitor back; what goes on by letter comes back with them.
-- Pages that fell silent are forgotten, and beside $6 others no more are counted: a name of a page costs nothing.
WITH before AS MATERIALIZED (
    SELECT EXISTS (SELECT 1 FROM chat_page WHERE channel_id = $1 AND thread_key = $2
                   AND heard_at > clock_timestamp() - make_interval(secs => $4)) AS here
), forgotten AS (
    DELETE FROM chat_page WHERE channel_id = $1 AND thread_key = $2 AND page <> $3
      AND heard_at < clock_timestamp() - make_interval(secs => $4)
), said AS (
    INSERT INTO chat_page (channel_id, thread_key, page) SELECT $1, $2, $3
    WHERE (SELECT count(*) FROM chat_page WHERE channel_id = $1 AND thread_key = $2 AND page <> $3
           AND heard_at > clock_timestamp() - make_interval(secs => $4)) < $6
    ON CONFLICT (channel_id, thread_key, page) DO UPDATE SET heard_at = clock_timestamp()
), back AS (
    UPDATE chat SET away_since = NULL, by_mail = false FROM before
    WHERE channel_id = $1 AND thread_key = $2 AND NOT before.here AND (away_since IS NOT NULL OR by_mail)
)
SELECT pg_notify($5::text, '') FROM before WHERE NOT here

-- name: gone
-- Whoever has another page open is still there. Where they were seen off, it is looked what is left to do, after the shortest time.
WITH closed AS (
    DELETE FROM chat_page WHERE channel_id = $1 AND thread_key = $2 AND page = $3 RETURNING 1
), others AS MATERIALIZED (
    SELECT EXISTS (SELECT 1 FROM chat_page WHERE channel_id = $1 AND thread_key = $2 AND page <> $3
                   AND heard_at > clock_timestamp() - make_interval(secs => $4)) AS here
), silent AS (
    DELETE FROM chat_typing USING others WHERE channel_id = $1 AND thread_key = $2 AND NOT others.here
), left_it AS (
    UPDATE chat SET away_since = clock_timestamp(),
                    look_at = least(look_at, clock_timestamp() + make_interval(secs => $6))
    FROM others WHERE channel_id = $1 AND thread_key = $2 AND NOT others.here AND away_since IS NULL
      AND EXISTS (SELECT 1 FROM closed)
      AND EXISTS (SELECT 1 FROM thread_ref r WHERE r.scope = 'channel:' || $1::int AND r.ref = $2)
)
SELECT pg_notify($5::text, '') FROM others WHERE NOT here AND EXISTS (SELECT 1 FROM closed)

-- name: typing
-- Told where it begins or ends, not each time that it is said.
WITH before AS MATERIALIZED (
    SELECT EXISTS (SELECT 1 FROM chat_typing WHERE channel_id = $1 AND thread_key = $2 AND until > clock_timestamp()) AS writes
), said AS (
    INSERT INTO chat_typing (channel_id, thread_key, until)
    VALUES ($1, $2, clock_timestamp() + CASE WHEN $3::boolean THEN make_interval(secs => $4) ELSE interval '0' END)
    ON CONFLICT (channel_id, thread_key) DO UPDATE SET until = excluded.until
)
SELECT pg_notify($5::text, '') FROM before WHERE writes <> $3

-- name: seen
-- Up to the last answer that there is, however far a page says that it has seen. Whoever sees is back.
WITH seen AS MATERIALIZED (
    SELECT id FROM interaction WHERE channel_id = $1 AND thread_key = $2 AND thread_key <> '' AND direction = 'out' AND id <= $3
    ORDER BY id DESC LIMIT 1
), marked AS (
    UPDATE chat SET seen_line = seen.id, by_mail = false FROM seen
    WHERE channel_id = $1 AND thread_key = $2 AND (seen_line < seen.id OR by_mail)
    RETURNING 1
)
SELECT pg_notify($4::text, '') FROM marked

-- name: set_mail
-- Where it goes on. What was answered and not seen may go there now.
INSERT INTO chat AS c (channel_id, thread_key, mail, look_at)
SELECT $1, $2, $3, CASE WHEN EXISTS (SELECT 1 FROM thread_ref r WHERE r.scope = 'channel:' || $1::int AND r.ref = $2)
                        THEN clock_timestamp() END
ON CONFLICT (channel_id, thread_key) DO UPDATE SET mail = excluded.mail, look_at = excluded.look_at WHERE c.mail <> excluded.mail

-- name: note_talks
-- Known from now on; where it goes on is what was said beside a message last, if anything was ("" for nothing).
INSERT INTO chat AS c (channel_id, thread_key, mail)
SELECT DISTINCT ON (channel_id, thread_key) channel_id, thread_key, mail
FROM unnest($1::int[], $2::text[], $3::text[]) WITH ORDINALITY AS g (channel_id, thread_key, mail, ord)
ORDER BY channel_id, thread_key, mail = '', ord DESC
ON CONFLICT (channel_id, thread_key) DO UPDATE SET mail = excluded.mail, look_at = clock_timestamp()
WHERE excluded.mail NOT IN ('', c.mail)

-- name: answered
-- Somebody answered here: it is looked whether that was seen.
INSERT INTO chat AS c (channel_id, thread_key, look_at) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (channel_id, thread_key) DO UPDATE SET look_at = least(c.look_at, excluded.look_at)

-- name: answered_again
-- One that had failed leaves after all: it is looked whether it was seen.
UPDATE chat c SET look_at = clock_timestamp()
FROM interaction i WHERE i.id = $1 AND c.channel_id = i.channel_id AND c.thread_key = i.thread_key

-- name: standing
-- As its visitor may know it. `waits`: nobody has it. `asked`: an agent wants to know how
-- they like it.
SELECT t.id AS ticket_id, t.code, coalesce(t.status, '') AS status, coalesce(q.name, '') AS queue, coalesce(a.name, '') AS agent,
       coalesce(t.status = 'open' AND t.assignee_id IS NULL, false) AS waits,
       EXISTS (SELECT 1 FROM desk_line l WHERE l.ticket_id = t.id AND l.doing = 'typing'
               AND l.heard_at > clock_timestamp() - make_interval(secs => $3)) AS typing,
       EXISTS (SELECT 1 FROM survey_invitation s WHERE s.ticket_id = t.id AND s.channel_id = $1 AND s.by_hand
               AND s.expires_at > clock_timestamp()) AS asked,
       coalesce(c.mail, '') AS mail, clock_timestamp() AS now
FROM (VALUES (1)) AS one (x)
LEFT JOIN thread_ref r ON r.scope = 'channel:' || $1::int AND r.ref = $2
LEFT JOIN ticket t ON t.id = r.ticket_id
LEFT JOIN queue q ON q.id = t.queue_id
LEFT JOIN agent a ON a.id = t.assignee_id
LEFT JOIN chat c ON c.channel_id = $1 AND c.thread_key = $2

-- name: writing
-- Conversations in which somebody of the house writes now.
SELECT DISTINCT t.channel_id, t.thread_key FROM desk_line l JOIN ticket t ON t.id = l.ticket_id
WHERE l.doing = 'typing' AND l.heard_at > clock_timestamp() - make_interval(secs => $1) AND t.thread_key <> ''

-- name: visitors
-- Of these tickets, those that are live conversations: whether their visitor is there, writes, and how far they have seen. A ticket
-- on which the conversation is not any more says nothing about it.
SELECT t.id AS ticket_id, t.code, ch.name AS channel, coalesce(p.here, false) AS here,
       EXISTS (SELECT 1 FROM chat_typing w WHERE w.channel_id = t.channel_id AND w.thread_key = t.thread_key
               AND w.until > clock_timestamp()) AS typing,
       CASE WHEN p.here THEN NULL ELSE coalesce(c.away_since, p.heard_at) END AS away_since, coalesce(c.by_mail, false) AS by_mail, coalesce(c.mail, '') AS mail, coalesce(c.seen_line, 0) AS seen_line,
       coalesce(c.mailed_line, 0) AS mailed_line
FROM ticket t
JOIN thread_ref r ON r.scope = 'channel:' || t.channel_id AND r.ref = t.thread_key AND r.ticket_id = t.id
JOIN channel ch ON ch.id = t.channel_id AND ch.kind = ANY($3::text[])
LEFT JOIN LATERAL (
    SELECT max(heard_at) AS heard_at, max(heard_at) > clock_timestamp() - make_interval(secs => $2) AS here
    FROM chat_page p WHERE p.channel_id = t.channel_id AND p.thread_key = t.thread_key
) p ON true
LEFT JOIN chat c ON c.channel_id = t.channel_id AND c.thread_key = t.thread_key
WHERE t.code = ANY($1::bigint[]) AND t.thread_key <> ''

-- name: due
-- With their tickets, and without waiting: whoever works on a ticket holds it first. A conversation without one has nothing to look at.
SELECT c.channel_id, c.thread_key, ch.name AS channel, t.id AS ticket_id, t.code, t.status, t.language, t.last_out_at,
       c.mail, EXISTS (SELECT 1 FROM undeliverable u WHERE u.address = lower(c.mail)) AS returned, c.seen_line, c.mailed_line, c.away_since,
       EXISTS (SELECT 1 FROM chat_page p WHERE p.channel_id = c.channel_id AND p.thread_key = c.thread_key
               AND p.heard_at > clock_timestamp() - make_interval(secs => $2)) AS here,
       (SELECT max(p.heard_at) FROM chat_page p WHERE p.channel_id = c.channel_id AND p.thread_key = c.thread_key) AS heard_at,
       clock_timestamp() AS now
FROM chat c
JOIN channel ch ON ch.id = c.channel_id
JOIN thread_ref r ON r.scope = 'channel:' || c.channel_id AND r.ref = c.thread_key
JOIN ticket t ON t.id = r.ticket_id
WHERE c.look_at <= now()
ORDER BY c.look_at LIMIT $1
FOR NO KEY UPDATE OF c, t SKIP LOCKED

-- name: unseen
-- What was answered here after this line, of one conversation, oldest first: what has left, or may have, and what still waits for
-- that (not `gone`), which may be called back. What failed is for its agent to decide.
SELECT i.id, o.state IN ('sent', 'uncertain') AS gone, i.text, CASE WHEN i.agent_id IS NULL THEN '' ELSE i.author_name END AS author_name, i.created_at,
       coalesce((SELECT sum(a.size) FROM attachment a WHERE a.interaction_id = i.id), 0)::bigint AS bytes,
       coalesce((SELECT array_agg(a.filename ORDER BY a.id) FROM attachment a WHERE a.interaction_id = i.id), '{}') AS files
FROM interaction i JOIN outbox o ON o.interaction_id = i.id
WHERE i.channel_id = $1 AND i.thread_key = $2 AND i.direction = 'out' AND i.automatic = '' AND i.id > $3
  AND o.state NOT IN ('failed', 'cancelled')
ORDER BY i.id LIMIT 200

-- name: is_here
SELECT EXISTS (SELECT 1 FROM chat_page WHERE channel_id = $1 AND thread_key = $2
               AND heard_at > clock_timestamp() - make_interval(secs => $3))

-- name: set_look
UPDATE chat SET look_at = $3, away_since = $4 WHERE channel_id = $1 AND thread_key = $2

-- name: went_by_mail
UPDATE chat SET mailed_line = greatest(mailed_line, $3), by_mail = true WHERE channel_id = $1 AND thread_key = $2

-- name: goes_by_mail
-- Which of these conversations (channel, key) go on by letter now, and whereto.
SELECT ch.name AS channel, c.thread_key, c.mail FROM chat c JOIN channel ch ON ch.id = c.channel_id
WHERE (ch.name, c.thread_key) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND c.by_mail AND c.mail <> ''

-- name: add_letter
-- Words of the house to an address, on the ticket's timeline and into the outbox. The ticket is locked. $8: entries whose files go along.
WITH numbered AS (
    UPDATE ticket SET seq = seq + 1, version = version + 1, updated_at = clock_timestamp() WHERE id = $1
    RETURNING id, seq, customer_id, next_timeline_id() AS entry
), said AS (
    INSERT INTO interaction (id, ticket_id, seq, customer_id, channel_id, kind, direction, subject, text, external_id, automatic)
    SELECT entry, id, seq, customer_id, $2, 'message', 'out', $4, $5, $6, $7 FROM numbered
), along AS (
    INSERT INTO attachment (interaction_id, ticket_id, filename, content_type, size, sha256)
    SELECT n.entry, n.id, a.filename, a.content_type, a.size, a.sha256 FROM numbered n JOIN attachment a ON a.interaction_id = ANY($8::bigint[])
    WHERE NOT EXISTS (SELECT FROM file_scan s WHERE s.sha256 = a.sha256 AND s.state = 'infected')
    ORDER BY a.id
), told AS (
    INSERT INTO event (ticket_id, seq, kind, data)
    SELECT id, seq, 'interaction_added', jsonb_build_object('interaction', entry, 'direction', 'out') FROM numbered
), known AS (
    INSERT INTO thread_ref (scope, ref, ticket_id) SELECT 'mail', $6, id FROM numbered ON CONFLICT DO NOTHING
), claimed AS (
    INSERT INTO identity (customer_id, kind, value, verified) SELECT customer_id, 'email', $9, false FROM numbered
    WHERE NOT EXISTS (SELECT 1 FROM identity i WHERE i.customer_id = numbered.customer_id AND i.kind = 'email' AND i.value = $9)
    ON CONFLICT DO NOTHING
)
INSERT INTO outbox (ticket_id, interaction_id, channel_id, message, message_id) SELECT id, entry, $2, $3::jsonb, $6 FROM numbered

-- name: note_withheld
-- That a letter waits because too many went to its address, on the ticket's timeline; once a day. The ticket is locked.
WITH numbered AS (
    UPDATE ticket SET seq = seq + 1, version = version + 1, updated_at = clock_timestamp()
    WHERE id = $1 AND NOT EXISTS (SELECT FROM interaction WHERE ticket_id = $1 AND kind = 'event' AND fields->>'chat' = 'withheld'
                                  AND created_at > clock_timestamp() - interval '1 day')
    RETURNING id, seq, customer_id, next_timeline_id() AS entry
), said AS (
    INSERT INTO interaction (id, ticket_id, seq, customer_id, channel_id, kind, direction, text, fields)
    SELECT entry, id, seq, customer_id, $2, 'event', 'internal', '', '{"chat": "withheld"}' FROM numbered
)
INSERT INTO event (ticket_id, seq, kind, data)
SELECT id, seq, 'interaction_added', jsonb_build_object('interaction', entry, 'direction', 'internal', 'as', 'event') FROM numbered

-- name: talk_of
-- The ticket of a conversation, under lock, and whereto it goes on.
SELECT t.id AS ticket_id, t.code, t.language, c.mail,
       EXISTS (SELECT 1 FROM identity i WHERE i.customer_id = t.customer_id AND i.kind = 'email' AND i.value = c.mail AND i.verified) AS proven
FROM thread_ref r JOIN ticket t ON t.id = r.ticket_id JOIN chat c ON c.channel_id = $1 AND c.thread_key = r.ref
WHERE r.scope = 'channel:' || $1::int AND r.ref = $2
FOR NO KEY UPDATE OF t

-- name: last_said_in
-- What the visitor wrote last; 0 for nothing.
SELECT coalesce(max(id), 0) FROM interaction WHERE channel_id = $1 AND thread_key = $2 AND thread_key <> '' AND direction = 'in'

-- name: is_proven
-- Whether the customer of this ticket has shown that this address is theirs.
SELECT EXISTS (SELECT 1 FROM ticket t JOIN identity i ON i.customer_id = t.customer_id
               WHERE t.id = $1 AND i.kind = 'email' AND i.value = $2 AND i.verified)

-- name: said
-- What went to and fro, the last of it, oldest first. `by_hand`: somebody wrote it.
SELECT direction, author_name, text, created_at, automatic = '' AS by_hand FROM (
    SELECT i.id, i.direction, i.automatic, CASE WHEN i.agent_id IS NULL THEN '' ELSE i.author_name END AS author_name, i.text, i.created_at
    FROM interaction i
    WHERE i.channel_id = $1 AND i.thread_key = $2 AND i.thread_key <> '' AND i.direction IN ('in', 'out')
    ORDER BY i.id DESC LIMIT 200
) last ORDER BY id

-- name: file
-- The n-th file of a line of this conversation.
SELECT a.filename, a.token, b.data
FROM interaction i JOIN attachment a ON a.interaction_id = i.id JOIN blob b ON b.sha256 = a.sha256
WHERE i.id = $3 AND i.channel_id = $1 AND i.thread_key = $2 AND i.thread_key <> '' AND i.direction IN ('in', 'out')
ORDER BY a.id OFFSET $4 LIMIT 1

-- name: add_key
-- The last few are kept: somebody who asks for one after the other leaves no heap. None where nothing was said.
WITH old AS (
    DELETE FROM chat_key WHERE key_hash IN (
        SELECT key_hash FROM chat_key WHERE channel_id = $2 AND thread_key = $3 ORDER BY expires_at DESC OFFSET $5)
)
INSERT INTO chat_key (key_hash, channel_id, thread_key, expires_at, since)
SELECT $1::bytea, $2, $3, clock_timestamp() + make_interval(secs => $4), $6::bigint
WHERE EXISTS (SELECT 1 FROM thread_ref r WHERE r.scope = 'channel:' || $2::int AND r.ref = $3)
RETURNING 1

-- name: key
SELECT thread_key, since FROM chat_key WHERE key_hash = $1 AND channel_id = $2 AND expires_at > clock_timestamp()

-- name: tidy_keys
DELETE FROM chat_key WHERE expires_at < clock_timestamp()

-- name: tidy_pages
DELETE FROM chat_page WHERE heard_at < clock_timestamp() - interval '1 day'

-- name: tidy_typing
DELETE FROM chat_typing WHERE until < clock_timestamp() - interval '1 hour'

-- name: tidy_chats
-- Of conversations in which nothing was ever said.
DELETE FROM chat c WHERE c.made_at < clock_timestamp() - interval '2 days'
  AND NOT EXISTS (SELECT 1 FROM thread_ref r WHERE r.scope = 'channel:' || c.channel_id AND r.ref = c.thread_key)
