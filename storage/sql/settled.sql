-- Up to where the ledger is settled: whatever will ever lie below it is there.

-- name: is_held_up
-- Whether an entry behind this place waits for a transaction that is still in progress.
SELECT EXISTS (SELECT FROM event e WHERE (e.xid, e.id) > ($1::text::xid8, $2::bigint)
               AND e.xid >= pg_snapshot_xmin(pg_current_snapshot()))

-- name: is_mark_held_up
-- The same for who has a mark.
SELECT EXISTS (SELECT FROM event e JOIN feed_mark m ON (e.xid, e.id) > (m.xid, m.event_id)
               WHERE m.name = $1 AND e.xid >= pg_snapshot_xmin(pg_current_snapshot()))

-- name: below
-- A transaction is stepped past where it is seen to be another database's; who is not found is waited for. Our own is not in the
-- snapshot, and what it has yet to write is still to come. Null where nobody is stepped past.
SELECT nullif(least(pg_snapshot_xmax(taken), (
    SELECT at_work.xid
    FROM (SELECT pg_snapshot_xmin(taken) UNION ALL SELECT pg_snapshot_xip(taken)
          UNION ALL SELECT pg_current_xact_id_if_assigned()) AS at_work (xid)
    WHERE NOT EXISTS (SELECT FROM pg_stat_activity s
                      WHERE s.backend_xid = at_work.xid::xid AND s.datname <> current_database())
      AND NOT EXISTS (SELECT FROM pg_prepared_xacts p
                      WHERE p.transaction = at_work.xid::xid AND p.database <> current_database())
    ORDER BY at_work.xid LIMIT 1)), pg_snapshot_xmin(taken))::text
FROM pg_current_snapshot() AS taken
