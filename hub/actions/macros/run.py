"""A macro runs on a ticket: each act by its own verb, in one order, and as one thing that can be undone.

The reply comes first. Where it cannot be sent nothing else is done, for a ticket that says "answered" must have been; any other
act that is refused is told and does not stop the rest. Undoing goes back the same way; a note that was written stays, and
so does a reply that has left.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from hub.actions import idempotency
from hub.actions.answers.recall import cancel_reply
from hub.actions.answers.reply import queue_reply
from hub.actions.answers.templates import render_text
from hub.actions.context import Context
from hub.actions.failures import ActionFailure, NotFound, NotPossible
from hub.actions.idempotency import Answered
from hub.actions.lists.bulk import BACK, WORK
from hub.actions.lists.moments import moments
from hub.actions.macros.keep import find_macro
from hub.actions.note import add_note
from hub.actions.people.sight import may_see
from hub.actions.ticket_work import Step, on_ticket
from hub.model.codes import TICKET, show_code
from hub.model.macros import ME, NOBODY, UNTIL_WRITTEN, Acts, read_acts
from hub.model.people import Actor
from hub.model.permissions import Permission, Sight
from hub.model.tickets import EventKind
from storage import macros as stored
from storage import work

UNDO_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How it went. `did`: acts by name, in order, without what was so already; `failed`: act → the code of why not.
    `run_id`: by what it can be undone."""

    run_id: int
    did: Sequence[str]
    failed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """`did`: what is as it was; `failed`: act → the code of why it stays."""

    did: Sequence[str]
    failed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What a macro would write on a ticket; "" for nothing."""

    reply: str
    note: str


async def fill_texts(ctx: Context, *, acts: Acts, ticket_code: int, actor: Actor) -> Texts:
    """The first half, filled in. Raises NotFound."""
    filled = [
        await render_text(ctx, body=body, language="", ticket_code=ticket_code, agent_name=_name(actor))
        if body
        else ""
        for body in (acts.reply, acts.note)
    ]
    return Texts(reply=filled[0], note=filled[1])


async def run_macro(
    ctx: Context,
    *,
    macro_id: int,
    ticket_code: int,
    actor: Actor,
    expected_seq: int | None = None,
    ahead: Mapping[str, datetime] | None = None,
    key: str = "",
) -> Ran:
    """Do all of it. `expected_seq`: where the ticket stood when its reply was looked at. `ahead`: the moments of the
    actor's day by their codes; UTC's where none are given. `key`: of this press; whoever comes with it again, because the
    answer was lost, has written nothing twice.

    Raises NotFound; Conflict when somebody has spoken since; NotPossible: not_allowed, and whatever keeps the reply from being
    sent. Nothing was done then."""
    macro = await find_macro(ctx, macro_id=macro_id, agent_id=actor.agent_id)
    acts = read_acts(macro.acts)
    _check_allowed(acts, actor)
    if not await ctx.database.read(lambda c: may_see(c, actor, ticket_code)):
        raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
    # From here on to its end, also where one of its acts takes the ticket out of sight: else the agent would be told that
    # there is no such ticket, when the reply is on its way and nothing says how to take it back.
    actor = replace(actor, sight=Sight.ALL)
    texts = await fill_texts(ctx, acts=acts, ticket_code=ticket_code, actor=actor)
    done: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    once = partial(_once, ctx, actor, f"{key or uuid4().hex}-{macro_id}-{ticket_code}")
    common: dict[str, Any] = {"ticket_code": ticket_code, "actor": actor}
    if texts.reply:
        sent = await once(
            "reply", lambda: queue_reply(ctx, text=texts.reply, expected_seq=expected_seq, **common)
        )
        done.append({"act": "reply", "entry": sent})
    try:
        if texts.note:
            noted = await once("note", lambda: add_note(ctx, text=texts.note, **common))
            done.append({"act": "note", "entry": noted})
        for act, value in _orders(acts, actor, ahead):
            try:
                before = await WORK[act](ctx, ticket_code, value, actor)
            except ActionFailure as failure:
                failed[act] = failure.code
                continue
            if before:
                done.append({"act": act, "value": value, "before": {"code": ticket_code, **before}})
    except BaseException:
        # The database went away in the middle, say: what was done until then can be undone, if that can be kept. What is told
        # is what went wrong first: whoever runs all of it in one transaction may do it again for that.
        with suppress(Exception):
            await _keep(ctx, macro_id, ticket_code, actor, done)
        raise
    run_id = await once("run", lambda: _keep(ctx, macro_id, ticket_code, actor, done))
    return Ran(run_id=run_id, did=[one["act"] for one in done], failed=failed)


async def undo_run(ctx: Context, *, run_id: int, actor: Actor) -> Undone:
    """The ticket is as it was before, as far as nothing else came of it. Raises NotFound (nothing_to_undo): it was undone
    already, is somebody else's, or too long ago."""
    owner = actor.agent_id or 0
    run = await ctx.database.run(lambda c: stored.take_run(c, run_id, owner, UNDO_SECONDS))
    if run is None:
        raise NotFound("There is nothing to take back any more.", code="nothing_to_undo")
    actor = replace(actor, sight=Sight.ALL)  # what they did they take back, wherever the ticket went by it
    did: list[str] = []
    failed: dict[str, str] = {}
    for one in reversed(run.done):
        act = one["act"]
        try:
            if act == "note":
                raise NotPossible("A note stays.", code="note_stays")
            if act == "reply":
                await cancel_reply(ctx, interaction_id=one["entry"], actor=actor)
            else:
                await BACK[act](ctx, one["before"], one["value"], actor)
        except ActionFailure as failure:
            failed[act] = failure.code
        else:
            did.append(act)
    await _tell(ctx, run.ticket_code, actor, EventKind.MACRO_UNDONE, macro=run.macro_id, run=run_id)
    return Undone(did=did, failed=failed)


async def _once(ctx: Context, actor: Actor, key: str, what: str, write: Callable[[], Awaitable[int]]) -> int:
    """The id of what it writes, or has written before under this key."""

    async def do() -> Answered:
        return 201, {"id": await write()}

    owner = f"api:{actor.name}" if actor.agent_id is None else f"agent:{actor.agent_id}"
    _, said = await idempotency.once(ctx, principal=owner, key=f"{key}-{what}", body=b"", do=do)
    return int(said["id"])


def _orders(
    acts: Acts, actor: Actor, ahead: Mapping[str, datetime] | None
) -> list[tuple[str, dict[str, Any]]]:
    """The second half in the order in which it is done. The status before who has the ticket: undoing goes the other way, and
    an assignment is only undone while the status is as it was. But what is closed has to be given first."""
    orders: list[tuple[str, dict[str, Any]]] = []
    if acts.add_tags or acts.remove_tags:
        orders.append(("tags", {"add": list(acts.add_tags), "remove": list(acts.remove_tags)}))
    if acts.priority:
        orders.append(("priority", {"priority": acts.priority}))
    if acts.queue:
        orders.append(("queue", {"queue": acts.queue}))
    last: list[tuple[str, dict[str, Any]]] = []
    if acts.status:
        last.append(("status", {"status": acts.status}))
    if acts.assign:
        last.append(("assign", {"agent": _agent(acts.assign, actor)}))
    if acts.status == "closed":
        last.reverse()
    orders += last
    if acts.snooze:
        orders.append(("snooze", {"until": _until(acts.snooze, ahead)}))
    return orders


def _agent(assign: str, actor: Actor) -> int | None:
    if assign == NOBODY:
        return None
    if assign == ME:
        # A program is nobody whom a ticket could be given to: the verb refuses number 0.
        return actor.agent_id or 0
    return int(assign)


def _until(code: str, ahead: Mapping[str, datetime] | None) -> str | None:
    if code == UNTIL_WRITTEN:
        return None
    if ahead is None:
        ahead = {one.code: one.at for one in moments(datetime.now(UTC), UTC)}
    # This afternoon is over: tomorrow, then.
    at = ahead.get(code) or ahead.get("tomorrow") or max(ahead.values())
    return at.isoformat()


def _check_allowed(acts: Acts, actor: Actor) -> None:
    if actor.agent_id is None:
        return  # a program's scope was looked at where it came in
    needed = [
        *([Permission.ANSWER] if acts.reply else []),
        *([Permission.WORK] if acts.note or acts.changes else []),
        *([Permission.ASSIGN_OTHERS] if acts.assign not in ("", ME, NOBODY) else []),
    ]
    if not all(actor.may(one) for one in needed):
        raise NotPossible("Your role does not allow this.", code="not_allowed")


async def _keep(
    ctx: Context, macro_id: int, ticket_code: int, actor: Actor, done: Sequence[Mapping[str, Any]]
) -> int:
    """The run's id; it stands in the ticket's ledger."""

    async def step(taken: Step) -> int:
        run = await stored.add_run(taken.connection, macro_id, taken.ticket.id, actor.agent_id, done)
        acts = [one["act"] for one in done]
        await taken.note(EventKind.MACRO_RUN, macro=macro_id, run=run, acts=acts)
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
        return run

    return await on_ticket(ctx, ticket_code, actor, step)


async def _tell(ctx: Context, ticket_code: int, actor: Actor, kind: EventKind, **data: Any) -> None:
    async def step(taken: Step) -> None:
        await taken.note(kind, **data)
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)

    await on_ticket(ctx, ticket_code, actor, step)


def _name(actor: Actor) -> str:
    """What a program's key is called is no name that a customer should read."""
    return actor.name if actor.agent_id is not None else ""
