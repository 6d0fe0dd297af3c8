-- What customers see: knowledge, forms, surveys, their own page; more of Telegram
-- depends: 0005_desk

-- migrate: apply

-- ── The desk, further ───────────────────────────────────────────────────────────────────────────────────────────────
-- What was begun on a ticket of which nothing is left, and came along to the other: ids and names, no words.
ALTER TABLE move ADD COLUMN brought jsonb;

-- What could not be taken into search: set aside, so that it holds up nothing, until somebody has it tried again or it changes.
CREATE TABLE search_fault (
    what text NOT NULL,
    ref bigint NOT NULL,
    error text NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (what, ref)
);

CREATE INDEX incident_delivery_faulty ON incident_delivery (update_id) WHERE state = 'skipped' AND why = 'fault';

-- What ended without anybody having had it: few among the many that are over, which else a list of them would look through.
CREATE INDEX ticket_over_unassigned ON ticket (updated_at DESC, id DESC)
    WHERE assignee_id IS NULL AND status IN ('resolved', 'closed');

-- ── Knowledge ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- Categories are one flat row, in an order of their own.
CREATE TABLE article_category (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place int NOT NULL,
    title_en text NOT NULL,
    title_zh text NOT NULL,
    retired boolean NOT NULL DEFAULT false
);
-- What is the same in every language. `version` grows with each change of this row's facts; `helped`, `helped_not`: counted votes.
CREATE TABLE article (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id int REFERENCES article_category,
    visibility text NOT NULL DEFAULT 'internal' CHECK (visibility IN ('internal', 'public')),
    tags text[] NOT NULL DEFAULT '{}',
    ticket_id bigint REFERENCES ticket ON DELETE SET NULL,
    author_id bigint REFERENCES agent,
    version int NOT NULL DEFAULT 1,
    views bigint NOT NULL DEFAULT 0,
    helped int NOT NULL DEFAULT 0,
    helped_not int NOT NULL DEFAULT 0,
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX article_recent ON article (updated_at DESC, id DESC);
CREATE INDEX article_of_ticket ON article (ticket_id) WHERE ticket_id IS NOT NULL;
-- The text as it is being written. `behind`: the other language was changed since.
CREATE TABLE article_text (
    article_id bigint NOT NULL REFERENCES article ON DELETE CASCADE,
    language text NOT NULL CHECK (language IN ('en', 'zh_CN')),
    title text NOT NULL,
    summary text NOT NULL DEFAULT '',
    body text NOT NULL DEFAULT '',
    behind boolean NOT NULL DEFAULT false,
    version int NOT NULL DEFAULT 1,
    changed_by bigint REFERENCES agent,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    words tsvector NOT NULL,
    PRIMARY KEY (article_id, language)
);
CREATE INDEX article_text_words ON article_text USING gin (words);
-- Every text that was ever published, as it was.
CREATE TABLE article_version (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    article_id bigint NOT NULL REFERENCES article ON DELETE CASCADE,
    language text NOT NULL,
    number int NOT NULL,
    title text NOT NULL,
    summary text NOT NULL,
    body text NOT NULL,
    author_id bigint REFERENCES agent,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (article_id, language, number)
);
-- Which version is read now; no row: none.
CREATE TABLE article_live (
    article_id bigint NOT NULL REFERENCES article ON DELETE CASCADE,
    language text NOT NULL,
    version_id bigint NOT NULL REFERENCES article_version,
    words tsvector NOT NULL,
    title_words tsvector NOT NULL,
    PRIMARY KEY (article_id, language)
);
CREATE INDEX article_live_words ON article_live USING gin (words);
-- What colleagues read, and what customers read: whatever is shown or offered comes from one of these two.
CREATE VIEW read_article AS
SELECT a.id, l.language, v.title, v.summary, v.body, v.number, v.published_at, a.category_id, a.visibility, a.tags, a.views,
       a.helped, a.helped_not, l.words, l.title_words
FROM article_live l JOIN article a ON a.id = l.article_id JOIN article_version v ON v.id = l.version_id
WHERE a.archived_at IS NULL;
CREATE VIEW public_article AS SELECT * FROM read_article WHERE visibility = 'public';
-- "Did this help?": once for each visitor, who is known by a random number alone (its hash).
CREATE TABLE article_vote (
    article_id bigint NOT NULL REFERENCES article ON DELETE CASCADE,
    visitor bytea NOT NULL,
    language text NOT NULL,
    helped boolean NOT NULL,
    comment text NOT NULL DEFAULT '',
    voted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (article_id, visitor)
);
CREATE INDEX article_vote_recent ON article_vote (article_id, voted_at DESC);

-- ── Telegram ────────────────────────────────────────────────────────────────────────────────────────────────────────
-- Parts of one message that arrive one by one (an album). They wait in the journal until no more come, or the longest time is over;
-- those that were put on the timeline (as item `filed_as`) stay here, so that one which comes late completes its message, and all go
-- when the message goes.
CREATE TABLE gathering (
    raw_id bigint PRIMARY KEY,
    channel_id int NOT NULL REFERENCES channel,
    part_of text NOT NULL,
    said_in text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    filed_as bigint
);
CREATE INDEX gathering_waiting ON gathering (at) WHERE filed_as IS NULL;
CREATE INDEX gathering_filed ON gathering (filed_as) WHERE filed_as IS NOT NULL;
CREATE INDEX gathering_together ON gathering (channel_id, part_of);

-- What a customer said, as it was before they changed it.
CREATE INDEX interaction_revised ON interaction (revises) WHERE revises IS NOT NULL;

-- A conversation as its channel knows it: with whom, the language they chose, what they were asked for and have not said yet, whether
-- they have shut us out.
CREATE TABLE talk (
    channel_id int NOT NULL REFERENCES channel,
    thread_key text NOT NULL,
    address text NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    language text NOT NULL DEFAULT '',
    waits_for text NOT NULL DEFAULT '',
    waits_data jsonb NOT NULL DEFAULT '{}',
    waits_until timestamptz,
    shut_at timestamptz,
    PRIMARY KEY (channel_id, thread_key)
);
CREATE INDEX talk_with ON talk (kind, value);

-- What customers asked of the hub itself, so that it is done once however often it comes.
CREATE TABLE counter_key (
    channel_id int NOT NULL REFERENCES channel,
    key text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (channel_id, key)
);
CREATE INDEX counter_key_age ON counter_key (at);

-- A code that was sent to an address, to see whether it is theirs. Only its hash is kept.
CREATE TABLE proof (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id int NOT NULL REFERENCES channel,
    thread_key text NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    code_hash bytea NOT NULL,
    tries int NOT NULL DEFAULT 0,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    proven_at timestamptz
);
CREATE INDEX proof_of_talk ON proof (channel_id, thread_key, id DESC);

-- Letters that belong to no ticket (codes). Sent at most once and soon, or not at all; what they said is forgotten then.
CREATE TABLE side_letter (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id int NOT NULL REFERENCES channel,
    message jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'failed')),
    error text NOT NULL DEFAULT '',
    not_before timestamptz NOT NULL DEFAULT clock_timestamp(),
    give_up_at timestamptz NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX side_letter_due ON side_letter (channel_id, not_before) WHERE state = 'queued';

-- ── Forms and chat ──────────────────────────────────────────────────────────────────────────────────────────────────
-- Work of a browser that was taken once, until it is too old anyhow.
CREATE TABLE spent_proof (
    mark text PRIMARY KEY,
    until timestamptz NOT NULL
);
CREATE INDEX spent_proof_old ON spent_proof (until);
-- By which somebody follows a case without signing in. Only the hash of the token is kept. `address`: the e-mail address that the link
-- was sent to, whose owner therefore holds it; '' for one that was shown on a page, whose reader may be anybody.
CREATE TABLE follow_link (
    token_hash bytea PRIMARY KEY,
    ticket_id bigint NOT NULL REFERENCES ticket ON DELETE CASCADE,
    channel_id int NOT NULL REFERENCES channel,
    thread_key text NOT NULL,
    address text NOT NULL DEFAULT '',
    language text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX follow_link_of_ticket ON follow_link (ticket_id);
CREATE INDEX follow_link_old ON follow_link (expires_at);

-- ── Surveys and the customer's own page ─────────────────────────────────────────────────────────────────────────────
-- One question about one resolution of a ticket, and the answer. `resolution` is the number that the ledger gave it; `token_hash` of
-- what the customer holds to answer; `address` whom it was put to, in the channel's own terms.
CREATE TABLE survey_invitation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id bigint NOT NULL REFERENCES ticket,
    resolution int NOT NULL,
    kind text NOT NULL,
    channel_id int NOT NULL REFERENCES channel,
    address text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    sent_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    answered_at timestamptz,
    score int,
    comment text NOT NULL DEFAULT '',
    entry_id bigint,
    UNIQUE (ticket_id, resolution, kind)
);

SELECT 1;

-- migrate: rollback
SELECT 1;
