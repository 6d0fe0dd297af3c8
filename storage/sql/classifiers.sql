-- What was learned, version by version, and which version has a say.

-- name: lock
-- Versions are made and chosen one at a time; reading goes on meanwhile.
LOCK TABLE classifier_use IN SHARE ROW EXCLUSIVE MODE

-- name: add_model
INSERT INTO classifier_model (version, method, lexicon, last_correction, examples, scores, verdict, document, author)
SELECT coalesce(max(version), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8 FROM classifier_model
RETURNING version

-- name: models
SELECT version, method, lexicon, last_correction, examples, scores, verdict, length(document) AS bytes, author, made_at
FROM classifier_model ORDER BY version DESC LIMIT $1

-- name: document
SELECT document FROM classifier_model WHERE version = $1

-- name: last_correction
-- Up to where the newest model has learned.
SELECT coalesce(max(last_correction), 0) FROM classifier_model

-- name: learned_until
SELECT last_correction FROM classifier_model WHERE version = $1

-- name: in_use
SELECT coalesce((SELECT version FROM classifier_use ORDER BY id DESC LIMIT 1), 0)

-- name: use
INSERT INTO classifier_use (version, by_agent, author) VALUES ($1, $2, $3)

-- name: uses
SELECT version, author, since FROM classifier_use ORDER BY id DESC LIMIT $1
