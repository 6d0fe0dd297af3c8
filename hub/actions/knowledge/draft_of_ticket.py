"""A ticket that was solved becomes the draft of an article: what was asked, and what the last answers said, with nothing in it
that belongs to one customer alone."""

import re
from collections.abc import Sequence

from channels.clean import clean_line, clean_text
from hub.actions.answers.placeholders import words_language
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.knowledge.blank_out import BLANK, blank_out
from hub.actions.knowledge.write import Facts, new_article
from hub.model.articles import MOST_TITLE, Visibility
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from storage import knowledge as stored
from storage.knowledge import Story, Words

ANSWERS = 3
_MOST_PART = 6000
"""Characters of one message that are taken over."""
_QUESTION = {"en": "The question", "zh_CN": "问题"}
_ANSWER = {"en": "The answer", "zh_CN": "解决方法"}
_UNTITLED = {"en": "Untitled", "zh_CN": "未命名"}
_GREETING = re.compile(
    r"\A\s*(?:(?:dear|hello|hi|hey|good (?:morning|afternoon|evening))\b[^\n]{0,60}"
    r"|[^\n。]{0,20}(?:您好|你好)[，,。！!：:~～]?)[ \t]*(?:\n|$)",
    re.IGNORECASE,
)
_INLINE_GREETING = re.compile(
    rf"\A\s*(?:{re.escape(BLANK)}(?:先生|女士|小姐)?[，, ]{{0,2}})?(?:您好|你好)[，,。！!：:~～]\s*"
)
_CLOSING = re.compile(
    r"\n[ \t]*(?:(?:best|kind|warm)(?:est)? regards|regards|sincerely|yours (?:sincerely|faithfully)"
    r"|many thanks|thank you|thanks|cheers"
    r"|此致|祝好|祝您|顺颂|谢谢|感谢您)[^\n]{0,40}(?:\n[^\n]{0,60}){0,4}\s*$",
    re.IGNORECASE,
)


async def article_from_ticket(ctx: Context, *, ticket_code: int, actor: Actor) -> tuple[int, str]:
    """(article, language) of the draft that was made of it now, or of the one that was made before. Nobody but colleagues can
    read it, and nobody does until it is published. Raises NotFound."""
    known = await ctx.database.read(lambda c: stored.article_of_ticket(c, ticket_code))
    if known is not None:
        texts = await ctx.database.read(lambda c: stored.texts(c, [known]))
        return known, texts[0].language
    story = await ctx.database.read(lambda c: stored.story(c, ticket_code, ANSWERS))
    if story is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
    language = words_language(story.language)
    made = await new_article(
        ctx,
        language=language,
        text=draft_of(story, language),
        facts=Facts(visibility=Visibility.INTERNAL),
        ticket_code=ticket_code,
        actor=actor,
    )
    return made, language


def draft_of(story: Story, language: str) -> Words:
    """Title, summary and text that a ticket gives. Pure."""
    names = [story.customer_name, *story.authors]
    question = _part(story.question or "", names, story.identities)
    answers = [_part(one, names, story.identities) for one in reversed(story.answers)]
    first = question.partition("\n")[0]
    title = clean_line(blank_out(story.subject, names, story.identities) or first, MOST_TITLE)
    body = "\n\n".join(
        (f"## {_QUESTION[language]}", question, f"## {_ANSWER[language]}", *(one for one in answers if one))
    )
    return Words(title=title or _UNTITLED[language], summary="", body=body.strip())


def _part(text: str, names: Sequence[str], values: Sequence[str]) -> str:
    """One message without greeting, closing words and what is personal."""
    plain = clean_text(text, _MOST_PART)
    plain = _CLOSING.sub("", _GREETING.sub("", plain, count=1))
    return _INLINE_GREETING.sub("", blank_out(plain, names, values), count=1).strip()
