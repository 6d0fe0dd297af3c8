-- Who looks at which ticket now, by the open pages of the desk (desk_line); what was not heard of for so long is gone.

-- name: say
-- Nothing changes, and nobody is told, where the page does what it did.
WITH changed AS (
    INSERT INTO desk_line AS l (id, agent_id, ticket_id, doing) VALUES ($1, $2, $3, $4)
    ON CONFLICT (id) DO UPDATE SET ticket_id = excluded.ticket_id, doing = excluded.doing
    WHERE (l.ticket_id, l.doing) IS DISTINCT FROM (excluded.ticket_id, excluded.doing)
    RETURNING 1
)
SELECT (SELECT count(*) FROM changed) AS changed, (SELECT count(pg_notify($5::text, '')) FROM changed)

-- name: all
-- One row for each agent and ticket: what they do there most.
SELECT DISTINCT ON (l.ticket_id, l.agent_id) t.code, l.agent_id, a.name, l.doing
FROM desk_line l JOIN ticket t ON t.id = l.ticket_id JOIN agent a ON a.id = l.agent_id
WHERE l.ticket_id IS NOT NULL AND l.doing <> '' AND l.heard_at > clock_timestamp() - make_interval(secs => $1)
ORDER BY l.ticket_id, l.agent_id, array_position(ARRAY['typing', 'viewing', 'idle'], l.doing)
LIMIT 2000
