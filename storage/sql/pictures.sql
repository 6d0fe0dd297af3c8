-- Pictures of articles: kept, named by texts, shown. Bytes lie in the table of blobs.

-- name: add
INSERT INTO article_picture (token, filename, content_type, width, height, size, sha256, small_sha256, small_width, made_by)
VALUES (encode(uuid_send(gen_random_uuid()), 'hex'), $1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING token, width, height, small_width

-- name: hold
-- What a text names, and what it named, held against those who take away what no text names, and against another text that lets go of
-- the same. Of one that is gone there is no row.
SELECT id, token FROM article_picture
WHERE token = ANY($4::text[])
   OR id IN (SELECT picture_id FROM article_picture_use WHERE article_id = $1 AND language = $2 AND number = $3)
ORDER BY id
FOR NO KEY UPDATE

-- name: name
-- Which pictures a text names from now on, `$4`; those that no text names any more are loose. All of them are held. `$3` 0: the text as
-- it is being written.
WITH let_go AS (
    DELETE FROM article_picture_use
    WHERE article_id = $1 AND language = $2 AND number = $3 AND NOT (picture_id = ANY($4::bigint[]))
    RETURNING picture_id
), named AS (
    INSERT INTO article_picture_use (picture_id, article_id, language, number)
    SELECT one, $1, $2, $3 FROM unnest($4::bigint[]) AS one
    ON CONFLICT DO NOTHING
), held AS (
    UPDATE article_picture SET loose_since = NULL WHERE id = ANY($4::bigint[]) AND loose_since IS NOT NULL
)
UPDATE article_picture p SET loose_since = clock_timestamp()
FROM let_go g
WHERE p.id = g.picture_id
  AND NOT EXISTS (SELECT 1 FROM article_picture_use u
                  WHERE u.picture_id = p.id AND (u.article_id, u.language, u.number) <> ($1::bigint, $2::text, $3::int))

-- name: keep_version
-- What was written is a version now, and names what it named.
INSERT INTO article_picture_use (picture_id, article_id, language, number)
SELECT picture_id, article_id, language, $3 FROM article_picture_use WHERE article_id = $1 AND language = $2 AND number = 0

-- name: measures
SELECT token, width, height, small_width FROM article_picture WHERE token = ANY($1::text[])

-- name: written_picture
-- Any, for authors. `$2`: the smaller one, where there is one.
SELECT p.content_type, CASE WHEN $2::boolean THEN coalesce(p.small_sha256, p.sha256) ELSE p.sha256 END AS sha256
FROM article_picture p
WHERE p.token = $1

-- name: read_picture
-- The same, for colleagues: while a version that is read names it, and no longer.
SELECT p.content_type, CASE WHEN $2::boolean THEN coalesce(p.small_sha256, p.sha256) ELSE p.sha256 END AS sha256
FROM article_picture p
WHERE p.token = $1
  AND EXISTS (SELECT 1 FROM article_picture_use u
              JOIN read_article a ON a.id = u.article_id AND a.language = u.language AND a.number = u.number
              WHERE u.picture_id = p.id)

-- name: public_picture
-- The same, for customers.
SELECT p.content_type, CASE WHEN $2::boolean THEN coalesce(p.small_sha256, p.sha256) ELSE p.sha256 END AS sha256
FROM article_picture p
WHERE p.token = $1
  AND EXISTS (SELECT 1 FROM article_picture_use u
              JOIN public_article a ON a.id = u.article_id AND a.language = u.language AND a.number = u.number
              WHERE u.picture_id = p.id)

-- name: bytes
SELECT data FROM blob WHERE sha256 = $1

-- name: of_public
-- The pictures of an article as customers read it in one language.
SELECT p.token, p.filename, p.content_type, p.size, p.sha256
FROM public_article a
JOIN article_picture_use u ON u.article_id = a.id AND u.language = a.language AND u.number = a.number
JOIN article_picture p ON p.id = u.picture_id
WHERE a.id = $1 AND a.language = $2
