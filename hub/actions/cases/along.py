"""What comes along when a whole ticket goes into another: tags, people, followers, incidents. And goes back."""

from typing import Any

from hub.actions.ticket_work import Step
from hub.model.tags import MOST_TAGS
from hub.model.tickets import EventKind
from storage import automation, cases
from storage.cases import MergeRow


async def bring_along(source: Step, target: Step) -> None:
    """The target has what both had. Both are locked; their rows are the caller's to write."""
    connection = target.connection
    await cases.bring_along(connection, source.ticket.id, target.ticket.id)
    ours = set(await automation.tags_of(connection, target.ticket.id))
    theirs = set(await automation.tags_of(connection, source.ticket.id))
    # More than a ticket may have are left where they were.
    new = sorted(theirs - ours)[: max(0, MOST_TAGS - len(ours))]
    if new:
        await automation.change_tags(connection, target.ticket.id, sorted(ours | set(new)))
        await target.note(EventKind.TAGS_CHANGED, added=new, removed=[])


async def take_back(target: Step, merge: MergeRow) -> None:
    """The target has only what it had, and what came to it otherwise since."""
    connection, ticket_id = target.connection, target.ticket.id
    before, after = merge.target_was, merge.came
    await cases.take_people_back(connection, ticket_id, before["people"], after["people"])
    await cases.take_others_back(
        connection,
        ticket_id,
        followers=_new(before["followers"], after["followers"]),
        incidents=_new(before["incidents"], after["incidents"]),
        links=[(one[0], one[1]) for one in _new(before["links"], after["links"])],
    )
    came = set(_new(before["tags"], after["tags"]))
    now = set(await automation.tags_of(connection, ticket_id))
    if came & now:
        await automation.change_tags(connection, ticket_id, sorted(now - came))
        await target.note(EventKind.TAGS_CHANGED, added=[], removed=sorted(came & now))


async def restore_rows(source: Step, target: Step, merge: MergeRow, *, target_was: str) -> None:
    """What the rows say of their entries, to the moment; comes after they were written. A target whose status is another one
    than before goes by its entries."""
    await cases.restore_row(source.connection, source.ticket.id, merge.source_was["row"])
    if target.status == target_was:
        await cases.restore_row(target.connection, target.ticket.id, merge.target_was["row"])


def _new(before: Any, after: Any) -> list[Any]:
    return [one for one in after if one not in before]
