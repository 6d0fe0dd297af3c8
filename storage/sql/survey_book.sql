-- Surveys as they are kept, version by version.

-- name: surveys
-- All that are not put away, in their order.
SELECT s.id, s.place, s.active, s.version, v.definition, v.changed_at, coalesce(a.name, '') AS changed_by
FROM survey s JOIN survey_version v ON v.survey_id = s.id AND v.number = s.version LEFT JOIN agent a ON a.id = v.changed_by
WHERE NOT s.retired ORDER BY s.place, s.id LIMIT 200

-- name: names
-- Of all there ever were, as they are called now.
SELECT s.id, v.definition->>'name' AS name, s.retired FROM survey s JOIN survey_version v ON v.survey_id = s.id AND v.number = s.version
ORDER BY s.retired, s.place, s.id LIMIT 500

-- name: survey
SELECT s.id, s.place, s.active, s.version, v.definition, v.changed_at, coalesce(a.name, '') AS changed_by
FROM survey s JOIN survey_version v ON v.survey_id = s.id AND v.number = s.version LEFT JOIN agent a ON a.id = v.changed_by
WHERE s.id = $1 AND NOT s.retired

-- name: versions
-- The last 50, newest first.
SELECT v.number, v.definition, v.changed_at, coalesce(a.name, '') AS changed_by
FROM survey_version v LEFT JOIN agent a ON a.id = v.changed_by
WHERE v.survey_id = $1 ORDER BY v.number DESC LIMIT 50

-- name: lock_order
-- Held by whoever changes which there are and in which order.
SELECT id FROM survey WHERE NOT retired ORDER BY id FOR NO KEY UPDATE

-- name: lock
SELECT version, active, place FROM survey WHERE id = $1 AND NOT retired FOR NO KEY UPDATE

-- name: add
INSERT INTO survey (place) SELECT coalesce(max(place), 0) + 1 FROM survey RETURNING id

-- name: add_version
INSERT INTO survey_version (survey_id, number, definition, changed_by) VALUES ($1, $2, $3, $4)

-- name: set_version
UPDATE survey SET version = $2 WHERE id = $1

-- name: set_active
UPDATE survey SET active = $2 WHERE id = $1

-- name: retire
UPDATE survey SET retired = true, active = false WHERE id = $1

-- name: swap
-- The survey and its neighbour above or below change places.
UPDATE survey SET place = CASE id WHEN $1 THEN $4::int ELSE $3::int END WHERE id IN ($1, $2)
