"""Canned replies: written once by the staff, filled in for one ticket, then an agent's own text like any other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from channels.clean import clean_line, clean_text
from hub.actions.answers.liquid_text import Trouble, fill_in_liquid, find_troubles
from hub.actions.answers.placeholders import values_of, words_language
from hub.actions.answers.ways import choose_way
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.portal.place import case_link
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from storage import templates as stored
from storage.database import Connection
from storage.templates import NewTemplate, TemplateRow, TicketFacts

MOST_NAME, MOST_BODY = 100, 20_000
MOST_SHORTCUT, MOST_FOLDER = 30, 60
LANGUAGES = ("", "en", "zh_CN")
_SHORTCUT = re.compile(r"[\w.-]*")


class UnreadableText(NotPossible):
    """A text that its template language does not understand: `troubles` say where."""

    def __init__(self, troubles: Sequence[Trouble]) -> None:
        first = troubles[0]
        super().__init__(
            f"The text cannot be read as a template: {first.code} {first.what}".rstrip(), code="bad_liquid"
        )
        self.troubles = tuple(troubles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A canned reply as somebody wrote it. `private`: the writer's own. `queue`: for those who work on it; "" for everybody."""

    name: str
    language: str = ""
    body: str
    shortcut: str = ""
    folder: str = ""
    private: bool = False
    queue: str = ""


async def list_templates(
    ctx: Context, language: str = "", *, agent_id: int | None = None
) -> Sequence[TemplateRow]:
    """By folder and name, with the agent's own: those of a language with those that fit any, or all of them for ""."""
    return await ctx.database.read(lambda c: stored.list_templates(c, language, agent_id))


async def offer_templates(ctx: Context, *, ticket_code: int, agent_id: int | None) -> Sequence[TemplateRow]:
    """What an agent may put into a reply on this ticket, most used first: of every reply the text that fits the ticket's
    language best. Raises NotFound."""

    async def look(connection: Connection) -> tuple[TicketFacts | None, Sequence[TemplateRow]]:
        facts = await stored.facts_of_ticket(connection, ticket_code)
        return facts, await stored.offered_on(connection, ticket_code, agent_id)

    facts, rows = await ctx.database.read(look)
    if facts is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
    return best_variants(rows, words_language(facts.language))


def best_variants(rows: Sequence[TemplateRow], language: str) -> list[TemplateRow]:
    """One text of each reply: in this language, else in none in particular, else in another. In the order of `rows`."""
    best: dict[tuple[int | None, str], TemplateRow] = {}
    for row in rows:
        key = (row.owner_id, row.name.lower())
        if key not in best or _rank(row, language) < _rank(best[key], language):
            best[key] = row
    chosen = {row.id for row in best.values()}
    return [row for row in rows if row.id in chosen]


def _rank(row: TemplateRow, language: str) -> int:
    return 0 if row.language == language else 1 if not row.language else 2


async def add_template(ctx: Context, *, draft: Draft, actor: Actor) -> int:
    """The new template's id. Raises NotPossible: bad_template, bad_shortcut, bad_liquid, unknown_queue, template_taken."""
    draft = check_draft(draft)

    async def work(connection: Connection) -> int:
        made = await stored.add_template(connection, await new_row(connection, draft, actor), actor.agent_id)
        if made is None:
            raise _taken(draft.name)
        return made

    return await ctx.database.run(work)


async def change_template(ctx: Context, *, template_id: int, version: int, draft: Draft, actor: Actor) -> int:
    """Its new version. `version` is the one that was looked at. Raises NotFound, also for another agent's own; NotPossible as
    `add_template`, template_changed (by somebody else meanwhile), shared_stays (what others use does not become private)."""
    draft = check_draft(draft)

    async def work(connection: Connection) -> int:
        owner = await _lock(connection, template_id, version, actor)
        if owner is None and draft.private:
            raise NotPossible("A reply that others use does not become private.", code="shared_stays")
        new = await new_row(connection, draft, actor)
        if await stored.name_taken(connection, template_id, new):
            raise _taken(draft.name)
        return await stored.change_template(connection, template_id, new)

    return await ctx.database.run(work)


async def retire_template(ctx: Context, *, template_id: int, version: int, actor: Actor) -> None:
    """It is offered no more. Raises NotFound, NotPossible (template_changed)."""

    async def work(connection: Connection) -> None:
        await _lock(connection, template_id, version, actor)
        await stored.retire_template(connection, template_id)

    await ctx.database.run(work)


async def render_template(
    ctx: Context,
    *,
    template_id: int,
    ticket_code: int,
    agent_name: str,
    agent_id: int | None = None,
    counted: bool = False,
) -> str:
    """The text for this ticket. `counted`: it is put into a reply now. Raises NotFound."""

    async def look(connection: Connection) -> tuple[TemplateRow | None, TicketFacts | None]:
        template = await stored.template(connection, template_id, agent_id)
        return template, await stored.facts_of_ticket(connection, ticket_code)

    template, facts = await ctx.database.read(look)
    if template is None:
        raise NotFound(f"There is no template {template_id}.")
    if facts is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
    if counted:
        await ctx.database.run_one(lambda c: stored.count_use(c, template_id))
    return fill_in_liquid(template.body, placeholder_values(ctx, facts, agent_name, template.language))


async def render_text(ctx: Context, *, body: str, language: str, ticket_code: int, agent_name: str) -> str:
    """Any text, filled in for a ticket. Raises NotFound, NotPossible (bad_liquid)."""
    check_body(body)
    facts = await ctx.database.read(lambda c: stored.facts_of_ticket(c, ticket_code))
    if facts is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
    return fill_in_liquid(body, placeholder_values(ctx, facts, agent_name, language))


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
        ticket_link=case_link(ctx, facts.code),
    )


def check_draft(draft: Draft) -> Draft:
    """The draft as it is kept. Raises NotPossible: bad_template, bad_shortcut, bad_liquid."""
    if len(draft.name) > MOST_NAME or len(draft.body) > MOST_BODY or len(draft.folder) > MOST_FOLDER:
        said = f"A template has {MOST_NAME} characters of name and {MOST_BODY} of text at most."
        raise NotPossible(said, code="bad_template")
    name, body = clean_line(draft.name, MOST_NAME), clean_text(draft.body, MOST_BODY)
    if not name or not body or draft.language not in LANGUAGES:
        raise NotPossible(
            "A template needs a name, a text, and en, zh_CN or no language.", code="bad_template"
        )
    shortcut = draft.shortcut.strip().lstrip("/／、").lower()
    if len(shortcut) > MOST_SHORTCUT or not _SHORTCUT.fullmatch(shortcut):
        raise NotPossible(
            f"A shortcut is one word of {MOST_SHORTCUT} letters, digits, . _ - at most.", code="bad_shortcut"
        )
    check_body(body)
    return Draft(
        name=name,
        language=draft.language,
        body=body,
        shortcut=shortcut,
        folder=clean_line(draft.folder, MOST_FOLDER),
        private=draft.private,
        queue="" if draft.private else draft.queue,
    )


def check_body(body: str) -> None:
    """Raises NotPossible (bad_liquid)."""
    if troubles := find_troubles(body):
        raise UnreadableText(troubles)


async def new_row(connection: Connection, draft: Draft, actor: Actor) -> NewTemplate:
    """A checked draft as it is written. Raises NotPossible (unknown_queue)."""
    queue = None
    if draft.queue:
        queue = await stored.queue_id(connection, draft.queue)
        if queue is None:
            raise NotPossible(f"There is no queue {draft.queue}.", code="unknown_queue")
    return NewTemplate(
        name=draft.name,
        language=draft.language,
        body=draft.body,
        shortcut=draft.shortcut,
        folder=draft.folder,
        owner_id=actor.agent_id if draft.private else None,
        queue_id=queue,
    )


async def _lock(connection: Connection, template_id: int, version: int, actor: Actor) -> int | None:
    """Whose own it is."""
    found = await stored.lock_template(connection, template_id)
    if found is None or found[1] not in (None, actor.agent_id):
        raise NotFound(f"There is no template {template_id}.")
    if found[0] != version:
        raise NotPossible("Somebody else has changed this template meanwhile.", code="template_changed")
    return found[1]


def _taken(name: str) -> NotPossible:
    return NotPossible(f"There is a template {name!r} in this language already.", code="template_taken")
