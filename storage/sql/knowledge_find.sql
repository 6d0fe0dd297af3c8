-- Finding articles: by terms, and by what a text has in common with them. Who looks decides which of three sets is looked through.

-- name: find_written
-- Candidates among what is being written, by their lexemes.
SELECT a.id, x.language, x.title, x.summary, x.body, a.tags, a.helped, a.helped_not
FROM article_text x JOIN article a ON a.id = x.article_id
WHERE x.words @@ $1::text::tsquery
ORDER BY a.updated_at DESC
LIMIT 500

-- name: find_read
-- Candidates among what colleagues read.
SELECT r.id, r.language, r.title, r.summary, r.body, r.tags, r.helped, r.helped_not
FROM read_article r
WHERE r.words @@ $1::text::tsquery
LIMIT 500

-- name: find_public
-- Candidates among what customers read.
SELECT r.id, r.language, r.title, r.summary, r.body, r.tags, r.helped, r.helped_not
FROM public_article r
WHERE r.words @@ $1::text::tsquery
LIMIT 500

-- name: touches_read
-- Which articles that colleagues read have which of these lexemes, and whether in the title.
SELECT q.place::int AS place, r.id, bool_or(r.words @@ q.title::tsquery) AS in_title
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q (anywhere, title, place)
JOIN read_article r ON r.words @@ q.anywhere::tsquery
GROUP BY q.place, r.id
LIMIT 20000

-- name: touches_public
SELECT q.place::int AS place, r.id, bool_or(r.words @@ q.title::tsquery) AS in_title
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q (anywhere, title, place)
JOIN public_article r ON r.words @@ q.anywhere::tsquery
GROUP BY q.place, r.id
LIMIT 20000

-- name: count_read
SELECT count(DISTINCT r.id)::int FROM read_article r

-- name: count_public
SELECT count(DISTINCT r.id)::int FROM public_article r

-- name: shown_read
SELECT r.id, r.language, r.title, r.summary, r.body, r.visibility, r.helped, r.helped_not
FROM read_article r WHERE r.id = ANY($1::bigint[])

-- name: shown_public
SELECT r.id, r.language, r.title, r.summary, r.body, r.visibility, r.helped, r.helped_not
FROM public_article r WHERE r.id = ANY($1::bigint[])
