-- What people said tickets are, and what is learned from it.

-- name: sorted_as
-- How a ticket under lock is sorted now, what its rules depend on, and what was decided when it opened. `interaction_id`: what
-- the customer said first.
SELECT t.kind, t.kind_uncertain, t.priority, t.promised_priority, t.by_hand, t.language, t.subject, t.required_skills,
       t.preferred_skills, q.name AS queue, ch.name AS channel, ch.kind AS channel_kind,
       cu.key_account OR coalesce(o.key_account, false) AS key_account,
       coalesce(nullif(cu.segment, ''), o.segment, '') AS segment,
       (SELECT i.id FROM interaction i WHERE i.ticket_id = t.id AND i.direction = 'in' ORDER BY i.id LIMIT 1) AS interaction_id,
       coalesce((SELECT d.why FROM routing_decision d WHERE d.ticket_id = t.id AND d.step = 'classified' ORDER BY d.id LIMIT 1),
                '{}') AS why
FROM ticket t
JOIN queue q ON q.id = t.queue_id
JOIN channel ch ON ch.id = t.channel_id
JOIN customer cu ON cu.id = t.customer_id
LEFT JOIN organisation o ON o.id = cu.organisation_id
WHERE t.id = $1

-- name: sort_otherwise
-- Why it waits has to be looked at again.
UPDATE ticket t
SET kind = $2, kind_uncertain = $3, priority = $4, promised_priority = $5, queue_id = q.id, by_hand = $7,
    required_skills = $8, preferred_skills = $9, waiting_why = NULL, unplaceable = false,
    in_queue_since = CASE WHEN t.queue_id = q.id THEN t.in_queue_since ELSE clock_timestamp() END
FROM queue q
WHERE t.id = $1 AND q.name = $6

-- name: queue_id
SELECT id FROM queue WHERE name = $1 AND NOT retired

-- name: add_correction
INSERT INTO correction (ticket_id, interaction_id, from_kind, to_kind, uncertain, model, by_agent, author)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING id

-- name: corrections
-- One of each ticket: what it was taken for at first, and what it is by whoever spoke last. Newest first.
SELECT * FROM (
    SELECT DISTINCT ON (c.ticket_id) c.id, t.code AS ticket_code, t.subject,
           first_value(c.from_kind) OVER of_ticket AS from_kind, last_value(c.to_kind) OVER of_ticket AS to_kind,
           first_value(c.uncertain) OVER of_ticket AS uncertain, first_value(c.model) OVER of_ticket AS model,
           last_value(c.author) OVER of_ticket AS author, last_value(c.corrected_at) OVER of_ticket AS corrected_at
    FROM correction c JOIN ticket t ON t.id = c.ticket_id
    WHERE c.ticket_id IN (SELECT ticket_id FROM correction WHERE corrected_at >= now() - make_interval(days => $1))
    WINDOW of_ticket AS (PARTITION BY c.ticket_id ORDER BY c.id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ORDER BY c.ticket_id, c.id DESC
) one
ORDER BY id DESC
LIMIT $2

-- name: confusion
-- Tickets that were opened in so many days: what they were taken for, and what they are. `said`: a person looked at them; the
-- others were answered and settled, and nobody found anything wrong.
SELECT coalesce(first.from_kind, t.kind) AS from_kind, t.kind AS to_kind, first.ticket_id IS NOT NULL AS said, count(*) AS tickets
FROM ticket t
LEFT JOIN (SELECT DISTINCT ON (ticket_id) ticket_id, from_kind FROM correction ORDER BY ticket_id, id) first
       ON first.ticket_id = t.id
WHERE t.created_at >= now() - make_interval(days => $1)
  AND (first.ticket_id IS NOT NULL
       OR (t.status IN ('resolved', 'closed') AND t.last_out_at IS NOT NULL AND NOT t.kind_uncertain))
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3

-- name: uncertain
-- Tickets in work about whose kind nobody is sure, newest first.
SELECT t.code AS ticket_code, t.subject, t.kind, cu.name AS customer_name, t.last_preview AS preview, t.created_at
FROM ticket t JOIN customer cu ON cu.id = t.customer_id
WHERE t.kind_uncertain AND t.status IN ('open', 'pending')
ORDER BY t.id DESC
LIMIT $1

-- name: uncertain_count
SELECT count(*) FROM ticket WHERE kind_uncertain AND status IN ('open', 'pending')

-- name: answers
-- What there is to learn from, newest first: what people said of tickets, with the words as they stand on the timeline.
SELECT one.id, one.to_kind AS kind, i.subject, coalesce(nullif(i.text, ''), i.full_text) AS text, i.fields->>'kind' AS hint, t.code AS ticket_code, one.from_kind, one.model,
       one.corrected_at
FROM (
    SELECT DISTINCT ON (c.ticket_id) c.id, c.ticket_id, c.to_kind, c.interaction_id, c.corrected_at,
           first_value(c.from_kind) OVER of_ticket AS from_kind, first_value(c.model) OVER of_ticket AS model
    FROM correction c
    WINDOW of_ticket AS (PARTITION BY c.ticket_id ORDER BY c.id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ORDER BY c.ticket_id, c.id DESC
) one
JOIN interaction i ON i.id = one.interaction_id
JOIN ticket t ON t.id = one.ticket_id
WHERE one.id > $1
ORDER BY one.id DESC
LIMIT $2

-- name: unquestioned
-- Tickets that were answered and settled by a person without a word about their kind, newest first: they count a little.
SELECT t.kind, i.subject, coalesce(nullif(i.text, ''), i.full_text) AS text, i.fields->>'kind' AS hint
FROM ticket t
JOIN interaction i ON i.id = (SELECT f.id FROM interaction f WHERE f.ticket_id = t.id AND f.direction = 'in' ORDER BY f.id LIMIT 1)
WHERE t.status IN ('resolved', 'closed') AND t.last_out_at IS NOT NULL AND NOT t.kind_uncertain AND i.automatic = ''
  AND NOT EXISTS (SELECT 1 FROM correction c WHERE c.ticket_id = t.id)
ORDER BY t.id DESC
LIMIT $1

-- name: newest_correction
SELECT coalesce(max(id), 0) FROM correction
