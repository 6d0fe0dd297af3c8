-- What is kept, found by whose it is
-- depends: 0010_work_in_hand

-- migrate: apply

-- ── Forgetting ──────────────────────────────────────────────────────────────────────────────────────────────────────
-- A ticket that is emptied is asked for everything that is its own: by its number, or each would read these from end to end.
CREATE INDEX thread_ref_of_ticket ON thread_ref (ticket_id);
CREATE INDEX notice_of_ticket ON notice (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX webhook_call_of_ticket ON webhook_call (ticket_id) WHERE ticket_id IS NOT NULL;

-- ── Retention ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- What a policy came by too early: originals that nobody could read yet (what: raw), tickets that were not closed yet (what: events).
CREATE TABLE retention_later (
    what text NOT NULL REFERENCES retention_policy,
    id bigint NOT NULL,
    PRIMARY KEY (what, id)
);

-- migrate: rollback
SELECT 1;
