-- Delivery reports: what left and what became of it at each recipient; addresses that cannot be reached.

-- name: posted
-- Letters of ours that reports may be about: of these Message-IDs, and the last ones of these tickets. Their tickets are locked.
SELECT o.id, o.ticket_id, o.interaction_id, o.message_id, o.relay_id, o.state,
       EXISTS (SELECT 1 FROM interaction i WHERE i.id = o.interaction_id AND i.automatic = '') AS by_hand,
       lower(o.message->>'address') AS address,
       ARRAY(SELECT lower(c->>'address') FROM jsonb_array_elements(coalesce(o.message->'cc', '[]') || coalesce(o.message->'bcc', '[]')) c)
           AS copies
FROM outbox o
WHERE (o.message_id = ANY($1::text[]) AND o.message_id <> '') OR (o.relay_id = ANY($1::text[]) AND o.relay_id <> '')
UNION
SELECT o.id, o.ticket_id, o.interaction_id, o.message_id, o.relay_id, o.state,
       EXISTS (SELECT 1 FROM interaction i WHERE i.id = o.interaction_id AND i.automatic = ''), lower(o.message->>'address'),
       ARRAY(SELECT lower(c->>'address') FROM jsonb_array_elements(coalesce(o.message->'cc', '[]') || coalesce(o.message->'bcc', '[]')) c)
FROM unnest($2::bigint[]) AS g (id)
CROSS JOIN LATERAL (
    SELECT * FROM outbox WHERE ticket_id = g.id AND state IN ('sent', 'uncertain', 'failed') ORDER BY id DESC LIMIT 20
) o
ORDER BY id DESC

-- name: write_reports
-- What reports said: of each recipient, of the letter as a whole, and of addresses that are no use or are good again.
WITH told AS (
    INSERT INTO recipient_report (interaction_id, address, outcome, status, reason, report_id)
    SELECT DISTINCT ON (g.interaction_id, g.address) g.*
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
         AS g (interaction_id, address, outcome, status, reason, report_id)
    ORDER BY g.interaction_id, g.address, g.report_id DESC
    ON CONFLICT (interaction_id, address) DO UPDATE
    SET outcome = excluded.outcome, status = excluded.status, reason = excluded.reason, report_id = excluded.report_id,
        at = excluded.at
), settled AS (
    UPDATE outbox o SET state = g.state, error = g.error, settled_at = clock_timestamp()
    FROM unnest($7::bigint[], $8::text[], $9::text[]) AS g (id, state, error)
    WHERE o.id = g.id AND o.state IN ('sent', 'uncertain')
), cleared AS (
    DELETE FROM undeliverable WHERE address = ANY($13::text[])
)
INSERT INTO undeliverable (address, status, reason)
SELECT DISTINCT ON (g.address) g.address, g.status, g.reason
FROM unnest($10::text[], $11::text[], $12::text[]) AS g (address, status, reason)
ORDER BY g.address
ON CONFLICT (address) DO UPDATE SET status = excluded.status, reason = excluded.reason, since = excluded.since

-- name: undeliverable
SELECT address, status, reason, since FROM undeliverable WHERE address = ANY($1::text[])
