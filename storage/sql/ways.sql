-- How a customer can be reached: conversations they have had, addresses that are theirs.

-- name: talks_of
-- Conversations of a customer on channels that have such, the last ticket of each saying where answers go. What was heard last and
-- how often it was answered since is asked of the timeline by the conversation's own key, whichever ticket it stands on.
-- Conversations that their channel alone knows of (somebody came by a link) are the customer's by what it proves of them.
SELECT k.channel, k.kind, k.address, k.thread_key, h.heard_at, n.answered, s.shut_at IS NOT NULL AS shut, clock_timestamp() AS now
FROM (
    SELECT DISTINCT ON (t.channel_id, t.reply_address)
           t.channel_id, ch.name AS channel, ch.kind, t.reply_address AS address, t.thread_key
    FROM (
        (SELECT id, channel_id, reply_address, thread_key FROM ticket WHERE customer_id = $1 ORDER BY id DESC LIMIT 200)
        UNION ALL
        SELECT 0, w.channel_id, w.address, w.thread_key FROM identity i JOIN talk w ON w.kind = i.kind AND w.value = i.value
        WHERE i.customer_id = $1 AND i.verified
    ) t JOIN channel ch ON ch.id = t.channel_id
    WHERE t.reply_address <> '' AND t.thread_key <> ''
    ORDER BY t.channel_id, t.reply_address, t.id DESC
) k
LEFT JOIN talk s ON s.channel_id = k.channel_id AND s.thread_key = k.thread_key
LEFT JOIN LATERAL (
    SELECT i.id, i.created_at AS heard_at FROM interaction i
    WHERE i.channel_id = k.channel_id AND i.thread_key = k.thread_key AND i.direction = 'in'
    ORDER BY i.id DESC LIMIT 1
) h ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS answered FROM interaction i JOIN outbox o ON o.interaction_id = i.id
    WHERE i.channel_id = k.channel_id AND i.thread_key = k.thread_key AND i.direction = 'out' AND i.id > h.id
      AND o.state <> 'cancelled'
) n ON true
ORDER BY h.heard_at DESC NULLS LAST

-- name: addresses_of
-- E-mail addresses and telephone numbers; `returned`: letters to it came back.
SELECT n.kind, n.value, bool_or(n.verified) AS proven, bool_or(u.address IS NOT NULL) AS returned
FROM identity n LEFT JOIN undeliverable u ON u.address = n.value AND n.kind = 'email'
WHERE n.customer_id = $1 AND n.kind IN ('email', 'phone')
GROUP BY n.kind, n.value
ORDER BY bool_or(n.verified) DESC, min(n.id)

-- name: whose
SELECT t.id AS ticket_id, t.customer_id, ch.name AS channel, t.reply_address, t.thread_key
FROM ticket t JOIN channel ch ON ch.id = t.channel_id
WHERE t.code = $1
