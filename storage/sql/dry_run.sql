-- What happened lately, for rules that are tried on it. Nothing is written.

-- name: touched
-- Tickets to which something happened since then, newest first; at most so many.
SELECT t.id FROM ticket t WHERE t.updated_at >= $1 ORDER BY t.updated_at DESC, t.id DESC LIMIT $2

-- name: situations
-- What the queue of each was chosen by, as far as it is on record; the customer is as they are now.
SELECT t.id, t.code, t.subject, t.created_at, ch.name AS channel, ch.kind AS channel_kind,
       cu.key_account OR coalesce(o.key_account, false) AS key_account,
       coalesce(nullif(cu.segment, ''), o.segment, '') AS segment,
       coalesce((SELECT i.automatic <> '' FROM interaction i WHERE i.ticket_id = t.id ORDER BY i.id LIMIT 1), false) AS automatic,
       (SELECT d.why FROM routing_decision d WHERE d.ticket_id = t.id AND d.step = 'classified' ORDER BY d.id LIMIT 1) AS why
FROM ticket t
JOIN channel ch ON ch.id = t.channel_id
JOIN customer cu ON cu.id = t.customer_id
LEFT JOIN organisation o ON o.id = cu.organisation_id
WHERE t.id = ANY($1::bigint[]) AND t.created_at >= $2

-- name: ledgers
-- Whole ledgers, in order, with what was said where somebody asks for the words ($2).
SELECT e.ticket_id, e.kind, e.data, e.agent_id, e.at, i.direction, i.automatic,
       CASE WHEN $2 THEN left(i.text, 20000) END AS text,
       EXISTS (SELECT 1 FROM attachment a WHERE a.interaction_id = i.id) AS attachment
FROM event e
LEFT JOIN interaction i ON i.id = (e.data->>'interaction')::bigint AND e.kind IN ('ticket_opened', 'interaction_added')
WHERE e.ticket_id = ANY($1::bigint[])
ORDER BY e.ticket_id, e.seq
