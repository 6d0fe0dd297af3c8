-- Roles: what an agent may do, beside the three that the program knows.

-- name: list_roles
-- Those that are always there first, then as they were made; with how many have them.
SELECT r.name, r.based_on, r.permissions, r.sight, r.version,
       (SELECT count(*) FROM agent a WHERE a.role = r.name AND a.active) AS people
FROM role r
ORDER BY r.name NOT IN ('agent', 'supervisor', 'admin'), r.made_at, array_position('{agent,supervisor,admin}', r.name), r.name

-- name: role
SELECT r.name, r.based_on, r.permissions, r.sight, r.version,
       (SELECT count(*) FROM agent a WHERE a.role = r.name AND a.active) AS people
FROM role r
WHERE r.name = $1

-- name: lock_role
SELECT name FROM role WHERE name = $1 FOR NO KEY UPDATE

-- name: add_role
INSERT INTO role (name, based_on, permissions, sight) VALUES ($1, $2, $3, $4)
ON CONFLICT (lower(name)) DO NOTHING
RETURNING name

-- name: name_taken
SELECT EXISTS (SELECT 1 FROM role WHERE lower(name) = lower($1) AND name <> $2)

-- name: change_role
-- Whoever has it has it by its new name then.
UPDATE role SET name = $2, permissions = $3, sight = $4, version = version + 1, changed_at = clock_timestamp() WHERE name = $1

-- name: remove_role
-- Not while somebody has it, also somebody who left: they may come back.
DELETE FROM role r WHERE r.name = $1 AND NOT EXISTS (SELECT 1 FROM agent a WHERE a.role = r.name) RETURNING name

-- name: holders
SELECT id, name FROM agent WHERE role = $1 AND active ORDER BY name, id LIMIT 200
