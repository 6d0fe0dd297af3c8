"""A key does no more than who made it: what each scope opens is what the table of the API says, and nobody gives beyond it."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.people.keys import OPENS, change_api_key, create_api_key, list_keys, may_give
from hub.actions.people.roles import add_role
from hub.actions.people.staff import add_agent
from hub.model.people import Actor, Role, Scope
from hub.model.permissions import Permission, Permissions, Sight
from hub.web.api.table import OPERATIONS
from tests.fakes.desk import PASSWORD, serving_desk
from tests.fakes.scene import one

P = Permission
ADMIN = Actor(name="Ada", role=Role.ADMIN)

# What somebody at the desk needs for the same; None where everybody does it who sees the ticket.
NEEDS: dict[str, Permission | None] = {
    "postInteraction": P.WORK,
    "listTickets": None, "getTicket": None, "listTemplates": None, "renderTemplate": None, "getThread": None,
    "getAttachment": None, "search": None, "listAgents": None, "listFields": None, "getTicketFields": None,
    "listTicketSurveys": None, "listNotices": None, "listScheduledReplies": None, "listWays": None, "listMacros": None,
    "listArticles": None, "listArticleCategories": None, "getArticle": None, "listQueues": P.SEE_FLOOR,
    "getTicketAutomation": P.SEE_RULES, "listStoppedRules": P.SEE_SYSTEM, "getRules": P.SEE_RULES,
    "listRuleVersions": P.SEE_RULES, "getRuleVersion": P.SEE_RULES, "listQuarantine": P.SEE_SYSTEM,
    "listCustomers": P.SEE_CUSTOMERS, "getCustomerTimeline": P.SEE_CUSTOMERS, "getCustomerFields": P.SEE_CUSTOMERS,
    "listOffers": P.SEE_FLOOR, "getFloor": P.SEE_FLOOR, "listListeners": P.LISTEN_IN,
    "listSurveys": P.SEE_SURVEYS, "getSurveyReport": P.SEE_SURVEYS, "listSurveyAnswers": P.SEE_SURVEYS,
    "listIncidents": P.MANAGE_INCIDENTS, "getIncident": P.MANAGE_INCIDENTS, "previewIncidentUpdate": P.MANAGE_INCIDENTS,
    "listTasks": P.RUN_TASKS, "getTask": P.RUN_TASKS,
    "postReply": P.ANSWER, "cancelReply": P.ANSWER, "sendReplyAgain": P.ANSWER, "cancelScheduledReply": P.ANSWER,
    "postTicketSurvey": P.ANSWER,
    "postTemplate": P.MANAGE_TEMPLATES, "putTemplate": P.MANAGE_TEMPLATES, "deleteTemplate": P.MANAGE_TEMPLATES,
    "postMacro": P.MANAGE_TEMPLATES, "putMacro": P.MANAGE_TEMPLATES, "deleteMacro": P.MANAGE_TEMPLATES,
    "postNote": P.WORK, "postAssign": P.ASSIGN_OTHERS, "postStatus": P.WORK, "postTags": P.WORK, "patchTicket": P.WORK,
    "postParticipant": P.WORK, "deleteParticipant": P.WORK, "postMove": P.WORK, "postSplit": P.WORK, "undoMove": P.WORK,
    "adoptSender": P.WORK, "postTicketFields": P.WORK, "mergeTicket": P.WORK, "linkTickets": P.WORK,
    "unlinkTickets": P.WORK, "snoozeTicket": P.WORK, "wakeTicket": P.WORK, "runMacro": P.WORK,
    "patchCustomer": P.CHANGE_CUSTOMERS, "postCustomerFields": P.CHANGE_CUSTOMERS,
    "mergeCustomers": P.MERGE_CUSTOMERS, "undoCustomerMerge": P.MERGE_CUSTOMERS,
    "postIncident": P.MANAGE_INCIDENTS, "putIncident": P.MANAGE_INCIDENTS, "addIncidentTickets": P.MANAGE_INCIDENTS,
    "removeIncidentTicket": P.MANAGE_INCIDENTS, "postIncidentUpdate": P.MANAGE_INCIDENTS,
    "stopIncidentUpdates": P.MANAGE_INCIDENTS,
    "postTask": P.RUN_TASKS, "postTaskStep": P.RUN_TASKS,
    "postArticle": P.WRITE_KNOWLEDGE, "putArticle": P.WRITE_KNOWLEDGE, "putArticleText": P.WRITE_KNOWLEDGE,
    "withdrawArticleText": P.WRITE_KNOWLEDGE,
    # A program says how anybody is; at the desk each says it of themselves.
    "postPresence": P.MANAGE_STAFF, "endWrapUp": P.MANAGE_STAFF, "readNotices": P.MANAGE_STAFF,
}  # fmt: skip
VOUCHING = P.MERGE_CUSTOMERS
"""For who wrote: a program with the scope ingest does, whatever the operation."""


def test_what_a_scope_opens_is_what_its_operations_do() -> None:
    assert set(NEEDS) == {one.name for one in OPERATIONS if one.scopes != (Scope.ADMIN,)}
    for scope in (Scope.READ, Scope.WRITE, Scope.INGEST):
        needed = {NEEDS[one.name] for one in OPERATIONS if scope in one.scopes} - {None}
        assert OPENS[scope] == needed | ({VOUCHING} if scope is Scope.INGEST else set()), scope
    assert OPENS[Scope.ADMIN] == frozenset(Permission)


def _with(permissions: Permissions, sight: Sight = Sight.ALL) -> Actor:
    return Actor(name="Lin", role="x", permissions=permissions | {P.MANAGE_KEYS}, sight=sight)


@pytest.mark.parametrize("scope", Scope)
async def test_who_lacks_one_of_its_rights_makes_no_such_key(ctx: Context, scope: Scope) -> None:
    for right in OPENS[scope]:
        short = _with(OPENS[scope] - {right})
        if right is P.MANAGE_KEYS:
            continue
        assert not may_give(short, [scope]), right
    with pytest.raises(NotPossible) as refused:
        await create_api_key(ctx, name="erp", scopes=[scope], actor=_with(frozenset()))
    assert refused.value.code == "not_allowed"
    with pytest.raises(NotPossible):
        await create_api_key(ctx, name="erp", scopes=[scope], actor=_with(OPENS[scope], Sight.QUEUES))
    assert await list_keys(ctx) == []
    await create_api_key(ctx, name="erp", scopes=[scope], actor=_with(OPENS[scope]))


async def test_who_could_not_make_a_key_does_not_let_it_live_longer(ctx: Context) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    later = soon + timedelta(days=1)
    await create_api_key(ctx, name="root", scopes=[Scope.ADMIN], expires_at=soon)
    lin = _with(OPENS[Scope.READ])

    async def change(end: datetime | None, name: str = "root", actor: Actor = lin) -> None:
        (key,) = await list_keys(ctx)
        await change_api_key(ctx, key_id=key.id, version=key.version, name=name, expires_at=end, actor=actor)

    # One that is past its end would open again.
    await one(ctx, "UPDATE api_key SET expires_at = now() - interval '1 second' RETURNING 1")
    for end in (later, None):
        with pytest.raises(NotPossible) as refused:
            await change(end)
        assert refused.value.code == "not_allowed"
    await one(ctx, "UPDATE api_key SET expires_at = $1 RETURNING 1", soon)
    with pytest.raises(NotPossible):
        await change(later)
    # Another name, or less time: that gives nothing.
    await change(soon, name="root-2")
    await change(soon - timedelta(minutes=10), name="root-2")
    await change(later, name="root-2", actor=ADMIN)
    assert (await list_keys(ctx))[0].expires_at == later


async def test_the_page_offers_no_more_than_that(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        await add_role(
            desk.ctx, name="Keys", permissions=OPENS[Scope.READ] | {P.MANAGE_KEYS}, sight=Sight.ALL, actor=ADMIN
        )  # fmt: skip
        await add_agent(desk.ctx, login="kim", name="Kim", password=PASSWORD, role="Keys")
        end = datetime.now(UTC) + timedelta(days=9)
        await create_api_key(desk.ctx, name="root", scopes=[Scope.ADMIN], expires_at=end)
        await desk.log_in("kim")
        page = (await desk.get("/desk/keys")).text
        assert 'value="read"' in page and 'value="write"' not in page and 'value="admin"' not in page
        (line,) = [one for one in page.splitlines() if 'id="k-until-' in one]
        assert "required" in line and "max=" in line and "empty: no end" not in line
