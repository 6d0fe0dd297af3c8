-- The outbox: rows are the queue. Only the head of a ticket's conversation may leave, so order holds.

-- name: claim
-- The attempt is counted here, so that a reply which kills its sender is counted too. With their tickets, and without
-- waiting: whoever works on a ticket holds it first and then its replies. Each with its entry in the ledger. Of each channel $2 at the
-- most, in the order of its own index: what waits elsewhere, or for a later moment, is not looked through. What else its ticket has to send is asked of each by itself: a
-- planner that may choose goes through all that wait for each that waits, because there are hardly ever any. The list of tickets is in
-- the order in which something happened to them, and that its answer sets out is nothing new.
WITH taken AS (
    UPDATE outbox o
    SET state = 'sending', stage = '', attempts = attempts + 1, lease_token = $3,
        lease_until = clock_timestamp() + make_interval(secs => $4)
    FROM channel here CROSS JOIN LATERAL (
        SELECT q.id FROM outbox q JOIN ticket t ON t.id = q.ticket_id
        WHERE q.state = 'queued' AND q.channel_id = here.id AND q.not_before <= now()
          AND q.id = (SELECT e.id FROM outbox e WHERE e.ticket_id = q.ticket_id AND e.state IN ('queued', 'sending')
                      ORDER BY e.id LIMIT 1)
          -- Nor a later one on its way, when this one was sent again.
          AND (SELECT e.id FROM outbox e WHERE e.ticket_id = q.ticket_id AND e.state = 'sending' LIMIT 1) IS NULL
        ORDER BY q.not_before, q.id
        LIMIT $2
        FOR NO KEY UPDATE OF q, t SKIP LOCKED
    ) due
    WHERE here.id = ANY($1::int[]) AND (here.hold_until IS NULL OR here.hold_until <= clock_timestamp()) AND o.id = due.id
    RETURNING o.id, o.ticket_id, o.interaction_id, o.channel_id, o.message, o.message_id, o.attempts, o.queued_at, o.error, o.give_up_at
), numbered AS (
    UPDATE ticket t SET seq = t.seq + 1, version = t.version + 1
    FROM taken WHERE t.id = taken.ticket_id
    RETURNING t.id, t.seq, taken.interaction_id
), told AS (
    INSERT INTO event (ticket_id, seq, kind, data)
    SELECT id, seq, 'delivery_changed', jsonb_build_object('interaction', interaction_id, 'state', 'sending') FROM numbered
)
SELECT k.id, k.ticket_id, k.interaction_id, k.channel_id, k.message, k.message_id, k.attempts, k.queued_at, k.error,
       k.give_up_at <= clock_timestamp() AS too_late
FROM taken k CROSS JOIN LATERAL pg_notify(CASE WHEN k.id > 0 THEN $5::text END, '')

-- name: claim_overdue
-- What has no time left, of every channel: one that is silent, that was switched off, that no hub understands. Nothing of it leaves.
UPDATE outbox o
SET state = 'sending', stage = '', lease_token = $1, lease_until = clock_timestamp() + make_interval(secs => $2)
FROM (
    SELECT q.id FROM outbox q JOIN ticket t ON t.id = q.ticket_id
    WHERE q.state = 'queued' AND q.give_up_at <= now()
      AND q.id = (SELECT e.id FROM outbox e WHERE e.ticket_id = q.ticket_id AND e.state IN ('queued', 'sending')
                  ORDER BY e.id LIMIT 1)
      AND (SELECT e.id FROM outbox e WHERE e.ticket_id = q.ticket_id AND e.state = 'sending' LIMIT 1) IS NULL
    ORDER BY q.give_up_at, q.id
    LIMIT $3
    FOR NO KEY UPDATE OF q, t SKIP LOCKED
) due
WHERE o.id = due.id
RETURNING o.id, o.ticket_id, o.interaction_id, o.channel_id, o.message, o.message_id, o.attempts, o.queued_at, o.error, true AS too_late

-- name: files_of
SELECT a.interaction_id, a.filename, a.content_type, b.data
FROM attachment a JOIN blob b ON b.sha256 = a.sha256
WHERE a.interaction_id = ANY($1::bigint[]) ORDER BY a.id

-- name: settle
-- Fenced: whoever lost the lease changes nothing. The ticket is locked first, as everywhere. What is tried again waits no longer
-- than its time lasts: who takes it up then gives it up. With its entry in the ledger, the name that the relay gave it, and what
-- its arrival says of addresses ($9) that letters had failed at; all of it one statement, which is a transaction by itself. In the
-- list of tickets it is news only where it did not arrive, or nobody knows.
WITH held AS MATERIALIZED (
    SELECT t.id FROM ticket t JOIN outbox o ON o.ticket_id = t.id WHERE o.id = $1 FOR NO KEY UPDATE OF t
), done AS (
    UPDATE outbox o
    SET state = $3, error = $4, external_id = $5, relay_id = CASE WHEN $7::text <> '' THEN $7 ELSE o.relay_id END,
        sent_copy = CASE WHEN $8::boolean THEN 'wanted' ELSE o.sent_copy END, lease_token = NULL, lease_until = NULL,
        settled_at = CASE WHEN $3 IN ('sent', 'failed', 'uncertain') THEN clock_timestamp() END,
        not_before = least(clock_timestamp() + make_interval(secs => $6), o.give_up_at)
    FROM held
    JOIN outbox now ON now.ticket_id = held.id AND now.id = $1
    WHERE o.id = now.id AND o.lease_token = $2 AND o.state = 'sending'
    RETURNING o.ticket_id, o.interaction_id, o.state
), numbered AS (
    UPDATE ticket t SET seq = t.seq + 1, version = t.version + 1,
           updated_at = CASE WHEN done.state IN ('failed', 'uncertain') THEN clock_timestamp() ELSE t.updated_at END
    FROM done WHERE t.id = done.ticket_id
    RETURNING t.id, t.seq, done.interaction_id, done.state
), told AS (
    INSERT INTO event (ticket_id, seq, kind, data)
    SELECT id, seq, 'delivery_changed',
           jsonb_strip_nulls(jsonb_build_object('interaction', interaction_id, 'state', state, 'refused', nullif($10::int, 0)))
    FROM numbered
), named AS (
    INSERT INTO thread_ref (scope, ref, ticket_id) SELECT 'mail', $7, ticket_id FROM done WHERE $7 <> ''
    ON CONFLICT DO NOTHING
), arrived AS (
    DELETE FROM undeliverable u USING done WHERE u.address = ANY($9::text[])
)
SELECT true FROM done d CROSS JOIN LATERAL pg_notify(CASE WHEN d.ticket_id > 0 THEN $11::text END, '')

-- name: renew
-- While they are being sent they stay with their sender.
UPDATE outbox SET lease_until = clock_timestamp() + make_interval(secs => $2) WHERE lease_token = $1 AND state = 'sending'

-- name: leave
-- From here on nobody can be certain, until it is settled. Whoever lost the reply, or was called back, is told so; the time
-- that the other side may take begins now.
UPDATE outbox o SET stage = 'leaving', lease_until = clock_timestamp() + make_interval(secs => $3)
FROM (
    SELECT id FROM outbox WHERE id = ANY($1::bigint[]) AND lease_token = $2 AND state = 'sending'
    ORDER BY id FOR NO KEY UPDATE
) ours
WHERE o.id = ours.id
RETURNING o.id

-- name: hold_channel
-- The other side asked for silence on the whole channel.
UPDATE channel SET hold_until = greatest(hold_until, clock_timestamp() + make_interval(secs => $2)) WHERE id = $1

-- name: abandoned
-- Their sender died, or lost its line to the database, while they were leaving.
SELECT o.id, o.ticket_id, o.interaction_id, o.channel_id, o.lease_token, o.attempts, o.stage = 'leaving' AS may_have_left
FROM outbox o JOIN ticket t ON t.id = o.ticket_id
WHERE o.state = 'sending' AND o.lease_until < clock_timestamp()
FOR NO KEY UPDATE OF o, t SKIP LOCKED

-- name: resend
UPDATE outbox SET state = 'queued', error = '', not_before = clock_timestamp(), settled_at = NULL, attempts = 0,
       give_up_at = clock_timestamp() + make_interval(secs => $2)
WHERE interaction_id = $1 AND state IN ('failed', 'uncertain')
RETURNING ticket_id

-- name: cancel
-- What waits, what failed, what nobody knows the fate of, and what has not begun to leave. `unanswered`: it was this answer that
-- took the ticket out of the open ones, it certainly did not arrive, and no other stands behind it.
WITH before AS MATERIALIZED (
    SELECT id, ticket_id, state, made_pending FROM outbox
    WHERE interaction_id = $1 AND (state IN ('queued', 'failed', 'uncertain') OR state = 'sending' AND stage = '')
    FOR NO KEY UPDATE
)
UPDATE outbox o SET state = 'cancelled', lease_token = NULL, lease_until = NULL, settled_at = clock_timestamp()
FROM before
WHERE o.id = before.id
RETURNING o.message, (SELECT c.name FROM channel c WHERE c.id = o.channel_id) AS channel, before.made_pending AND before.state <> 'uncertain' AND NOT EXISTS (
    SELECT 1 FROM outbox later
    WHERE later.ticket_id = before.ticket_id AND later.id > before.id AND later.state NOT IN ('cancelled', 'failed')
) AS unanswered

-- name: cancelled
-- What one said that does not leave any more; nothing where its words were erased since.
SELECT o.message, c.name AS channel, false AS unanswered
FROM outbox o JOIN channel c ON c.id = o.channel_id
WHERE o.interaction_id = $1 AND o.state = 'cancelled' AND o.message <> '{}'

-- name: ticket_of
SELECT t.code FROM outbox o JOIN ticket t ON t.id = o.ticket_id WHERE o.interaction_id = $1

-- name: is_by_hand
SELECT EXISTS (SELECT 1 FROM interaction WHERE id = $1 AND automatic = '')

-- name: answer_facts
-- What an answer is written with: the ticket's language, the agent's signature, and the last that a customer said, with the
-- inbox it came to; more of it than is quoted is not read. Only what came in: notes are nothing that this query can see.
SELECT t.language, coalesce(a.signature, '') AS signature, said.channel, said.thread_key, said.text, said.author_name, said.occurred_at,
       said.details
FROM ticket t
LEFT JOIN agent a ON a.id = $2
LEFT JOIN LATERAL (
    SELECT ch.name AS channel, i.thread_key, left(i.text, 20000) AS text, i.author_name, i.occurred_at, i.details
    FROM interaction i JOIN channel ch ON ch.id = i.channel_id
    WHERE i.ticket_id = t.id AND i.direction = 'in' AND i.automatic = ''
    ORDER BY i.id DESC LIMIT 1
) said ON true
WHERE t.id = $1

-- name: take_copies
-- Each is tried by one hub at a time; who dies meanwhile has at worst made a second copy.
SELECT o.id, o.interaction_id, o.channel_id, o.message, o.queued_at FROM outbox o
WHERE o.sent_copy = 'wanted' AND o.channel_id = $1
ORDER BY o.id LIMIT $2

-- name: settle_copy
UPDATE outbox SET sent_copy = $2 WHERE id = $1 AND sent_copy = 'wanted'
