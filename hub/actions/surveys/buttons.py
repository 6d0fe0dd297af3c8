"""Questions with buttons below them, in a channel that has such. Who was not pleased is asked why; what a button cannot ask
stands on the page behind the link."""

from channels.adapter import CounterReply
from hub.actions.counter.visit import Visit
from hub.actions.surveys.answer import answer_asked
from hub.actions.surveys.definition import Kind
from hub.actions.surveys.question import CHANGE_SECONDS, Question, definition_of
from hub.actions.surveys.token import hash_token
from hub.model.interactions import Choice
from storage import surveys
from storage.surveys import AskedRow

COMMENT_MINUTES = 30


def buttons_of(kind: Kind, token: str, chosen: int | None = None) -> tuple[Choice, ...]:
    """One for each score, the worst first."""
    return tuple(
        Choice(label=f"✓ {one}" if one == chosen else str(one), data=f"{kind.value}:{token}:{one}")
        for one in kind.scores
    )


async def rate(visit: Visit) -> CounterReply:
    """The score of the button that was pressed. A question dies when its ticket is open again, or was resolved once more."""
    kind, token, score = (*visit.asking.pressed.split(":"), "", "")[:3]
    asked = await surveys.asked(visit.connection, hash_token(token), CHANGE_SECONDS)
    if asked is None or asked.kind != kind or not _is_theirs(visit, asked):
        return CounterReply()
    definition = await definition_of(visit.connection, asked)
    if not score.isascii() or not score.isdigit() or int(score) not in definition.kind.scores:
        return CounterReply()
    given = int(score)
    before = await answer_asked(visit.ctx, visit.connection, asked, {"score": given})
    if before is None:
        return CounterReply(notice=visit.say("rating_over"))
    marked = (buttons_of(definition.kind, token, given),)
    if before.score == given:
        return CounterReply(notice=visit.say("rated"))
    said = [visit.say("rated")]
    if definition.is_low(given):
        await visit.wait_for("comment", {"invitation": asked.id}, minutes=COMMENT_MINUTES)
        said = [visit.say("rated_low")]
    else:
        await visit.wait_for("")
    if _has_more(before, given):
        said.append(visit.say("rate_more", link=f"{visit.ctx.public_url}/survey/{token}"))
    return CounterReply(text="\n\n".join(said), notice=visit.say("rated"), marked=marked)


async def comment_on(visit: Visit) -> CounterReply:
    """What they were asked for after a low score."""
    await visit.wait_for("")
    number = visit.talk.waits_data.get("invitation") if visit.talk is not None else None
    asked = await surveys.asked_by_id(visit.connection, int(number or 0), CHANGE_SECONDS)
    if asked is None or asked.score is None or not _is_theirs(visit, asked):
        return CounterReply(text=visit.say("rating_over"))
    kept = await answer_asked(visit.ctx, visit.connection, asked, {"comment": visit.asking.words})
    return CounterReply(text=visit.say("comment_kept" if kept is not None else "rating_over"))


def _is_theirs(visit: Visit, asked: AskedRow) -> bool:
    """A button can be pressed only where it was sent."""
    return (asked.channel_id, asked.address) == (visit.channel_id, visit.asking.address)


def _has_more(question: Question, score: int) -> bool:
    """Whether the page asks what no button does; a channel's own rating has no page of its own to lead to."""
    definition = question.definition
    return bool(definition.name) and bool(
        definition.further or (definition.is_low(score) and definition.reasons)
    )
