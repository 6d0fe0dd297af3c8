"""A shop whose customers are asked how they liked it: tickets by letter that are resolved, questions that fall due, their
links."""

import re
from typing import Any

from hub.actions.context import Context
from hub.actions.status import change_status
from hub.actions.surveys.definition import PRESETS, Kind
from hub.actions.surveys.keep import add_survey, switch_survey
from hub.actions.timers import fire_due
from tests.fakes.scene import MAIL, SYSTEM, one, rows, ticket, write

LI = "li@example.cn"
PASSED = (("Authentication-Results", "mx.shop.example; dmarc=pass header.from=example.cn"),)


async def a_survey(ctx: Context, kind: Kind = Kind.CSAT, **more: Any) -> int:
    """One that is on and asks at once; `more` as its definition has it."""
    said = {**PRESETS[kind].model_dump(mode="json"), "minutes": 0, "cool_down_days": 0, **more}
    made = await add_survey(ctx, said=said, actor=SYSTEM)
    await switch_survey(ctx, survey_id=made, active=True, actor=SYSTEM)
    return made


async def resolved(
    ctx: Context, sender: str = LI, text: str = "Where is my parcel?", **more: Any
) -> dict[str, Any]:
    """A letter came, and its ticket is resolved; returns the ticket's row as it was before."""
    found = await ticket(ctx, await write(ctx, sender, text, **{"headers": PASSED, **more}))
    await change_status(ctx, ticket_code=found["code"], status="resolved", actor=SYSTEM)
    await fire_due(ctx)
    return found


async def letters(ctx: Context) -> list[dict[str, Any]]:
    """The letters that wait to leave and ask something, oldest first."""
    found = await rows(
        ctx,
        """SELECT o.message FROM outbox o JOIN interaction i ON i.id = o.interaction_id WHERE i.kind = 'survey'
           ORDER BY o.id""",
    )
    return [row["message"] for row in found]


async def token_of(ctx: Context) -> str:
    """Of the last letter."""
    found = re.search(r"/survey/([\w-]+)\?", (await letters(ctx))[-1]["text"])
    assert found is not None
    return found[1]


async def asked(ctx: Context) -> dict[str, Any]:
    """The newest question."""
    return (await rows(ctx, "SELECT * FROM survey_invitation ORDER BY id DESC LIMIT 1"))[0]


async def reopen(ctx: Context, code: int) -> None:
    await change_status(ctx, ticket_code=code, status="open", actor=SYSTEM)


async def make_older(ctx: Context, days: float) -> None:
    """As if all that was asked and answered had been so much earlier."""
    await one(
        ctx,
        """WITH u AS (
               UPDATE survey_invitation
               SET sent_at = sent_at - make_interval(secs => $1), expires_at = expires_at - make_interval(secs => $1),
                   answered_at = answered_at - make_interval(secs => $1) RETURNING 1)
           SELECT count(*) FROM u""",
        days * 86_400.0,
    )


MAILED: dict[str, dict[str, Any]] = {
    "support": MAIL,
    "form": {"kind": "webform"},
    "other": {"kind": "loopback"},
}


async def seed_answers(ctx: Context, many: int) -> None:
    """So many questions of the past year, most of them answered, spread over agents, queues and scores: always the same
    ones."""
    await one(
        ctx,
        """WITH t AS (
               SELECT t.id, t.channel_id, t.customer_id, row_number() OVER (ORDER BY t.id) AS n, count(*) OVER () AS all_of
               FROM ticket t
           ), asked AS (
               SELECT g, k.*, clock_timestamp() - g * interval '8 hours' AS at, g % 3 > 0 AS answered
               FROM generate_series(1, $1::int) g
               CROSS JOIN (VALUES ('csat', 1, 5), ('nps', 0, 10), ('ces', 1, 7)) k (kind, low, high)
           ), s AS (
               INSERT INTO survey_invitation (ticket_id, resolution, kind, channel_id, address, token_hash, sent_at,
                                              expires_at, answered_at, score, comment, queue_id, agent_id, customer_id)
               SELECT t.id, 1000 + g, kind, t.channel_id, '', sha256(('seed' || g || kind)::bytea), at, at + interval '14 days',
                      CASE WHEN answered THEN at + interval '1 hour' END,
                      CASE WHEN answered THEN low + (g * 7 + g / 11) % (high - low + 1) END,
                      CASE WHEN g % 9 = 1 THEN 'Comment ' || g ELSE '' END,
                      (SELECT id FROM queue ORDER BY id OFFSET g % 4 LIMIT 1),
                      (SELECT id FROM agent ORDER BY id OFFSET g % 2 LIMIT 1), t.customer_id
               FROM asked JOIN t ON t.n = 1 + g % t.all_of
               RETURNING 1)
           SELECT count(*) FROM s""",
        many,
    )
