"""A question as whoever answers it sees it: on the page behind a link, in a chat, on the page by which a case is followed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.actions.context import Context
from hub.actions.surveys.definition import OF_CHANNEL, Definition
from hub.actions.surveys.token import hash_token, make_token
from hub.model.keyring import every_key
from storage import surveys
from storage.database import Connection
from storage.surveys import AskedRow

CHANGE_SECONDS = 86_400.0
"""So long an answer can be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One that can be answered now. `language` (en, zh_CN) is that of the conversation; `score` and what follows are what was
    answered so far: `reasons` and `said` by the values and keys of the definition."""

    id: int
    ticket_id: int
    definition: Definition
    language: str
    score: int | None
    comment: str
    reasons: tuple[str, ...]
    said: Mapping[str, str]
    token_hash: bytes

    def token(self, secret: bytes) -> str:
        """By which it is answered (`answer_question`) and found (/survey/TOKEN); "" where it was asked under another key."""
        tokens = (make_token(key, self.id) for key in every_key(secret))
        return next((token for token in tokens if hash_token(token) == self.token_hash), "")


async def question_of(
    connection: Connection, ticket_id: int, channel_id: int, address: str
) -> Question | None:
    """What is asked about this ticket of whoever is reached there; None for nothing, or nothing any more."""
    asked = await surveys.asked_here(connection, ticket_id, channel_id, address, CHANGE_SECONDS)
    return await as_question(connection, asked) if asked is not None else None


async def question_shown(connection: Connection, ticket_id: int, channel_id: int) -> Question | None:
    """What is asked about this ticket on the pages of its conversation in this channel, whoever looks at them."""
    asked = await surveys.asked_on_page(connection, ticket_id, channel_id, CHANGE_SECONDS)
    return await as_question(connection, asked) if asked is not None else None


async def open_question(ctx: Context, token: str) -> Question | None:
    """What this token is for; None for one that is none, or over: nobody learns which. Nothing is written."""

    async def read(connection: Connection) -> Question | None:
        asked = await surveys.asked(connection, hash_token(token), CHANGE_SECONDS)
        return await as_question(connection, asked) if asked is not None else None

    return await ctx.database.read(read)


async def as_question(connection: Connection, asked: AskedRow) -> Question | None:
    """None where it is over: its time, a day after the first answer, or because the ticket was worked on again."""
    if not (asked.open and asked.changeable):
        return None
    if not await surveys.is_alive(connection, asked.ticket_id, asked.resolution):
        return None
    given: Mapping[str, Any] = asked.answers
    return Question(
        id=asked.id,
        ticket_id=asked.ticket_id,
        definition=await definition_of(connection, asked),
        language=asked.language or "en",
        score=asked.score,
        comment=asked.comment,
        reasons=tuple(given.get("reasons", ())),
        said=given.get("said", {}),
        token_hash=asked.token_hash,
    )


async def definition_of(connection: Connection, asked: AskedRow) -> Definition:
    """As it was when it was asked."""
    if asked.survey_id is None or asked.survey_version is None:
        return OF_CHANNEL
    kept = await surveys.definition(connection, asked.survey_id, asked.survey_version)
    return Definition.model_validate(kept)
