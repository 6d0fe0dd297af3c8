-- What arrives: the journal, who wrote, which ticket, the timeline. Everything takes arrays, so that a backlog costs
-- as many round trips as a single message. Lock order: journal keys, then advisory locks, then agents, then tickets.

-- name: take_keys
-- Draws an id for each item and claims its keys. An item is new where its own key was claimed, and its content is new
-- where the second key was claimed too. `$4`: persons and conversations, held until the end of the transaction, so that
-- one hub at a time files for them; always taken in the same order.
WITH held AS MATERIALIZED (
    SELECT count(pg_advisory_xact_lock(k)) AS locks FROM (SELECT k FROM unnest($4::bigint[]) AS g (k) ORDER BY k) ordered
), item AS MATERIALIZED (
    SELECT ord, channel_id, key, scope, content_key, next_timeline_id() AS raw_id
    FROM unnest($1::int[], $2::text[], $3::int[], $5::text[]) WITH ORDINALITY AS g (channel_id, key, scope, content_key, ord)
), taken AS (
    INSERT INTO inbound_key (channel_id, key, raw_id)
    SELECT channel_id, key, raw_id FROM item ORDER BY channel_id, key, ord
    ON CONFLICT DO NOTHING
    RETURNING raw_id
), taken_content AS (
    -- Only by items that are new, for only they come into the journal.
    INSERT INTO inbound_key (channel_id, key, raw_id)
    SELECT scope, 'content:' || content_key, raw_id FROM item
    WHERE content_key <> '' AND raw_id IN (SELECT raw_id FROM taken)
    ORDER BY scope, content_key, ord
    ON CONFLICT DO NOTHING
    RETURNING raw_id
)
SELECT item.raw_id,
       item.raw_id IN (SELECT raw_id FROM taken) AS is_new,
       item.content_key = '' OR item.raw_id IN (SELECT raw_id FROM taken_content) AS content_is_new
FROM item CROSS JOIN held
ORDER BY item.ord

-- name: find_kept
-- What became of items that were kept before, by key.
SELECT k.channel_id, k.key, k.raw_id, r.state, r.error, r.interaction_id, r.duplicate_of, t.code AS ticket_code
FROM unnest($1::int[], $2::text[]) AS g (channel_id, key)
JOIN inbound_key k ON k.channel_id = g.channel_id AND k.key = g.key
JOIN inbound_raw r ON r.id = k.raw_id
LEFT JOIN ticket t ON t.id = r.ticket_id

-- name: keep_raw
WITH told AS MATERIALIZED (SELECT count(pg_notify(topic, '')) AS topics FROM unnest($12::text[]) AS topic)
INSERT INTO inbound_raw (id, channel_id, external_key, content, meta, received_at, state, error, interaction_id,
                         ticket_id, duplicate_of)
SELECT id, channel_id, external_key, content, meta::jsonb, received_at, state, error, interaction_id, ticket_id,
       duplicate_of
FROM told, unnest($1::bigint[], $2::int[], $3::text[], $4::bytea[], $5::text[], $6::timestamptz[], $7::text[], $8::text[],
            $9::bigint[], $10::bigint[], $11::bigint[])
     AS g (id, channel_id, external_key, content, meta, received_at, state, error, interaction_id, ticket_id,
           duplicate_of)

-- name: claim_suspect
-- One item that somebody took up before and did not settle, by itself: should it be what ended them, it takes nobody along.
-- `$2`: begun so often is too often for who asks; NULL: nothing is.
UPDATE inbound_raw r SET attempts = r.attempts + 1, lease_until = clock_timestamp() + make_interval(secs => $1)
FROM (
    SELECT id FROM inbound_raw
    WHERE state = 'received' AND attempts > 0 AND ($2::int IS NULL OR attempts < $2)
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
    ORDER BY id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
) due
WHERE r.id = due.id
RETURNING r.id, r.channel_id, r.external_key, r.meta, r.received_at, r.attempts, NULL::bytea AS content

-- name: excuse_raw
-- An attempt that the database itself broke off does not count, unless somebody has begun the next one by now. One stays: it may be
-- this item that the database cannot bear, so it is read alone the next time, and holds up no others.
UPDATE inbound_raw r SET attempts = greatest(r.attempts - 1, 1)
FROM unnest($1::bigint[], $2::int[]) AS g (id, attempts)
WHERE r.id = g.id AND r.attempts = g.attempts AND r.state = 'received'

-- name: claim_raw
-- Takes the oldest items that wait and that nobody is reading. The attempt is counted here, so that an item which kills
-- its reader is counted too.
UPDATE inbound_raw r SET attempts = r.attempts + 1, lease_until = clock_timestamp() + make_interval(secs => $2)
FROM (
    SELECT id FROM inbound_raw
    WHERE state = 'received' AND attempts = 0 AND (lease_until IS NULL OR lease_until < clock_timestamp())
    ORDER BY id
    LIMIT $1
    FOR UPDATE SKIP LOCKED
) due
WHERE r.id = due.id
RETURNING r.id, r.channel_id, r.external_key, r.meta, r.received_at, r.attempts,
          CASE WHEN length(r.content) <= $3 THEN r.content END AS content

-- name: settle_raw
-- Only items that still wait: an item that was read meanwhile stays as it is.
UPDATE inbound_raw r
SET state = g.state, error = g.error, interaction_id = g.interaction_id, ticket_id = g.ticket_id,
    duplicate_of = g.duplicate_of, lease_until = NULL
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
     AS g (id, state, error, interaction_id, ticket_id, duplicate_of)
WHERE r.id = g.id AND r.state = 'received'

-- name: lock_raw
-- Those of the items that still wait, locked, so that two readers cannot both put one on the timeline.
SELECT id FROM inbound_raw WHERE id = ANY($1::bigint[]) AND state = 'received' ORDER BY id FOR NO KEY UPDATE

-- name: release_raw
-- Try again later; quarantine after too many attempts.
UPDATE inbound_raw
SET lease_until = clock_timestamp() + make_interval(secs => $2), error = $3,
    state = CASE WHEN attempts >= $4 THEN 'quarantined' ELSE 'received' END
WHERE id = $1 AND state = 'received'
RETURNING state

-- name: reopen_raw
UPDATE inbound_raw SET state = 'received', attempts = 0, lease_until = NULL, error = ''
WHERE id = $1 AND state = 'quarantined' RETURNING channel_id

-- name: discard_raw
UPDATE inbound_raw SET state = 'discarded' WHERE id = $1 AND state = 'quarantined' RETURNING channel_id

-- name: lock_conversations
-- The same for items that are in the journal already.
SELECT pg_advisory_xact_lock(k) FROM (SELECT k FROM unnest($1::bigint[]) AS g (k) ORDER BY k) ordered

-- name: find_people
-- Whose proofs these are, and which of these claims they have made before. Who else claims the same is not asked: it may be
-- thousands, and a claim finds nobody.
WITH asked AS MATERIALIZED (
    SELECT kind, value, verified FROM unnest($1::text[], $2::text[], $3::boolean[]) AS g (kind, value, verified)
), proven AS MATERIALIZED (
    SELECT i.kind, i.value, i.customer_id FROM asked g JOIN identity i ON i.kind = g.kind AND i.value = g.value AND i.verified
    WHERE g.verified
)
SELECT kind, value, true AS verified, customer_id FROM proven
UNION ALL
SELECT i.kind, i.value, false, i.customer_id
FROM (SELECT DISTINCT customer_id FROM proven) p JOIN identity i ON i.customer_id = p.customer_id AND NOT i.verified
WHERE (i.kind, i.value) IN (SELECT kind, value FROM asked WHERE NOT verified)
ORDER BY customer_id

-- name: describe_people
-- Who had their last ticket, and when they had to do with them.
SELECT c.id, c.key_account OR coalesce(o.key_account, false) AS key_account,
       coalesce(nullif(c.segment, ''), o.segment, '') AS segment, l.last_agent_id,
       greatest(l.last_agent_at, l.last_out_at) AS last_agent_at
FROM customer c
LEFT JOIN organisation o ON o.id = c.organisation_id
LEFT JOIN LATERAL (SELECT t.last_agent_id, t.last_agent_at, t.last_out_at FROM ticket t
                   WHERE t.customer_id = c.id ORDER BY t.id DESC LIMIT 1) l ON true
WHERE c.id = ANY($1::bigint[])

-- name: lock_agents
SELECT id, presence, load, capacity, live_load, live_capacity, active FROM agent WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE

-- name: lock_tickets
-- With how many letters came in the last hour, counted up to fifty: so many are a loop.
SELECT id, code, customer_id, channel_id, reply_address, status, seq, assignee_id, offered_to, queue_id, live, weight,
       (SELECT count(*) FROM (SELECT 1 FROM interaction i
                              WHERE i.ticket_id = t.id AND i.id > timeline_floor(now() - interval '1 hour') AND i.direction = 'in'
                              LIMIT 50) l)::int AS lately
FROM ticket t WHERE id = ANY($1::bigint[])
ORDER BY id FOR NO KEY UPDATE

-- name: add_identities
INSERT INTO identity (customer_id, kind, value, verified)
SELECT customer_id, kind, value, verified
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::boolean[]) AS g (customer_id, kind, value, verified)
ON CONFLICT DO NOTHING

-- name: touch_customers
UPDATE customer c SET last_seen_at = clock_timestamp(),
       language = CASE WHEN g.language = '' THEN c.language ELSE g.language END,
       name = CASE WHEN c.name = '' THEN g.name ELSE c.name END
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS g (id, language, name)
WHERE c.id = g.id

-- name: open_tickets
-- Each with the decision that chose its queue, and with its customer where that one is new: `owner` is the place (from 1) in
-- the arrays of new customers, `i_owner` the same for their identities; an identity that has an owner keeps it. A ticket that
-- wants no person is opened as resolved.
WITH person AS MATERIALIZED (
    SELECT ord, nextval('customer_id_seq') AS id, name, language
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g (name, language, ord)
), made AS (
    INSERT INTO customer (id, name, language) OVERRIDING SYSTEM VALUE SELECT id, name, language FROM person
), known AS (
    INSERT INTO identity (customer_id, kind, value, verified)
    SELECT person.id, g.kind, g.value, g.verified
    FROM unnest($3::int[], $4::text[], $5::text[], $6::boolean[]) AS g (i_owner, kind, value, verified)
    JOIN person ON person.ord = g.i_owner
    ON CONFLICT DO NOTHING
), given AS MATERIALIZED (
    SELECT g.*, nextval('ticket_id_seq') AS id, q.id AS queue_id, coalesce(person.id, g.old_customer_id) AS customer_id
    FROM unnest($7::int[], $8::bigint[], $9::int[], $10::text[], $11::text[], $12::boolean[], $13::text[], $14::int[],
                $15::text[], $16::text[], $17::text[], $18::text[], $19::bigint[], $20::text[], $21::text[], $22::int[],
                $23::text[], $24::text[], $25::timestamptz[], $26::text[], $27::timestamptz[], $28::boolean[], $29::int[],
                $30::float8[])
         WITH ORDINALITY AS g (owner, old_customer_id, channel_id, subject, kind, kind_uncertain, status, priority, language,
                               queue, required_language, required_skills, last_agent_id, reply_address, thread_key, seq,
                               last_preview, why, heard_at, preferred_skills, last_agent_at, live, weight, silence_seconds, ord)
    JOIN queue q ON q.name = g.queue
    LEFT JOIN person ON person.ord = g.owner
), opened AS (
    INSERT INTO ticket (id, customer_id, channel_id, subject, kind, kind_uncertain, status, priority, language, queue_id,
                        required_language, required_skills, last_agent_id, reply_address, thread_key, seq, version,
                        last_in_at, last_preview, heard_at, preferred_skills, last_agent_at, live, weight, waiting_since,
                        resolved_at)
    OVERRIDING SYSTEM VALUE
    SELECT id, customer_id, channel_id, subject, kind, kind_uncertain, status, priority, language, queue_id,
           required_language, coalesce(string_to_array(nullif(required_skills, ''), chr(31)), '{}'), last_agent_id,
           reply_address, thread_key, seq, seq, clock_timestamp(), last_preview, heard_at,
           coalesce(string_to_array(nullif(preferred_skills, ''), chr(31)), '{}'), last_agent_at, live, weight,
           CASE WHEN status = 'open' THEN clock_timestamp() END,
           CASE WHEN status = 'resolved' THEN clock_timestamp() END
    FROM given ORDER BY ord
    RETURNING id, code
), decided AS (
    INSERT INTO routing_decision (ticket_id, step, queue_id, priority, why)
    SELECT id, 'classified', queue_id, priority, why::jsonb FROM given
), heard AS (
    INSERT INTO timer (kind, ticket_id, due_at, version)
    SELECT 'live_silence', id, clock_timestamp() + make_interval(secs => silence_seconds), seq FROM given WHERE live
)
SELECT given.id, opened.code, given.customer_id FROM given JOIN opened ON opened.id = given.id ORDER BY given.ord

-- name: append
-- Timeline entries and the ledger's entries about them. `$22`: addresses that were heard from, and so are there.
WITH given AS MATERIALIZED (
    SELECT g.*, next_timeline_id() AS id
    FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
                $17::bigint[], $18::bigint[], $19::timestamptz[], $20::text[], $21::text[])
         WITH ORDINALITY AS g (ticket_id, seq, customer_id, channel_id, kind, direction, author_name, subject, text,
                               full_text, html, fields, external_id, automatic, warning, thread_rule, raw_id, revises,
                               occurred_at, thread_key, details, ord)
), added AS (
    INSERT INTO interaction (id, ticket_id, seq, customer_id, channel_id, kind, direction, author_name, subject, text,
                             full_text, html, fields, external_id, automatic, warning, thread_rule, raw_id, revises,
                             occurred_at, thread_key, details)
    SELECT id, ticket_id, seq, customer_id, channel_id, kind, direction, author_name, subject, text, full_text, html,
           fields::jsonb, external_id, automatic, warning, thread_rule, raw_id, revises,
           coalesce(occurred_at, clock_timestamp()), thread_key, details::jsonb
    FROM given
), told AS (
    INSERT INTO event (ticket_id, seq, kind, data)
    SELECT ticket_id, seq, CASE WHEN seq = 1 THEN 'ticket_opened' WHEN revises IS NOT NULL THEN 'interaction_revised'
                                ELSE 'interaction_added' END,
           jsonb_build_object('interaction', id, 'direction', direction)
    FROM given ORDER BY ord
), reachable AS (
    DELETE FROM undeliverable WHERE address = ANY($22::text[])
)
SELECT id FROM given ORDER BY ord

-- name: add_refs
-- A Message-ID belongs to the ticket that had it first; a conversation of a channel to the newest one.
INSERT INTO thread_ref (scope, ref, ticket_id)
SELECT DISTINCT ON (g.scope, g.ref) g.scope, g.ref, g.ticket_id
FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS g (scope, ref, ticket_id, ord)
ORDER BY g.scope, g.ref, CASE WHEN g.scope = 'mail' THEN g.ord ELSE -g.ord END
ON CONFLICT (scope, ref) DO UPDATE SET ticket_id = excluded.ticket_id
WHERE thread_ref.scope <> 'mail' AND thread_ref.ticket_id <> excluded.ticket_id

-- name: find_said
-- What was said under these names in these conversations of a channel, in the last days: nobody can change it later than that.
SELECT g.channel_id, g.thread_key, g.external_id, i.id, i.ticket_id
FROM unnest($1::int[], $2::text[], $3::text[]) AS g (channel_id, thread_key, external_id)
CROSS JOIN LATERAL (
    SELECT i.id, i.ticket_id FROM interaction i
    WHERE i.channel_id = g.channel_id AND i.thread_key = g.thread_key AND i.thread_key <> '' AND i.external_id = g.external_id
      AND i.direction = 'in' AND i.revises IS NULL AND i.id > timeline_floor(now() - interval '4 days')
    ORDER BY i.id LIMIT 1
) i

-- name: find_cited
-- On which tickets these messages of a conversation stand, the customer's and ours.
SELECT DISTINCT ON (g.channel_id, g.ref) g.channel_id, g.ref, i.ticket_id
FROM unnest($1::int[], $2::text[], $3::text[]) AS g (channel_id, thread_key, ref)
JOIN interaction i ON i.channel_id = g.channel_id AND i.thread_key = g.thread_key AND i.thread_key <> ''
                  AND i.id > timeline_floor(now() - interval '60 days')
LEFT JOIN outbox o ON o.interaction_id = i.id AND i.direction = 'out'
WHERE i.external_id = g.ref OR o.external_id = g.ref
ORDER BY g.channel_id, g.ref, i.id DESC

-- name: touch_tickets
-- A customer's message on tickets that exist. `reopen` brings a waiting or resolved one back to work; `release` takes it
-- from an agent who cannot have it now; `live`: its customer sits at the other end again, for `silence_seconds` at the least.
-- What agents have on hand follows from what each ticket counted before and counts now.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::boolean[], $5::boolean[], $6::boolean[], $7::text[],
                         $8::timestamptz[], $9::boolean[], $10::float8[])
        AS g (id, seq, preview, from_person, reopen, release, reply_address, heard_at, live, silence_seconds)
), before AS MATERIALIZED (
    SELECT t.id, coalesce(t.assignee_id, t.offered_to) AS holder, t.held, t.live FROM ticket t WHERE t.id = ANY($1::bigint[])
), touched AS (
    UPDATE ticket t
    SET seq = g.seq, version = t.version + 1, updated_at = clock_timestamp(),
        last_in_at = CASE WHEN g.from_person THEN clock_timestamp() ELSE t.last_in_at END,
        last_preview = CASE WHEN g.from_person THEN g.preview ELSE t.last_preview END,
        heard_at = greatest(t.heard_at, g.heard_at),
        status = CASE WHEN g.reopen THEN 'open' ELSE t.status END,
        resolved_at = CASE WHEN g.reopen THEN NULL ELSE t.resolved_at END,
        waiting_since = CASE WHEN g.from_person OR g.reopen THEN coalesce(t.waiting_since, clock_timestamp()) ELSE t.waiting_since END,
        assignee_id = CASE WHEN g.release THEN NULL ELSE t.assignee_id END,
        waiting_why = CASE WHEN g.release THEN NULL ELSE t.waiting_why END,
        live = t.live OR g.live,
        -- What was put off until later is for now.
        snoozed_until = CASE WHEN g.from_person OR g.reopen OR g.release THEN NULL ELSE t.snoozed_until END,
        reply_address = CASE WHEN g.reply_address = '' THEN t.reply_address ELSE g.reply_address END
    FROM given g WHERE t.id = g.id
    RETURNING t.id, t.queue_id, t.version, coalesce(t.assignee_id, t.offered_to) AS holder, t.held, t.live, g.live AS again,
              g.silence_seconds
), ended AS (
    UPDATE assignment a SET ended_at = clock_timestamp(), end_reason = 'released'
    FROM given g WHERE g.release AND a.ticket_id = g.id AND a.ended_at IS NULL
), cancelled AS (
    UPDATE timer SET cancelled_at = clock_timestamp()
    FROM given g WHERE g.reopen AND timer.ticket_id = g.id AND fired_at IS NULL AND cancelled_at IS NULL AND kind <> 'live_silence'
), heard AS (
    INSERT INTO timer (kind, ticket_id, due_at, version)
    SELECT 'live_silence', id, clock_timestamp() + make_interval(secs => silence_seconds), version FROM touched WHERE again
), loaded AS (
    UPDATE agent a
    SET load = a.load + c.load, live_load = a.live_load + c.live_load,
        idle_since = CASE WHEN c.load + c.live_load > 0 THEN clock_timestamp() ELSE a.idle_since END
    FROM (
        SELECT holder, coalesce(sum(held) FILTER (WHERE NOT live), 0) AS load, coalesce(sum(held) FILTER (WHERE live), 0) AS live_load
        FROM (SELECT holder, -held AS held, live FROM before UNION ALL SELECT holder, held, live FROM touched) counted
        WHERE holder IS NOT NULL AND held <> 0
        GROUP BY holder
    ) c
    WHERE a.id = c.holder AND (c.load, c.live_load) <> (0, 0)
)
SELECT id, queue_id FROM touched

-- name: add_decisions
INSERT INTO routing_decision (ticket_id, step, queue_id, agent_id, priority, why)
SELECT ticket_id, step, queue_id, agent_id, priority, why::jsonb
FROM unnest($1::bigint[], $2::text[], $3::int[], $4::bigint[], $5::int[], $6::text[])
     AS g (ticket_id, step, queue_id, agent_id, priority, why)

-- name: add_blobs
INSERT INTO blob (sha256, data)
SELECT DISTINCT ON (sha256) sha256, data FROM unnest($1::bytea[], $2::bytea[]) AS g (sha256, data) ORDER BY sha256
ON CONFLICT DO NOTHING

-- name: add_attachments
INSERT INTO attachment (interaction_id, ticket_id, filename, content_type, size, content_id, inline, sha256)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::boolean[], $8::bytea[])

-- name: holders
SELECT assignee_id, status, live FROM ticket WHERE id = ANY($1::bigint[])
