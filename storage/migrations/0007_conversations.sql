-- Chats that go on elsewhere, surveys of any kind, the customer's own page, and what keeps the house in order
-- depends: 0006_customer_side

-- migrate: apply

-- ── Chat ────────────────────────────────────────────────────────────────────────────────────────────────────────────
-- A live conversation, as far as it outlives the pages that show it. `mail`: where it goes on when nobody is there, by its visitor's own
-- word; `by_mail`: that is so now. Lines up to `seen_line` were before the visitor's eyes, those up to `mailed_line` went to them by
-- letter. `away_since`: the last page was closed then, as far as is known. `look_at`: when it has to be looked whether something goes by
-- letter, or the conversation is over.
CREATE TABLE chat (
    channel_id int NOT NULL REFERENCES channel,
    thread_key text NOT NULL,
    mail text NOT NULL DEFAULT '',
    by_mail boolean NOT NULL DEFAULT false,
    seen_line bigint NOT NULL DEFAULT 0,
    mailed_line bigint NOT NULL DEFAULT 0,
    away_since timestamptz,
    look_at timestamptz,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (channel_id, thread_key)
) WITH (fillfactor = 70);
CREATE INDEX chat_look ON chat (look_at) WHERE look_at IS NOT NULL;
-- By which a conversation is opened on another device, from what comes after the line `since`. Only the hash is kept.
CREATE TABLE chat_key (
    key_hash bytea PRIMARY KEY,
    channel_id int NOT NULL REFERENCES channel,
    thread_key text NOT NULL,
    since bigint NOT NULL DEFAULT 0,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX chat_key_of_chat ON chat_key (channel_id, thread_key);
CREATE INDEX chat_key_old ON chat_key (expires_at);
-- A visitor's open pages, and until when they are taken to write. After a crash nobody is here until their page says so again.
CREATE UNLOGGED TABLE chat_page (
    channel_id int NOT NULL,
    thread_key text NOT NULL,
    page text NOT NULL,
    heard_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (channel_id, thread_key, page)
) WITH (fillfactor = 70);
CREATE UNLOGGED TABLE chat_typing (
    channel_id int NOT NULL,
    thread_key text NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (channel_id, thread_key)
) WITH (fillfactor = 70);
-- An agent asked, in the middle of a conversation; `resolution` is then the number that the ledger gave to the asking.
ALTER TABLE survey_invitation ADD COLUMN by_hand boolean NOT NULL DEFAULT false;

-- ── Surveys ─────────────────────────────────────────────────────────────────────────────────────────────────────────
-- What customers are asked after a resolution, version by version. `place`: the first that is on and fits asks. One that is retired is
-- kept for its answers.
CREATE TABLE survey (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place int NOT NULL,
    active boolean NOT NULL DEFAULT false,
    retired boolean NOT NULL DEFAULT false,
    version int NOT NULL DEFAULT 1
);
CREATE TABLE survey_version (
    survey_id int NOT NULL REFERENCES survey ON DELETE CASCADE,
    number int NOT NULL,
    definition jsonb NOT NULL,
    changed_by bigint REFERENCES agent,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (survey_id, number)
);
-- By which words it was asked (null: those of the channel's own rating), in which language, and who had the ticket then, in which
-- queue. `shown`: it is put on the pages of its conversation and sent nowhere. `follow_up_id`: the ticket that a low score opened.
-- `customer_id` is the ticket's own and goes with it: how lately somebody was asked is looked up whenever one of their tickets is resolved.
ALTER TABLE survey_invitation
    ADD COLUMN survey_id int,
    ADD COLUMN survey_version int,
    ADD COLUMN language text NOT NULL DEFAULT '',
    ADD COLUMN queue_id int REFERENCES queue,
    ADD COLUMN agent_id bigint REFERENCES agent,
    ADD COLUMN answers jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN shown boolean NOT NULL DEFAULT false,
    ADD COLUMN follow_up_id bigint REFERENCES ticket,
    ADD COLUMN customer_id bigint REFERENCES customer,
    ADD FOREIGN KEY (survey_id, survey_version) REFERENCES survey_version;
UPDATE survey_invitation s
SET queue_id = t.queue_id, agent_id = coalesce(t.assignee_id, t.last_agent_id), customer_id = t.customer_id FROM ticket t
WHERE t.id = s.ticket_id;
ALTER TABLE survey_invitation ALTER COLUMN customer_id SET NOT NULL;
CREATE INDEX survey_invitation_sent ON survey_invitation (sent_at);
CREATE INDEX survey_invitation_of_customer ON survey_invitation (customer_id, sent_at);
CREATE INDEX survey_invitation_scores ON survey_invitation (customer_id, answered_at) WHERE score IS NOT NULL;
CREATE INDEX survey_invitation_follow_up ON survey_invitation (follow_up_id) WHERE follow_up_id IS NOT NULL;
-- Who does not want to be asked any more, by the channel and address at which they said so.
CREATE TABLE survey_refusal (
    channel_kind text NOT NULL,
    address text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (channel_kind, address)
);

-- ── The customer's own page ─────────────────────────────────────────────────────────────────────────────────────────
-- Codes by which somebody shows that an address is theirs. There is a row for each that was asked for, whether anybody is known at the
-- address or not, so that both look the same. Only hashes are kept: of the code, and of what the browser that asked for it holds.
CREATE TABLE portal_code (
    browser_hash bytea PRIMARY KEY,
    address text NOT NULL,
    code_hash bytea NOT NULL,
    tries int NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);
CREATE INDEX portal_code_of ON portal_code (address);
CREATE INDEX portal_code_old ON portal_code (expires_at);
-- Links that were sent to an address. One that names a ticket opens that case, until it ends; one that names none opens everything, once.
CREATE TABLE portal_link (
    token_hash bytea PRIMARY KEY,
    address text NOT NULL,
    ticket_id bigint REFERENCES ticket ON DELETE CASCADE,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX portal_link_of ON portal_link (address);
CREATE INDEX portal_link_of_ticket ON portal_link (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX portal_link_old ON portal_link (expires_at);
-- Who is signed in to their own page: an address, and nothing beside it. What it may see is asked anew each time. `ticket_id`: they came
-- by the link of this case, and see no other.
CREATE TABLE portal_session (
    token_hash bytea PRIMARY KEY,
    address text NOT NULL,
    ticket_id bigint REFERENCES ticket ON DELETE CASCADE,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX portal_session_of ON portal_session (address);
CREATE INDEX portal_session_of_ticket ON portal_session (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX portal_session_old ON portal_session (expires_at);
-- The tickets in which somebody may speak beside their customer.
CREATE INDEX participant_tickets ON participant (value, ticket_id DESC) WHERE kind = 'email' AND state = 'member';
-- Whether an entry was said by the owner of an e-mail address, or to them: all that their own page may show of a ticket. `message` and
-- `delivery` are those of the outbox. A letter counts unless our mail server says that its sender is forged; a form by the address that
-- was typed, whose owner is told by letter what became of it.
CREATE FUNCTION shown_to(address text, direction text, kind text, automatic text, details jsonb, fields jsonb, message jsonb, delivery text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(CASE
        WHEN kind NOT IN ('message', 'form') OR automatic <> '' THEN false
        WHEN direction = 'in' THEN
            (coalesce(details->>'sender_check', '') <> 'fail'
             AND (details->'sender'->>'address' = address
                  OR details @> jsonb_build_object('to', jsonb_build_array(jsonb_build_object('address', address)))
                  OR details @> jsonb_build_object('cc', jsonb_build_array(jsonb_build_object('address', address)))))
            OR (kind = 'form' AND lower(fields->>'email') = address)
        WHEN direction = 'out' THEN
            delivery = 'sent'
            AND (lower(message->>'address') = address
                 OR message @> jsonb_build_object('cc', jsonb_build_array(jsonb_build_object('address', address)))
                 OR message @> jsonb_build_object('bcc', jsonb_build_array(jsonb_build_object('address', address))))
        ELSE false END, false)
$$;

-- ── Public doors ────────────────────────────────────────────────────────────────────────────────────────────────────
-- What readers said of articles, and who of them said what. The counts stay.
INSERT INTO retention_policy (what, enabled, days, depth) VALUES ('votes', false, 365, 'all');

-- ── The desk, further ───────────────────────────────────────────────────────────────────────────────────────────────

-- ── Operations ──────────────────────────────────────────────────────────────────────────────────────────────────────

SELECT 1;

-- migrate: rollback
SELECT 1;
