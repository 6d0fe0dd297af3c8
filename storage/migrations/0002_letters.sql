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

-- The same letter may reach several inboxes: its content key is that of all mail channels together, under the number 0.
INSERT INTO inbound_key (channel_id, key, raw_id)
SELECT DISTINCT ON (k.key) 0, k.key, k.raw_id FROM inbound_key k JOIN channel c ON c.id = k.channel_id
WHERE c.kind = 'email' AND k.key LIKE 'content:%' ORDER BY k.key, k.raw_id
ON CONFLICT DO NOTHING;
-- Where else it was delivered is asked by the first of them.
CREATE INDEX inbound_raw_copies ON inbound_raw (duplicate_of) WHERE duplicate_of IS NOT NULL;

-- When the outside says that the customer spoke last, which for a backlog is long before it was filed; and the ticket into
-- which all of this one was moved.
ALTER TABLE ticket
    ADD COLUMN heard_at timestamptz,
    ADD COLUMN merged_into bigint REFERENCES ticket;

-- The ticket from which what the reference names was moved away: who holds a token of that one may speak here too.
ALTER TABLE thread_ref ADD COLUMN moved_from bigint REFERENCES ticket;

-- Message-IDs that an entry cites and that are not known as the ticket's own: what is called so may still come, or others
-- may cite it too.
CREATE TABLE cited_ref (
    ref text NOT NULL,
    interaction_id bigint NOT NULL,
    ticket_id bigint NOT NULL REFERENCES ticket,
    PRIMARY KEY (ref, interaction_id)
);
CREATE INDEX cited_ref_of_interaction ON cited_ref (interaction_id);

-- Tickets that have to do with each other: `ticket_id` was opened, or got something, because of `other_id`.
CREATE TABLE ticket_link (
    ticket_id bigint NOT NULL REFERENCES ticket,
    other_id bigint NOT NULL REFERENCES ticket,
    why text NOT NULL CHECK (why IN ('refused', 'closed', 'forwarded', 'also', 'moved', 'split')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (ticket_id, other_id),
    CHECK (ticket_id <> other_id)
);
CREATE INDEX ticket_link_back ON ticket_link (other_id);

-- What delivery reports said of each recipient of our letters; the last word counts. `report_id` is the report's own entry.
CREATE TABLE recipient_report (
    interaction_id bigint NOT NULL,
    address text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('failed', 'delayed', 'delivered')),
    status text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    report_id bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (interaction_id, address)
);

-- Addresses at which letters failed for good, until something arrives there or comes from there.
CREATE TABLE undeliverable (
    address text PRIMARY KEY,
    status text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Entries that people took to another ticket. What they say is not touched; where they stood is kept, so that it can be undone.
CREATE TABLE move (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id bigint NOT NULL REFERENCES ticket,
    target_id bigint NOT NULL REFERENCES ticket,
    split boolean NOT NULL,
    agent_id bigint REFERENCES agent,
    by_name text NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Statuses before and after, and where the target's ledger stood afterwards.
    source_was text NOT NULL,
    source_became text NOT NULL,
    target_was text NOT NULL,
    target_became text NOT NULL,
    target_seq int NOT NULL,
    undone_at timestamptz,
    undone_by text NOT NULL DEFAULT ''
);
CREATE TABLE moved_entry (
    move_id bigint NOT NULL REFERENCES move,
    interaction_id bigint NOT NULL,
    from_seq int NOT NULL,
    to_seq int NOT NULL,
    PRIMARY KEY (move_id, interaction_id)
);
CREATE INDEX moved_entry_of_interaction ON moved_entry (interaction_id);

-- ── Mailboxes ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- Secrets of a channel that change while it works, encrypted with the installation's key (hub.actions.vault).
CREATE TABLE channel_secret (
    channel_id int NOT NULL REFERENCES channel,
    key text NOT NULL,
    sealed bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (channel_id, key)
);

-- Each time a folder was compared with the journal.
CREATE TABLE mailbox_count (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id int NOT NULL REFERENCES channel,
    folder text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    on_server int NOT NULL,
    known int NOT NULL,
    missing int NOT NULL,
    fetched int NOT NULL,
    error text NOT NULL DEFAULT ''
);
CREATE INDEX mailbox_count_latest ON mailbox_count (channel_id, folder, at DESC);
CREATE INDEX mailbox_count_age ON mailbox_count (at);

-- A person wants it done now.
ALTER TABLE channel ADD COLUMN count_wanted_at timestamptz;

-- ── Sending ─────────────────────────────────────────────────────────────────────────────────────────────────────────
ALTER TABLE agent ADD COLUMN signature text NOT NULL DEFAULT '';

-- Answers kept ready. `body` may name placeholders (hub.actions.answers.templates lists them); nothing else in it is special.
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

-- `relay_id`: the Message-ID under which a relay sends our letter on. `made_pending`: this answer took its ticket out of the
-- open ones. `sent_copy`: what becomes of the copy in the mailbox's folder of sent letters.
ALTER TABLE outbox
    ADD COLUMN relay_id text NOT NULL DEFAULT '',
    ADD COLUMN made_pending boolean NOT NULL DEFAULT false,
    ADD COLUMN sent_copy text NOT NULL DEFAULT '' CHECK (sent_copy IN ('', 'wanted', 'kept', 'failed'));
CREATE INDEX outbox_relay_id ON outbox (relay_id) WHERE relay_id <> '';
CREATE INDEX outbox_sent_copy ON outbox (channel_id, id) WHERE sent_copy = 'wanted';

-- migrate: rollback
SELECT 1;
