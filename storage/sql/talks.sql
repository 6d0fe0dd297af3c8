-- Conversations as their channels know them.

-- name: read
SELECT language, waits_for, waits_data, waits_until > clock_timestamp() AS waits, shut_at IS NOT NULL AS shut
FROM talk WHERE channel_id = $1 AND thread_key = $2

-- name: open
-- Known from now on; what is known stays.
INSERT INTO talk (channel_id, thread_key, address, kind, value) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING

-- name: claim_key
INSERT INTO counter_key (channel_id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING key

-- name: is_claimed
SELECT EXISTS (SELECT 1 FROM counter_key WHERE channel_id = $1 AND key = $2)

-- name: concerned
SELECT said.key FROM unnest($2::text[], $3::text[]) AS said (thread_key, key)
WHERE EXISTS (SELECT FROM talk t WHERE t.channel_id = $1 AND t.thread_key = said.thread_key AND t.waits_until > clock_timestamp())
   OR EXISTS (SELECT FROM counter_key k WHERE k.channel_id = $1 AND k.key = said.key)

-- name: set_language
-- Of the conversation, and of the customer.
WITH chosen AS (
    UPDATE talk SET language = $3 WHERE channel_id = $1 AND thread_key = $2 RETURNING kind, value
)
UPDATE customer c SET language = $4, version = c.version + 1 FROM chosen t JOIN identity n ON n.kind = t.kind AND n.value = t.value AND n.verified
WHERE c.id = n.customer_id AND c.language <> $4

-- name: wait_for
UPDATE talk SET waits_for = $3, waits_data = $4, waits_until = clock_timestamp() + make_interval(secs => $5)
WHERE channel_id = $1 AND thread_key = $2

-- name: set_shut
-- Whether that is news.
UPDATE talk SET shut_at = CASE WHEN $3::boolean THEN clock_timestamp() END
WHERE channel_id = $1 AND thread_key = $2 AND (shut_at IS NOT NULL) <> $3::boolean
RETURNING thread_key

-- name: shut_out
-- The customer to whom this was sent has shut us out; returns the conversation where that is news.
INSERT INTO talk AS t (channel_id, thread_key, address, kind, value, shut_at)
SELECT o.channel_id, i.thread_key, o.message->>'address', ch.kind, o.message->>'address', clock_timestamp()
FROM outbox o JOIN interaction i ON i.id = o.interaction_id JOIN channel ch ON ch.id = o.channel_id
WHERE o.id = $1 AND i.thread_key <> ''
ON CONFLICT (channel_id, thread_key) DO UPDATE SET shut_at = excluded.shut_at WHERE t.shut_at IS NULL
RETURNING t.thread_key

-- name: tell_ticket
-- To the ledger of the ticket that the conversation is about.
WITH numbered AS (
    UPDATE ticket t SET seq = t.seq + 1, version = t.version + 1, updated_at = clock_timestamp()
    FROM thread_ref r WHERE r.scope = 'channel:' || $1::int AND r.ref = $2 AND t.id = r.ticket_id
    RETURNING t.id, t.seq
)
INSERT INTO event (ticket_id, seq, kind, data) SELECT id, seq, $3, '{}' FROM numbered

-- name: customer_of
SELECT c.id, c.language FROM identity n JOIN customer c ON c.id = n.customer_id WHERE n.kind = $1 AND n.value = $2 AND n.verified

-- name: add_customer
WITH made AS (
    INSERT INTO customer (name, language) VALUES ($1, $2) RETURNING id
)
INSERT INTO identity (customer_id, kind, value, verified) SELECT id, $3, $4, true FROM made RETURNING customer_id

-- name: begin_anew
-- What is said in this conversation next is a ticket of its own.
DELETE FROM thread_ref WHERE scope = 'channel:' || $1::int AND ref = $2

-- name: tickets_in_work
SELECT id, code, subject, status, assignee_id IS NULL AND status = 'open' AS waits FROM ticket
WHERE customer_id = $1 AND status IN ('open', 'pending') ORDER BY id DESC LIMIT $2

-- name: is_ticket
SELECT EXISTS (SELECT 1 FROM ticket WHERE id = $1)

-- name: add_proof
INSERT INTO proof (channel_id, thread_key, kind, value, code_hash, expires_at)
VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6)) RETURNING id

-- name: take_try
-- One more try at the last code of this conversation, where one is still good for something.
UPDATE proof SET tries = tries + 1
WHERE id = (SELECT id FROM proof WHERE channel_id = $1 AND thread_key = $2 ORDER BY id DESC LIMIT 1)
  AND proven_at IS NULL AND expires_at > clock_timestamp() AND tries < $3
RETURNING id, kind, value, code_hash

-- name: used
-- Good for nothing any more; `$2`: what it proves was nobody's before.
UPDATE proof SET proven_at = CASE WHEN $2::boolean THEN clock_timestamp() END, expires_at = clock_timestamp() WHERE id = $1

-- name: note_proof
-- Proven by the channel itself, without a code.
INSERT INTO proof (channel_id, thread_key, kind, value, code_hash, expires_at, proven_at)
VALUES ($1, $2, $3, $4, '', clock_timestamp(), clock_timestamp())

-- name: linked_here
-- What was proven in this conversation and still is the customer's.
SELECT DISTINCT n.id, n.kind, n.value FROM proof p JOIN identity n ON n.kind = p.kind AND n.value = p.value AND n.verified
WHERE p.channel_id = $1 AND p.thread_key = $2 AND p.proven_at IS NOT NULL AND n.customer_id = $3
ORDER BY n.id

-- name: unlink
DELETE FROM identity WHERE id = $1 AND customer_id = $2 RETURNING kind, value

-- name: forget_proofs
DELETE FROM proof WHERE channel_id = $1 AND thread_key = $2 AND kind = $3 AND value = $4

-- name: add_claim
INSERT INTO identity (customer_id, kind, value, verified) VALUES ($1, $2, $3, false) ON CONFLICT DO NOTHING

-- name: prove
-- The customer's own now, unless it is somebody else's; returns whose it is.
WITH claimed AS (
    DELETE FROM identity WHERE customer_id = $1 AND kind = $2 AND value = $3 AND NOT verified
      AND NOT EXISTS (SELECT 1 FROM identity o WHERE o.kind = $2 AND o.value = $3 AND o.verified AND o.customer_id <> $1)
), made AS (
    INSERT INTO identity (customer_id, kind, value, verified) VALUES ($1, $2, $3, true) ON CONFLICT DO NOTHING RETURNING customer_id
)
SELECT customer_id FROM made
UNION ALL SELECT customer_id FROM identity WHERE kind = $2 AND value = $3 AND verified
LIMIT 1

-- name: tidy_proofs
DELETE FROM proof WHERE proven_at IS NULL AND expires_at < clock_timestamp() - interval '1 day'

-- name: tidy_keys
-- The outside keeps an update for a day; a message can be changed for two.
DELETE FROM counter_key WHERE at < clock_timestamp() - interval '4 days'
