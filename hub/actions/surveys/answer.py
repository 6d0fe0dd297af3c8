"""A customer says how they liked it, wherever they were asked. Saying it twice is saying it once; it can be changed for a
day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.clean import clean_text
from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.surveys.definition import FURTHER_SCALE, MOST_COMMENT, Definition, Further, Sort, in_words
from hub.actions.surveys.follow_up import follow_up, tell_more
from hub.actions.surveys.question import CHANGE_SECONDS, Question, as_question
from hub.actions.surveys.token import hash_token
from hub.model.interactions import Direction
from hub.model.tickets import EventKind
from storage import events, surveys, work
from storage.database import Connection, as_json
from storage.surveys import AskedRow
from storage.work import WorkedTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer that fits its question."""

    score: int
    comment: str
    reasons: tuple[str, ...]
    said: Mapping[str, str]


async def answer_question(ctx: Context, token: str, answers: Mapping[str, int | str]) -> bool:
    """Keep what is said to the question of `token`: `score`, `comment`, `reasons` (values of the definition, between commas),
    and further questions by their keys. What is not named stays as it was answered before. False where there is no such
    question, it is over, or the score is none of its scale."""

    async def run(connection: Connection) -> bool:
        asked = await surveys.asked(connection, hash_token(token), CHANGE_SECONDS)
        return asked is not None and await answer_asked(ctx, connection, asked, answers) is not None

    return await ctx.database.run(run)


async def answer_asked(
    ctx: Context, connection: Connection, asked: AskedRow, answers: Mapping[str, int | str]
) -> Question | None:
    """The same inside a transaction: the question as it was before this answer, None where nothing was kept."""
    ticket = await work.lock_ticket(connection, asked.ticket_id)
    # Whoever answered at the same moment has had the lock before.
    now = await surveys.asked_by_id(connection, asked.id, CHANGE_SECONDS)
    question = await as_question(connection, now) if now is not None else None
    given = _read(question, answers) if question is not None else None
    if now is None or question is None or given is None:
        return None
    was = Given(
        score=now.score if now.score is not None else -1,
        comment=question.comment,
        reasons=question.reasons,
        said=question.said,
    )
    if given != was:
        await _write(ctx, connection, ticket, now, question.definition, given)
    return question


def _read(question: Question, answers: Mapping[str, int | str]) -> Given | None:
    score = _figure(answers.get("score", question.score))
    definition = question.definition
    if score is None or score not in definition.kind.scores:
        return None
    wanted = set(str(answers.get("reasons", ",".join(question.reasons))).split(","))
    said = {}
    for one in definition.further:
        value = _said(one, answers.get(one.key, question.said.get(one.key, "")))
        if value:
            said[one.key] = value
    return Given(
        score=score,
        comment=clean_text(str(answers.get("comment", question.comment)), MOST_COMMENT),
        reasons=tuple(one.value for one in definition.reasons if one.value in wanted)
        if definition.is_low(score)
        else (),
        said=said,
    )


def _figure(given: int | str | None) -> int | None:
    if isinstance(given, str):
        return int(given) if given.isascii() and given.isdigit() and len(given) <= 3 else None
    return given


def _said(question: Further, given: int | str) -> str:
    """ "" for what is no answer to it."""
    if question.sort is Sort.TEXT:
        return clean_text(str(given), MOST_COMMENT)
    if question.sort is Sort.SCALE:
        figure = _figure(given)
        return str(figure) if figure in FURTHER_SCALE else ""
    return str(given) if any(one.value == given for one in question.options) else ""


async def _write(
    ctx: Context,
    connection: Connection,
    ticket: WorkedTicket,
    asked: AskedRow,
    definition: Definition,
    given: Given,
) -> None:
    """One entry on the timeline, with later versions where it is changed; and a ticket where the score is low."""
    fields: dict[str, Any] = {"survey": asked.kind, "score": given.score}
    if told := in_words(definition, given.reasons, given.said):
        fields["answers"] = told
    entry = await surveys.add_entry(
        connection,
        ticket_id=ticket.id,
        seq=ticket.seq + 1,
        customer_id=ticket.customer_id,
        channel_id=asked.channel_id,
        direction=Direction.INTERNAL,
        author_name=ticket.customer_name,
        text=given.comment,
        fields=fields,
        thread_key="",
        revises=asked.entry_id,
    )
    await surveys.answer(
        connection,
        asked.id,
        score=given.score,
        comment=given.comment,
        entry_id=entry,
        answers={"reasons": list(given.reasons), "said": dict(given.said)},
    )
    await events.add_ticket_events(
        connection,
        [
            events.NewEvent(
                ticket_id=ticket.id,
                seq=ticket.seq + 1,
                kind=EventKind.SURVEY_ANSWERED,
                agent_id=None,
                data=as_json(
                    {
                        "interaction": entry,
                        "direction": Direction.INTERNAL.value,
                        "survey": asked.kind,
                        "score": given.score,
                        "low": definition.is_low(given.score),
                    }
                ),
            )
        ],
    )
    seq = ticket.seq + 1
    if definition.follow_up and definition.is_low(given.score) and asked.follow_up_id is None:
        seq = await follow_up(
            ctx, connection, ticket, seq, asked, definition, given.score, given.comment, fields
        )
    elif asked.follow_up_id is not None and (given.score, given.comment) != (asked.score, asked.comment):
        await tell_more(connection, asked.follow_up_id, definition, given.score, given.comment)
    await work.set_ticket(connection, ticket.id, seq=seq)
    await announce(connection, EVENTS)
