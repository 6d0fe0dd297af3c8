"""The tags of the house: how often each is used, what it means, how it looks; renaming, which may make one of two."""

from aiohttp import web

from hub.actions import tag_shelf
from hub.model.tags import COLOURS
from hub.web.desk.say.setup import COLOUR_NAMES
from hub.web.desk.visit import Visit, go
from storage import tags as stored

PAGE = "/desk/tags"


async def show_tags(visit: Visit) -> web.StreamResponse:
    """The page."""
    return visit.page("tags.html", section="tags", **await _read(visit))


async def show_state(visit: Visit) -> web.StreamResponse:
    """Its changing part."""
    return visit.page("_tag_shelf.html", **await _read(visit))


async def post_tag(visit: Visit) -> web.StreamResponse:
    """How one looks, what it means, whether it is offered; and its name, where another was typed."""
    form = await visit.form()
    name = str(form.get("tag", ""))
    await tag_shelf.set_tag(
        visit.ctx,
        name=name,
        colour=str(form.get("colour", "")),
        description=str(form.get("description", "")),
        retired="retired" in form,
        actor=visit.actor,
    )
    wanted = str(form.get("name", name))
    if wanted.strip() != name:
        await tag_shelf.rename_tag(visit.ctx, name=name, wanted=wanted, actor=visit.actor)
    return await show_state(visit) if visit.partial else go(visit, PAGE)


async def get_style(visit: Visit) -> web.StreamResponse:
    """The colours of tags, as a style sheet: so every place that shows a tag has them."""
    looks = await visit.ctx.database.read(stored.tag_looks)
    return web.Response(
        text="".join(_rule(one.name, one.colour) for one in looks if one.colour),
        content_type="text/css",
        headers={"Cache-Control": "private, max-age=60"},
    )


_LOOKS = {
    "green": ("--good", "--accent-soft"),
    "blue": ("--info", "--info-soft"),
    "amber": ("--warn", "--warn-soft"),
    "red": ("--wrong", "--wrong-soft"),
    "grey": ("--soft", "--line"),
}


def _rule(name: str, colour: str) -> str:
    # Every character as its number, so that nothing in a name means anything to the sheet.
    quoted = "".join(f"\\{ord(one):x} " for one in name)
    ink, ground = _LOOKS[colour]
    return f'.tag[data-tag="{quoted}"] {{ color: var({ink}); background: var({ground}); }}\n'


async def _read(visit: Visit) -> dict[str, object]:
    rows = await tag_shelf.list_tags(visit.ctx)
    return {
        "tags": rows,
        "named_by": {row.name: tag_shelf.rules_that_name(visit.ctx, row.name) for row in rows},
        "COLOURS": COLOURS,
        "COLOUR_NAMES": COLOUR_NAMES,
        "renaming": any(row.renamed_to for row in rows),
    }
