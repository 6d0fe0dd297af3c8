-- What an agent works on
-- depends: 0009_given_passwords

-- migrate: apply

-- ── Work in hand ────────────────────────────────────────────────────────────────────────────────────────────────────
-- Who has hundreds of tickets works on one of those that wait longest; routing looks at these while it holds all agents.
CREATE INDEX ticket_longest_in_hand ON ticket (assignee_id, waiting_since)
    WHERE assignee_id IS NOT NULL AND status = 'open' AND NOT live;

-- migrate: rollback
SELECT 1;
