"""Who may do what, and who sees what: each door refuses whom it should, and what is out of sight is not there."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import WSMsgType

from hub.actions.answers.schedule import schedule_reply
from hub.actions.cases.incidents import add_incident
from hub.actions.cases.link import LinkKind, link_tickets
from hub.actions.errands.notices import NewNotice, add_notices
from hub.actions.errands.tasks import new_task
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.people.change_agent import AgentChange, change_agent
from hub.actions.people.roles import add_role, change_role, list_roles, remove_role
from hub.actions.people.staff import add_agent
from hub.actions.search.index import index_some
from hub.actions.status import change_status
from hub.model.codes import CUSTOMER, INCIDENT, ORGANISATION, show_code
from hub.model.interactions import OutboundAttachment
from hub.model.notices import NoticeKind
from hub.model.people import HUB, Actor, Role
from hub.model.permissions import BUILT_IN, Permission, Sight
from storage import agents, customer_pairs, views
from tests.fakes.desk import PASSWORD, Desk, customer_writes, serving_desk
from tests.fakes.scene import one, rows

P = Permission
ADMIN = Actor(name="Ada", role=Role.ADMIN)


@pytest.fixture
async def desk(ctx: object) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:  # type: ignore[arg-type]
        yield desk


async def id_of(desk: Desk, login: str) -> int:
    found = await desk.ctx.database.read(lambda c: agents.id_of_login(c, login))
    assert found is not None
    return found


async def give(
    desk: Desk,
    login: str,
    permissions: Iterable[Permission],
    sight: Sight = Sight.ALL,
    name: str = "Night shift",
) -> None:
    """A role with these permissions, for this agent."""
    await add_role(desk.ctx, name=name, permissions=permissions, sight=sight, based_on="agent", actor=ADMIN)
    await change_agent(
        desk.ctx, agent_id=await id_of(desk, login), change=AgentChange(role=name), actor=ADMIN
    )


PAGES = {
    "/desk/roles": P.MANAGE_ROLES,
    "/desk/roles/new": P.MANAGE_ROLES,
    "/desk/roles/admin": P.MANAGE_ROLES,
    "/desk/keys": P.MANAGE_KEYS,
    "/desk/audit": P.SEE_AUDIT,
    "/desk/audit/export": P.SEE_AUDIT,
    "/desk/retention": P.MANAGE_RETENTION,
}
DEEDS = {
    "/desk/roles": P.MANAGE_ROLES,
    "/desk/roles/agent": P.MANAGE_ROLES,
    "/desk/roles/agent/remove": P.MANAGE_ROLES,
    "/desk/keys": P.MANAGE_KEYS,
    "/desk/keys/1": P.MANAGE_KEYS,
    "/desk/keys/1/revoke": P.MANAGE_KEYS,
    "/desk/retention/raw": P.MANAGE_RETENTION,
}


@pytest.mark.parametrize("login", ["lin", "ann"])
async def test_agents_and_supervisors_come_to_none_of_the_administrators_pages(
    desk: Desk, login: str
) -> None:
    number = show_code(CUSTOMER, await _customer(desk))
    await desk.log_in(login)
    before = await rows(desk.ctx, "SELECT * FROM audit")
    for path in (*PAGES, f"/desk/customers/{number}/export"):
        assert (await desk.get(path)).status == 403, path
    for path in (
        *DEEDS,
        *(f"/desk/customers/{number}/{deed}" for deed in ("hold", "hold/lift", "anonymise")),
    ):
        answer = await desk.post(path, {"name": "x", "scope": "admin", "typed": number, "reason": "x"})
        assert answer.status == 403, path
    home = (await desk.get("/desk")).text
    assert not [path for path in PAGES if f'href="{path}"' in home]
    assert await rows(desk.ctx, "SELECT * FROM audit") == before


async def test_each_permission_opens_its_pages_and_no_others(desk: Desk) -> None:
    for number, permission in enumerate((P.MANAGE_ROLES, P.MANAGE_KEYS, P.SEE_AUDIT, P.MANAGE_RETENTION)):
        await give(desk, "lin", {*BUILT_IN["agent"], permission}, name=f"Role {number}")
        await desk.log_in("lin")
        for path, needed in PAGES.items():
            assert (await desk.get(path)).status == (200 if needed is permission else 403), (path, permission)


async def test_what_a_role_allows_counts_from_the_next_request_on(desk: Desk) -> None:
    await give(desk, "lin", {P.SEE_AUDIT})
    await desk.log_in("lin")
    assert (await desk.get("/desk/audit")).status == 200
    role = next(one for one in await list_roles(desk.ctx) if one.name == "Night shift")
    await change_role(
        desk.ctx,
        name=role.name,
        new_name="Day shift",
        permissions=(),
        sight=Sight.ALL,
        version=role.version,
        actor=ADMIN,
    )
    assert (await desk.get("/desk/audit")).status == 403
    assert await one(desk.ctx, "SELECT role FROM agent WHERE login = 'lin'") == "Day shift"


async def test_nobody_gives_rights_that_they_do_not_have(desk: Desk) -> None:
    ann = Actor(
        name="Ann",
        agent_id=await id_of(desk, "ann"),
        role="x",
        permissions=frozenset({P.MANAGE_ROLES, P.MANAGE_STAFF}),
    )
    lin = await id_of(desk, "lin")
    await add_role(desk.ctx, name="Auditor", permissions={P.SEE_AUDIT}, actor=ADMIN)
    narrow = Actor(name="N", role="y", permissions=frozenset(Permission), sight=Sight.OWN)
    auditor = next(one for one in await list_roles(desk.ctx) if one.name == "Auditor")
    for work in (
        add_role(desk.ctx, name="Mine", permissions={P.SEE_AUDIT}, actor=ann),
        add_role(desk.ctx, name="Mine", permissions={P.ANSWER}, actor=Actor(name="S", role=Role.SUPERVISOR)),
        add_role(desk.ctx, name="Mine", permissions={P.ANSWER}, sight=Sight.ALL, actor=narrow),
        change_role(
            desk.ctx, name="Auditor", new_name="Auditor", permissions=(), sight=Sight.ALL, version=auditor.version, actor=ann
        ),
        change_agent(desk.ctx, agent_id=lin, change=AgentChange(role="Auditor"), actor=ann),
        change_agent(desk.ctx, agent_id=lin, change=AgentChange(role="admin"), actor=ann),
        remove_role(desk.ctx, name="Auditor", actor=ann),
        add_agent(desk.ctx, login="eve", name="Eve", password=PASSWORD, role="Auditor", actor=ann),
    ):  # fmt: skip
        with pytest.raises(NotPossible) as refused:
            await work
        assert refused.value.code == "not_allowed"
    # Nor do they take any from somebody who may do more.
    for change in (AgentChange(role="agent"), AgentChange(active=False)):
        other = await id_of(desk, "lin")
        await change_agent(desk.ctx, agent_id=other, change=AgentChange(role="Auditor"), actor=ADMIN)
        with pytest.raises(NotPossible):
            await change_agent(desk.ctx, agent_id=other, change=change, actor=ann)


async def test_the_last_administrator_stays_one_whatever_roles_there_are(desk: Desk) -> None:
    ada = await add_agent(desk.ctx, login="ada", name="Ada", password=PASSWORD, role="admin")
    await add_role(desk.ctx, name="All", permissions=frozenset(Permission), actor=ADMIN)
    await change_agent(
        desk.ctx, agent_id=await id_of(desk, "lin"), change=AgentChange(role="All"), actor=ADMIN
    )
    for change in (AgentChange(role="All"), AgentChange(active=False)):
        with pytest.raises(NotPossible) as refused:
            await change_agent(desk.ctx, agent_id=ada, change=change, actor=ADMIN)
        assert refused.value.code == "last_admin"
    for name in BUILT_IN:
        with pytest.raises(NotPossible) as refused:
            await remove_role(desk.ctx, name=name, actor=ADMIN)
        assert refused.value.code == "built_in_role"


async def test_who_only_looks_changes_nothing_and_leaves_other_peoples_tickets_alone(desk: Desk) -> None:
    mine, other = await two_tickets(desk)
    third = await customer_writes(desk.ctx, "nobody's", thread="three", name="Three")
    ann = await id_of(desk, "ann")
    await assign_ticket(desk.ctx, ticket_code=other, agent_id=ann, actor=HUB)
    await give(desk, "lin", ())
    await desk.log_in("lin")
    page = (await desk.get(f"/desk/tickets/T-{mine}")).text
    assert (
        f"T-{mine}/status" not in page
        and f"T-{mine}/colleagues" not in page
        and 'id="reply-text"' not in page
    )
    before = await rows(desk.ctx, "SELECT code, status, tags, subject, kind FROM ticket ORDER BY id")
    for path, form in (
        (f"/desk/tickets/T-{mine}/replies", {"text": "x"}), (f"/desk/tickets/T-{mine}/notes", {"text": "x"}),
        (f"/desk/tickets/T-{mine}/status", {"status": "closed"}), (f"/desk/tickets/T-{mine}/tags", {"add": "x"}),
        (f"/desk/tickets/T-{mine}/sort", {"kind": "complaint"}), (f"/desk/tickets/T-{mine}/move", {"to": f"T-{other}"}),
        (f"/desk/tickets/T-{mine}/assign", {"agent": str(ann)}), (f"/desk/tickets/T-{mine}/tasks", {"title": "x"}),
        ("/desk/tasks", {"title": "x"}),
    ):  # fmt: skip
        assert (await desk.post(path, form)).status == 403, path
    for path in (
        "/desk/customers",
        "/desk/floor",
        "/desk/system",
        "/desk/rules",
        "/desk/tasks",
        "/desk/staff",
    ):
        assert (await desk.get(path)).status == 403, path
        assert f'href="{path}"' not in page, path
    assert await rows(desk.ctx, "SELECT code, status, tags, subject, kind FROM ticket ORDER BY id") == before
    # What nobody has they may take, and put back; what somebody has they may not.
    assert (await desk.post(f"/desk/tickets/T-{other}/take")).status == 409
    assert (await desk.post(f"/desk/tickets/T-{other}/release")).status == 409
    assert await one(desk.ctx, "SELECT assignee_id FROM ticket WHERE code = $1", other) == ann
    for step in ("take", "release"):
        assert (await desk.post(f"/desk/tickets/T-{third}/{step}")).status == 200, step
    # Nor by taking back what was done, with whomever the address names.
    given = "SELECT e.seq FROM event e JOIN ticket t ON t.id = e.ticket_id WHERE t.code = $1 AND e.kind = 'ticket_assigned'"
    undo = f"/desk/tickets/T-{other}/undo/assignment?seq={await one(desk.ctx, given, other)}&back="
    for back in ("", str(await id_of(desk, "lin"))):
        assert (await desk.post(undo + back)).status == 409
    undo = f"/desk/tickets/T-{mine}/undo/assignment?seq={await one(desk.ctx, given, mine)}&back={ann}"
    assert (await desk.post(undo)).status == 409
    assert await one(desk.ctx, "SELECT assignee_id FROM ticket WHERE code = $1", other) == ann


async def test_a_role_that_somebody_has_is_not_removed(desk: Desk) -> None:
    await give(desk, "lin", {P.ANSWER})
    with pytest.raises(NotPossible) as refused:
        await remove_role(desk.ctx, name="Night shift", actor=ADMIN)
    assert refused.value.code == "role_in_use"


# ── sight ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def _customer(desk: Desk) -> int:
    code = await customer_writes(desk.ctx, "请问发票怎么开？")
    found = await desk.ctx.database.read(lambda c: views.get_ticket(c, code))
    assert found is not None
    return found.customer_code


async def two_tickets(desk: Desk) -> tuple[int, int]:
    """One that lin has, one that nobody has; of two customers, both with a file."""
    files = [{"filename": "a.txt", "content_type": "text/plain", "data_base64": "aGVsbG8="}]
    mine = await customer_writes(desk.ctx, "mine", thread="one", name="One", attachments=files)
    other = await customer_writes(desk.ctx, "somebody's", thread="two", name="Two", attachments=files)
    await assign_ticket(desk.ctx, ticket_code=mine, agent_id=await id_of(desk, "lin"), actor=HUB)
    return mine, other


async def test_who_sees_only_their_own_finds_nothing_else_behind_any_address(desk: Desk) -> None:
    mine, other = await two_tickets(desk)
    await give(desk, "lin", frozenset(Permission), Sight.OWN)
    await desk.log_in("lin")
    token = await one(
        desk.ctx,
        "SELECT a.token FROM attachment a JOIN ticket t ON t.id = a.ticket_id WHERE t.code = $1",
        other,
    )
    own = await one(
        desk.ctx,
        "SELECT a.token FROM attachment a JOIN ticket t ON t.id = a.ticket_id WHERE t.code = $1",
        mine,
    )
    whose = "SELECT c.code FROM customer c JOIN ticket t ON t.customer_id = c.id WHERE t.code = $1"
    customer = show_code(CUSTOMER, await one(desk.ctx, whose, other))
    assert (await desk.get(f"/desk/tickets/T-{mine}")).status == 200
    assert (await desk.get(f"/desk/attachments/{own}")).status == 200
    unknown = await desk.get("/desk/tickets/T-99998")
    for path in (
        f"/desk/tickets/T-{other}", f"/desk/fragments/tickets/T-{other}/thread", f"/desk/fragments/tickets/T-{other}/composer",
        f"/desk/fragments/tickets/T-{other}/customer", f"/desk/fragments/tickets/T-{other}/colleagues",
        f"/desk/attachments/{token}", f"/desk/customers/{customer}", f"/desk/fragments/customers/{customer}/timeline",
        f"/desk/customers/{customer}/data",
    ):  # fmt: skip
        answer = await desk.get(path)
        assert answer.status == 404 and "somebody" not in answer.text, path
    assert (await desk.get(f"/desk/tickets/T-{other}")).status == unknown.status
    for path, form in (
        (f"/desk/tickets/T-{other}/take", {}), (f"/desk/tickets/T-{other}/status", {"status": "closed"}),
        (f"/desk/tickets/T-{other}/notes", {"text": "x"}), (f"/desk/tickets/T-{other}/replies", {"text": "x"}),
        (f"/desk/tickets/T-{mine}/move", {"entry": await _entry(desk, mine), "to": f"T-{other}"}),
    ):  # fmt: skip
        assert (await desk.post(path, form)).status in (404, 409), path
    assert (
        await one(desk.ctx, "SELECT status || coalesce(assignee_id, 0) FROM ticket WHERE code = $1", other)
        == "open0"
    )
    for scope in ("all", "unassigned", "mine"):
        listed = (await desk.get(f"/desk?scope={scope}&show=work")).text
        assert f"T-{other}" not in listed, scope
    assert f"T-{mine}" in (await desk.get("/desk?scope=all")).text
    while await index_some(desk.ctx):
        pass
    for asked in ("somebody", "Two", f"T-{other}"):
        for path in (f"/desk/search?q={asked}", f"/desk/fragments/search/jump?q={asked}"):
            found = (await desk.get(path)).text.replace(f'value="{asked}"', "")
            assert f"tickets/T-{other}" not in found and f"customers/{customer}" not in found, path
    assert f"tickets/T-{mine}" in (await desk.get("/desk/search?q=mine")).text
    assert ">Two<" not in (await desk.get("/desk/customers")).text
    await _nor_in_dialogs(desk, mine, other)


async def _nor_in_dialogs(desk: Desk, mine: int, other: int) -> None:
    """Where a customer, or a ticket of the same customer, may be chosen."""
    ids = [
        await one(desk.ctx, "SELECT customer_id FROM ticket WHERE code = $1", code) for code in (mine, other)
    ]
    await desk.ctx.database.run(lambda c: customer_pairs.add(c, [(ids[0], ids[1])]))
    numbers = [
        show_code(CUSTOMER, await one(desk.ctx, "SELECT code FROM customer WHERE id = $1", one_id))
        for one_id in ids
    ]
    assert ">Two<" not in (await desk.get("/desk/conflicts")).text
    assert numbers[1] not in (await desk.get("/desk/conflicts")).text
    for deed in ("different", "undo"):
        assert (await desk.post(f"/desk/conflicts/{numbers[0]}/{numbers[1]}/{deed}")).status == 404
    found = (await desk.get(f"/desk/fragments/customers/{numbers[0]}/merge/found?q=Two")).text
    assert numbers[1] not in found
    # A ticket of the reader's own customer is no more theirs for that.
    await one(desk.ctx, "UPDATE ticket SET customer_id = $2 WHERE code = $1 RETURNING 1", other, ids[0])
    await link_tickets(desk.ctx, ticket_code=mine, other_code=other, kind=LinkKind.RELATED, actor=HUB)
    await new_task(desk.ctx, title="Two's task", ticket_code=other, actor=HUB)
    incident = show_code(
        INCIDENT, await add_incident(desk.ctx, title="Down", actor=HUB, ticket_codes=[mine, other])
    )
    house = await one(desk.ctx, "INSERT INTO organisation (name) VALUES ('House') RETURNING id")
    await one(
        desk.ctx,
        "WITH u AS (UPDATE customer SET organisation_id = $1 RETURNING 1) SELECT count(*) FROM u",
        house,
    )
    organisation = show_code(
        ORGANISATION, await one(desk.ctx, "SELECT code FROM organisation WHERE id = $1", house)
    )
    assert numbers[1] not in (await desk.get(f"/desk/organisations/{organisation}")).text
    # Named there once, or a file of a colleague's that waits with a scheduled reply: neither is a way in.
    lin, ann = await id_of(desk, "lin"), await id_of(desk, "ann")
    number = await one(desk.ctx, "UPDATE ticket SET subject = 'Secret' WHERE code = $1 RETURNING id", other)
    told = NewNotice(
        agent_id=lin, kind=NoticeKind.MENTIONED, cause="x", ticket_id=number, params={"by": "Ann"}
    )
    await desk.ctx.database.run(lambda c: add_notices(c, [told]))
    for path in ("/desk/notices", "/desk/fragments/bell", "/desk/notices/latest"):
        assert "Secret" not in (await desk.get(path)).text, path
    waits = await schedule_reply(
        desk.ctx,
        ticket_code=other,
        actor=Actor(name="Ann", agent_id=ann),
        send_at=datetime.now(UTC) + timedelta(hours=1),
        text="Later.",
        attachments=(OutboundAttachment(filename="a.txt", content_type="text/plain", data=b"secret"),),
    )
    token = await one(desk.ctx, "SELECT token FROM draft_file WHERE scheduled_id = $1", waits)
    assert (await desk.get(f"/desk/drafts/files/{token}")).status == 404
    for path in (
        f"/desk/fragments/tickets/T-{mine}/merge", f"/desk/fragments/tickets/T-{mine}/link",
        f"/desk/tickets/T-{mine}", f"/desk/customers/{numbers[0]}", f"/desk/incidents/{incident}",
        f"/desk/organisations/{organisation}",
    ):  # fmt: skip
        answer = await desk.get(path)
        assert answer.status == 200, path
        assert f"T-{other}" not in answer.text and "Two&#39;s task" not in answer.text, path


async def _entry(desk: Desk, code: int) -> str:
    return str(
        await one(
            desk.ctx,
            "SELECT i.id FROM interaction i JOIN ticket t ON t.id = i.ticket_id WHERE t.code = $1",
            code,
        )
    )


async def test_who_sees_their_queues_sees_those_and_their_own(desk: Desk) -> None:
    mine, other = await two_tickets(desk)
    await give(desk, "lin", BUILT_IN["agent"], Sight.QUEUES)
    lin = await id_of(desk, "lin")
    await desk.log_in("lin")
    assert (await desk.get(f"/desk/tickets/T-{other}")).status == 200, "a member of no queue works on all"
    await change_agent(desk.ctx, agent_id=lin, change=AgentChange(queues=["complaints"]), actor=ADMIN)
    assert (await desk.get(f"/desk/tickets/T-{other}")).status == 404
    assert (await desk.get(f"/desk/tickets/T-{mine}")).status == 200
    await one(
        desk.ctx,
        "UPDATE ticket SET queue_id = (SELECT id FROM queue WHERE name = 'complaints') WHERE code = $1 RETURNING 1",
        other,
    )
    assert (await desk.get(f"/desk/tickets/T-{other}")).status == 200


async def test_actions_check_sight_under_the_lock_of_the_ticket(desk: Desk) -> None:
    mine, other = await two_tickets(desk)
    narrow = Actor(
        name="L", agent_id=await id_of(desk, "lin"), role="x", permissions=BUILT_IN["agent"], sight=Sight.OWN
    )
    with pytest.raises(NotFound):
        await change_status(desk.ctx, ticket_code=other, status="closed", actor=narrow)
    await change_status(desk.ctx, ticket_code=mine, status="closed", actor=narrow)


async def test_the_socket_names_no_ticket_that_is_out_of_sight(desk: Desk) -> None:
    mine, other = await two_tickets(desk)
    await give(desk, "lin", BUILT_IN["agent"], Sight.OWN)
    await desk.log_in("lin")
    cursor = desk.ctx.feed.cursor
    async with desk.session.ws_connect(
        f"{desk.url}/desk/live?cursor={cursor}", headers={"Origin": desk.url}
    ) as socket:
        await change_status(desk.ctx, ticket_code=other, status="pending", actor=HUB)
        await change_status(desk.ctx, ticket_code=mine, status="pending", actor=HUB)
        told = []
        while not any(event["ticket"] == f"T-{mine}" for event in told):
            message = await socket.receive(timeout=10)
            assert message.type is WSMsgType.TEXT
            told.append(message.json())
    assert not [event for event in told if event["ticket"] == f"T-{other}"]
