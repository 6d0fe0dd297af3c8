-- The desk: search, drafts, views, snoozing, macros, merging, incidents, sign-in, roles, audit, retention
-- depends: 0004_floor

-- migrate: apply

-- ── Search ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- ── Drafts, scheduled replies ───────────────────────────────────────────────────────────────────────────────────────

-- ── Canned replies, macros, mentions, followers ─────────────────────────────────────────────────────────────────────

-- ── Merging, linking, incidents ─────────────────────────────────────────────────────────────────────────────────────

-- ── Signing in ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- ── Roles, audit, retention ─────────────────────────────────────────────────────────────────────────────────────────

-- ── Channels, first steps, custom fields, tags ──────────────────────────────────────────────────────────────────────

-- ── Views, snoozing, who looks on ───────────────────────────────────────────────────────────────────────────────────
-- Out of the way until then, or until the customer writes.
ALTER TABLE ticket ADD COLUMN snoozed_until timestamptz;

-- migrate: rollback
SELECT 1;
