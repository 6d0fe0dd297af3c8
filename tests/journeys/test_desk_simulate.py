"""A supervisor tries a change at the desk before it is made."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.rules.rulebook import as_document, change_rules
from hub.actions.simulation.simulate import answer_next, ask_simulation, see_simulation
from hub.model.people import HUB
from tests.fakes.bygone import a_few_days
from tests.fakes.desk import CHANNELS, Desk, serving_desk
from tests.fakes.scene import one

FORM: dict[str, Any] = {
    "workload": "history", "days": "2", "load": "110", "seeds": "1-2", "rules": "", "scenario": "storm",
    "add_count": "2", "add_like": "li", "learn_who": "wang", "learn_skill": "billing", "learn_level": "4",
    "shift_who": "wang", "shift_calendar": "office", "away": "li", "further": '[[agent]]\nname = "wang"\ncapacity = 3\n',
}  # fmt: skip


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx, {**CHANNELS, "chat": {"kind": "webchat"}}) as desk:
        await a_few_days(desk.ctx, days=1, other="shop")
        yield desk


async def asked(desk: Desk, form: dict[str, Any]) -> int:
    answer = await desk.post("/desk/simulate", form)
    assert answer.status == 303, answer.text
    return int(answer.headers["Location"].rpartition("/")[2])


async def test_whoever_does_not_lead_tries_nothing(desk: Desk) -> None:
    number = await ask_simulation(desk.ctx, {"workload": "reference"}, HUB)
    await desk.log_in("lin")
    for path in ("", f"/{number}"):
        assert (await desk.get(f"/desk/simulate{path}")).status == 403
    assert (await desk.get(f"/desk/fragments/simulations/{number}")).status == 403
    for path in ("", f"/{number}/cancel"):
        assert (await desk.post(f"/desk/simulate{path}", FORM)).status == 403
    assert (await see_simulation(desk.ctx, number)).state == "waiting"
    assert "/desk/simulate" not in (await desk.get("/desk")).text


async def test_the_form_is_asked_as_it_is_filled_in(desk: Desk) -> None:
    await desk.log_in()
    assert 'href="/desk/simulate"' in (await desk.get("/desk")).text
    number = await asked(desk, FORM)
    row = await see_simulation(desk.ctx, number)
    assert row.author == "Ann Berg"
    assert row.question == {
        "workload": "history", "days": 2, "load": 1.1, "seeds": "1-2",
        "staff": {
            "add": [{"like": "li", "count": 2}],
            "agent": [{"name": "wang", "capacity": 3, "skills": {"billing": 4}, "calendar": "office"}],
            "sick": [{"name": "li"}],
        },
    }  # fmt: skip


async def test_the_answer_is_waited_for_and_then_shown_with_its_difference(desk: Desk) -> None:
    await desk.log_in()
    number = await asked(desk, {**FORM, "shift_who": "", "shift_calendar": "", "further": "", "away": ""})
    page = f"/desk/simulate/{number}"
    waiting = (await desk.get(page)).text
    assert "Waits for its turn" in waiting and f'hx-get="/desk/fragments/simulations/{number}"' in waiting
    await answer_next(desk.ctx, asyncio.Event())
    done = (await desk.get(f"/desk/fragments/simulations/{number}")).text
    assert "hx-trigger" not in done and "<html" not in done
    for words in (
        "2 more like li",
        "110% of the customers",
        "wang: billing 4",
        "As it would be",
        "Complaints",
    ):
        assert words in done, words
    assert re.search(r'<th scope="row"[^>]*>li \(3\)</th>', done)
    assert done.count('<svg class="share') > 60
    listed = (await desk.get("/desk/simulate")).text
    assert f'href="{page}"' in listed and "2 more like li" in listed


async def test_two_answers_stand_side_by_side(desk: Desk) -> None:
    await desk.log_in()
    plain = {"workload": "history", "days": "2", "load": "100", "seeds": "1"}
    first, second = await asked(desk, plain), await asked(desk, {**plain, "load": "200"})
    for _ in range(2):
        await answer_next(desk.ctx, asyncio.Event())
    shown = (await desk.get(f"/desk/simulate/{second}?with={first}")).text
    assert shown.count(f'<th scope="col">Simulation {first}</th>') == 7
    assert "One run alone cannot tell chance from effect" in shown
    assert (await desk.get(f"/desk/simulate/{second}?with=none")).status == 404


async def test_rules_come_from_a_version_or_from_ones_own_draft(desk: Desk) -> None:
    document = as_document(desk.ctx.rules)
    hurry = {"name": "hurry", "when": {"kind": ["complaint"]}, "then": {"queue": "enquiries"}}
    before = desk.ctx.rulebook.version
    await change_rules(
        desk.ctx,
        document={**document, "rule": [hurry, *document["rule"]]},
        base_version=before,
        actor=HUB,
        note="try me",
    )
    await desk.log_in()
    assert "in use (version 2)" in (await desk.get("/desk/simulate")).text
    assert 'value="draft" selected' in (await desk.get("/desk/simulate?draft=1")).text
    old = await see_simulation(desk.ctx, await asked(desk, {**FORM, "rules": str(before)}))
    draft = await see_simulation(desk.ctx, await asked(desk, {**FORM, "rules": "draft"}))
    assert [rule["name"] for rule in old.question["rules"]["rule"]] == [
        rule["name"] for rule in document["rule"]
    ]
    assert draft.question["rules"]["rule"][0]["name"] == "hurry"
    assert "rules of version 1" in (await desk.get(f"/desk/simulate/{old.id}")).text
    assert "rules of a draft" in (await desk.get(f"/desk/simulate/{draft.id}")).text
    assert (await desk.post("/desk/simulate", {**FORM, "rules": "99"})).status == 409


@pytest.mark.parametrize(
    ("wrong", "english"),
    [
        ({"seeds": "x"}, "Expected runs like 1-5"),
        ({"days": "x"}, "How many days: a number from 1 to 92 is expected."),
        ({"days": "inf"}, "How many days: a number from 1 to 92 is expected."),
        ({"days": "0"}, "How many days: a number from 1 to 92 is expected."),
        ({"away": "nobody"}, "There is no agent nobody."),
        ({"learn_skill": ""}, "only half filled in"),
        ({"further": "="}, "not valid TOML"),
        ({"workload": "reference"}, "There is no agent wang."),
    ],
)
async def test_what_is_wrong_is_told_and_the_form_keeps_what_was_typed(
    desk: Desk, wrong: dict[str, str], english: str
) -> None:
    await desk.log_in()
    answer = await desk.post("/desk/simulate", {**FORM, **wrong})
    assert answer.status == 409
    assert english in answer.text
    assert 'value="110"' in answer.text and 'value="wang"' in answer.text


async def test_one_that_waits_is_cancelled_and_one_that_failed_says_why(desk: Desk) -> None:
    await desk.log_in()
    number = await asked(desk, FORM)
    answer = await desk.post(f"/desk/simulate/{number}/cancel")
    assert (answer.status, answer.headers["Location"]) == (303, f"/desk/simulate/{number}")
    assert "It was cancelled." in (await desk.get(f"/desk/simulate/{number}")).text
    await one(desk.ctx, "DELETE FROM event WHERE kind = 'presence_changed' RETURNING 1")
    failing = await asked(desk, {"workload": "history", "days": "2", "load": "100", "seeds": "1"})
    await answer_next(desk.ctx, asyncio.Event())
    assert "Nobody was on line in that time" in (await desk.get(f"/desk/simulate/{failing}")).text
    assert (await desk.get("/desk/simulate/99999")).status == 404
