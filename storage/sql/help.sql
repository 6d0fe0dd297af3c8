-- What customers read of the knowledge base, and whether it helped. Everything here comes from the view public_article.

-- name: article
SELECT p.id, p.language, p.title, p.summary, p.body, p.published_at, p.category_id, coalesce(c.title_en, '') AS category_en,
       coalesce(c.title_zh, '') AS category_zh
FROM public_article p LEFT JOIN article_category c ON c.id = p.category_id AND NOT c.retired
WHERE p.id = $1

-- name: shelf
-- Titles by category, most helpful first; one language.
SELECT p.id, p.language, p.title, p.summary, c.id AS category_id, coalesce(c.title_en, '') AS category_en,
       coalesce(c.title_zh, '') AS category_zh
FROM public_article p LEFT JOIN article_category c ON c.id = p.category_id AND NOT c.retired
WHERE p.language = $1 AND ($2::int IS NULL OR c.id = $2)
ORDER BY c.place NULLS LAST, c.id, p.helped - p.helped_not DESC, p.views DESC, p.id
LIMIT 2000

-- name: sitemap
SELECT p.id, p.language, p.title, p.published_at FROM public_article p ORDER BY p.id, p.language LIMIT 50000

-- name: count_view
UPDATE article SET views = views + 1 WHERE id = $1

-- name: vote_of
SELECT helped, comment FROM article_vote WHERE article_id = $1 AND visitor = $2

-- name: lock_public
-- The article, locked, if customers read it.
SELECT a.id FROM article a WHERE a.id = $1 AND EXISTS (SELECT 1 FROM public_article p WHERE p.id = a.id) FOR NO KEY UPDATE

-- name: vote
-- A comment that was left stays until another is.
INSERT INTO article_vote (article_id, visitor, language, helped, comment) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (article_id, visitor) DO UPDATE
SET helped = $4, language = $3, comment = CASE WHEN $5 = '' THEN article_vote.comment ELSE $5 END, voted_at = clock_timestamp()

-- name: count_votes
UPDATE article SET helped = v.helped, helped_not = v.helped_not
FROM (SELECT count(*) FILTER (WHERE helped) AS helped, count(*) FILTER (WHERE NOT helped) AS helped_not
      FROM article_vote WHERE article_id = $1) v
WHERE id = $1
