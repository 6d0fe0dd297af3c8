"""Answers kept ready: written once by the staff, filled in for one ticket, then an agent's own text like any other."""

from collections.abc import Sequence

from channels.clean import clean_line, clean_text
from hub.actions.answers.placeholders import fill_in, values_of, words_language
from hub.actions.answers.ways import choose_way
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from storage import templates as stored
from storage.database import Connection
from storage.templates import TemplateRow, TicketFacts

MOST_NAME, MOST_BODY = 100, 20_000
LANGUAGES = ("", "en", "zh_CN")


async def list_templates(ctx: Context, language: str = "") -> Sequence[TemplateRow]:
    """By name: those of a language with those that fit any, or all of them for ""."""
    return await ctx.database.read(lambda c: stored.list_templates(c, language))


async def add_template(ctx: Context, *, name: str, language: str, body: str, actor: Actor) -> int:
    """The new template's id. Raises NotPossible: bad_template, template_taken."""
    name, body = _checked(name, language, body)
    made = await ctx.database.run(lambda c: stored.add_template(c, name, language, body, actor.agent_id))
    if made is None:
        raise _taken(name)
    return made


async def change_template(
    ctx: Context, *, template_id: int, version: int, name: str, language: str, body: str
) -> int:
    """Its new version. `version` is the one that was looked at. Raises NotFound; NotPossible: bad_template, template_taken,
    template_changed (by somebody else meanwhile)."""
    name, body = _checked(name, language, body)

    async def work(connection: Connection) -> int:
        await _lock(connection, template_id, version)
        if await stored.name_taken(connection, template_id, name, language):
            raise _taken(name)
        return await stored.change_template(connection, template_id, name, language, body)

    return await ctx.database.run(work)


async def retire_template(ctx: Context, *, template_id: int, version: int) -> None:
    """It is offered no more. Raises as `change_template`."""

    async def work(connection: Connection) -> None:
        await _lock(connection, template_id, version)
        await stored.retire_template(connection, template_id)

    await ctx.database.run(work)


async def render_template(ctx: Context, *, template_id: int, ticket_code: int, agent_name: str) -> str:
    """The text for this ticket. Raises NotFound."""

    async def look(connection: Connection) -> tuple[TemplateRow | None, TicketFacts | None]:
        return await stored.template(connection, template_id), await stored.facts_of_ticket(
            connection, ticket_code
        )

    template, facts = await ctx.database.read(look)
    if template is None:
        raise NotFound(f"There is no template {template_id}.")
    if facts is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
    return fill_in(template.body, placeholder_values(ctx, facts, agent_name, template.language))


def placeholder_values(
    ctx: Context, facts: TicketFacts, agent_name: str, language: str = ""
) -> dict[str, str]:
    """What each placeholder stands for on this ticket. `language` is that of the text around it; "" for the ticket's own."""
    way = choose_way(ctx, facts.channel, facts.reply_address, last_inbox=facts.last_inbox or "")
    inbox = way.channel.kind.inbox if way is not None else None
    return values_of(
        customer_name=facts.customer_name,
        ticket_number=show_code(TICKET, facts.code),
        ticket_subject=facts.subject,
        agent_name=agent_name,
        inbox_address=inbox(way.channel.settings).address if way is not None and inbox is not None else "",
        today=facts.now.date(),
        language=language or words_language(facts.language),
    )


async def _lock(connection: Connection, template_id: int, version: int) -> None:
    now = await stored.lock_template(connection, template_id)
    if now is None:
        raise NotFound(f"There is no template {template_id}.")
    if now != version:
        raise NotPossible("Somebody else has changed this template meanwhile.", code="template_changed")


def _checked(name: str, language: str, body: str) -> tuple[str, str]:
    if len(name) > MOST_NAME or len(body) > MOST_BODY:
        said = f"A template has {MOST_NAME} characters of name and {MOST_BODY} of text at most."
        raise NotPossible(said, code="bad_template")
    name, body = clean_line(name, MOST_NAME), clean_text(body, MOST_BODY)
    if not name or not body or language not in LANGUAGES:
        raise NotPossible(
            "A template needs a name, a text, and en, zh_CN or no language.", code="bad_template"
        )
    return name, body


def _taken(name: str) -> NotPossible:
    return NotPossible(f"There is a template {name!r} in this language already.", code="template_taken")
