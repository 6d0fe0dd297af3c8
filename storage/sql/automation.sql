-- What rules do by themselves: what they have to look at, what they did, what they wait for.

-- name: take_in
-- Entries of ledgers that rules listen to, settled as in the feed (`$3` is its `$4`); one hub at a time. `$1`: kinds of
-- events, with the direction where something was said. Returns how many were looked through.
WITH mark AS MATERIALIZED (
    SELECT xid, event_id FROM feed_mark WHERE name = 'automation' FOR NO KEY UPDATE SKIP LOCKED
), seen AS MATERIALIZED (
    SELECT e.xid, e.id, e.kind, e.ticket_id, e.seq, coalesce(e.data->>'as', e.data->>'direction') AS direction FROM event e
    WHERE (e.xid, e.id) > ((SELECT xid FROM mark), (SELECT event_id FROM mark))
      AND e.xid < greatest($3::text::xid8, pg_snapshot_xmin(pg_current_snapshot()))
    ORDER BY e.xid, e.id
    LIMIT $2
), put AS (
    INSERT INTO automation_due (ticket_id, seq)
    SELECT ticket_id, seq FROM seen
    WHERE ticket_id IS NOT NULL AND seq > 0 AND (kind = ANY($1::text[]) OR kind || ':' || direction = ANY($1::text[]))
    ORDER BY xid, id
    ON CONFLICT DO NOTHING
), moved AS (
    UPDATE feed_mark m SET xid = last.xid, event_id = last.id
    FROM (SELECT xid, id FROM seen ORDER BY xid DESC, id DESC LIMIT 1) last WHERE m.name = 'automation'
)
SELECT count(*)::int FROM seen

-- name: take_in_waits
-- Waits whose time has come are looked at in turn with what happened. One of a ticket and rule at a time: the next stays until
-- the one before has been looked at.
WITH over AS (
    DELETE FROM automation_timer WHERE (ticket_id, rule) IN (
        SELECT t.ticket_id, t.rule FROM automation_timer t
        WHERE t.due_at <= now() AND NOT EXISTS (SELECT 1 FROM automation_due d WHERE d.ticket_id = t.ticket_id AND d.rule = t.rule)
        ORDER BY t.due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING ticket_id, rule, anchor
), put AS (
    INSERT INTO automation_due (ticket_id, seq, rule, anchor) SELECT ticket_id, 2147483647, rule, anchor FROM over
    ON CONFLICT DO NOTHING
)
SELECT count(*)::int FROM over

-- name: agree_on_plan
-- The waits of all tickets are reckoned anew where the rules say other ones; a hub with older rules has no say.
UPDATE automation_plan SET fingerprint = $1, rules_version = $2, reached = CASE WHEN $3 THEN 0 END
WHERE fingerprint <> $1 AND rules_version <= $2

-- name: plan_anew
UPDATE automation_plan SET reached = 0

-- name: take_in_plan
-- The next so many tickets that are not closed.
WITH state AS MATERIALIZED (
    SELECT reached FROM automation_plan WHERE reached IS NOT NULL FOR NO KEY UPDATE SKIP LOCKED
), next AS MATERIALIZED (
    SELECT id FROM ticket WHERE status <> 'closed' AND id > (SELECT reached FROM state) ORDER BY id LIMIT $1
), put AS (
    INSERT INTO automation_due (ticket_id, seq) SELECT id, 0 FROM next ON CONFLICT DO NOTHING
), moved AS (
    UPDATE automation_plan SET reached = CASE WHEN (SELECT count(*) FROM next) = $1 THEN (SELECT max(id) FROM next) END
    WHERE EXISTS (SELECT 1 FROM state)
)
SELECT count(*)::int FROM next

-- name: claim
-- Of each ticket only what comes first, so that its ledger is gone through in order.
SELECT d.id, d.ticket_id, d.seq, d.rule, d.anchor
FROM automation_due d
WHERE NOT EXISTS (SELECT 1 FROM automation_due e WHERE e.ticket_id = d.ticket_id AND (e.seq, e.id) < (d.seq, d.id))
ORDER BY d.id LIMIT $1
FOR NO KEY UPDATE OF d SKIP LOCKED

-- name: claim_one
SELECT d.id FROM automation_due d WHERE d.id = $1 FOR NO KEY UPDATE SKIP LOCKED

-- name: settle
DELETE FROM automation_due WHERE id = ANY($1::bigint[])

-- name: facts
-- Tickets, with the entry of the ledger that each is looked at for (0: none). `$3`: whether anybody asks how many open tickets the
-- customer has, which is counted up to a thousand; `$4`: whether anybody asks for fields of the company's own.
SELECT t.id AS ticket_id, g.seq, t.code, t.kind, t.kind_uncertain, t.priority, q.name AS queue, t.queue_id, t.status, t.tags,
       t.language, ch.name AS channel, ch.kind AS channel_kind, t.subject, t.assignee_id, t.by_hand,
       coalesce(d.step = 'manual' AND d.why->>'rule' IS NULL, false) AS given_by_hand,
       cu.key_account OR coalesce(o.key_account, false) AS key_account, coalesce(nullif(cu.segment, ''), o.segment, '') AS segment,
       coalesce(o.name, '') AS organisation,
       cu.language AS customer_language, coalesce(cu.owner_id, o.owner_id, t.last_agent_id) AS owner_id,
       CASE WHEN $3 THEN (SELECT count(*) FROM (SELECT 1 FROM ticket x WHERE x.customer_id = t.customer_id
                                                AND x.status IN ('open', 'pending') LIMIT 1000) n) ELSE 0 END::int AS open_tickets,
       CASE WHEN $4 THEN (SELECT f.said FROM ticket_fields f WHERE f.ticket_id = t.id) END AS ticket_fields,
       CASE WHEN $4 THEN (SELECT f.said FROM customer_fields f WHERE f.customer_id = t.customer_id) END AS customer_fields,
       e.kind AS event, e.data, e.agent_id,
       i.direction, left(i.text, 20000) AS text, i.automatic,
       EXISTS (SELECT 1 FROM attachment a WHERE a.interaction_id = i.id) AS attachment,
       clock_timestamp() AS now
FROM unnest($1::bigint[], $2::int[]) AS g (ticket_id, seq)
JOIN ticket t ON t.id = g.ticket_id
JOIN queue q ON q.id = t.queue_id
JOIN channel ch ON ch.id = t.channel_id
JOIN customer cu ON cu.id = t.customer_id
LEFT JOIN organisation o ON o.id = cu.organisation_id
LEFT JOIN assignment s ON s.ticket_id = t.id AND s.ended_at IS NULL
LEFT JOIN routing_decision d ON d.id = s.decision_id
LEFT JOIN event e ON e.ticket_id = g.ticket_id AND e.seq = g.seq
LEFT JOIN interaction i ON i.id = (e.data->>'interaction')::bigint AND e.kind IN ('ticket_opened', 'interaction_added')

-- name: anchors
-- Since when something is so that a rule may wait for; null where it is not so. An answer that was taken back, or did not arrive, is none.
SELECT t.id AS ticket_id,
       CASE WHEN t.status = 'open' AND t.assignee_id IS NULL THEN coalesce(l.free, t.created_at) END AS unassigned,
       CASE WHEN t.status = 'open' THEN (
           SELECT min(i.created_at) FROM interaction i
           WHERE i.ticket_id = t.id AND i.automatic = '' AND (i.direction = 'in' OR i.fields->>'portal' = 'not_settled') AND i.id > coalesce((
               SELECT max(s.id) FROM interaction s LEFT JOIN outbox x ON x.interaction_id = s.id
               WHERE s.ticket_id = t.id AND s.direction = 'out' AND s.automatic = '' AND coalesce(x.state, '') NOT IN ('cancelled', 'failed')), 0))
       END AS unanswered,
       CASE WHEN t.status = 'pending' THEN coalesce(l.waits, t.created_at) END AS pending,
       CASE WHEN t.status = 'resolved' THEN coalesce(t.resolved_at, t.created_at) END AS resolved,
       CASE WHEN t.status IN ('open', 'pending') THEN t.created_at END AS opened
FROM ticket t
CROSS JOIN LATERAL (
    SELECT max(e.at) FILTER (WHERE e.kind <> 'status_changed' OR e.data->>'to' = 'open') AS free,
           max(e.at) FILTER (WHERE e.kind = 'status_changed' AND e.data->>'to' = 'pending') AS waits
    FROM event e WHERE e.ticket_id = t.id AND e.kind IN ('ticket_opened', 'ticket_released', 'status_changed')
) l
WHERE t.id = ANY($1::bigint[])

-- name: ran_for_events
-- Which of these rules have looked at these entries already.
SELECT r.ticket_id, r.rule, r.seq FROM unnest($1::bigint[], $2::text[], $3::int[]) AS g (ticket_id, rule, seq)
JOIN automation_run r ON r.ticket_id = g.ticket_id AND r.rule = g.rule AND r.seq = g.seq AND r.seq IS NOT NULL

-- name: ran_for_waits
SELECT r.ticket_id, r.rule, r.anchor FROM unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS g (ticket_id, rule, anchor)
JOIN automation_run r ON r.ticket_id = g.ticket_id AND r.rule = g.rule AND r.anchor = g.anchor AND r.anchor IS NOT NULL

-- name: plan
-- These are the waits of these tickets, and there are no others.
WITH planned AS MATERIALIZED (
    SELECT * FROM unnest($2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[]) AS g (ticket_id, rule, anchor, due_at)
), dropped AS (
    DELETE FROM automation_timer t WHERE t.ticket_id = ANY($1::bigint[])
       AND NOT EXISTS (SELECT 1 FROM planned p WHERE p.ticket_id = t.ticket_id AND p.rule = t.rule)
)
INSERT INTO automation_timer AS t (ticket_id, rule, anchor, due_at) SELECT ticket_id, rule, anchor, due_at FROM planned
ON CONFLICT (ticket_id, rule) DO UPDATE SET anchor = excluded.anchor, due_at = excluded.due_at
WHERE (t.anchor, t.due_at) IS DISTINCT FROM (excluded.anchor, excluded.due_at)

-- name: visits
-- Of a rule to a ticket within an hour, where no person caused them and something came of them.
SELECT count(*)::int FROM automation_run
WHERE ticket_id = $1 AND rule = $2 AND at > clock_timestamp() - interval '1 hour'
  AND caused_by NOT IN ('agent', 'customer') AND outcome <> 'nothing'

-- name: has_replied
SELECT EXISTS (SELECT 1 FROM automation_run WHERE ticket_id = $1 AND rule = $2 AND did @> '[{"verb": "reply", "outcome": "done"}]')

-- name: add_run
-- Nothing where it is there already.
INSERT INTO automation_run (ticket_id, rule, rules_version, seq, anchor, because, caused_by, depth, outcome, did, error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT DO NOTHING
RETURNING id

-- name: runs_of_ticket
SELECT r.id, t.code AS ticket_code, t.subject, r.rule, r.rules_version, r.because, r.caused_by, r.depth, r.outcome, r.did, r.error, r.at
FROM automation_run r JOIN ticket t ON t.id = r.ticket_id
WHERE r.ticket_id = $1 ORDER BY r.id DESC LIMIT $2

-- name: runs_of_rule
SELECT r.id, t.code AS ticket_code, t.subject, r.rule, r.rules_version, r.because, r.caused_by, r.depth, r.outcome, r.did, r.error, r.at
FROM automation_run r JOIN ticket t ON t.id = r.ticket_id
WHERE r.rule = $1 ORDER BY r.id DESC LIMIT $2

-- name: stop
INSERT INTO automation_stop (rule, reason, ticket_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING rule

-- name: resume
DELETE FROM automation_stop WHERE rule = $1 RETURNING rule

-- name: stopped
SELECT s.rule, s.reason, t.code AS ticket_code, s.stopped_at FROM automation_stop s JOIN ticket t ON t.id = s.ticket_id
ORDER BY s.stopped_at DESC

-- name: agent_by_login
SELECT id FROM agent WHERE login = $1 AND active

-- name: change_tags
-- Sorted, so that the same tags are the same.
UPDATE ticket SET tags = ARRAY(SELECT DISTINCT one FROM unnest($2::text[]) AS one ORDER BY one) WHERE id = $1

-- name: tags_of
SELECT tags FROM ticket WHERE id = $1

-- name: know_tags
INSERT INTO tag (name) SELECT unnest($1::text[]) ORDER BY 1 ON CONFLICT DO NOTHING

-- name: known_tags
SELECT name FROM tag WHERE starts_with(name, $1) AND NOT retired AND renamed_to = '' ORDER BY name LIMIT $2

-- name: is_old
-- Whether the last that a person said was more than a day old when it came (a backlog that was read in), or with `$2` is by now
-- (no hub was there).
SELECT i.created_at - i.occurred_at > interval '1 day' OR $2::boolean AND clock_timestamp() - i.created_at > interval '1 day'
FROM interaction i WHERE i.ticket_id = $1 AND i.direction = 'in' AND i.automatic = '' ORDER BY i.id DESC LIMIT 1

-- name: template_by_name
-- In the language asked for, else for any, else in whatever there is. Nobody's own.
SELECT body, language FROM template WHERE lower(name) = lower($1) AND owner_id IS NULL AND NOT retired
ORDER BY language = $2 DESC, language = '' DESC, language LIMIT 1

-- name: add_automatic_entry
-- Something that the house says by itself. It answers nobody, so it ends no wait.
INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, author_name, subject, text, external_id,
                         thread_key, automatic)
VALUES ($1, $2, $3, $4, 'message', 'out', '', $5, $6, $7, $8, 'rule')
RETURNING id

-- name: backlog
-- For the metrics; counted up to a hundred thousand.
SELECT count(*)::int FROM (SELECT 1 FROM automation_due LIMIT 100000) due
