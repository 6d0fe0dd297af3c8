-- Finding articles: by terms, and by what a text has in common with them. Who looks decides which of three sets is looked through.

-- name: find_written
-- Candidates among what is being written, by their lexemes.
SELECT a.id, x.language, x.title, x.summary, x.body, a.tags, a.helped, a.helped_not
FROM article_text x JOIN article a ON a.id = x.article_id
WHERE x.words @@ $1::text::tsquery
ORDER BY a.updated_at DESC
LIMIT 200

-- name: find_read
-- Candidates among what colleagues read, those with the words in the title first.
SELECT r.id, r.language, r.title, r.summary, r.body, r.tags, r.helped, r.helped_not
FROM read_article r
WHERE r.words @@ $1::text::tsquery
ORDER BY r.title_words @@ $1::text::tsquery DESC, r.helped - r.helped_not DESC
LIMIT 200

-- name: find_public
-- Candidates among what customers read, in the same order.
SELECT r.id, r.language, r.title, r.summary, r.body, r.tags, r.helped, r.helped_not
FROM public_article r
WHERE r.words @@ $1::text::tsquery
ORDER BY r.title_words @@ $1::text::tsquery DESC, r.helped - r.helped_not DESC
LIMIT 200

-- name: frequencies
-- How many texts that are read have each of these lexemes, `$2` at the most.
SELECT q.place::int AS place,
       (SELECT count(*) FROM (SELECT 1 FROM article_live l WHERE l.words @@ q.lexeme::tsquery LIMIT $2) f)::int AS texts
FROM unnest($1::text[]) WITH ORDINALITY AS q (lexeme, place)
ORDER BY q.place

-- name: touches_read
-- Which articles that colleagues read have which of these lexemes, and whether in the title.
SELECT q.place::int AS place, l.id, bool_or(l.in_title) AS in_title
FROM unnest($1::text[]) WITH ORDINALITY AS q (lexeme, place)
CROSS JOIN LATERAL (SELECT r.id, r.title_words @@ q.lexeme::tsquery AS in_title
                    FROM read_article r WHERE r.words @@ q.lexeme::tsquery LIMIT $2) l
GROUP BY q.place, l.id

-- name: touches_public
SELECT q.place::int AS place, l.id, bool_or(l.in_title) AS in_title
FROM unnest($1::text[]) WITH ORDINALITY AS q (lexeme, place)
CROSS JOIN LATERAL (SELECT r.id, r.title_words @@ q.lexeme::tsquery AS in_title
                    FROM public_article r WHERE r.words @@ q.lexeme::tsquery LIMIT $2) l
GROUP BY q.place, l.id

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
