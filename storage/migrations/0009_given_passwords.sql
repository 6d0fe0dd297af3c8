-- Passwords that were made for an agent
-- depends: 0008_help_and_rest

-- migrate: apply

-- ── Passwords ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- NULL: its owner chose it. Else it was made for them: until then it opens the page on which they choose one, and nothing else.
ALTER TABLE agent ADD COLUMN password_until timestamptz;

SELECT 1;

-- migrate: rollback
SELECT 1;
