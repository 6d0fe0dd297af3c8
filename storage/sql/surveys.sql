-- What customers are asked after a resolution, and what they say.

-- name: resolution
-- The number in the ledger of the ticket's last resolution.
SELECT max(seq) FROM event WHERE ticket_id = $1 AND kind = 'status_changed' AND data->>'to' = 'resolved'

-- name: active
-- Those that are on, in their order.
SELECT s.id, s.version, v.definition FROM survey s JOIN survey_version v ON v.survey_id = s.id AND v.number = s.version
WHERE s.active AND NOT s.retired ORDER BY s.place, s.id

-- name: definition
SELECT definition FROM survey_version WHERE survey_id = $1 AND number = $2

-- name: next_id
SELECT nextval('survey_invitation_id_seq')

-- name: was_asked
-- About this resolution, by whatever question; or by an agent, since the resolution before it.
SELECT EXISTS (
    SELECT 1 FROM survey_invitation
    WHERE ticket_id = $1 AND (resolution = $2 OR by_hand AND resolution < $2 AND resolution > coalesce((
        SELECT max(seq) FROM event WHERE ticket_id = $1 AND kind = 'status_changed' AND data->>'to' = 'resolved' AND seq < $2), 0)))

-- name: asked_within
-- Whether the customer was asked about anything in the last `$2` seconds.
-- By now(): a clock that ticks while it is read opens no index.
SELECT EXISTS (SELECT 1 FROM survey_invitation WHERE customer_id = $1 AND sent_at > now() - make_interval(secs => $2))

-- name: ask_later
-- The timer that has just fired (kind `$2`) fires again in `$3` seconds; the ticket itself is as it was.
INSERT INTO timer (kind, ticket_id, due_at, version)
SELECT $2, id, clock_timestamp() + make_interval(secs => $3), version FROM ticket WHERE id = $1
ON CONFLICT (kind, ticket_id, version) DO UPDATE SET due_at = excluded.due_at, fired_at = NULL, cancelled_at = NULL

-- name: refuses
SELECT EXISTS (SELECT 1 FROM survey_refusal r JOIN channel c ON c.kind = r.channel_kind WHERE c.id = $1 AND r.address = lower($2)
               AND r.lifted_at IS NULL)

-- name: refuse
-- One that was lifted stands again, from now on.
INSERT INTO survey_refusal AS r (channel_kind, address) SELECT kind, lower($2) FROM channel WHERE id = $1
ON CONFLICT (channel_kind, address) DO UPDATE SET at = clock_timestamp(), lifted_at = NULL, lifted_by = NULL
WHERE r.lifted_at IS NOT NULL

-- name: refusals_of
-- Where a customer said that they do not want to be asked: at what proves them, or where they were asked on one of their tickets.
WITH places AS (
    SELECT c.kind, lower(s.address) AS address FROM survey_invitation s JOIN channel c ON c.id = s.channel_id
    WHERE s.customer_id = $1 AND s.address <> ''
    UNION
    SELECT k.kind, lower(n.value) FROM identity n CROSS JOIN (SELECT DISTINCT kind FROM channel) k WHERE n.customer_id = $1 AND n.verified
)
SELECT r.id, r.channel_kind, r.address, r.at, r.lifted_at, coalesce(a.name, '') AS lifted_by
FROM places p JOIN survey_refusal r ON r.channel_kind = p.kind AND r.address = p.address LEFT JOIN agent a ON a.id = r.lifted_by
ORDER BY r.at, r.id

-- name: lift_refusal
UPDATE survey_refusal SET lifted_at = clock_timestamp(), lifted_by = $2 WHERE id = $1 AND lifted_at IS NULL RETURNING 1

-- name: restore_refusal
UPDATE survey_refusal SET lifted_at = NULL, lifted_by = NULL WHERE id = $1 AND lifted_at IS NOT NULL RETURNING 1

-- name: invite
INSERT INTO survey_invitation (id, ticket_id, resolution, kind, channel_id, address, token_hash, expires_at, survey_id, survey_version,
                               language, queue_id, agent_id, shown, by_hand, customer_id)
OVERRIDING SYSTEM VALUE
SELECT $1, $2, $3, $4, $5, $6, $7, clock_timestamp() + make_interval(secs => $8), $9, $10, $11, t.queue_id,
       coalesce(t.assignee_id, t.last_agent_id), $12, $13, t.customer_id
FROM ticket t WHERE t.id = $2

-- name: asked
-- What a token was made for.
SELECT s.id, s.ticket_id, s.resolution, s.kind, s.channel_id, s.address, s.score, s.comment, s.entry_id, s.answers, s.language,
       s.survey_id, s.survey_version, s.follow_up_id, s.token_hash, s.expires_at > clock_timestamp() AS open,
       coalesce(s.answered_at > clock_timestamp() - make_interval(secs => $2), true) AS changeable
FROM survey_invitation s WHERE s.token_hash = $1

-- name: asked_by_id
SELECT s.id, s.ticket_id, s.resolution, s.kind, s.channel_id, s.address, s.score, s.comment, s.entry_id, s.answers, s.language,
       s.survey_id, s.survey_version, s.follow_up_id, s.token_hash, s.expires_at > clock_timestamp() AS open,
       coalesce(s.answered_at > clock_timestamp() - make_interval(secs => $2), true) AS changeable
FROM survey_invitation s WHERE s.id = $1

-- name: asked_here
-- The newest question about a ticket that was put to this address and can still be answered.
SELECT s.id, s.ticket_id, s.resolution, s.kind, s.channel_id, s.address, s.score, s.comment, s.entry_id, s.answers, s.language,
       s.survey_id, s.survey_version, s.follow_up_id, s.token_hash, s.expires_at > clock_timestamp() AS open,
       coalesce(s.answered_at > clock_timestamp() - make_interval(secs => $4), true) AS changeable
FROM survey_invitation s
WHERE s.ticket_id = $1 AND s.channel_id = $2 AND lower(s.address) = lower($3) AND s.expires_at > clock_timestamp()
  AND coalesce(s.answered_at > clock_timestamp() - make_interval(secs => $4), true)
ORDER BY s.id DESC LIMIT 1

-- name: asked_on_page
-- The newest question about a ticket that stands on the pages of this channel, and can still be answered.
SELECT s.id, s.ticket_id, s.resolution, s.kind, s.channel_id, s.address, s.score, s.comment, s.entry_id, s.answers, s.language,
       s.survey_id, s.survey_version, s.follow_up_id, s.token_hash, s.expires_at > clock_timestamp() AS open,
       coalesce(s.answered_at > clock_timestamp() - make_interval(secs => $3), true) AS changeable
FROM survey_invitation s
WHERE s.ticket_id = $1 AND s.channel_id = $2 AND s.shown AND s.expires_at > clock_timestamp()
  AND coalesce(s.answered_at > clock_timestamp() - make_interval(secs => $3), true)
ORDER BY s.id DESC LIMIT 1

-- name: is_alive
-- Whether the ticket is still as it was when the customer was asked: done, and not resolved once more. Where an agent asked, it was not
-- done, and need not be.
SELECT t.status IN ('resolved', 'closed') AND NOT EXISTS (
    SELECT 1 FROM event e WHERE e.ticket_id = t.id AND e.kind = 'status_changed' AND e.seq > $2
      AND e.data->>'to' NOT IN ('resolved', 'closed'))
    OR EXISTS (SELECT 1 FROM survey_invitation s WHERE s.ticket_id = t.id AND s.resolution = $2 AND s.by_hand)
FROM ticket t WHERE t.id = $1

-- name: answer
UPDATE survey_invitation SET score = $2, comment = $3, answers = $5, entry_id = coalesce(entry_id, $4),
       answered_at = coalesce(answered_at, clock_timestamp())
WHERE id = $1

-- name: followed_up
UPDATE survey_invitation SET follow_up_id = $2 WHERE id = $1

-- name: add_entry
-- What was asked ('out': the house says it by itself, so it answers nobody), or answered ('internal': nobody's turn to say anything
-- comes of it).
INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, author_name, text, fields, thread_key, revises,
                         subject, external_id, automatic)
VALUES ($1, $2, $3, $4, 'survey', $5, $6, $7, $8, $9, $10, $11, $12, CASE WHEN $5 = 'out' THEN 'survey' ELSE '' END)
RETURNING id

-- name: follow_up_facts
-- What a ticket that follows up has of the one that was rated.
SELECT t.language, ch.kind AS channel_kind FROM ticket t JOIN channel ch ON ch.id = t.channel_id WHERE t.id = $1

-- name: letters_from
-- The last letter on this ticket from this address that a person wrote.
SELECT i.details FROM interaction i
WHERE i.ticket_id = $1 AND i.channel_id = $2 AND i.direction = 'in' AND i.automatic = ''
  AND lower(i.details->'sender'->>'address') = lower($3)
  AND NOT EXISTS (SELECT 1 FROM undeliverable u WHERE u.address = lower($3))
ORDER BY i.id DESC LIMIT 1

-- name: scores_of
-- What a customer said of how they were served, the last first.
SELECT t.code, s.kind, s.score, s.comment, s.answered_at
FROM survey_invitation s JOIN ticket t ON t.id = s.ticket_id
WHERE s.customer_id = $1 AND s.score IS NOT NULL
ORDER BY s.answered_at DESC LIMIT $2
