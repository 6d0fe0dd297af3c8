"""Categories of the knowledge base: one flat row, in an order that colleagues choose."""

from channels.clean import clean_line
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.audit import record
from hub.model.audit import AuditKind
from hub.model.people import Actor
from storage import knowledge as stored
from storage.database import Connection
from storage.knowledge import CategoryRow

MOST_TITLE = 60


async def list_categories(ctx: Context) -> list[CategoryRow]:
    """In their order, those that are retired last."""
    return await ctx.database.read(stored.categories)


async def add_category(ctx: Context, *, title_en: str, title_zh: str, actor: Actor) -> int:
    """At the end of the row. Where one title is missing, the other stands in its place. Raises NotPossible (bad_category)."""
    english, chinese = _titles(title_en, title_zh)

    async def work(c: Connection) -> int:
        made = await stored.add_category(c, english, chinese)
        await _note(c, made, actor, english, chinese)
        return made

    return await ctx.database.run(work)


async def change_category(
    ctx: Context, *, category_id: int, title_en: str, title_zh: str, retired: bool, actor: Actor
) -> None:
    """Its titles, and whether articles can be put there; those of a retired one stand without a category. Raises NotFound,
    NotPossible (bad_category)."""
    english, chinese = _titles(title_en, title_zh)

    async def work(c: Connection) -> None:
        if not await stored.change_category(c, category_id, english, chinese, retired):
            raise NotFound("There is no such category.")
        await _note(c, category_id, actor, english, chinese, retired=retired)

    await ctx.database.run(work)


async def move_category(ctx: Context, *, category_id: int, up: bool) -> None:
    """One place up or down; at the end of the row nothing happens. Raises NotFound."""

    async def work(c: Connection) -> None:
        row = await stored.lock_categories(c)
        if category_id not in row:
            raise NotFound("There is no such category.")
        at = row.index(category_id)
        to = max(0, min(len(row) - 1, at + (-1 if up else 1)))
        row[at], row[to] = row[to], row[at]
        await stored.place_categories(c, row)

    await ctx.database.run(work)


def _titles(title_en: str, title_zh: str) -> tuple[str, str]:
    english, chinese = clean_line(title_en, MOST_TITLE), clean_line(title_zh, MOST_TITLE)
    if not english and not chinese:
        raise NotPossible("A category needs a title.", code="bad_category")
    return english or chinese, chinese or english


async def _note(
    c: Connection, category_id: int, actor: Actor, english: str, chinese: str, *, retired: bool = False
) -> None:
    after = {"title_en": english, "title_zh": chinese, "retired": retired}
    await record(
        c, AuditKind.KNOWLEDGE_CHANGED, actor=actor, subject=f"{category_id} {english}", details=after
    )
