"""Canned replies, macros and followers over a real database: who sees what, what a run does and undoes, who hears of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.actions.answers.carry_templates import BadFile, read_file, take_in, write_csv, write_json
from hub.actions.answers.reply import queue_reply
from hub.actions.answers.templates import (
    Draft,
    add_template,
    change_template,
    list_templates,
    offer_templates,
    render_template,
    retire_template,
)
from hub.actions.context import Context
from hub.actions.errands.follow import follow_ticket, followers_of
from hub.actions.errands.ledger_notices import tell_of_ledger
from hub.actions.errands.notices import list_notices
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.macros.keep import (
    MacroDraft,
    add_macro,
    change_macro,
    list_macros,
    offer_macros,
    retire_macro,
)
from hub.actions.macros.run import Ran, run_macro, undo_run
from hub.actions.note import add_note
from hub.actions.status import change_status
from hub.model.people import Actor
from hub.model.permissions import Permission
from storage import views
from storage.tasks import NEVER
from storage.templates import TemplateRow
from storage.views import TicketRow
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, ticket, write

LI = "Li <li@example.cn>"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def agent(ctx: Context, login: str, **more: Any) -> Actor:
    return Actor(name=login.capitalize(), agent_id=await an_agent(ctx, login, **more))


async def keep(ctx: Context, actor: Actor, name: str, body: str = "Text", **more: Any) -> int:
    return await add_template(ctx, draft=Draft(name=name, body=body, **more), actor=actor)


async def now(ctx: Context, code: int) -> TicketRow:
    found = await ctx.database.read(lambda c: views.get_ticket(c, code))
    assert found is not None
    return found


# ── canned replies ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_who_is_offered_what(ctx: Context) -> None:
    """Everybody's; one's own; a queue's on its tickets, and for its members everywhere."""
    ann, lin = await agent(ctx, "ann"), await agent(ctx, "lin", queues=["service"])
    opened = (await ticket(ctx, await write(ctx, LI)))["code"]
    queue = (await now(ctx, opened)).queue
    assert queue != "service"
    await keep(ctx, ann, "all")
    mine = await keep(ctx, ann, "mine", private=True)
    await keep(ctx, lin, "mine", private=True)  # a name of one's own is nobody else's
    await keep(ctx, ann, "here", queue=queue)
    await keep(ctx, ann, "there", queue="service")

    async def offered(actor: Actor) -> set[str]:
        rows = await offer_templates(ctx, ticket_code=opened, agent_id=actor.agent_id)
        return {f"{row.name}{'*' if row.owner_id else ''}" for row in rows}

    assert await offered(ann) == {"all", "mine*", "here"}
    assert await offered(lin) == {"all", "mine*", "here", "there"}
    assert await offered(SYSTEM) == {"all", "here"}
    assert {row.name for row in await list_templates(ctx, agent_id=ann.agent_id)} == {
        "all", "mine", "here", "there",
    }  # fmt: skip
    for deed in (
        render_template(ctx, template_id=mine, ticket_code=opened, agent_name="", agent_id=lin.agent_id),
        retire_template(ctx, template_id=mine, version=1, actor=lin),
        change_template(ctx, template_id=mine, version=1, draft=Draft(name="x", body="y"), actor=SYSTEM),
    ):
        with pytest.raises(NotFound):
            await deed


async def test_one_text_of_each_reply_is_offered_in_the_tickets_language(ctx: Context) -> None:
    ann = await agent(ctx, "ann")
    opened = (await ticket(ctx, await write(ctx, LI, "请问我的包裹在哪里？")))["code"]
    for language, body in (("en", "Late"), ("zh_CN", "晚了"), ("", "Late / 晚了")):
        await keep(ctx, ann, "Delay", body, language=language)
    await keep(ctx, ann, "Thanks", "Thanks", language="en")
    await keep(ctx, ann, "delay", "mine", language="en", private=True)
    offered = await offer_templates(ctx, ticket_code=opened, agent_id=ann.agent_id)
    assert sorted(row.body for row in offered) == ["Thanks", "mine", "晚了"]


async def test_what_is_used_most_comes_first(ctx: Context) -> None:
    ann = await agent(ctx, "ann")
    opened = (await ticket(ctx, await write(ctx, LI)))["code"]
    ids = [await keep(ctx, ann, name) for name in ("a", "b", "c")]
    for used in (ids[2], ids[1], ids[2]):
        await render_template(ctx, template_id=used, ticket_code=opened, agent_name="", counted=True)
    await render_template(ctx, template_id=ids[0], ticket_code=opened, agent_name="")
    offered = await offer_templates(ctx, ticket_code=opened, agent_id=ann.agent_id)
    assert [(row.name, row.used) for row in offered] == [("c", 2), ("b", 1), ("a", 0)]


async def test_what_others_use_does_not_become_private(ctx: Context) -> None:
    ann = await agent(ctx, "ann")
    shared, own = await keep(ctx, ann, "shared"), await keep(ctx, ann, "own", private=True)

    async def change(template_id: int, **more: Any) -> int:
        draft = Draft(name="x", body="y", **more)
        return await change_template(ctx, template_id=template_id, version=1, draft=draft, actor=ann)

    with pytest.raises(NotPossible) as refused:
        await change(shared, private=True)
    assert refused.value.code == "shared_stays"
    with pytest.raises(NotPossible) as refused:
        await change(own, queue="nowhere")
    assert refused.value.code == "unknown_queue"
    assert await change(own, queue="service") == 2


def _row(**more: Any) -> TemplateRow:
    plain = {
        "id": 1, "name": "n", "language": "", "body": "b", "version": 1, "updated_at": datetime.now(UTC), "shortcut": "",
        "folder": "", "owner_id": None, "queue": "", "used": 0,
    }  # fmt: skip
    return TemplateRow(**{**plain, **more})


_LINES = st.text("ab中=+-@'\",;", min_size=1, max_size=8)


@given(
    st.lists(
        st.builds(
            _row,
            name=_LINES,
            body=st.text("=+-@'\";,\na中 \t", max_size=20).map(lambda text: f"x{text}y"),
            language=st.sampled_from(("", "en", "zh_CN")),
            folder=_LINES,
            owner_id=st.sampled_from((None, 1)),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_goes_out_as_a_file_comes_back_the_same(made: list[TemplateRow]) -> None:
    drafts = [_tried(shown(made)) for shown in (write_csv, write_json)]
    assert drafts[0] == drafts[1]
    for draft, row in zip(drafts[0] or [], made, strict=False):
        assert (draft.body, draft.language, draft.private) == (
            row.body,
            row.language,
            row.owner_id is not None,
        )


def _tried(data: bytes) -> list[Draft] | None:
    try:
        return read_file(data)
    except BadFile:
        return None  # a name of nothing that can be shown: both refuse it


async def test_a_file_is_taken_in_whole_or_not_at_all(ctx: Context) -> None:
    ann = await agent(ctx, "ann")
    await keep(ctx, ann, "Old", "as it was")
    text = "name,body,folder,private\nOld,new words,F,\nMine,=mine,,true\nOld,as it is,,yes\n"
    for charset in ("utf-8", "utf-8-sig", "gb18030"):
        drafts = read_file(text.replace("words", "话").encode(charset))
        assert [one.body for one in drafts] == ["new 话", "=mine", "as it is"]
    taken = await take_in(ctx, drafts, actor=ann)
    assert (taken.added, taken.changed, taken.same) == (2, 1, 0)
    assert (await take_in(ctx, drafts, actor=ann)).same == 3
    again = read_file(write_csv(await list_templates(ctx, agent_id=ann.agent_id)))
    assert {(one.name, one.body, one.private) for one in again} == {
        ("Old", "new 话", False), ("Mine", "=mine", True), ("Old", "as it is", True),
    }  # fmt: skip
    assert b",'=mine," in write_csv(await list_templates(ctx, agent_id=ann.agent_id))
    wrong = [*drafts, Draft(name="Last", body="x", queue="nowhere")]
    with pytest.raises(BadFile) as refused:
        await take_in(ctx, [Draft(name="First", body="x"), *wrong], actor=ann)
    assert (refused.value.row, refused.value.why) == (5, "unknown_queue")
    assert len(await list_templates(ctx, agent_id=ann.agent_id)) == 3
    for data, row, why in (
        (b"", 0, "no_columns"), (b"name;text\na;b", 0, "no_columns"), (b"[1]", 0, "unreadable"), (b"{", 0, "unreadable"),
        (b"[]", 0, "empty"), (b"\xff\xff", 0, "unreadable"), (b"name,body\na,b\nc,{{x}}", 2, "bad_liquid"),
        (json.dumps([{"name": "a", "body": 3}]).encode(), 1, "unreadable"),
    ):  # fmt: skip
        with pytest.raises(BadFile) as refused:
            read_file(data)
        assert (refused.value.row, refused.value.why) == (row, why), data


# ── macros ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
EVERYTHING: dict[str, Any] = {
    "reply": "Dear {{customer.name}}, it is done.", "note": "Refunded {{ticket.number}}", "add_tags": ["Refund"],
    "remove_tags": ["late"], "priority": 4, "queue": "service", "assign": "me", "status": "resolved",
}  # fmt: skip


async def macro(ctx: Context, actor: Actor, **acts: Any) -> int:
    return await add_macro(ctx, draft=MacroDraft(name="M", acts=acts), actor=actor)


async def run(ctx: Context, made: int, code: int, actor: Actor, **more: Any) -> Ran:
    return await run_macro(ctx, macro_id=made, ticket_code=code, actor=actor, **more)


async def states(ctx: Context) -> list[str]:
    return [row["state"] for row in await rows(ctx, "SELECT state FROM outbox ORDER BY id")]


async def test_a_macro_does_everything_and_all_of_it_is_undone(ctx: Context) -> None:
    ann, lin = await agent(ctx, "ann"), await agent(ctx, "lin")
    code = (await ticket(ctx, await write(ctx, LI)))["code"]
    await assign_ticket(ctx, ticket_code=code, agent_id=lin.agent_id, actor=SYSTEM)
    await ctx.database.run(lambda c: c.execute("UPDATE ticket SET tags = '{late,odd}' WHERE code = $1", code))
    before = await now(ctx, code)
    made = await macro(ctx, ann, **EVERYTHING)
    ran = await run(ctx, made, code, ann, expected_seq=before.seq)
    assert ran.did == ["reply", "note", "tags", "priority", "queue", "status", "assign"] and not ran.failed
    after = await now(ctx, code)
    assert (after.status, after.priority, after.queue, after.assignee_id) == (
        "resolved",
        4,
        "service",
        ann.agent_id,
    )
    assert set(after.tags) == {"refund", "odd"}
    said = await rows(ctx, "SELECT direction, text FROM interaction ORDER BY id")
    assert [(row["direction"], row["text"]) for row in said[1:]] == [
        ("out", "Dear Li, it is done."), ("internal", f"Refunded T-{code}"),
    ]  # fmt: skip
    (told,) = await rows(ctx, "SELECT agent_id, data FROM event WHERE kind = 'macro_run'")
    assert (told["agent_id"], told["data"]["macro"], told["data"]["acts"]) == (ann.agent_id, made, ran.did)
    assert (await list_macros(ctx))[0].used == 1
    with pytest.raises(NotFound) as refused:
        await undo_run(ctx, run_id=ran.run_id, actor=lin)
    assert refused.value.code == "nothing_to_undo"
    undone = await undo_run(ctx, run_id=ran.run_id, actor=ann)
    assert (undone.did, undone.failed) == (
        ["assign", "status", "queue", "priority", "tags", "reply"], {"note": "note_stays"},
    )  # fmt: skip
    back = await now(ctx, code)
    assert (back.status, back.priority, back.queue, back.assignee_id, set(back.tags)) == (
        before.status, before.priority, before.queue, lin.agent_id, {"late", "odd"},
    )  # fmt: skip
    assert await states(ctx) == ["cancelled"]
    with pytest.raises(NotFound):
        await undo_run(ctx, run_id=ran.run_id, actor=ann)


async def test_a_reply_that_cannot_be_sent_keeps_everything_else_from_being_done(ctx: Context) -> None:
    ann = await agent(ctx, "ann")
    code = (await ticket(ctx, await write(ctx, LI, message_id="one@example.cn")))["code"]
    seen = (await now(ctx, code)).seq
    await write(ctx, LI, "It is found.", answers="one@example.cn")
    before = await now(ctx, code)
    made = await macro(ctx, ann, **EVERYTHING)
    with pytest.raises(Conflict):
        await run(ctx, made, code, ann, expected_seq=seen)
    await change_status(ctx, ticket_code=code, status="closed", actor=SYSTEM)
    with pytest.raises(NotPossible) as refused:
        await run(ctx, made, code, ann)
    assert refused.value.code == "closed"
    after = await now(ctx, code)
    assert (after.tags, after.priority, after.queue, after.assignee_id) == (
        before.tags, before.priority, before.queue, None,
    )  # fmt: skip
    assert await states(ctx) == [] and await one(ctx, "SELECT count(*) FROM macro_run") == 0


async def test_what_is_refused_is_told_and_stops_nothing_else(ctx: Context) -> None:
    ann, gone = await agent(ctx, "ann"), await agent(ctx, "gone")
    code = (await ticket(ctx, await write(ctx, LI)))["code"]
    made = await macro(
        ctx, ann, add_tags=["one"], queue="service", assign=str(gone.agent_id), snooze="tomorrow", priority=4
    )
    await ctx.database.run(lambda c: c.execute("UPDATE agent SET active = false WHERE login = 'gone'"))
    ran = await run(ctx, made, code, ann)
    assert (ran.did, ran.failed) == (["tags", "priority", "queue", "snooze"], {"assign": "not_found"})
    # So already: there is nothing to do, and nothing to undo.
    (await run(ctx, made, code, ann))
    undone = await undo_run(ctx, run_id=ran.run_id, actor=ann)
    assert undone.failed == {} and (await now(ctx, code)).queue != "service"


async def test_a_program_has_nobody_to_give_a_ticket_to(ctx: Context) -> None:
    ann = await agent(ctx, "ann")
    code = (await ticket(ctx, await write(ctx, LI)))["code"]
    ran = await run(ctx, await macro(ctx, ann, assign="me", add_tags=["x"]), code, SYSTEM)
    assert (ran.did, ran.failed) == (["tags"], {"assign": "not_found"})


async def test_a_macro_that_its_runner_may_not_do_does_nothing(ctx: Context) -> None:
    ann = await agent(ctx, "ann")
    code = (await ticket(ctx, await write(ctx, LI)))["code"]
    made = await macro(ctx, ann, reply="Yes.", add_tags=["x"])
    reader = Actor(name="R", agent_id=ann.agent_id, permissions=frozenset({Permission.WORK}))
    with pytest.raises(NotPossible) as refused:
        await run(ctx, made, code, reader)
    assert refused.value.code == "not_allowed" and (await now(ctx, code)).tags == []


async def test_macros_are_kept_like_canned_replies(ctx: Context) -> None:
    ann, lin = await agent(ctx, "ann"), await agent(ctx, "lin")
    code = (await ticket(ctx, await write(ctx, LI)))["code"]
    shared = await macro(ctx, ann, status="resolved")
    mine = MacroDraft(name="m", acts={"note": "x"}, private=True)
    own = await add_macro(ctx, draft=mine, actor=ann)
    assert {row.id for row in await offer_macros(ctx, ticket_code=code, agent_id=ann.agent_id)} == {
        shared,
        own,
    }
    assert {row.id for row in await offer_macros(ctx, ticket_code=code, agent_id=lin.agent_id)} == {shared}
    with pytest.raises(NotFound):
        await run(ctx, own, code, lin)
    for draft, why in (
        (MacroDraft(name="M", acts={"note": "x"}), "macro_taken"), (MacroDraft(name=" ", acts={"note": "x"}), "bad_macro"),
        (MacroDraft(name="a", acts={}), "nothing_to_do"), (MacroDraft(name="a", acts={"note": "{{x}}"}), "bad_liquid"),
        (MacroDraft(name="a", acts={"status": "gone"}), "bad_acts"), (MacroDraft(name="a", acts={"more": 1}), "bad_acts"),
        (MacroDraft(name="a", acts={"add_tags": [","]}), "bad_tag"),
        (MacroDraft(name="a", acts={"snooze": "hour", "status": "closed"}), "done_and_snoozed"),
        (MacroDraft(name="a", acts={"note": "x"}, queue="nowhere"), "unknown_queue"),
    ):  # fmt: skip
        with pytest.raises(NotPossible) as refused:
            await add_macro(ctx, draft=draft, actor=lin)
        assert refused.value.code == why
    with pytest.raises(NotPossible) as refused:
        await change_macro(ctx, macro_id=shared, version=1, draft=mine, actor=ann)
    assert refused.value.code == "shared_stays"
    assert await change_macro(ctx, macro_id=own, version=1, draft=mine, actor=ann) == 2
    with pytest.raises(NotPossible):
        await retire_macro(ctx, macro_id=own, version=1, actor=ann)
    await retire_macro(ctx, macro_id=own, version=2, actor=ann)
    assert [row.id for row in await list_macros(ctx, agent_id=ann.agent_id)] == [shared]


# ── mentions and followers ──────────────────────────────────────────────────────────────────────────────────────────────
async def hear(ctx: Context) -> None:
    while await tell_of_ledger(ctx):
        pass


async def heard(ctx: Context, actor: Actor) -> list[str]:
    """Kinds of notices, the oldest first; they are read then."""
    found = await list_notices(ctx, agent_id=actor.agent_id or 0, before=(NEVER, 0), limit=50)
    await ctx.database.run(lambda c: c.execute("DELETE FROM notice WHERE agent_id = $1", actor.agent_id))
    return [row.kind for row in reversed(found)]


async def test_followers_hear_of_what_happens_to_a_ticket_that_is_not_theirs(ctx: Context) -> None:
    ann, lin, kim = await agent(ctx, "ann"), await agent(ctx, "lin"), await agent(ctx, "kim")
    first = await write(ctx, LI, message_id="one@example.cn")
    code = (await ticket(ctx, first))["code"]
    for who in (ann, lin):
        await follow_ticket(ctx, ticket_code=code, agent_id=who.agent_id or 0, on=True)
        await follow_ticket(ctx, ticket_code=code, agent_id=who.agent_id or 0, on=True)
    assert [row.name for row in await followers_of(ctx, code)] == ["ann", "lin"]
    await hear(ctx)
    for who in (ann, lin, kim):
        await heard(ctx, who)
    await assign_ticket(ctx, ticket_code=code, agent_id=ann.agent_id, actor=kim)
    await hear(ctx)
    # Who gets it is told that it is theirs.
    assert (await heard(ctx, ann), await heard(ctx, lin)) == (["assigned_to_you"], ["followed_assigned"])
    await write(ctx, LI, "And now?", answers="one@example.cn")
    await add_note(ctx, ticket_code=code, actor=kim, text="A note is between those who are named.")
    await hear(ctx)
    assert (await heard(ctx, ann), await heard(ctx, lin)) == ([], ["followed_message"])
    await change_status(ctx, ticket_code=code, status="pending", actor=kim)
    await change_status(ctx, ticket_code=code, status="resolved", actor=lin)
    await hear(ctx)
    assert (await heard(ctx, lin), await heard(ctx, kim)) == ([], [])  # who did it knows
    await follow_ticket(ctx, ticket_code=code, agent_id=lin.agent_id or 0, on=False)
    await change_status(ctx, ticket_code=code, status="open", actor=kim)
    await change_status(ctx, ticket_code=code, status="resolved", actor=kim)
    await hear(ctx)
    assert await heard(ctx, lin) == []
    told = await rows(ctx, "SELECT data FROM event WHERE kind = 'followers_changed' ORDER BY id")
    assert [row["data"]["agent"] for row in told] == [ann.agent_id, lin.agent_id, lin.agent_id]
    with pytest.raises(NotFound):
        await follow_ticket(ctx, ticket_code=1, agent_id=1, on=True)


async def test_who_is_named_follows_and_a_team_is_told(ctx: Context) -> None:
    ann, lin = await agent(ctx, "ann"), await agent(ctx, "lin")
    kim = await agent(ctx, "kim", queues=["service"])
    code = (await ticket(ctx, await write(ctx, LI)))["code"]
    await add_note(ctx, ticket_code=code, actor=ann, text="@lin 请看，@service too; I am @ann")
    await hear(ctx)
    assert [await heard(ctx, who) for who in (ann, lin, kim)] == [[], ["mentioned"], ["mentioned"]]
    assert [row.id for row in await followers_of(ctx, code)] == [lin.agent_id]
    await ctx.database.run(
        lambda c: c.execute("UPDATE agent SET muted_notices = '{followed_resolved}' WHERE login = 'lin'")
    )
    await change_status(ctx, ticket_code=code, status="resolved", actor=ann)
    await hear(ctx)
    assert await heard(ctx, lin) == []


async def test_a_customers_words_name_nobody(ctx: Context) -> None:
    lin = await agent(ctx, "lin")
    code = (await ticket(ctx, await write(ctx, LI, "I wrote to @lin before")))["code"]
    await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="Yes, @lin says so")
    await asyncio.gather(hear(ctx), hear(ctx))
    assert await heard(ctx, lin) == [] and await followers_of(ctx, code) == []
