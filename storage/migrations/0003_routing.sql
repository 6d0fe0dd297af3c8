-- Routing: what was promised to customers, and the clocks that keep it
-- depends: 0002_letters

-- migrate: apply

-- ── Engine ──────────────────────────────────────────────────────────────────────────────────────────────────────────
-- What came at this time of the week tells what will come.
CREATE INDEX ticket_created ON ticket (created_at);

-- ── Targets ─────────────────────────────────────────────────────────────────────────────────────────────────────────
-- The calendars and targets that hubs run by. What was promised by an older version than the newest is worked out again, once;
-- a file that comes back gets a new number.
CREATE TABLE sla_rules (
    fingerprint text PRIMARY KEY,
    version int NOT NULL UNIQUE,
    agreed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- One target of one ticket, once (routing.targets.Clock). It is its own timer: something is to be said about it at `next_at`.
CREATE TABLE sla_clock (
    ticket_id bigint NOT NULL REFERENCES ticket,
    target text NOT NULL CHECK (target IN ('first_response', 'next_response', 'resolution')),
    cycle int NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'paused', 'met', 'missed', 'dropped')),
    because text NOT NULL,
    started_at timestamptz NOT NULL,
    since timestamptz NOT NULL,
    ended_at timestamptz,
    -- What was promised: minutes of working time of a calendar, by which target of the rules.
    minutes int NOT NULL CHECK (minutes > 0),
    calendar text NOT NULL,
    warn_share int NOT NULL,
    escalates boolean NOT NULL,
    named_by text NOT NULL,
    rules_version int NOT NULL,
    -- What follows from that and from the segments; `version` counts the deadlines.
    due_at timestamptz,
    warn_at timestamptz,
    next_at timestamptz,
    version int NOT NULL,
    -- What was said about it.
    warned_at timestamptz,
    breached_at timestamptz,
    PRIMARY KEY (ticket_id, target, cycle),
    CHECK ((ended_at IS NULL) = (state IN ('running', 'paused'))),
    CHECK (next_at IS NULL OR (state = 'running' AND breached_at IS NULL))
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX sla_clock_lives_once ON sla_clock (ticket_id, target) WHERE state IN ('running', 'paused');
CREATE INDEX sla_clock_next ON sla_clock (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX sla_clock_rules ON sla_clock (rules_version) WHERE state IN ('running', 'paused');

-- What is over of a clock's life, in order; the rest of it is the clock's own row. Append-only.
CREATE TABLE sla_segment (
    ticket_id bigint NOT NULL,
    target text NOT NULL,
    cycle int NOT NULL,
    place int NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > since),
    state text NOT NULL CHECK (state IN ('running', 'paused')),
    because text NOT NULL,
    PRIMARY KEY (ticket_id, target, cycle, place),
    FOREIGN KEY (ticket_id, target, cycle) REFERENCES sla_clock
);

-- What the customer was promised goes by this priority, also after a missed target has raised the ticket's own.
ALTER TABLE ticket ADD COLUMN promised_priority int CHECK (promised_priority BETWEEN 1 AND 4);

-- migrate: rollback
SELECT 1;
