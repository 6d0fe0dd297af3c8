-- The floor: rules that change while hubs run, offers, live work, and what follows by itself
-- depends: 0003_routing

-- migrate: apply

-- ── Rulebook ────────────────────────────────────────────────────────────────────────────────────────────────────────
-- Every version of the rules that ever was in use, whole. The highest is in use; to go back is a new version. Append-only.
CREATE TABLE rulebook (
    version int PRIMARY KEY,
    document jsonb NOT NULL,
    fingerprint text NOT NULL,
    origin text NOT NULL CHECK (origin IN ('file', 'desk', 'restored', 'command')),
    restores int REFERENCES rulebook,
    made_by bigint REFERENCES agent,
    author text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- ── Work in hand ────────────────────────────────────────────────────────────────────────────────────────────────────
-- Live conversations have places of their own. `calendar`: the agent's shifts, a calendar of the rules; '' none. Until
-- `wrap_until` they finish what they had; nothing new comes.
ALTER TABLE agent
    ADD COLUMN live_capacity int NOT NULL DEFAULT 3 CHECK (live_capacity >= 0),
    ADD COLUMN live_load int NOT NULL DEFAULT 0 CHECK (live_load >= 0),
    ADD COLUMN calendar text NOT NULL DEFAULT '',
    ADD COLUMN wrap_until timestamptz;

-- `weight`: units of capacity that the work asks for; `held`: what it counts now against whoever has it or is offered it.
-- `live`: somebody sits at the other end, or did a moment ago.
ALTER TABLE ticket
    ADD COLUMN live boolean NOT NULL DEFAULT false,
    ADD COLUMN weight int NOT NULL DEFAULT 1 CHECK (weight > 0),
    ADD COLUMN preferred_skills text[] NOT NULL DEFAULT '{}',
    -- When the agent who had the customer last had to do with them.
    ADD COLUMN last_agent_at timestamptz;

-- Who looks after a customer when nobody had their ticket lately.
ALTER TABLE customer ADD COLUMN owner_id bigint REFERENCES agent;
ALTER TABLE organisation ADD COLUMN owner_id bigint REFERENCES agent;
-- What sort of customer this is, in the company's own words ('gold', 'school'); rules and targets may ask for it.
ALTER TABLE customer ADD COLUMN segment text NOT NULL DEFAULT '';
ALTER TABLE organisation ADD COLUMN segment text NOT NULL DEFAULT '';
CREATE INDEX customer_segment ON customer (segment) WHERE segment <> '';

-- ── Offers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
-- A ticket that somebody may accept or decline, one at a time; while it is open its place is held for them.
CREATE TABLE offer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id bigint NOT NULL REFERENCES ticket,
    agent_id bigint NOT NULL REFERENCES agent,
    decision_id bigint,
    state text NOT NULL DEFAULT 'offered' CHECK (state IN ('offered', 'accepted', 'declined', 'expired', 'withdrawn')),
    offered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    settled_at timestamptz,
    CHECK ((settled_at IS NULL) = (state = 'offered'))
);
CREATE UNIQUE INDEX offer_open ON offer (ticket_id) WHERE state = 'offered';
CREATE INDEX offer_expiring ON offer (expires_at) WHERE state = 'offered';
CREATE INDEX offer_of_agent ON offer (agent_id, id DESC);
CREATE INDEX offer_of_ticket ON offer (ticket_id, id DESC);
ALTER TABLE ticket
    ADD COLUMN offered_to bigint REFERENCES agent,
    -- The only account of it (hub.model.tickets.held says the same): nobody else writes it down.
    ADD COLUMN held int NOT NULL GENERATED ALWAYS AS (
        CASE WHEN coalesce(assignee_id, offered_to) IS NULL THEN 0
             WHEN live THEN (status IN ('open', 'pending'))::int
             WHEN status = 'open' THEN weight
             ELSE 0 END) STORED,
    -- Tickets that ask for the same, matter the same and came the same way: of those the oldest comes first.
    ADD COLUMN lot bigint NOT NULL GENERATED ALWAYS AS (hash_record_extended(
        ROW(queue_id, required_language, required_skills, preferred_skills, kind, priority, channel_id, live, weight), 0)) STORED;
DROP INDEX ticket_waiting, ticket_unexplained;
CREATE INDEX ticket_waiting ON ticket (lot, waiting_since, id)
    WHERE assignee_id IS NULL AND offered_to IS NULL AND status = 'open' AND declined_until IS NULL;
CREATE INDEX ticket_turned_down ON ticket (declined_until)
    WHERE assignee_id IS NULL AND offered_to IS NULL AND status = 'open' AND declined_until IS NOT NULL;
CREATE INDEX ticket_unexplained ON ticket (id)
    WHERE assignee_id IS NULL AND offered_to IS NULL AND status = 'open' AND waiting_why IS NULL;
CREATE INDEX ticket_waiting_by_time ON ticket (queue_id, waiting_since) WHERE assignee_id IS NULL AND status = 'open';
CREATE INDEX ticket_waiting_for ON ticket (last_agent_id, waiting_since)
    WHERE assignee_id IS NULL AND offered_to IS NULL AND status = 'open' AND last_agent_id IS NOT NULL;
CREATE INDEX ticket_in_hand ON ticket (assignee_id) WHERE assignee_id IS NOT NULL AND status IN ('open', 'pending');
-- Who declined, or did not answer, is not asked again at once.
CREATE INDEX offer_turned_down ON offer (settled_at) WHERE state IN ('declined', 'expired');
CREATE INDEX ticket_offered ON ticket (offered_to) WHERE offered_to IS NOT NULL;

-- ── Leaving, overflow ───────────────────────────────────────────────────────────────────────────────────────────────
-- `in_queue_since`: it came into its queue after it had begun to wait. `unplaceable`: it was said that nobody at all can take it.
ALTER TABLE ticket
    ADD COLUMN in_queue_since timestamptz,
    ADD COLUMN unplaceable boolean NOT NULL DEFAULT false;
CREATE INDEX ticket_unplaceable ON ticket (id) WHERE unplaceable;

ALTER TABLE routing_decision DROP CONSTRAINT routing_decision_step_check;
ALTER TABLE routing_decision ADD CONSTRAINT routing_decision_step_check CHECK (step IN (
    'classified', 'assigned', 'manual', 'released', 'offered', 'accepted', 'declined', 'expired', 'withdrawn', 'overflow',
    'moved'));

-- Every open page of the desk, kept fresh by the hub that holds its socket. With the last one gone the agent is unheard; who was
-- taken off line for that comes back as what they were. `presence_because`: a code, where the hub changed their presence.
CREATE TABLE desk_line (
    id uuid PRIMARY KEY,
    agent_id bigint NOT NULL REFERENCES agent,
    heard_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);
CREATE INDEX desk_line_of_agent ON desk_line (agent_id, heard_at);
ALTER TABLE agent
    ADD COLUMN unheard_since timestamptz,
    ADD COLUMN presence_because text NOT NULL DEFAULT '',
    ADD COLUMN comes_back_as text NOT NULL DEFAULT '' CHECK (comes_back_as IN ('', 'online', 'busy', 'away'));
CREATE INDEX agent_unheard ON agent (unheard_since) WHERE unheard_since IS NOT NULL;

-- ── Automation ──────────────────────────────────────────────────────────────────────────────────────────────────────
-- Words that people and rules put on tickets; `tag` knows all that ever were.
ALTER TABLE ticket ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
CREATE INDEX ticket_tags ON ticket USING gin (tags) WHERE tags <> '{}';
CREATE TABLE tag (
    name text PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What rules have to look at: an entry of a ledger (`seq`), the end of a wait (`rule` and `anchor`, seq 2147483647), or a ticket
-- whose waits are to be reckoned (seq 0). Of a ticket always the first. Rows are the queue.
CREATE TABLE automation_due (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id bigint NOT NULL,
    seq int NOT NULL,
    rule text,
    anchor timestamptz,
    CHECK ((rule IS NULL) = (anchor IS NULL)),
    CHECK ((rule IS NULL) = (seq < 2147483647))
);
CREATE UNIQUE INDEX automation_due_event ON automation_due (ticket_id, seq) WHERE rule IS NULL;
CREATE UNIQUE INDEX automation_due_wait ON automation_due (ticket_id, rule) WHERE rule IS NOT NULL;
CREATE INDEX automation_due_order ON automation_due (ticket_id, seq, id);

-- When a time rule will look at a ticket. `anchor`: from when on it counts.
CREATE TABLE automation_timer (
    ticket_id bigint NOT NULL REFERENCES ticket,
    rule text NOT NULL,
    anchor timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, rule)
);
CREATE INDEX automation_timer_due ON automation_timer (due_at);

-- By which rules the waits of all tickets were reckoned, and how far that has come; null: it is done.
CREATE TABLE automation_plan (
    fingerprint text NOT NULL,
    rules_version int NOT NULL,
    reached bigint
);
INSERT INTO automation_plan (fingerprint, rules_version) VALUES ('', 0);
CREATE INDEX ticket_unfinished ON ticket (id) WHERE status <> 'closed';

-- Each time the conditions of a rule held for a ticket: once for an entry of the ledger, once for a wait. Append-only.
CREATE TABLE automation_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id bigint NOT NULL REFERENCES ticket,
    rule text NOT NULL,
    rules_version int NOT NULL,
    seq int,
    anchor timestamptz,
    -- What it listened to, or since when it waited; whose doing that was ('' : the time had come), and how many rules led to it.
    because text NOT NULL,
    caused_by text NOT NULL,
    depth int NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'nothing', 'failed', 'stopped')),
    did jsonb NOT NULL DEFAULT '[]',
    error text NOT NULL DEFAULT '',
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((seq IS NULL) <> (anchor IS NULL))
);
CREATE UNIQUE INDEX automation_run_event ON automation_run (ticket_id, rule, seq) WHERE seq IS NOT NULL;
CREATE UNIQUE INDEX automation_run_wait ON automation_run (ticket_id, rule, anchor) WHERE anchor IS NOT NULL;
CREATE INDEX automation_run_of_ticket ON automation_run (ticket_id, id DESC);
CREATE INDEX automation_run_of_rule ON automation_run (rule, id DESC);

-- Rules that went round in circles, until somebody lets them go on.
CREATE TABLE automation_stop (
    rule text PRIMARY KEY,
    reason text NOT NULL CHECK (reason IN ('chain', 'too_often')),
    ticket_id bigint NOT NULL REFERENCES ticket,
    stopped_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- ── Tasks, notices, calls to others ─────────────────────────────────────────────────────────────────────────────────
-- How far somebody who follows from the ledger has read it, in the order of the feed.
CREATE TABLE feed_mark (
    name text PRIMARY KEY,
    xid xid8 NOT NULL,
    event_id bigint NOT NULL
);
-- Nobody is told of what happened before there was a bell.
INSERT INTO feed_mark (name, xid, event_id)
SELECT 'notices', xid, id FROM (SELECT xid, id FROM event UNION ALL SELECT '0', 0) ledger ORDER BY xid DESC, id DESC LIMIT 1;
-- Nor do rules look at what happened before there were any.
INSERT INTO feed_mark (name, xid, event_id) SELECT 'automation', xid, event_id FROM feed_mark WHERE name = 'notices';

-- What one agent is told. `cause`: what it is about, once for each of them. `many`: for how many things it stands.
CREATE TABLE notice (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent_id bigint NOT NULL REFERENCES agent,
    kind text NOT NULL,
    cause text NOT NULL,
    ticket_id bigint REFERENCES ticket,
    params jsonb NOT NULL DEFAULT '{}',
    many int NOT NULL DEFAULT 1 CHECK (many > 0),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    read_at timestamptz,
    UNIQUE (agent_id, cause)
);
CREATE INDEX notice_of_agent ON notice (agent_id, at DESC, id DESC);
CREATE INDEX notice_unread ON notice (agent_id, kind, id DESC) WHERE read_at IS NULL;
CREATE INDEX notice_age ON notice (at);
ALTER TABLE agent ADD COLUMN muted_notices text[] NOT NULL DEFAULT '{}';

-- Work for a department (a queue) or a person, about a ticket, a customer, or neither.
CREATE SEQUENCE task_serial START 1001;
CREATE TABLE task (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code bigint NOT NULL UNIQUE DEFAULT with_check_digit(nextval('task_serial')),
    ticket_id bigint REFERENCES ticket,
    customer_id bigint REFERENCES customer,
    title text NOT NULL,
    text text NOT NULL DEFAULT '',
    queue_id int REFERENCES queue,
    assignee_id bigint REFERENCES agent,
    due_at timestamptz,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'doing', 'done', 'dropped')),
    outcome text NOT NULL DEFAULT '',
    made_by bigint REFERENCES agent,
    author text NOT NULL DEFAULT '',
    rule text NOT NULL DEFAULT '',
    cause text NOT NULL DEFAULT '',
    version int NOT NULL DEFAULT 1,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    -- That its time has come is said once.
    due_said_at timestamptz,
    CHECK ((ended_at IS NULL) = (state IN ('open', 'doing')))
);
CREATE UNIQUE INDEX task_cause ON task (cause) WHERE cause <> '';
-- Its tasks go along when a ticket is merged.
CREATE INDEX ticket_merged ON ticket (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX task_of_ticket ON task (ticket_id, id) WHERE ticket_id IS NOT NULL;
CREATE INDEX task_of_agent ON task (assignee_id, due_at, id) WHERE state IN ('open', 'doing');
CREATE INDEX task_of_queue ON task (queue_id, due_at, id) WHERE state IN ('open', 'doing');
CREATE INDEX task_of_customer ON task (customer_id, id) WHERE state IN ('open', 'doing');
CREATE INDEX task_to_do ON task (coalesce(due_at, '9999-12-31 00:00:00+00'::timestamptz), id) WHERE state IN ('open', 'doing');
CREATE INDEX task_ended ON task (ended_at DESC, id DESC) WHERE ended_at IS NOT NULL;
CREATE INDEX task_due ON task (due_at) WHERE state IN ('open', 'doing') AND due_said_at IS NULL AND due_at IS NOT NULL;

-- Everything that was done to a task. Append-only.
CREATE TABLE task_step (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id bigint NOT NULL REFERENCES task,
    what text NOT NULL CHECK (what IN ('made', 'taken', 'given', 'put_back', 'changed', 'commented', 'done', 'dropped', 'reopened')),
    agent_id bigint REFERENCES agent,
    author text NOT NULL DEFAULT '',
    to_agent_id bigint REFERENCES agent,
    text text NOT NULL DEFAULT '',
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX task_step_of_task ON task_step (task_id, id);

-- Programs of others that are told what happens here. `failures`: in a row; at so many it is paused, and tried seldom.
CREATE TABLE webhook (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    url text NOT NULL,
    sealed bytea NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    retired boolean NOT NULL DEFAULT false,
    failures int NOT NULL DEFAULT 0,
    paused_at timestamptz,
    hold_until timestamptz,
    version int NOT NULL DEFAULT 1,
    made_by text NOT NULL DEFAULT '',
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX webhook_name ON webhook (name) WHERE NOT retired;

-- What has to be told to them, in order: rows are the queue. `handle` is the name that the other side tells repetitions by.
CREATE TABLE webhook_call (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    handle uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    webhook_id bigint NOT NULL REFERENCES webhook,
    event text NOT NULL,
    cause text NOT NULL,
    ticket_id bigint REFERENCES ticket,
    rule text NOT NULL DEFAULT '',
    body text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'failed')),
    attempts int NOT NULL DEFAULT 0,
    give_up_at timestamptz NOT NULL DEFAULT clock_timestamp() + interval '24 hours',
    lease_token uuid,
    lease_until timestamptz,
    status int,
    error text NOT NULL DEFAULT '',
    took_ms int,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at timestamptz,
    UNIQUE (webhook_id, cause)
) WITH (fillfactor = 80);
CREATE INDEX webhook_call_open ON webhook_call (webhook_id, id) WHERE state IN ('queued', 'sending');
CREATE UNIQUE INDEX webhook_call_one_sending ON webhook_call (webhook_id) WHERE state = 'sending';
CREATE INDEX webhook_call_giving_up ON webhook_call (give_up_at) WHERE state = 'queued';
CREATE INDEX webhook_call_latest ON webhook_call (webhook_id, id DESC);
CREATE INDEX webhook_call_age ON webhook_call (settled_at) WHERE settled_at IS NOT NULL;

-- ── Classification ──────────────────────────────────────────────────────────────────────────────────────────────────
-- What of a ticket a person decided ('kind', 'priority', 'queue'): nothing that runs by itself changes that afterwards.
ALTER TABLE ticket ADD COLUMN by_hand text[] NOT NULL DEFAULT '{}';
CREATE INDEX ticket_uncertain ON ticket (id DESC) WHERE kind_uncertain AND status IN ('open', 'pending');

-- What was learned from corrections: weights of words, and how good they were on examples that they had not seen. Append-only.
CREATE TABLE classifier_model (
    version int PRIMARY KEY,
    method text NOT NULL,
    lexicon text NOT NULL,
    -- Corrections up to this one were learned from.
    last_correction bigint NOT NULL,
    examples jsonb NOT NULL,
    scores jsonb NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('better', 'no_worse', 'worse', 'too_few')),
    document bytea NOT NULL,
    author text NOT NULL DEFAULT '',
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Which of them has a say, from when on; version 0: none, the scored rules alone. The newest row counts. Append-only.
CREATE TABLE classifier_use (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version int NOT NULL,
    by_agent bigint REFERENCES agent,
    author text NOT NULL DEFAULT '',
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What a person said a ticket is; the same twice where they said that it is right. The text stays where it is, on the timeline.
-- `model`: the version that had a say when it was sorted. Append-only; of one ticket the newest counts.
CREATE TABLE correction (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id bigint NOT NULL REFERENCES ticket,
    interaction_id bigint,
    from_kind text NOT NULL CHECK (from_kind IN ('complaint', 'feedback', 'enquiry', 'request')),
    to_kind text NOT NULL CHECK (to_kind IN ('complaint', 'feedback', 'enquiry', 'request')),
    uncertain boolean NOT NULL,
    model int NOT NULL DEFAULT 0,
    by_agent bigint REFERENCES agent,
    author text NOT NULL,
    corrected_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX correction_of_ticket ON correction (ticket_id, id);
CREATE INDEX correction_recent ON correction (corrected_at);

-- The months ahead, as every migration leaves them.
SELECT make_partitions(2);

-- ── Staff and wallboard ─────────────────────────────────────────────────────────────────────────────────────────────
-- `version` counts the changes that people made to an agent: who changes one names the version that they looked at.
ALTER TABLE agent ADD COLUMN version int NOT NULL DEFAULT 1;

-- What the wallboard reads: open work, what was answered today, how promises of today ended. None grows with history.
CREATE INDEX ticket_open ON ticket (queue_id, assignee_id) WHERE status = 'open';
CREATE INDEX ticket_answered ON ticket (last_out_at) WHERE last_out_at IS NOT NULL;
CREATE INDEX sla_clock_met ON sla_clock (ended_at) WHERE state = 'met' AND target <> 'resolution';
CREATE INDEX sla_clock_breached ON sla_clock (breached_at) WHERE breached_at IS NOT NULL AND target <> 'resolution';

-- ── Drafts of rules ─────────────────────────────────────────────────────────────────────────────────────────────────
-- What somebody has changed in the rules and not published: the whole document as it is to be, and which version it came from.
CREATE TABLE rule_draft (
    agent_id bigint PRIMARY KEY REFERENCES agent,
    base_version int NOT NULL REFERENCES rulebook,
    document jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Rules being tried on the past, the last of each person. Whichever hub does it tells here how far it is.
CREATE TABLE rule_trial (
    agent_id bigint PRIMARY KEY REFERENCES agent,
    token uuid NOT NULL,
    fingerprint text NOT NULL,
    days int NOT NULL,
    done int NOT NULL DEFAULT 0,
    total int NOT NULL DEFAULT 0,
    result jsonb,
    error text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    told_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- ── Simulations ─────────────────────────────────────────────────────────────────────────────────────────────────────
-- What somebody wanted to know about other rules, staff or days, and the answer. Rows that wait are the queue; of one that runs
-- its hub is heard of every few seconds.
CREATE TABLE simulation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asked_by bigint REFERENCES agent,
    author text NOT NULL DEFAULT '',
    question jsonb NOT NULL,
    rules_version int NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    progress float8 NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    attempts int NOT NULL DEFAULT 0,
    token uuid,
    result jsonb,
    trouble jsonb,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    heard_at timestamptz,
    ended_at timestamptz,
    CHECK ((result IS NOT NULL) = (state = 'done')),
    CHECK ((trouble IS NOT NULL) = (state = 'failed')),
    CHECK ((ended_at IS NULL) = (state IN ('waiting', 'running')))
);
CREATE INDEX simulation_open ON simulation (id) WHERE state IN ('waiting', 'running');
CREATE INDEX simulation_age ON simulation (ended_at) WHERE ended_at IS NOT NULL;
-- When people were on line, for the days that are lived through again.
CREATE INDEX event_presence ON event (agent_id, at) WHERE kind = 'presence_changed';

-- migrate: rollback
SELECT 1;
