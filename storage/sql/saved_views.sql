-- Filters with a name. Who sees one: its owner, everybody, or whoever works on a queue (where nobody is named, everybody does).

-- name: seen_by
SELECT v.id, v.name, v.owner_id, o.name AS owner_name, v.shared, coalesce(q.name, '') AS queue, v.filter, v.arranged, v.version
FROM saved_view v JOIN agent o ON o.id = v.owner_id LEFT JOIN queue q ON q.id = v.queue_id
WHERE v.owner_id = $1 OR v.shared = 'everybody' OR (v.shared = 'queue' AND (
    EXISTS (SELECT 1 FROM queue_member m WHERE m.queue_id = v.queue_id AND m.agent_id = $1)
    OR NOT EXISTS (SELECT 1 FROM queue_member m WHERE m.queue_id = v.queue_id)))
ORDER BY v.shared = 'nobody', lower(v.name), v.id
LIMIT 200

-- name: lock_view
SELECT id, owner_id, shared, version FROM saved_view WHERE id = $1 FOR NO KEY UPDATE

-- name: count_of_owner
SELECT count(*) FROM saved_view WHERE owner_id = $1

-- name: add_view
INSERT INTO saved_view (name, owner_id, shared, queue_id, filter, arranged)
VALUES ($1, $2, $3, (SELECT id FROM queue WHERE name = $4), $5, $6)
RETURNING id

-- name: change_view
UPDATE saved_view SET name = $2, shared = $3, queue_id = (SELECT id FROM queue WHERE name = $4), filter = $5, arranged = $6,
                      version = version + 1, changed_at = clock_timestamp()
WHERE id = $1

-- name: remove_view
DELETE FROM saved_view WHERE id = $1
