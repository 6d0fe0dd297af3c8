-- Tickets that are put off. `snoozed_until` is its own timer: whoever clears it has woken the ticket, and nobody else.

-- name: snooze
-- The caller holds the ticket and writes the rest of its row.
UPDATE ticket SET snoozed_until = $2 WHERE id = $1

-- name: snoozed_until
SELECT snoozed_until FROM ticket WHERE id = $1

-- name: wake_due
-- Once each, with its entry in the ledger; without waiting for a ticket that somebody works on: the next round finds it.
WITH due AS (
    SELECT id, snoozed_until FROM ticket WHERE snoozed_until <= now()
    ORDER BY snoozed_until LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
), woken AS (
    UPDATE ticket t SET snoozed_until = NULL, seq = t.seq + 1, version = t.version + 1, updated_at = clock_timestamp()
    FROM due d WHERE t.id = d.id
    RETURNING t.id, t.seq, t.assignee_id, d.snoozed_until
), told AS (
    INSERT INTO event (ticket_id, seq, kind, data) SELECT id, seq, 'ticket_woke', '{"because": "time"}' FROM woken
)
SELECT id, seq, assignee_id, snoozed_until FROM woken ORDER BY id
