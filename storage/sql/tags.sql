-- Tags as administrators keep them: what each means, how often it is used, renaming one on every ticket that has it.

-- name: list_tags
-- With how many tickets have each: open and pending ones by themselves, for those are what a name is read on.
SELECT g.name, g.colour, g.description, g.retired, g.renamed_to, g.made_at, coalesce(n.tickets, 0) AS tickets, coalesce(n.open, 0) AS open
FROM tag g
LEFT JOIN (
    SELECT one AS name, count(*) AS tickets, count(*) FILTER (WHERE t.status IN ('open', 'pending')) AS open
    FROM ticket t, unnest(t.tags) AS one
    WHERE t.tags <> '{}'
    GROUP BY one
) n ON n.name = g.name
ORDER BY g.retired, g.name

-- name: tag_looks
-- What is special about how tags look; most are as they come.
SELECT name, colour, description FROM tag WHERE colour <> '' OR description <> ''

-- name: set_tag
UPDATE tag SET colour = $2, description = $3, retired = $4 WHERE name = $1 RETURNING name

-- name: know_renamed
-- The new name takes over what the old one meant, unless it was there and means something of its own.
INSERT INTO tag (name, colour, description)
SELECT $2, colour, description FROM tag WHERE name = $1
ON CONFLICT (name) DO UPDATE
SET retired = false, renamed_to = '',
    colour = CASE WHEN tag.colour = '' THEN excluded.colour ELSE tag.colour END,
    description = CASE WHEN tag.description = '' THEN excluded.description ELSE tag.description END

-- name: begin_renaming
UPDATE tag SET renamed_to = $2 WHERE name = $1 AND name <> $2 RETURNING name

-- name: being_renamed
SELECT name, renamed_to FROM tag WHERE renamed_to <> '' ORDER BY name

-- name: tickets_with
-- Some that have it, with their numbers: the next lot to be renamed.
SELECT code FROM ticket WHERE tags @> ARRAY[$1::text] AND tags <> '{}' ORDER BY id LIMIT $2

-- name: forget_tag
-- Gone, where no ticket has it any more.
DELETE FROM tag g WHERE g.name = $1 AND g.renamed_to <> '' AND NOT EXISTS (
    SELECT 1 FROM ticket t WHERE t.tags @> ARRAY[g.name] AND t.tags <> '{}'
)
