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
    ADD COLUMN held int NOT NULL DEFAULT 0 CHECK (held >= 0),
    ADD COLUMN preferred_skills text[] NOT NULL DEFAULT '{}';
UPDATE ticket SET held = 1 WHERE assignee_id IS NOT NULL AND status = 'open';

-- Who looks after a customer when nobody had their ticket lately.
ALTER TABLE customer ADD COLUMN owner_id bigint REFERENCES agent;
ALTER TABLE organisation ADD COLUMN owner_id bigint REFERENCES agent;

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
ALTER TABLE ticket ADD COLUMN offered_to bigint REFERENCES agent;

-- ── Automation ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- ── Tasks, notices, calls to others ─────────────────────────────────────────────────────────────────────────────────

-- ── Classification ──────────────────────────────────────────────────────────────────────────────────────────────────

-- migrate: rollback
SELECT 1;
