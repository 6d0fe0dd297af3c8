-- The desk: search, drafts, views, snoozing, macros, merging, incidents, sign-in, roles, audit, retention
-- depends: 0004_floor

-- migrate: apply

-- ── Search ──────────────────────────────────────────────────────────────────────────────────────────────────────────
-- What things are found by (hub.model.search_words), written by a worker after the fact: an arrival pays only for a line in
-- search_due. Months as in the timeline, so that a search goes through them from the newest on and stops early.
CREATE TABLE search_entry (
    id bigint NOT NULL,
    words tsvector NOT NULL,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX search_entry_words ON search_entry USING gin (words) WITH (gin_pending_list_limit = 1024);
CREATE TABLE search_ticket (
    id bigint PRIMARY KEY,
    words tsvector NOT NULL
);
CREATE INDEX search_ticket_words ON search_ticket USING gin (words) WITH (gin_pending_list_limit = 512);
CREATE TABLE search_customer (
    id bigint PRIMARY KEY,
    words tsvector NOT NULL
);
CREATE INDEX search_customer_words ON search_customer USING gin (words) WITH (gin_pending_list_limit = 512);
CREATE TABLE search_organisation (
    id bigint PRIMARY KEY,
    words tsvector NOT NULL
);
CREATE INDEX search_organisation_words ON search_organisation USING gin (words) WITH (gin_pending_list_limit = 512);

-- What has to be read anew for search. Rows are the queue; the worker reads what stands there then.
CREATE TABLE search_due (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what text NOT NULL,
    ref bigint NOT NULL
);
-- One hub writes at a time (it holds this row). What was there before there was a search is taken in from the newest down:
-- below these ids it is still to do; null: it is done.
CREATE TABLE search_fill (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    entry bigint,
    ticket bigint,
    customer bigint,
    organisation bigint
);
INSERT INTO search_fill (entry, ticket, customer, organisation)
SELECT (SELECT max(id) + 1 FROM interaction), (SELECT max(id) + 1 FROM ticket), (SELECT max(id) + 1 FROM customer),
       (SELECT max(id) + 1 FROM organisation);

-- Triggers, so that no way of writing forgets it. New rows are told in one go; changes only where a word changed.
CREATE FUNCTION search_hears_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_due (what, ref) SELECT TG_ARGV[0], id FROM fresh;
    RETURN NULL;
END
$$;
CREATE FUNCTION search_hears_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_due (what, ref) VALUES (TG_ARGV[0], coalesce(NEW.id, OLD.id));
    RETURN NULL;
END
$$;
CREATE FUNCTION search_hears_identities() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_due (what, ref) SELECT DISTINCT 'customer', customer_id FROM fresh;
    RETURN NULL;
END
$$;
CREATE FUNCTION search_hears_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_due (what, ref)
    SELECT DISTINCT 'customer', id FROM unnest(ARRAY[OLD.customer_id, NEW.customer_id]) AS id WHERE id IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER search_new AFTER INSERT ON interaction
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION search_hears_new('entry');
CREATE TRIGGER search_change AFTER UPDATE OF text, subject, fields ON interaction
    FOR EACH ROW WHEN ((OLD.text, OLD.subject, OLD.fields) IS DISTINCT FROM (NEW.text, NEW.subject, NEW.fields))
    EXECUTE FUNCTION search_hears_change('entry');
CREATE TRIGGER search_gone AFTER DELETE ON interaction FOR EACH ROW EXECUTE FUNCTION search_hears_change('entry');
CREATE TRIGGER search_new AFTER INSERT ON ticket
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION search_hears_new('ticket');
CREATE TRIGGER search_change AFTER UPDATE OF subject, tags ON ticket
    FOR EACH ROW WHEN ((OLD.subject, OLD.tags) IS DISTINCT FROM (NEW.subject, NEW.tags))
    EXECUTE FUNCTION search_hears_change('ticket');
CREATE TRIGGER search_gone AFTER DELETE ON ticket FOR EACH ROW EXECUTE FUNCTION search_hears_change('ticket');
CREATE TRIGGER search_new AFTER INSERT ON customer
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION search_hears_new('customer');
CREATE TRIGGER search_change AFTER UPDATE OF name ON customer
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION search_hears_change('customer');
CREATE TRIGGER search_gone AFTER DELETE ON customer FOR EACH ROW EXECUTE FUNCTION search_hears_change('customer');
CREATE TRIGGER search_new AFTER INSERT ON identity
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION search_hears_identities();
CREATE TRIGGER search_change AFTER UPDATE OF customer_id, value OR DELETE ON identity
    FOR EACH ROW EXECUTE FUNCTION search_hears_identity();
CREATE TRIGGER search_new AFTER INSERT ON organisation
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION search_hears_new('organisation');
CREATE TRIGGER search_change AFTER UPDATE OF name ON organisation
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION search_hears_change('organisation');
CREATE TRIGGER search_gone AFTER DELETE ON organisation FOR EACH ROW EXECUTE FUNCTION search_hears_change('organisation');

-- Months of the past too, for what is imported or seeded with old times.
CREATE FUNCTION make_month(parent text, month timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    child constant text := parent || '_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
    IF to_regclass(child) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)', child, parent,
        timeline_floor(month), timeline_floor(month + interval '1 month'));
    RETURN true;
EXCEPTION WHEN check_violation THEN
    -- Rows of this month lie in elsewhen already, and the others of the month go there too.
    RAISE WARNING 'partition % is not made: % has rows of its month', child, parent || '_elsewhen';
    RETURN false;
END
$$;
CREATE OR REPLACE FUNCTION make_partitions(months_ahead int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    this_month constant timestamptz := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
BEGIN
    -- Several hubs may do this at once.
    PERFORM pg_advisory_xact_lock(1298427982);
    RETURN (SELECT count(*) FILTER (WHERE make_month(parent, this_month + make_interval(months => ahead)))
            FROM unnest(ARRAY['interaction', 'inbound_raw', 'search_entry']) AS parent, generate_series(0, months_ahead) AS ahead);
END
$$;
SELECT make_month('search_entry', to_timestamp(substr(inhrelid::regclass::text, 13), 'YYYY_MM'))
FROM pg_inherits WHERE inhparent = 'interaction'::regclass AND inhrelid::regclass::text ~ '^interaction_\d{4}_\d\d$';
SELECT make_partitions(2);
CREATE TABLE search_entry_elsewhen PARTITION OF search_entry DEFAULT;

-- ── Drafts, scheduled replies ───────────────────────────────────────────────────────────────────────────────────────
-- What an agent is writing on a ticket: one reply and one note at the most. `revision` counts what it said; the row stays when it
-- is empty, so that the count goes on. `tab` and `number`: which page of the desk wrote it last, and the how many-eth write of that
-- page it was.
CREATE TABLE draft (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id bigint NOT NULL REFERENCES ticket,
    agent_id bigint NOT NULL REFERENCES agent,
    mode text NOT NULL CHECK (mode IN ('reply', 'note')),
    revision int NOT NULL DEFAULT 1,
    tab text NOT NULL DEFAULT '',
    number int NOT NULL DEFAULT 0,
    text text NOT NULL DEFAULT '',
    cc text NOT NULL DEFAULT '',
    bcc text NOT NULL DEFAULT '',
    inbox text NOT NULL DEFAULT '',
    way text NOT NULL DEFAULT '',
    expected_seq int,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (ticket_id, agent_id, mode)
) WITH (fillfactor = 70);
CREATE INDEX draft_of_agent ON draft (agent_id, ticket_id) WHERE text <> '';
CREATE INDEX draft_age ON draft (written_at);

-- What two pages wrote at once: the one that lost, the last of each page.
CREATE TABLE draft_beside (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id bigint NOT NULL REFERENCES ticket,
    agent_id bigint NOT NULL REFERENCES agent,
    mode text NOT NULL CHECK (mode IN ('reply', 'note')),
    tab text NOT NULL,
    number int NOT NULL,
    text text NOT NULL,
    cc text NOT NULL DEFAULT '',
    bcc text NOT NULL DEFAULT '',
    kept_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (ticket_id, agent_id, mode, tab)
);
CREATE INDEX draft_beside_age ON draft_beside (kept_at);

-- Files that lie ready for a reply which is not sent yet. `scheduled_id`: of one that leaves later.
CREATE TABLE draft_file (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token text NOT NULL UNIQUE DEFAULT replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
    ticket_id bigint NOT NULL REFERENCES ticket,
    agent_id bigint REFERENCES agent,
    scheduled_id bigint,
    filename text NOT NULL,
    content_type text NOT NULL,
    size bigint NOT NULL,
    sha256 bytea NOT NULL REFERENCES blob,
    uploaded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX draft_file_of_draft ON draft_file (ticket_id, agent_id) WHERE scheduled_id IS NULL;
CREATE INDEX draft_file_of_scheduled ON draft_file (scheduled_id) WHERE scheduled_id IS NOT NULL;
CREATE INDEX draft_file_of_blob ON draft_file (sha256);
CREATE INDEX IF NOT EXISTS attachment_of_blob ON attachment (sha256);

-- Replies that leave at a time of their own. Each is settled once: queued as a reply, or cancelled with the reason.
CREATE TABLE scheduled_reply (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id bigint NOT NULL REFERENCES ticket,
    agent_id bigint REFERENCES agent,
    author_name text NOT NULL,
    text text NOT NULL,
    cc text NOT NULL DEFAULT '',
    bcc text NOT NULL DEFAULT '',
    inbox text NOT NULL DEFAULT '',
    way text NOT NULL DEFAULT '',
    send_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'queued', 'cancelled')),
    why text NOT NULL DEFAULT '',
    interaction_id bigint,
    settled_at timestamptz,
    CHECK ((state = 'waiting') = (settled_at IS NULL))
);
ALTER TABLE draft_file ADD FOREIGN KEY (scheduled_id) REFERENCES scheduled_reply;
CREATE INDEX scheduled_reply_waiting ON scheduled_reply (send_at) WHERE state = 'waiting';
CREATE INDEX scheduled_reply_of_ticket ON scheduled_reply (ticket_id, id);

-- ── Canned replies, macros, mentions, followers ─────────────────────────────────────────────────────────────────────
-- A canned reply is one person's own, of those who work on a queue, or everybody's. Texts of one name in several languages are one
-- reply: the ticket's language decides which is offered. `body` is Liquid (hub.actions.answers.liquid_text).
ALTER TABLE template
    ADD COLUMN shortcut text NOT NULL DEFAULT '',
    ADD COLUMN folder text NOT NULL DEFAULT '',
    ADD COLUMN owner_id bigint REFERENCES agent,
    ADD COLUMN queue_id int REFERENCES queue,
    ADD COLUMN used int NOT NULL DEFAULT 0,
    ADD CONSTRAINT template_whose CHECK (owner_id IS NULL OR queue_id IS NULL);
DROP INDEX template_name;
CREATE UNIQUE INDEX template_name ON template (coalesce(owner_id, 0), lower(name), language) WHERE NOT retired;

-- Several acts at once. `acts` as hub.model.macros has them.
CREATE TABLE macro (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    acts jsonb NOT NULL,
    owner_id bigint REFERENCES agent,
    queue_id int REFERENCES queue,
    used int NOT NULL DEFAULT 0,
    version int NOT NULL DEFAULT 1,
    retired boolean NOT NULL DEFAULT false,
    created_by bigint REFERENCES agent,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (owner_id IS NULL OR queue_id IS NULL)
);
CREATE UNIQUE INDEX macro_name ON macro (coalesce(owner_id, 0), lower(name)) WHERE NOT retired;

-- One run on one ticket: what was done, and what was there before, so that it can be undone.
CREATE TABLE macro_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    macro_id bigint NOT NULL REFERENCES macro,
    ticket_id bigint NOT NULL REFERENCES ticket,
    agent_id bigint REFERENCES agent,
    done jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    undone_at timestamptz
);
CREATE INDEX macro_run_ticket ON macro_run (ticket_id);

-- Who hears of a ticket that is not theirs.
CREATE TABLE ticket_follower (
    ticket_id bigint NOT NULL REFERENCES ticket,
    agent_id bigint NOT NULL REFERENCES agent,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (ticket_id, agent_id)
);
CREATE INDEX ticket_follower_agent ON ticket_follower (agent_id);

-- Which keys an agent has chosen otherwise; {"off": true} for none (hub.model.keys).
ALTER TABLE agent ADD COLUMN keys jsonb NOT NULL DEFAULT '{}';

-- ── Merging, linking, incidents ─────────────────────────────────────────────────────────────────────────────────────
ALTER TABLE ticket_link DROP CONSTRAINT ticket_link_why_check;
ALTER TABLE ticket_link ADD CONSTRAINT ticket_link_why_check
    CHECK (why IN ('refused', 'closed', 'forwarded', 'also', 'moved', 'split', 'related', 'duplicate', 'caused_by'));

-- A move that took a whole ticket into another: what came along with its entries and what both said before, for the way back.
CREATE TABLE ticket_merge (
    move_id bigint PRIMARY KEY REFERENCES move,
    came jsonb NOT NULL,
    source_was jsonb NOT NULL,
    target_was jsonb NOT NULL
);

-- Two customers that are one person: what was the one's is the other's, until somebody finds that it was a mistake.
ALTER TABLE customer ADD COLUMN merged_into bigint REFERENCES customer;
CREATE INDEX customer_merged ON customer (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE customer_merge (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kept_id bigint NOT NULL REFERENCES customer,
    gone_id bigint NOT NULL REFERENCES customer,
    -- What the one that stays said of itself before, and what it said afterwards.
    kept_was jsonb NOT NULL,
    kept_became jsonb NOT NULL,
    agent_id bigint REFERENCES agent,
    by_name text NOT NULL,
    merged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    undone_at timestamptz,
    undone_by text NOT NULL DEFAULT '',
    CHECK (kept_id <> gone_id)
);
CREATE INDEX customer_merge_kept ON customer_merge (kept_id, id);
CREATE UNIQUE INDEX customer_merge_gone ON customer_merge (gone_id) WHERE undone_at IS NULL;
-- Everything that was the one's: rows keep the customer that they had.
CREATE TABLE customer_merge_row (
    merge_id bigint NOT NULL REFERENCES customer_merge,
    what text NOT NULL CHECK (what IN ('ticket', 'identity', 'task', 'incident_delivery')),
    row_id bigint NOT NULL,
    PRIMARY KEY (merge_id, what, row_id)
);

-- Pairs of customers that look like one person, as they are found; `different`: somebody said that they are not.
CREATE TABLE customer_pair (
    low_id bigint NOT NULL REFERENCES customer,
    high_id bigint NOT NULL REFERENCES customer,
    reason text NOT NULL CHECK (reason IN ('claim_meets_proof', 'same_claim', 'two_owners')),
    kind text NOT NULL DEFAULT '',
    value text NOT NULL DEFAULT '',
    verdict text NOT NULL DEFAULT '' CHECK (verdict IN ('', 'different', 'same')),
    decided_by bigint REFERENCES agent,
    author text NOT NULL DEFAULT '',
    decided_at timestamptz,
    found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (low_id, high_id),
    CHECK (low_id < high_id)
);
CREATE INDEX customer_pair_open ON customer_pair (found_at DESC, low_id DESC, high_id DESC) WHERE verdict = '';
CREATE INDEX customer_pair_of_high ON customer_pair (high_id);
-- What goes along with a customer is found whatever its state.
CREATE INDEX task_about_customer ON task (customer_id) WHERE customer_id IS NOT NULL;
-- How far identities were looked at for such pairs.
CREATE TABLE customer_pair_mark (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    identity_id bigint NOT NULL
);
INSERT INTO customer_pair_mark (identity_id) VALUES (0);

-- What people change in customers and organisations by hand.
ALTER TABLE customer ADD COLUMN note text NOT NULL DEFAULT '';
ALTER TABLE customer ADD COLUMN version int NOT NULL DEFAULT 1;
CREATE INDEX customer_of_organisation ON customer (organisation_id, id) WHERE organisation_id IS NOT NULL;
-- `sorted_as`: the name in lower case, Chinese characters by their pinyin; null until somebody has reckoned it.
ALTER TABLE organisation ADD COLUMN sorted_as text;
ALTER TABLE organisation ADD COLUMN note text NOT NULL DEFAULT '';
ALTER TABLE organisation ADD COLUMN version int NOT NULL DEFAULT 1;
CREATE INDEX organisation_sorted ON organisation (sorted_as, id);
CREATE INDEX organisation_unsorted ON organisation (id) WHERE sorted_as IS NULL;
ALTER TABLE identity ADD COLUMN verified_by bigint REFERENCES agent;

-- One thing that went wrong for many, and the tickets that came of it.
CREATE SEQUENCE incident_serial START 101;
CREATE TABLE incident (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code bigint NOT NULL UNIQUE DEFAULT with_check_digit(nextval('incident_serial')),
    title text NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'monitoring', 'resolved')),
    version int NOT NULL DEFAULT 1,
    made_by bigint REFERENCES agent,
    author text NOT NULL DEFAULT '',
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    resolved_at timestamptz
);
CREATE INDEX incident_recent ON incident ((state = 'resolved'), changed_at DESC, id DESC);
CREATE TABLE incident_ticket (
    incident_id bigint NOT NULL REFERENCES incident,
    ticket_id bigint NOT NULL REFERENCES ticket,
    agent_id bigint REFERENCES agent,
    author text NOT NULL DEFAULT '',
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (incident_id, ticket_id)
);
CREATE INDEX incident_of_ticket ON incident_ticket (ticket_id);
-- What was said to everybody concerned. `key`: whoever sends the form twice says it once.
CREATE TABLE incident_update (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES incident,
    key text NOT NULL,
    state text NOT NULL,
    text_en text NOT NULL DEFAULT '',
    text_zh text NOT NULL DEFAULT '',
    with_claimed boolean NOT NULL DEFAULT false,
    agent_id bigint REFERENCES agent,
    author text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (incident_id, key)
);
-- To whom: each customer once. What waits is the queue; a reply is made for it and the row settled in one transaction.
CREATE TABLE incident_delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    update_id bigint NOT NULL REFERENCES incident_update,
    customer_id bigint NOT NULL REFERENCES customer,
    ticket_id bigint NOT NULL REFERENCES ticket,
    language text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'made', 'skipped')),
    why text NOT NULL DEFAULT '',
    interaction_id bigint,
    settled_at timestamptz,
    UNIQUE (update_id, customer_id)
);
CREATE INDEX incident_delivery_of_customer ON incident_delivery (customer_id);
CREATE INDEX incident_delivery_waiting ON incident_delivery (id) WHERE state = 'waiting';

-- A supervisor who listens to a colleague's conversation.
CREATE TABLE listening (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id bigint NOT NULL REFERENCES ticket,
    agent_id bigint NOT NULL REFERENCES agent,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    until timestamptz,
    how_ended text NOT NULL DEFAULT '' CHECK (how_ended IN ('', 'left', 'took_over', 'over'))
);
CREATE UNIQUE INDEX listening_now ON listening (ticket_id, agent_id) WHERE until IS NULL;

-- ── Signing in ──────────────────────────────────────────────────────────────────────────────────────────────────────
-- `how`: by what they came in. `limited`: opens nothing but the page on which a second step is set up. `proved_at`: when its holder
-- last showed who they are.
ALTER TABLE session
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN peer text NOT NULL DEFAULT '',
    ADD COLUMN how text NOT NULL DEFAULT 'password' CHECK (how IN ('password', 'totp', 'recovery', 'passkey', 'company')),
    ADD COLUMN limited boolean NOT NULL DEFAULT false,
    ADD COLUMN proved_at timestamptz NOT NULL DEFAULT clock_timestamp();

-- An authenticator app: its secret, sealed (hub.actions.vault), and the last time step of which a code was taken (RFC 6238, 5.2).
-- `pending`: one that is being set up; the other one counts until its first code was right.
CREATE TABLE totp (
    agent_id bigint PRIMARY KEY REFERENCES agent,
    sealed bytea,
    last_step bigint NOT NULL DEFAULT 0,
    set_up_at timestamptz,
    used_at timestamptz,
    pending bytea,
    pending_until timestamptz
);
CREATE TABLE recovery_code (
    agent_id bigint NOT NULL REFERENCES agent,
    code_hash bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (agent_id, code_hash)
);
CREATE TABLE passkey (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent_id bigint NOT NULL REFERENCES agent,
    credential_id bytea NOT NULL UNIQUE,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    transports text[] NOT NULL DEFAULT '{}',
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at timestamptz
);
CREATE INDEX passkey_of_agent ON passkey (agent_id);

-- Who an agent is to the company's own sign-in (OpenID Connect): its issuer and subject, never a name or address.
CREATE TABLE company_login (
    issuer text NOT NULL,
    subject text NOT NULL,
    agent_id bigint NOT NULL REFERENCES agent,
    shown_as text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at timestamptz,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX company_login_of_agent ON company_login (agent_id);

-- What was begun at the login page and is finished within minutes, once. Holds no secret in the clear.
CREATE TABLE sign_in_step (
    token_hash bytea PRIMARY KEY,
    purpose text NOT NULL,
    agent_id bigint REFERENCES agent,
    data jsonb NOT NULL DEFAULT '{}',
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_step_over ON sign_in_step (expires_at);

-- Of whom a second step is asked, and from when on.
CREATE TABLE sign_in_policy (
    the_one boolean PRIMARY KEY DEFAULT true CHECK (the_one),
    required_of text NOT NULL DEFAULT 'nobody' CHECK (required_of IN ('nobody', 'leads', 'everybody')),
    grace_days int NOT NULL DEFAULT 7 CHECK (grace_days BETWEEN 0 AND 90),
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO sign_in_policy DEFAULT VALUES;

-- ── Roles, audit, retention ─────────────────────────────────────────────────────────────────────────────────────────
-- What agents may do. Of the three that are always there the program knows what they allow; a role that was made says it here, and
-- is called as people called it.
CREATE TABLE role (
    name text PRIMARY KEY,
    based_on text NOT NULL DEFAULT '',
    permissions text[] NOT NULL DEFAULT '{}',
    sight text NOT NULL DEFAULT 'all' CHECK (sight IN ('own', 'queues', 'all')),
    version int NOT NULL DEFAULT 1,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX role_name ON role (lower(name));
INSERT INTO role (name) VALUES ('agent'), ('supervisor'), ('admin');
ALTER TABLE agent DROP CONSTRAINT agent_role_check;
ALTER TABLE agent ADD CONSTRAINT agent_role FOREIGN KEY (role) REFERENCES role ON UPDATE CASCADE;

-- Administrative acts, written in the transaction of the act, each sealed with the one before: what was changed behind the hub's
-- back shows. Nobody changes a row, also not the hub; what is older than a year may go, from the oldest on.
CREATE SEQUENCE audit_serial;
CREATE TABLE audit (
    id bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    agent_id bigint REFERENCES agent,
    who text NOT NULL,
    subject text NOT NULL DEFAULT '',
    details jsonb NOT NULL DEFAULT '{}',
    seal bytea NOT NULL
);
CREATE INDEX audit_of_agent ON audit (agent_id, id DESC);
CREATE INDEX audit_of_kind ON audit (kind, id DESC);
CREATE FUNCTION audit_seal(before bytea, one audit) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(before || convert_to(jsonb_build_array(
        one.id, extract(epoch FROM one.at), one.kind, one.agent_id, one.who, one.subject, one.details)::text, 'UTF8'))
$$;
CREATE FUNCTION audit_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- One after the other: number, time and seal follow the row before.
    PERFORM pg_advisory_xact_lock(1298427983);
    NEW.id := nextval('audit_serial');
    NEW.at := clock_timestamp();
    NEW.seal := audit_seal(coalesce((SELECT seal FROM audit ORDER BY id DESC LIMIT 1), ''), NEW);
    RETURN NEW;
END
$$;
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('hub.audit_ends', true) = 'yes' AND OLD.at < clock_timestamp() - interval '365 days' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit trail is not changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_add BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_add();
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_stays_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();

ALTER TABLE api_key
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN made_by text NOT NULL DEFAULT '',
    ADD COLUMN version int NOT NULL DEFAULT 1;

-- How long what is kept. `reached`: everything before it was looked at; `hold` keeps a customer out of all of it.
CREATE TABLE retention_policy (
    what text PRIMARY KEY,
    enabled boolean NOT NULL DEFAULT false,
    days int NOT NULL CHECK (days BETWEEN 1 AND 36500),
    depth text NOT NULL DEFAULT 'all',
    reached_at timestamptz NOT NULL DEFAULT '-infinity',
    reached_id bigint NOT NULL DEFAULT 0,
    last_run_at timestamptz,
    version int NOT NULL DEFAULT 1,
    changed_by text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO retention_policy (what, enabled, days, depth) VALUES
    ('messages', false, 1095, 'words'), ('customers', false, 1095, 'all'), ('raw', false, 365, 'all'),
    ('events', false, 1095, 'all'), ('webhook_calls', true, 30, 'all'), ('notices', true, 365, 'all'),
    ('audit', false, 2555, 'all');
CREATE TABLE retention_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what text NOT NULL REFERENCES retention_policy,
    days int NOT NULL,
    depth text NOT NULL,
    rows bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    error text NOT NULL DEFAULT ''
);
CREATE INDEX retention_run_of_policy ON retention_run (what, id DESC);
CREATE TABLE legal_hold (
    customer_id bigint PRIMARY KEY REFERENCES customer,
    reason text NOT NULL,
    by_agent bigint REFERENCES agent,
    by_name text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE customer ADD COLUMN anonymised_at timestamptz;
-- Customers who are anonymised, and after which of their tickets words are still to be taken away: begun, it is ended.
CREATE TABLE forgetting (
    customer_id bigint PRIMARY KEY REFERENCES customer,
    after bigint NOT NULL DEFAULT 0,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- ── Channels, first steps, custom fields, tags ──────────────────────────────────────────────────────────────────────
-- Channels that are set up at the desk. Secrets are sealed (hub.actions.vault); those of hub.toml are not here.
CREATE TABLE channel_config (
    name text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_-]{1,40}$'),
    kind text NOT NULL,
    settings jsonb NOT NULL,
    secrets bytea,
    enabled boolean NOT NULL DEFAULT true,
    version int NOT NULL DEFAULT 1,
    changed_by bigint REFERENCES agent,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A message that the hub sent itself through a channel, or waits for, and how far it came. `after_raw`: what came in earlier is
-- not it.
CREATE TABLE channel_probe (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id int NOT NULL REFERENCES channel,
    agent_id bigint NOT NULL REFERENCES agent,
    message_id text NOT NULL DEFAULT '',
    address text NOT NULL DEFAULT '',
    after_raw bigint NOT NULL DEFAULT timeline_floor(clock_timestamp()),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,
    raw_id bigint,
    arrived_at timestamptz,
    ticket_id bigint REFERENCES ticket,
    filed_at timestamptz,
    ended_at timestamptz,
    error text NOT NULL DEFAULT ''
);
CREATE INDEX channel_probe_of_channel ON channel_probe (channel_id, id DESC);

-- What the list of first steps does not find out by itself: which of them nobody needs here; 'all': the card is put away.
CREATE TABLE first_step (
    key text PRIMARY KEY,
    agent_id bigint NOT NULL REFERENCES agent,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Whether somebody still has the password that they were given, whoever writes another one.
ALTER TABLE agent ADD COLUMN password_changed_at timestamptz;
CREATE FUNCTION note_password_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.password_changed_at := clock_timestamp();
    RETURN NEW;
END
$$;
CREATE TRIGGER agent_password_changed BEFORE UPDATE OF password_hash ON agent
    FOR EACH ROW WHEN (OLD.password_hash IS DISTINCT FROM NEW.password_hash) EXECUTE FUNCTION note_password_change();

-- Fields of the company's own, and what stands in them. No list filters by values, so that they need no index.
CREATE TABLE custom_field (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    about text NOT NULL CHECK (about IN ('ticket', 'customer', 'organisation')),
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    kind text NOT NULL CHECK (kind IN ('text', 'number', 'date', 'yes_no', 'choice')),
    label_en text NOT NULL,
    label_zh text NOT NULL,
    choices jsonb NOT NULL DEFAULT '[]',
    required boolean NOT NULL DEFAULT false,
    place int NOT NULL DEFAULT 0,
    retired boolean NOT NULL DEFAULT false,
    version int NOT NULL DEFAULT 1,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (about, name)
);
CREATE TABLE ticket_fields (
    ticket_id bigint PRIMARY KEY REFERENCES ticket ON DELETE CASCADE,
    said jsonb NOT NULL
);
CREATE TABLE customer_fields (
    customer_id bigint PRIMARY KEY REFERENCES customer ON DELETE CASCADE,
    said jsonb NOT NULL
);
CREATE TABLE organisation_fields (
    organisation_id bigint PRIMARY KEY REFERENCES organisation ON DELETE CASCADE,
    said jsonb NOT NULL
);

-- What a tag means and how it looks. A retired one is not offered any more; one that is being renamed goes once no ticket has it.
ALTER TABLE tag
    ADD COLUMN colour text NOT NULL DEFAULT '' CHECK (colour IN ('', 'green', 'blue', 'amber', 'red', 'grey')),
    ADD COLUMN description text NOT NULL DEFAULT '',
    ADD COLUMN retired boolean NOT NULL DEFAULT false,
    ADD COLUMN renamed_to text NOT NULL DEFAULT '';

-- ── Views, snoozing, who looks on ───────────────────────────────────────────────────────────────────────────────────
-- Out of the way until then, or until the customer writes.
ALTER TABLE ticket ADD COLUMN snoozed_until timestamptz;
CREATE INDEX ticket_snoozed ON ticket (snoozed_until) WHERE snoozed_until IS NOT NULL;
-- The desk's lists: what is in work is little beside what was, and is read at every event.
CREATE INDEX ticket_in_work ON ticket (updated_at DESC, id DESC) WHERE status IN ('open', 'pending');

-- Filters with a name: hub.model.filters.Filter as data, in which order, and who sees them beside their owner.
CREATE TABLE saved_view (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    owner_id bigint NOT NULL REFERENCES agent,
    shared text NOT NULL DEFAULT 'nobody' CHECK (shared IN ('nobody', 'queue', 'everybody')),
    queue_id int REFERENCES queue,
    filter jsonb NOT NULL,
    arranged text NOT NULL CHECK (arranged IN ('waiting', 'due', 'newest', 'updated')),
    version int NOT NULL DEFAULT 1,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((queue_id IS NOT NULL) = (shared = 'queue'))
);
CREATE INDEX saved_view_of_owner ON saved_view (owner_id);

-- How far into a ticket's ledger an agent has looked.
CREATE TABLE ticket_seen (
    agent_id bigint NOT NULL REFERENCES agent,
    ticket_id bigint NOT NULL REFERENCES ticket,
    seq int NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (agent_id, ticket_id)
) WITH (fillfactor = 80);

-- Which ticket an open page of the desk shows, and what its agent does there; it goes with the line, or with its silence.
ALTER TABLE desk_line
    ADD COLUMN ticket_id bigint,
    ADD COLUMN doing text NOT NULL DEFAULT '' CHECK (doing IN ('', 'viewing', 'typing', 'idle'));

-- What was changed on many tickets with one press, and how each was before: for as long as it may be taken back.
CREATE TABLE bulk_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent_id bigint NOT NULL REFERENCES agent,
    what text NOT NULL,
    value jsonb NOT NULL,
    before jsonb NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    undone_at timestamptz
);
CREATE INDEX bulk_change_age ON bulk_change (made_at);

-- migrate: rollback
SELECT 1;
