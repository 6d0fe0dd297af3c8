-- What agents are told (the bell).

-- name: add
-- Once for each agent and cause; not to those who have left, or do not want to hear of this kind. Who got something new is
-- told to their own screens alone.
WITH given AS (
    SELECT g.* FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::int[])
        AS g (agent_id, kind, cause, ticket_id, params, many)
    JOIN agent a ON a.id = g.agent_id
    WHERE a.active AND NOT g.kind = ANY(a.muted_notices)
), added AS (
    INSERT INTO notice (agent_id, kind, cause, ticket_id, params, many)
    SELECT agent_id, kind, cause, ticket_id, params::jsonb, many FROM given
    ON CONFLICT (agent_id, cause) DO NOTHING
    RETURNING agent_id
), told AS (
    INSERT INTO event (kind, data)
    SELECT 'notices_changed', jsonb_build_object('agents', jsonb_agg(DISTINCT agent_id)) FROM added HAVING count(*) > 0
)
SELECT count(*) FROM added

-- name: fold
-- Into one that stands for many already, was not read, and is fresh: the same goes on happening.
WITH given AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::int[]) AS g (agent_id, kind, many)
), open AS (
    SELECT DISTINCT ON (n.agent_id, n.kind) n.id, g.many
    FROM notice n JOIN given g ON g.agent_id = n.agent_id AND g.kind = n.kind
    WHERE n.read_at IS NULL AND n.many > 1 AND n.at > clock_timestamp() - make_interval(secs => $4)
    ORDER BY n.agent_id, n.kind, n.id DESC
), folded AS (
    UPDATE notice n SET many = n.many + open.many, at = clock_timestamp() FROM open
    WHERE n.id = open.id AND n.read_at IS NULL
    RETURNING n.agent_id, n.kind
), told AS (
    INSERT INTO event (kind, data)
    SELECT 'notices_changed', jsonb_build_object('agents', jsonb_agg(DISTINCT agent_id)) FROM folded HAVING count(*) > 0
)
SELECT agent_id, kind FROM folded

-- name: staff
-- All who can be told something. A role that was made is told what the one is told that it was made from.
SELECT a.id, a.login, a.name, coalesce(nullif(r.based_on, ''), a.role) AS role, r.sight,
       ARRAY(SELECT m.queue_id FROM queue_member m WHERE m.agent_id = a.id) AS queues
FROM agent a JOIN role r ON r.name = a.role WHERE a.active ORDER BY a.id

-- name: queues
SELECT id, name, title_en, title_zh FROM queue WHERE NOT retired ORDER BY id

-- name: tickets
SELECT id, assignee_id, queue_id, offered_to FROM ticket WHERE id = ANY($1::bigint[])

-- name: notes
-- What colleagues wrote to each other. Where the entry was moved since, it is there that it is spoken of.
SELECT id, ticket_id, agent_id, author_name, text FROM interaction
WHERE id = ANY($1::bigint[]) AND direction = 'internal' AND kind = 'note'

-- name: answers
-- Those that a person or a program wrote, not what the hub says by itself.
SELECT id, agent_id FROM interaction WHERE id = ANY($1::bigint[]) AND direction = 'out' AND automatic = ''

-- name: list
-- Newest first. `numbers`: of the first tickets of one that stands for many.
SELECT n.id, n.kind, n.params, n.many, n.at, n.read_at, t.code AS ticket_code, coalesce(t.subject, '') AS subject,
       ARRAY(SELECT m.code FROM ticket m
             WHERE m.id IN (SELECT jsonb_array_elements_text(coalesce(n.params -> 'tickets', '[]'))::bigint)
             ORDER BY m.id) AS numbers
FROM notice n LEFT JOIN ticket t ON t.id = n.ticket_id
WHERE n.agent_id = $1 AND (n.at, n.id) < ($2::timestamptz, $3::bigint)
ORDER BY n.at DESC, n.id DESC
LIMIT $4

-- name: unread
SELECT count(*) FROM (SELECT 1 FROM notice WHERE agent_id = $1 AND read_at IS NULL LIMIT $2) AS counted

-- name: mark_read
-- Those of one's own alone. Null: all up to now. One statement, which is a transaction by itself; $3 is notified where anything
-- changed.
WITH done AS (
    UPDATE notice SET read_at = clock_timestamp()
    WHERE agent_id = $1 AND read_at IS NULL AND ($2::bigint IS NULL OR id = $2)
    RETURNING id
), told AS (
    INSERT INTO event (kind, data)
    SELECT 'notices_changed', jsonb_build_object('agents', jsonb_build_array($1::bigint)) FROM done HAVING count(*) > 0
    RETURNING 1
)
SELECT (SELECT count(*) FROM done) AS done, (SELECT count(pg_notify($3::text, '')) FROM told)

-- name: mark_ticket_read
-- Who looks at the ticket has seen what was to be seen.
WITH done AS (
    UPDATE notice n SET read_at = clock_timestamp() FROM ticket t
    WHERE t.code = $2 AND n.ticket_id = t.id AND n.agent_id = $1 AND n.read_at IS NULL
    RETURNING n.id
), told AS (
    INSERT INTO event (kind, data)
    SELECT 'notices_changed', jsonb_build_object('agents', jsonb_build_array($1::bigint)) FROM done HAVING count(*) > 0
    RETURNING 1
)
SELECT (SELECT count(*) FROM done) AS done, (SELECT count(pg_notify($3::text, '')) FROM told)

-- name: muted
SELECT muted_notices FROM agent WHERE id = $1

-- name: mute
UPDATE agent SET muted_notices = $2 WHERE id = $1 RETURNING id
