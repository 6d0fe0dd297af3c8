-- The knowledge base as colleagues write it. What customers read is in help.sql.

-- name: categories
SELECT c.id, c.place, c.title_en, c.title_zh, c.retired,
       (SELECT count(*) FROM article a WHERE a.category_id = c.id AND a.archived_at IS NULL)::int AS articles
FROM article_category c
ORDER BY c.retired, c.place, c.id

-- name: add_category
INSERT INTO article_category (place, title_en, title_zh)
VALUES ((SELECT coalesce(max(place), 0) + 1 FROM article_category), $1, $2)
RETURNING id

-- name: change_category
UPDATE article_category SET title_en = $2, title_zh = $3, retired = $4 WHERE id = $1 RETURNING id

-- name: lock_categories
-- In their order, those in use.
SELECT id FROM article_category WHERE NOT retired ORDER BY place, id FOR NO KEY UPDATE

-- name: place_categories
UPDATE article_category c SET place = wanted.place
FROM unnest($1::int[]) WITH ORDINALITY AS wanted (id, place)
WHERE c.id = wanted.id

-- name: category_in_use
SELECT EXISTS (SELECT 1 FROM article_category WHERE id = $1 AND NOT retired)

-- name: list
-- Last changed first. `$1` archived ones; `$2` visibility, `$3` category (0: none), `$4` language, `$5` state; null lets everything
-- through. `$8` null: any; else only these.
SELECT a.id, a.category_id, a.visibility, a.tags, a.version, a.views, a.helped, a.helped_not, a.archived_at, a.created_at,
       a.updated_at, coalesce(g.name, '') AS author_name, t.code AS ticket_code
FROM article a LEFT JOIN agent g ON g.id = a.author_id LEFT JOIN ticket t ON t.id = a.ticket_id
WHERE (a.archived_at IS NOT NULL) = $1::boolean
  AND ($2::text IS NULL OR a.visibility = $2)
  AND ($3::int IS NULL OR coalesce(a.category_id, 0) = $3)
  AND ($4::text IS NULL OR EXISTS (SELECT 1 FROM article_text x WHERE x.article_id = a.id AND x.language = $4))
  AND ($5::text IS NULL
       OR $5 = 'published' AND EXISTS (SELECT 1 FROM article_live l WHERE l.article_id = a.id)
       OR $5 = 'draft' AND NOT EXISTS (SELECT 1 FROM article_live l WHERE l.article_id = a.id)
       OR $5 = 'translate' AND (EXISTS (SELECT 1 FROM article_text x WHERE x.article_id = a.id AND x.behind)
                                OR (SELECT count(*) FROM article_live l WHERE l.article_id = a.id) = 1))
  AND (a.updated_at, a.id) < ($6::timestamptz, $7::bigint)
  AND ($8::bigint[] IS NULL OR a.id = ANY($8))
ORDER BY a.updated_at DESC, a.id DESC
LIMIT $9

-- name: get
SELECT a.id, a.category_id, a.visibility, a.tags, a.version, a.views, a.helped, a.helped_not, a.archived_at, a.created_at,
       a.updated_at, coalesce(g.name, '') AS author_name, t.code AS ticket_code
FROM article a LEFT JOIN agent g ON g.id = a.author_id LEFT JOIN ticket t ON t.id = a.ticket_id
WHERE a.id = $1

-- name: texts
-- The texts of these as they are being written, and how each stands to what is read.
SELECT x.article_id, x.language, x.title, x.summary, x.body, x.behind, x.version, coalesce(g.name, '') AS changed_by, x.changed_at,
       v.number AS live, coalesce(v.title, '') AS live_title, coalesce(v.summary, '') AS live_summary, v.published_at,
       v.id IS NOT NULL AND (v.title, v.summary, v.body) IS DISTINCT FROM (x.title, x.summary, x.body) AS changed
FROM article_text x
LEFT JOIN agent g ON g.id = x.changed_by
LEFT JOIN article_live l ON l.article_id = x.article_id AND l.language = x.language
LEFT JOIN article_version v ON v.id = l.version_id
WHERE x.article_id = ANY($1::bigint[])
ORDER BY x.article_id, x.language

-- name: versions
SELECT v.language, v.number, v.title, coalesce(g.name, '') AS author_name, v.published_at
FROM article_version v LEFT JOIN agent g ON g.id = v.author_id
WHERE v.article_id = $1
ORDER BY v.published_at DESC, v.id DESC
LIMIT 200

-- name: version_text
SELECT title, summary, body FROM article_version WHERE article_id = $1 AND language = $2 AND number = $3

-- name: votes
-- The last that said something.
SELECT language, helped, comment, voted_at FROM article_vote
WHERE article_id = $1 AND comment <> ''
ORDER BY voted_at DESC
LIMIT 50

-- name: add
INSERT INTO article (category_id, visibility, tags, ticket_id, author_id)
VALUES ($1, $2, $3, (SELECT id FROM ticket WHERE code = $4), $5)
RETURNING id

-- name: lock
SELECT version, visibility, category_id, tags, archived_at FROM article WHERE id = $1 FOR NO KEY UPDATE

-- name: change
UPDATE article SET category_id = $2, visibility = $3, tags = $4, version = version + 1, updated_at = clock_timestamp()
WHERE id = $1

-- name: touch
UPDATE article SET updated_at = clock_timestamp() WHERE id = $1

-- name: archive
UPDATE article
SET archived_at = CASE WHEN $2 THEN clock_timestamp() END, version = version + 1, updated_at = clock_timestamp()
WHERE id = $1

-- name: text_version
-- 0 where there is no text in this language yet. The article is locked.
SELECT coalesce((SELECT version FROM article_text WHERE article_id = $1 AND language = $2), 0)

-- name: write_text
INSERT INTO article_text (article_id, language, title, summary, body, changed_by, words) VALUES ($1, $2, $3, $4, $5, $6, $7::text::tsvector)
ON CONFLICT (article_id, language) DO UPDATE
SET title = $3, summary = $4, body = $5, changed_by = $6, words = $7::text::tsvector, version = article_text.version + 1,
    changed_at = clock_timestamp()
RETURNING version

-- name: mark_behind
UPDATE article_text SET behind = $3 WHERE article_id = $1 AND language = $2

-- name: publish_text
WITH kept AS (
    INSERT INTO article_version (article_id, language, number, title, summary, body, author_id)
    SELECT x.article_id, x.language,
           (SELECT coalesce(max(number), 0) + 1 FROM article_version WHERE article_id = $1 AND language = $2),
           x.title, x.summary, x.body, $3
    FROM article_text x
    WHERE x.article_id = $1 AND x.language = $2
    RETURNING id, number
), live AS (
    INSERT INTO article_live (article_id, language, version_id, words, title_words)
    SELECT $1, $2, kept.id, x.words, $4::text::tsvector
    FROM kept, article_text x
    WHERE x.article_id = $1 AND x.language = $2
    ON CONFLICT (article_id, language) DO UPDATE
    SET version_id = EXCLUDED.version_id, words = EXCLUDED.words, title_words = EXCLUDED.title_words
)
SELECT number FROM kept

-- name: withdraw_text
DELETE FROM article_live WHERE article_id = $1 AND language = $2 RETURNING article_id

-- name: reindex_text
-- Tags are found by too: the words of a text follow them, and those of what is published.
UPDATE article_text SET words = $3::text::tsvector WHERE article_id = $1 AND language = $2

-- name: reindex_live
UPDATE article_live SET words = $3::text::tsvector WHERE article_id = $1 AND language = $2

-- name: live_texts
SELECT l.language, v.title, v.summary, v.body
FROM article_live l JOIN article_version v ON v.id = l.version_id
WHERE l.article_id = $1

-- name: of_ticket
-- The one that was made from this ticket last, where it is not put away.
SELECT a.id FROM article a JOIN ticket t ON t.id = a.ticket_id
WHERE t.code = $1 AND a.archived_at IS NULL
ORDER BY a.id DESC
LIMIT 1

-- name: story
-- What a draft is made of: whose ticket it is, in which language, and what was said (more than a draft takes of it is not read),
-- without what never left.
SELECT t.subject, t.language, c.name AS customer_name,
       ARRAY(SELECT y.value FROM identity y WHERE y.customer_id = c.id ORDER BY y.id LIMIT 50) AS identities,
       (SELECT left(i.text, 20000) FROM interaction i
        WHERE i.ticket_id = t.id AND i.direction = 'in' AND i.automatic = '' AND i.kind IN ('message', 'form')
        ORDER BY i.id LIMIT 1) AS question,
       ARRAY(SELECT left(i.text, 20000) FROM interaction i LEFT JOIN outbox o ON o.interaction_id = i.id
             WHERE i.ticket_id = t.id AND i.direction = 'out' AND i.automatic = '' AND i.agent_id IS NOT NULL
               AND coalesce(o.state, 'sent') NOT IN ('cancelled', 'failed')
             ORDER BY i.id DESC LIMIT $2) AS answers,
       ARRAY(SELECT DISTINCT i.author_name FROM interaction i
             WHERE i.ticket_id = t.id AND i.author_name <> '' ORDER BY i.author_name LIMIT 50) AS authors
FROM ticket t JOIN customer c ON c.id = t.customer_id
WHERE t.code = $1
