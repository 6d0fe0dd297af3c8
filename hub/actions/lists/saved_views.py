"""Views that agents make for themselves and for each other: a filter, an order, a name."""

from collections.abc import Sequence
from dataclasses import dataclass

from channels.clean import clean_line
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.filters import Filter, filter_data
from hub.model.people import Actor
from hub.model.permissions import Permission
from storage import saved_views as stored
from storage import views
from storage.database import Connection
from storage.saved_views import LockedView, SavedViewRow
from storage.ticket_lists import ORDERS

MOST_NAME = 60
MOST_VIEWS = 50
"""Of one owner."""
SHARED = ("nobody", "queue", "everybody")


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewForm:
    """What somebody wants a view to be. `queue`: whose people see it, where it is shared with a queue."""

    name: str
    wanted: Filter
    arranged: str = "waiting"
    shared: str = "nobody"
    queue: str = ""


async def list_views(ctx: Context, agent_id: int) -> Sequence[SavedViewRow]:
    """What this agent sees: their own and what is shared with them."""
    return await ctx.database.read(lambda c: stored.seen_by(c, agent_id))


async def add_view(ctx: Context, *, form: ViewForm, actor: Actor) -> int:
    """The new view's id. Raises NotPossible: bad_view, too_many_views, not_allowed."""
    form = _checked(form)
    owner = actor.agent_id
    if owner is None:
        raise NotPossible("A view is somebody's.", code="bad_view")

    async def work(connection: Connection) -> int:
        await _check_queue(connection, form)
        if await stored.count_of_owner(connection, owner) >= MOST_VIEWS:
            raise NotPossible(f"An agent keeps {MOST_VIEWS} views at most.", code="too_many_views")
        return await stored.add_view(
            connection, name=form.name, owner_id=owner, shared=form.shared, queue=form.queue,
            wanted=filter_data(form.wanted), arranged=form.arranged,
        )  # fmt: skip

    return await ctx.database.run(work)


async def change_view(ctx: Context, *, view_id: int, version: int, form: ViewForm, actor: Actor) -> None:
    """`version` is the one that was looked at. Raises NotFound; NotPossible: bad_view, view_changed, not_allowed."""
    form = _checked(form)

    async def work(connection: Connection) -> None:
        view = await _lock(connection, view_id, actor)
        if view.version != version:
            raise NotPossible("Somebody has changed this view meanwhile.", code="view_changed")
        await _check_queue(connection, form)
        await stored.change_view(
            connection, view_id, name=form.name, shared=form.shared, queue=form.queue,
            wanted=filter_data(form.wanted), arranged=form.arranged,
        )  # fmt: skip

    await ctx.database.run(work)


async def remove_view(ctx: Context, *, view_id: int, actor: Actor) -> None:
    """Nobody sees it any more. Raises NotFound; NotPossible: not_allowed."""

    async def work(connection: Connection) -> None:
        await _lock(connection, view_id, actor)
        await stored.remove_view(connection, view_id)

    await ctx.database.run(work)


def may_change(view: SavedViewRow | LockedView, actor: Actor) -> bool:
    """Its owner; of what is shared also whoever manages the staff."""
    return view.owner_id == actor.agent_id or (view.shared != "nobody" and actor.may(Permission.MANAGE_STAFF))


async def _lock(connection: Connection, view_id: int, actor: Actor) -> LockedView:
    view = await stored.lock_view(connection, view_id)
    if view is None or (view.shared == "nobody" and view.owner_id != actor.agent_id):
        raise NotFound(f"There is no view {view_id}.", code="no_view")
    if not may_change(view, actor):
        raise NotPossible("Only its owner and supervisors change a shared view.", code="not_allowed")
    return view


def _checked(form: ViewForm) -> ViewForm:
    name = clean_line(form.name, MOST_NAME + 1)
    if not 0 < len(name) <= MOST_NAME or form.arranged not in ORDERS or form.shared not in SHARED:
        raise NotPossible(f"A view has a name of 1 to {MOST_NAME} characters and an order.", code="bad_view")
    queue = form.queue if form.shared == "queue" else ""
    return ViewForm(
        name=name, wanted=form.wanted, arranged=form.arranged, shared=form.shared, queue=queue
    )  # fmt: skip


async def _check_queue(connection: Connection, form: ViewForm) -> None:
    if form.shared == "queue" and form.queue not in {one.name for one in await views.list_queues(connection)}:
        raise NotPossible("There is no such queue.", code="bad_view")
