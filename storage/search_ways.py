"""The ways to find ids by lexemes, as SQL: one text for each way and each sort of conditions, so that each has its own plan.

A plan is kept, and made without knowing what will be asked. So each text says itself what is read first and what is looked up
for it (OFFSET 0, MATERIALIZED, `id + 0`): a planner that may choose reads the timeline from end to end where it expects a
frequent word.

Everywhere: $1 the tsquery ("" where there is no word to go by), $2 only below this id, $3 from this id on (for a walk: so many
rows), $4 the limit; then what the conditions ask for.
"""

from functools import cache

from hub.model.permissions import Sight
from storage.sight import in_sight

_WAYS = {
    # Through the newest, whatever they say. A word that is frequent fills a page within a few of them.
    "entries_walk": """
SELECT s.id FROM (SELECT id, words FROM search_entry WHERE id < $2::bigint ORDER BY id DESC LIMIT $3::bigint) s""",
    # By the index of words, all that there are between two ids of these months.
    "entries_gather": """
WITH hit AS MATERIALIZED (
    SELECT id FROM search_entry
    WHERE words @@ $1::text::tsquery AND id >= :first AND id < :last AND id + 0 < $2::bigint AND id + 0 >= $3::bigint
)
SELECT s.id FROM hit s""",
    # Without a word to go by: through all of them, newest first, until the page is full.
    "entries_browse": """
SELECT s.id FROM search_entry s""",
    # Through the entries of few tickets, or what few customers said and were told: `theirs` says which column, $5 holds them.
    "entries_of": """
WITH few AS MATERIALIZED (
    SELECT id, ticket_id, direction FROM interaction
    WHERE :theirs = ANY($5::bigint[]) AND id + 0 < $2::bigint AND id + 0 >= $3::bigint
)
SELECT s.id FROM few i
CROSS JOIN LATERAL (SELECT id, words FROM search_entry WHERE id = i.id OFFSET 0) s
CROSS JOIN LATERAL (SELECT * FROM ticket WHERE id = i.ticket_id OFFSET 0) t""",
    "tickets_walk": """
SELECT s.id FROM (SELECT id, words FROM search_ticket WHERE id < $2::bigint ORDER BY id DESC LIMIT $3::bigint) s
CROSS JOIN LATERAL (SELECT * FROM ticket WHERE id = s.id OFFSET 0) t""",
    "tickets_gather": """
WITH hit AS MATERIALIZED (
    SELECT id FROM search_ticket WHERE words @@ $1::text::tsquery AND id + 0 < $2::bigint AND id + 0 >= $3::bigint
)
SELECT s.id FROM hit s
CROSS JOIN LATERAL (SELECT * FROM ticket WHERE id = s.id OFFSET 0) t""",
    "tickets_of": """
WITH few AS MATERIALIZED (
    SELECT * FROM ticket WHERE :theirs = ANY($5::bigint[]) AND id + 0 < $2::bigint AND id + 0 >= $3::bigint
)
SELECT s.id FROM few t CROSS JOIN LATERAL (SELECT id, words FROM search_ticket WHERE id = t.id OFFSET 0) s""",
    "tickets_browse": """
SELECT s.id FROM ticket s
JOIN ticket t ON t.id = s.id""",
}

_THEIR_TICKETS = """
CROSS JOIN LATERAL (SELECT ticket_id, direction FROM interaction WHERE id = s.id OFFSET 0) i
CROSS JOIN LATERAL (SELECT * FROM ticket WHERE id = i.ticket_id OFFSET 0) t"""

_CUSTOMERS_WALK = """
SELECT cu.id, cu.last_seen_at
FROM (SELECT id, last_seen_at FROM customer WHERE (last_seen_at, id) < ($2::timestamptz, $3::bigint)
      ORDER BY last_seen_at DESC, id DESC LIMIT :walk) cu
LEFT JOIN LATERAL (SELECT words FROM search_customer WHERE id = cu.id OFFSET 0) s ON true
WHERE (s.words IS NULL OR s.words @@ $1::text::tsquery)"""

_CUSTOMERS_GATHER = """
WITH hit AS MATERIALIZED (SELECT id FROM search_customer WHERE words @@ $1::text::tsquery)
SELECT cu.id, cu.last_seen_at
FROM hit CROSS JOIN LATERAL (SELECT id, last_seen_at FROM customer WHERE id = hit.id OFFSET 0) cu
WHERE (cu.last_seen_at, cu.id) < ($2::timestamptz, $3::bigint)"""


@cache
def way(
    name: str,
    clauses: tuple[str, ...] = (),
    *,
    words: bool,
    notes: bool = False,
    theirs: str = "",
    months: tuple[int, int] = (0, 0),
) -> str:
    """`clauses`: of `t`, numbered from $5 on (for entries_of and tickets_of, from $6 on). `notes`: internal notes alone.
    `theirs`: the column to go by. `months`: the ids of the months to gather from."""
    parts, where = [_WAYS[name]], ["$1::text IS NOT NULL", *clauses]
    if name in ("entries_walk", "entries_browse", "entries_gather") and (clauses or notes):
        parts.append(_THEIR_TICKETS)
    if notes:
        where.append("i.direction = 'internal'")
    if words and not name.endswith("gather"):
        where.append("s.words @@ $1::text::tsquery")
    if name.endswith("browse"):
        where.append("s.id < $2::bigint AND s.id >= $3::bigint")
    text = "\n".join((*parts, "WHERE", "\nAND ".join(where), "ORDER BY s.id DESC LIMIT $4::bigint"))
    first, last = months
    return text.replace(":first", str(first)).replace(":last", str(last)).replace(":theirs", theirs)


@cache
def few_tickets(clauses: tuple[str, ...]) -> str:
    """So many tickets ($1) at the most that the conditions leave, in no order. `clauses` are numbered from $2 on."""
    return "\n".join(("SELECT t.id FROM ticket t WHERE", "\nAND ".join(clauses), "LIMIT $1::bigint"))


@cache
def customers(*, walk: int, sight: Sight) -> str:
    """Customers, seen last first: $1 the tsquery, ($2, $3) after this row, $4 the limit, $5 who looks, where they do not see
    all. Among the next `walk` ones, whatever they are called, and with those that search has not taken in yet; 0: by the index
    of words."""
    parts = [_CUSTOMERS_WALK.replace(":walk", str(walk)) if walk else _CUSTOMERS_GATHER]
    if sight is not Sight.ALL:
        parts += [
            "AND EXISTS (SELECT 1 FROM ticket t WHERE t.customer_id = cu.id AND",
            in_sight(sight, agent="$5::bigint"),
            ")",
        ]
    return "\n".join((*parts, "ORDER BY cu.last_seen_at DESC, cu.id DESC LIMIT $4"))
