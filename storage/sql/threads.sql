-- How messages hang together: which ticket evidence points to, what letters cite, which tickets have to do with each other.

-- name: find_threads
-- Tickets that evidence points to, with everybody who may speak in them. What was moved away altogether is found where it is
-- now. `$6`, `$7`: ids, and who would speak because letters of a ticket cite them; strangers may cite an id too, so whoever may
-- not speak there does not count. Nothing leads to somebody who was forgotten: whoever writes again is somebody new. `$8` to `$11`:
-- inbox, address, time and minutes of a burst. `named`: the ref is that very ticket's; `talk`: it is a live conversation that is
-- known (sql/chat.sql).
WITH hint AS (
    SELECT 'ref' AS source, g.scope || ' ' || g.ref AS evidence, coalesce(m.id, r.ticket_id) AS ticket_id, r.moved_from,
           m.id IS NULL AS named,
           r.scope LIKE 'channel:%' AND EXISTS (SELECT 1 FROM chat a WHERE a.channel_id = CASE WHEN r.scope LIKE 'channel:%'
                                                THEN substr(r.scope, 9)::int END AND a.thread_key = r.ref) AS talk
    FROM unnest($1::text[], $2::text[]) AS g (scope, ref)
    JOIN thread_ref r ON r.scope = g.scope AND r.ref = g.ref
    JOIN ticket t ON t.id = r.ticket_id
    LEFT JOIN ticket m ON m.id = t.merged_into
    UNION ALL
    SELECT 'id', g.id::text, coalesce(t.merged_into, t.id), NULL, false, false FROM unnest($3::bigint[]) AS g (id) JOIN ticket t ON t.id = g.id
    UNION ALL
    SELECT 'code', g.code::text, coalesce(t.merged_into, t.id), NULL, false, false
    FROM unnest($4::bigint[]) AS g (code) JOIN ticket t ON t.code = g.code
    UNION ALL
    SELECT 'sent', g.message_id, o.ticket_id, NULL, false, false FROM unnest($5::text[]) AS g (message_id)
    JOIN outbox o ON o.message_id = g.message_id AND o.message_id <> ''
    UNION ALL
    SELECT 'sent', g.message_id, o.ticket_id, NULL, false, false FROM unnest($5::text[]) AS g (message_id)
    JOIN outbox o ON o.relay_id = g.message_id AND o.relay_id <> ''
    UNION ALL
    SELECT 'cited', g.ref || ' ' || g.speaker, t.id, NULL, false, false
    FROM unnest($6::text[], $7::text[]) AS g (ref, speaker)
    CROSS JOIN LATERAL (
        SELECT t.id FROM cited_ref c JOIN ticket t ON t.id = c.ticket_id
        WHERE c.ref = g.ref
          AND (EXISTS (SELECT 1 FROM identity i WHERE i.customer_id = t.customer_id AND i.kind = 'email' AND i.value = g.speaker
                                                  AND i.verified)
               OR EXISTS (SELECT 1 FROM participant p WHERE p.ticket_id = t.id AND p.kind = 'email' AND p.value = g.speaker
                                                        AND p.state = 'member'))
        ORDER BY t.status = 'closed', t.id LIMIT 1
    ) t
    UNION ALL
    (SELECT 'burst', g.channel_id || ' ' || g.speaker, t.id, NULL, false, false
     FROM unnest($8::int[], $9::text[], $10::timestamptz[], $11::float8[]) AS g (channel_id, speaker, at, minutes)
     JOIN identity i ON i.kind = 'email' AND i.value = g.speaker AND i.verified
     CROSS JOIN LATERAL (
         SELECT * FROM ticket WHERE customer_id = i.customer_id ORDER BY id DESC LIMIT 20
     ) t
     WHERE t.channel_id = g.channel_id AND t.status <> 'closed' AND t.last_out_at IS NULL AND lower(t.reply_address) = g.speaker
       AND t.heard_at BETWEEN g.at - make_interval(secs => g.minutes * 60) AND g.at + make_interval(secs => g.minutes * 60)
     ORDER BY t.id DESC)
), known AS MATERIALIZED (
    SELECT t.id, t.status, t.subject, t.channel_id, c.kind AS channel_kind, t.heard_at, t.assignee_id, t.live,
           ARRAY(SELECT i.kind || ':' || i.value FROM identity i WHERE i.customer_id = t.customer_id AND i.verified) AS people,
           ARRAY(SELECT p.kind || ':' || p.value FROM participant p WHERE p.ticket_id = t.id AND p.state = 'member') AS members,
           ARRAY(SELECT p.kind || ':' || p.value FROM participant p WHERE p.ticket_id = t.id AND p.state = 'copied') AS copied
    FROM (SELECT DISTINCT ticket_id FROM hint) d JOIN ticket t ON t.id = d.ticket_id JOIN channel c ON c.id = t.channel_id
    JOIN customer f ON f.id = t.customer_id AND f.anonymised_at IS NULL
)
SELECT h.source, h.evidence, h.ticket_id, h.moved_from, k.status, k.subject, k.channel_id, k.channel_kind, k.heard_at, k.people,
       k.members, k.copied, h.named, h.talk, k.assignee_id, k.live
FROM hint h JOIN known k ON k.id = h.ticket_id
ORDER BY h.source, h.ticket_id DESC

-- name: remember
-- Ids that entries cite and that are none of their tickets' own, and tickets that they point to without joining them. A link
-- that is there, whichever way round, is not made again.
WITH cited AS (
    INSERT INTO cited_ref (ref, interaction_id, ticket_id)
    SELECT g.ref, g.interaction_id, g.ticket_id
    FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS g (ref, interaction_id, ticket_id)
    WHERE NOT EXISTS (SELECT 1 FROM thread_ref r WHERE r.scope = 'mail' AND r.ref = g.ref AND r.ticket_id = g.ticket_id)
    ORDER BY g.ref, g.interaction_id
    ON CONFLICT DO NOTHING
)
INSERT INTO ticket_link (ticket_id, other_id, why)
SELECT DISTINCT ON (g.ticket_id, g.other_id) g.ticket_id, g.other_id, g.why
FROM unnest($4::bigint[], $5::bigint[], $6::text[]) AS g (ticket_id, other_id, why)
WHERE NOT EXISTS (SELECT 1 FROM ticket_link l WHERE l.ticket_id = g.other_id AND l.other_id = g.ticket_id)
ORDER BY g.ticket_id, g.other_id
ON CONFLICT DO NOTHING

-- name: ticket_links
-- Both ways, newest first.
SELECT t.code, t.subject, t.status, l.why, l.ticket_id <> $1 AS newer, l.created_at
FROM ticket_link l JOIN ticket t ON t.id = CASE WHEN l.ticket_id = $1 THEN l.other_id ELSE l.ticket_id END
WHERE l.ticket_id = $1 OR l.other_id = $1
ORDER BY l.created_at DESC
LIMIT 50

-- name: also_reached
-- Other inboxes that got the very same letter.
SELECT i.id AS interaction_id, array_agg(DISTINCT ch.name ORDER BY ch.name) AS channels
FROM interaction i
JOIN inbound_raw r ON r.duplicate_of = i.raw_id AND r.channel_id <> i.channel_id
JOIN channel ch ON ch.id = r.channel_id
WHERE i.id = ANY($1::bigint[]) AND i.raw_id IS NOT NULL
GROUP BY i.id

-- name: reports_of
-- What delivery reports said of our letters.
SELECT interaction_id, address, outcome, status, reason, at FROM recipient_report
WHERE interaction_id = ANY($1::bigint[])
ORDER BY interaction_id, address

-- name: moves_of
-- The last move of each entry that was not undone.
SELECT DISTINCT ON (e.interaction_id) e.interaction_id, m.id AS move_id, m.by_name, m.moved_at, s.code AS from_code, m.split
FROM moved_entry e JOIN move m ON m.id = e.move_id JOIN ticket s ON s.id = m.source_id
WHERE e.interaction_id = ANY($1::bigint[]) AND m.undone_at IS NULL
ORDER BY e.interaction_id, m.id DESC
