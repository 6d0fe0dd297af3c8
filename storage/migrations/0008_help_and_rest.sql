-- Pictures in articles, a search on the customers' own page, and what else comes
-- depends: 0007_conversations

-- migrate: apply

-- ── Pictures in articles ────────────────────────────────────────────────────────────────────────────────────────────
-- A picture that an author put into an article, as it was drawn anew. A text names it by its token (`![words](picture:token)`).
-- `small`: the same in fewer pixels, where it is wide enough for that to matter. `loose_since`: no text and no version names it since then.
CREATE TABLE article_picture (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token text NOT NULL UNIQUE,
    filename text NOT NULL,
    content_type text NOT NULL,
    width int NOT NULL,
    height int NOT NULL,
    size bigint NOT NULL,
    sha256 bytea NOT NULL REFERENCES blob,
    small_sha256 bytea REFERENCES blob,
    small_width int NOT NULL DEFAULT 0,
    made_by bigint REFERENCES agent,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    loose_since timestamptz DEFAULT clock_timestamp()
);
CREATE INDEX article_picture_loose ON article_picture (loose_since) WHERE loose_since IS NOT NULL;
CREATE INDEX article_picture_of_blob ON article_picture (sha256);
CREATE INDEX article_picture_of_small_blob ON article_picture (small_sha256) WHERE small_sha256 IS NOT NULL;
-- Which texts name which pictures. `number` 0: the text as it is being written; else the version of that number.
CREATE TABLE article_picture_use (
    picture_id bigint NOT NULL REFERENCES article_picture,
    article_id bigint NOT NULL REFERENCES article ON DELETE CASCADE,
    language text NOT NULL,
    number int NOT NULL,
    PRIMARY KEY (picture_id, article_id, language, number)
);
CREATE INDEX article_picture_use_of_text ON article_picture_use (article_id, language, number);
-- Pictures that no text names any more: nobody can read them, so the policy is on from the first day.
INSERT INTO retention_policy (what, enabled, days, depth) VALUES ('pictures', true, 30, 'all');

-- ── The customer's own page: its lines ──────────────────────────────────────────────────────────────────────────────
-- What of a ticket its customer's page shows, to read and to search: what was said from and to the address (`shown_to`), and what was
-- added to its own form by the link that follows it. Whether the ticket may be seen at all is asked before.
CREATE FUNCTION lines_for(address text, ticket bigint)
RETURNS TABLE (id bigint, mine boolean, own boolean, author_name text, subject text, text text, fields jsonb, said_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT i.id, i.direction = 'in', i.details->'sender'->>'address' IS NULL OR i.details->'sender'->>'address' = $1,
           coalesce(nullif(i.author_name, ''), CASE WHEN i.direction = 'in' THEN i.details->'sender'->>'address' END, ''),
           i.subject, i.text, i.fields, coalesce(o.settled_at, i.occurred_at)
    FROM interaction i LEFT JOIN outbox o ON o.interaction_id = i.id
    WHERE i.ticket_id = $2 AND i.revises IS NULL
      AND (shown_to($1, i.direction, i.kind, i.automatic, i.details, i.fields, o.message, o.state)
           OR (i.direction = 'in' AND i.kind = 'message' AND i.thread_key <> '' AND EXISTS (
                SELECT 1 FROM interaction f
                WHERE f.ticket_id = i.ticket_id AND f.kind = 'form' AND f.channel_id = i.channel_id AND f.thread_key = i.thread_key
                  AND lower(f.fields->>'email') = $1)))
$$;

-- ── The customer's own page, further ────────────────────────────────────────────────────────────────────────────────
-- When the owner of an address signed out everywhere: browsers that were marked until then are known again no more.
CREATE TABLE portal_device_end (
    address text PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- ── Changing the installation's key ─────────────────────────────────────────────────────────────────────────────────
-- Who an agent is to this key: it must stay so when the installation's key, of which it was made, is another one. NULL: made before
-- this column was.
ALTER TABLE passkey ADD COLUMN user_handle bytea;
-- With which key of the installation the code was hashed; NULL: with the one that there was before this column.
ALTER TABLE recovery_code ADD COLUMN key_id bytea;

-- ── Surveys, further ────────────────────────────────────────────────────────────────────────────────────────────────
-- Whoever said that they do not want to be asked may say otherwise to somebody who works here. The row stays: it says who lifted it.
ALTER TABLE survey_refusal
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN lifted_at timestamptz,
    ADD COLUMN lifted_by bigint REFERENCES agent;

-- ── Viruses ─────────────────────────────────────────────────────────────────────────────────────────────────────────
-- What a virus scanner said of the bytes of a file; `found`: of what it calls a virus, or why it could not look. Without a row nobody
-- asked. waiting: it is asked at `due_at`; `tries`: how often it broke off in the middle.
CREATE TABLE file_scan (
    sha256 bytea PRIMARY KEY REFERENCES blob ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'clean', 'infected', 'unscannable')),
    found text NOT NULL DEFAULT '',
    tries int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    looked_at timestamptz
);
CREATE INDEX file_scan_waiting ON file_scan (due_at) WHERE state = 'waiting';

SELECT 1;

-- migrate: rollback
SELECT 1;
