-- What is kept, found by whose it is; what is to leave, by its channel
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

-- ── Delivery ────────────────────────────────────────────────────────────────────────────────────────────────────────
-- A sender asks for what is due on its own channel; what has no time left is given up whatever became of its channel.
CREATE INDEX outbox_next ON outbox (channel_id, not_before, id) WHERE state = 'queued';
CREATE INDEX outbox_overdue ON outbox (give_up_at) WHERE state = 'queued';
DROP INDEX outbox_due;

-- migrate: rollback
SELECT 1;
