"""Saved views: their owner's, a queue's or everybody's; changed by version; the form gives back what it was given."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.lists.saved_views import ViewForm, add_view, change_view, list_views, remove_view
from hub.model.filters import Condition as C
from hub.model.filters import Filter, How, as_groups, either, every, is_so, one_of
from hub.model.people import Actor
from hub.web.desk.lists.built_in import BUILT_IN, choose_view, read_code
from hub.web.desk.lists.view_form import GroupFields, fields_of, filter_of, read_fields, step
from hub.web.desk.tickets.listing import Look
from tests.fakes.scene import a_hub, an_agent, one

WANTED = every(one_of("status", "open"), either(is_so("unread"), C("waiting", How.OVER, minutes=90)))


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def names(ctx: Context, agent_id: int | None) -> list[str]:
    return [row.name for row in await list_views(ctx, agent_id or 0)]


def form(name: str, **more: str) -> ViewForm:
    return ViewForm(name=name, wanted=WANTED, **more)


async def test_who_sees_a_view(ctx: Context) -> None:
    lin = Actor(name="lin", agent_id=await an_agent(ctx, "lin", queues=["complaints"]))
    kim = Actor(name="kim", agent_id=await an_agent(ctx, "kim", queues=["enquiries"]))
    await add_view(ctx, form=form("own"), actor=lin)
    await add_view(ctx, form=form("all", shared="everybody"), actor=lin)
    await add_view(ctx, form=form("theirs", shared="queue", queue="enquiries"), actor=lin)
    await add_view(ctx, form=form("nobody's queue", shared="queue", queue="feedback"), actor=lin)
    assert await names(ctx, lin.agent_id) == ["all", "nobody's queue", "theirs", "own"]
    assert await names(ctx, kim.agent_id) == ["all", "nobody's queue", "theirs"]
    await one(
        ctx,
        "INSERT INTO queue_member SELECT id, $1 FROM queue WHERE name = 'feedback' RETURNING 1",
        lin.agent_id,
    )
    assert await names(ctx, kim.agent_id) == ["all", "theirs"]


async def test_who_changes_a_view(ctx: Context) -> None:
    lin = Actor(name="lin", agent_id=await an_agent(ctx, "lin"))
    kim = Actor(name="kim", agent_id=await an_agent(ctx, "kim"))
    boss = Actor(name="boss", agent_id=await an_agent(ctx, "boss"), role="supervisor")
    own = await add_view(ctx, form=form("own"), actor=lin)
    shared = await add_view(ctx, form=form("shared", shared="everybody"), actor=lin)
    with pytest.raises(NotFound):
        await remove_view(ctx, view_id=own, actor=boss)
    with pytest.raises(NotPossible) as refused:
        await change_view(ctx, view_id=shared, version=1, form=form("mine now"), actor=kim)
    assert refused.value.code == "not_allowed"
    await change_view(ctx, view_id=shared, version=1, form=form("better", shared="everybody"), actor=boss)
    with pytest.raises(NotPossible) as refused:
        await change_view(ctx, view_id=shared, version=1, form=form("late"), actor=lin)
    assert refused.value.code == "view_changed"
    await remove_view(ctx, view_id=own, actor=lin)
    assert await names(ctx, lin.agent_id) == ["better"]


@pytest.mark.parametrize(
    "wrong",
    [form(" "), form("x" * 61), form("x", arranged="loudest"), form("x", shared="world"), form("x", shared="queue", queue="-")],
)  # fmt: skip
async def test_what_is_no_view_is_refused(ctx: Context, wrong: ViewForm) -> None:
    lin = Actor(name="lin", agent_id=await an_agent(ctx, "lin"))
    with pytest.raises(NotPossible) as refused:
        await add_view(ctx, form=wrong, actor=lin)
    assert refused.value.code == "bad_view"


async def test_an_address_that_leads_nowhere_shows_ones_own_tickets(ctx: Context) -> None:
    lin = Actor(name="lin", agent_id=await an_agent(ctx, "lin"))
    made = await add_view(ctx, form=form("own"), actor=lin)
    rows = await list_views(ctx, lin.agent_id or 0)
    assert choose_view(f"v{made}", rows).wanted == WANTED
    assert choose_view(f"v{made + 1}", rows).code == choose_view("v1", []).code == "mine"
    await one(ctx, 'UPDATE saved_view SET filter = \'{"field": "gone"}\' WHERE id = $1 RETURNING 1', made)
    assert choose_view(f"v{made}", await list_views(ctx, lin.agent_id or 0)).code == "mine"


# ── the form ────────────────────────────────────────────────────────────────────────────────────────────────────────────
_rows: st.SearchStrategy[Filter] = st.sampled_from(
    (
        one_of("status", "open", "closed"), C("queue", How.IS_NOT, ("a", "b")), one_of("tag", "rot", "蓝"), is_so("draft"),
        is_so("key_account", yes=False), C("waiting", How.OVER, minutes=90), C("created", How.BEFORE, minutes=2880),
        C("due", How.WITHIN, minutes=120), one_of("assignee", "me", "7"),
    )
)  # fmt: skip
_groups = st.lists(st.lists(_rows, min_size=1, max_size=4, unique=True), max_size=3)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(all_of=st.lists(_rows, max_size=4, unique=True), any_of=_groups)
def test_the_form_gives_back_what_it_was_given(all_of: list[Filter], any_of: list[list[Filter]]) -> None:
    wanted = every(*all_of, *(either(*one) for one in any_of))
    assert as_groups(filter_of(_sent(fields_of(wanted)))) == as_groups(wanted)


def _sent(groups: list[GroupFields]) -> list[GroupFields]:
    """As a browser sends the fields, and the hub reads them."""
    said: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for g, group in enumerate(groups):
        said[f"mode-{g}"] = group.mode
        for r, row in enumerate(group.rows):
            place = f"{g}-{r}"
            said |= {
                f"field-{place}": row.field,
                f"test-{place}": row.test,
                f"amount-{place}": str(row.amount),
            }
            said[f"unit-{place}"] = row.unit
            values[f"value-{place}"] = (
                [", ".join(row.values)] if row.control == "written" else list(row.values)
            )
    return read_fields(said, values)


def test_a_press_adds_and_drops() -> None:
    groups = step(step(fields_of(every(is_so("unread"))), "add-0"), "group")
    assert [len(one.rows) for one in groups] == [2, 1]
    assert [len(one.rows) for one in step(groups, "drop-1-0")] == [2]
    assert [len(one.rows) for one in step(groups, "drop-0-9")] == [2]
    assert [len(one.rows) for one in step(groups, "add-77")] == [2]
    assert read_fields({"mode-0": "all", "field-0-0": "password", "test-0-0": "x"}, {})[0].rows == []


def test_what_the_list_shows_can_be_saved() -> None:
    look = Look.read({"scope": "mine", "show": "open", "queue": "complaints", "tag": "rot"})
    (group,) = as_groups(look.wanted(BUILT_IN["mine"]))
    assert [getattr(one, "field", "") for one in group.members] == [
        "assignee",
        "snoozed",
        "status",
        "queue",
        "tag",
    ]
    assert [read_code(code) for code in ("v12", "all", "v0", "x", "")] == [
        "v12",
        "all",
        "mine",
        "mine",
        "mine",
    ]
