-- Who looks at which ticket now, by the open pages of the desk (desk_line); what was not heard of for `$…` seconds is gone.

-- name: say
-- Nothing changes, and nobody is told, where the page does what it did.
WITH changed AS (
    UPDATE desk_line SET ticket_id = $2, doing = $3
    WHERE id = $1 AND (ticket_id, doing) IS DISTINCT FROM ($2, $3)
    RETURNING 1
)
SELECT (SELECT count(*) FROM changed) AS changed, (SELECT count(pg_notify($4::text, '')) FROM changed)

-- name: all
-- One row for each agent and ticket: what they do there most.
SELECT DISTINCT ON (l.ticket_id, l.agent_id) t.code, l.agent_id, a.name, l.doing
FROM desk_line l JOIN ticket t ON t.id = l.ticket_id JOIN agent a ON a.id = l.agent_id
WHERE l.ticket_id IS NOT NULL AND l.doing <> '' AND l.heard_at > clock_timestamp() - make_interval(secs => $1)
ORDER BY l.ticket_id, l.agent_id, array_position(ARRAY['typing', 'viewing', 'idle'], l.doing)
LIMIT 2000

-- name: shows_one
SELECT ticket_id IS NOT NULL FROM desk_line WHERE id = $1
