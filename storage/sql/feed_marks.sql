-- Who follows from the ledger, and how far they have read it.

-- name: lock
-- One hub at a time; the others look again later.
SELECT xid::text AS xid, event_id FROM feed_mark WHERE name = $1 FOR NO KEY UPDATE SKIP LOCKED

-- name: after
-- Only what is settled, as in the feed; `$5` as there. Of the kinds asked for, and the last of all that was looked
-- through, so that the reader knows how far it came.
WITH seen AS MATERIALIZED (
    SELECT e.xid, e.id, e.kind, e.ticket_id, e.agent_id, e.data FROM event e
    WHERE (e.xid, e.id) > ($1::text::xid8, $2::bigint)
      AND e.xid < greatest($5::text::xid8, pg_snapshot_xmin(pg_current_snapshot()))
    ORDER BY e.xid, e.id
    LIMIT $4
), last AS (
    SELECT xid, id FROM seen ORDER BY xid DESC, id DESC LIMIT 1
)
SELECT s.xid::text AS xid, s.id, s.kind, s.ticket_id, s.agent_id, s.data FROM seen s JOIN last ON true
WHERE s.kind = ANY($3::text[]) OR (s.xid, s.id) = (last.xid, last.id)
ORDER BY s.xid, s.id

-- name: move
UPDATE feed_mark SET xid = $2::text::xid8, event_id = $3 WHERE name = $1
