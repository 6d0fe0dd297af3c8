-- Letters: who else was on them, what they say beside their text, moves between tickets, words kept ready
-- depends: 0001_timeline

-- migrate: apply

-- ── Threading ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- What a letter says beside its text (hub.model.interactions.LetterDetails); empty for other channels.
ALTER TABLE interaction ADD COLUMN details jsonb NOT NULL DEFAULT '{}';

-- A person whom somebody copied is known to the ticket; only a member may speak in it. An agent, or a sender whom our own
-- mail server vouches for, makes a member.
ALTER TABLE participant
    ADD COLUMN name text NOT NULL DEFAULT '',
    ADD COLUMN state text NOT NULL DEFAULT 'member' CHECK (state IN ('copied', 'member')),
    ADD COLUMN added_by bigint REFERENCES agent,
    ADD COLUMN added_at timestamptz NOT NULL DEFAULT clock_timestamp();

-- ── Mailboxes ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- ── Sending ─────────────────────────────────────────────────────────────────────────────────────────────────────────
ALTER TABLE agent ADD COLUMN signature text NOT NULL DEFAULT '';

-- Answers kept ready. `body` may name placeholders (hub.actions.templates lists them); nothing else in it is special.
CREATE TABLE template (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    language text NOT NULL DEFAULT '',
    body text NOT NULL,
    version int NOT NULL DEFAULT 1,
    retired boolean NOT NULL DEFAULT false,
    created_by bigint REFERENCES agent,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX template_name ON template (lower(name), language) WHERE NOT retired;

-- migrate: rollback
SELECT 1;
