-- What customers said, added up. Where `(true)` stands, storage/survey_report.py puts which tickets are in sight.

-- name: figures
-- How many were asked from `$1` to `$2` by questions of kind `$3`, by score (null: no answer yet) and by what `$8` names: agent,
-- queue, channel, survey, tag, field (of the ticket's own, `$9`), period (by `$9` of the zone `$10`), or nothing. Of more keys than
-- `$11` those with the most answers: a field may have another value on every ticket.
WITH found AS (
    SELECT k.key, s.score, count(*)::int AS times
    FROM survey_invitation s
    JOIN ticket t ON t.id = s.ticket_id
    JOIN channel ch ON ch.id = s.channel_id
    LEFT JOIN queue q ON q.id = s.queue_id
    LEFT JOIN ticket_fields f ON f.ticket_id = t.id AND $8 = 'field'
    CROSS JOIN LATERAL unnest(CASE $8
        WHEN 'agent' THEN ARRAY[coalesce(s.agent_id::text, '')]
        WHEN 'queue' THEN ARRAY[coalesce(q.name, '')]
        WHEN 'channel' THEN ARRAY[ch.name]
        WHEN 'survey' THEN ARRAY[coalesce(s.survey_id::text, '')]
        WHEN 'tag' THEN CASE WHEN t.tags = '{}' THEN ARRAY[''] ELSE t.tags END
        WHEN 'field' THEN ARRAY[coalesce(f.said->>$9, '')]
        WHEN 'period' THEN ARRAY[date_trunc($9, s.sent_at AT TIME ZONE $10)::date::text]
        ELSE ARRAY[''] END) AS k (key)
    WHERE s.sent_at >= $1 AND s.sent_at < $2 AND s.kind = $3 AND (true)
      AND ($4::bigint IS NULL OR s.survey_id = $4) AND ($5 = '' OR q.name = $5) AND ($6::bigint IS NULL OR s.agent_id = $6)
      AND ($7 = '' OR ch.name = $7)
    GROUP BY k.key, s.score
), most AS (
    SELECT key FROM found GROUP BY key ORDER BY count(score) = 0, sum(times) FILTER (WHERE score IS NOT NULL) DESC, sum(times) DESC, key
    LIMIT $11
)
SELECT key, score, times FROM found JOIN most USING (key)

-- name: answers
-- Single answers, newest first, below (`$8`, `$9`); with `$10` those with words alone.
SELECT s.id, s.kind, s.score, s.comment, s.answers, s.sent_at, s.answered_at, s.survey_id, s.survey_version, t.code,
       coalesce(a.name, '') AS agent, coalesce(q.name, '') AS queue, ch.name AS channel, fu.code AS follow_up_code
FROM survey_invitation s
JOIN ticket t ON t.id = s.ticket_id
JOIN channel ch ON ch.id = s.channel_id
LEFT JOIN queue q ON q.id = s.queue_id
LEFT JOIN agent a ON a.id = s.agent_id
LEFT JOIN ticket fu ON fu.id = s.follow_up_id
WHERE s.sent_at >= $1 AND s.sent_at < $2 AND s.kind = $3 AND (true)
  AND ($4::bigint IS NULL OR s.survey_id = $4) AND ($5 = '' OR q.name = $5) AND ($6::bigint IS NULL OR s.agent_id = $6)
  AND ($7 = '' OR ch.name = $7)
  AND (s.sent_at, s.id) < ($8::timestamptz, $9::bigint) AND s.score IS NOT NULL AND (NOT $10 OR s.comment <> '')
ORDER BY s.sent_at DESC, s.id DESC LIMIT $11

-- name: invitations_of
-- What the customer of this ticket was asked about it, the last first.
SELECT s.id, s.kind, s.score, s.comment, s.answers, s.sent_at, s.answered_at, s.expires_at, s.survey_id, s.shown, ch.name AS channel,
       fu.code AS follow_up_code
FROM survey_invitation s JOIN ticket t ON t.id = s.ticket_id JOIN channel ch ON ch.id = s.channel_id
LEFT JOIN ticket fu ON fu.id = s.follow_up_id
WHERE t.code = $1 ORDER BY s.id DESC LIMIT 50
