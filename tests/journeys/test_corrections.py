"""A ticket that was taken for something else, put right at the desk and by API, over a real server and Postgres."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.floor.assign import assign_ticket
from hub.actions.people.keys import create_api_key
from hub.model.codes import TICKET, show_code
from hub.model.people import HUB, Scope
from storage import views
from tests.fakes.desk import Desk, customer_writes, serving_desk, words_of

HTMX: dict[str, Any] = {"HX-Request": "true"}


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


async def _ticket(desk: Desk, code: int) -> views.TicketRow:
    found = await desk.ctx.database.read(lambda c: views.get_ticket(c, code))
    assert found is not None
    return found


async def test_an_agent_says_at_the_desk_what_it_is_and_everybody_reads_why(desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "What are your opening hours on Sunday?")
    number = show_code(TICKET, code)
    await desk.log_in()
    page = await desk.get(f"/desk/tickets/{number}")
    assert "What is it?" in page.text and "Move to another queue" in page.text
    answer = await desk.post(f"/desk/tickets/{number}/sort", {"kind": "complaint", "seen": "enquiry"}, **HTMX)
    assert answer.status == 200
    assert "Changed by hand:" in words_of(answer.text)
    assert "complaint instead of enquiry" in answer.text and "by Ann Berg" in answer.text
    assert (await _ticket(desk, code)).queue == "complaints"
    # A colleague who still had the old page before them is told, and changes nothing.
    late = await desk.post(f"/desk/tickets/{number}/sort", {"kind": "request", "seen": "enquiry"}, **HTMX)
    assert late.status == 409 and "Somebody else has said meanwhile what it is." in late.text
    assert (await _ticket(desk, code)).kind == "complaint"
    await desk.log_in("lin")
    chinese = await desk.get(f"/desk/tickets/{number}")
    assert "由咨询改为投诉" in chinese.text and "由“咨询”队列转到“投诉”队列" in chinese.text


async def test_an_uncertain_kind_is_confirmed_with_one_press(desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Could you please send me the invoice? The last one was damaged.")
    number = show_code(TICKET, code)
    await desk.log_in()
    page = await desk.get(f"/desk/tickets/{number}")
    assert 'data-key="right"' in page.text and "It is right: Complaint" in page.text
    answer = await desk.post(
        f"/desk/tickets/{number}/sort", {"kind": "complaint", "seen": "complaint"}, **HTMX
    )
    assert answer.status == 200 and 'data-key="right"' not in answer.text
    assert "complaint: confirmed" in answer.text
    assert not (await _ticket(desk, code)).kind_uncertain


async def test_a_ticket_goes_to_another_queue_with_or_without_its_agent(desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "What are your opening hours on Sunday?")
    number = show_code(TICKET, code)
    await desk.log_in()
    ann = await desk.ctx.database.read(lambda c: c.fetchval("SELECT id FROM agent WHERE login = 'ann'"))
    await assign_ticket(desk.ctx, ticket_code=code, agent_id=ann, actor=HUB)
    kept = await desk.post(f"/desk/tickets/{number}/sort", {"queue": "service", "keep": "yes"}, **HTMX)
    assert kept.status == 200
    now = await _ticket(desk, code)
    assert (now.queue, now.assignee_id) == ("service", ann)
    given = await desk.post(f"/desk/tickets/{number}/sort", {"queue": "feedback"}, **HTMX)
    assert given.status == 200
    now = await _ticket(desk, code)
    assert (now.queue, now.assignee_id) == ("feedback", None)
    gone = await desk.post(f"/desk/tickets/{number}/sort", {"queue": "nowhere"}, **HTMX)
    assert gone.status == 409
    urgent = await desk.post(f"/desk/tickets/{number}/sort", {"priority": "4"}, **HTMX)
    assert urgent.status == 200 and "priority urgent instead of" in urgent.text
    for wrong in ("", "x", "44", "٤"):
        answer = await desk.post(f"/desk/tickets/{number}/sort", {"priority": wrong}, **HTMX)
        assert answer.status == 409, wrong
    assert (await _ticket(desk, code)).priority == 4


async def test_a_program_corrects_a_ticket_and_reads_what_there_is_to_learn(desk: Desk) -> None:
    text = "What are your opening hours on Sunday?"
    code = await customer_writes(desk.ctx, text, subject="Hours")
    number = show_code(TICKET, code)
    key = await create_api_key(desk.ctx, name="till", scopes=[Scope.ADMIN])
    headers = {"Authorization": f"Bearer {key}"}
    url = f"{desk.url}/api/v1/tickets/{number}"
    body = {"kind": "complaint", "priority": 4, "seen_kind": "enquiry"}
    for _ in range(2):  # a repetition with the same key is one change
        async with desk.session.patch(
            url, json=body, headers={**headers, "Idempotency-Key": "fix-1"}
        ) as answer:
            assert answer.status == 200, await answer.text()
            now = await answer.json()
    assert (now["kind"], now["kind_uncertain"], now["priority"], now["queue"]) == (
        "complaint", False, 4, "complaints",
    )  # fmt: skip
    for wrong, status in (
        ({}, 422),
        ({"kind": "praise"}, 422),
        ({"queue": "nowhere"}, 422),
        ({"priority": 9}, 422),
        ({"kind": "request", "seen_kind": "enquiry"}, 409),
    ):
        async with desk.session.patch(url, json=wrong, headers=headers) as refused:
            assert refused.status == status, await refused.text()
    async with desk.session.get(f"{desk.url}/api/v1/corrections", headers=headers) as answer:
        (said,) = (await answer.json())["items"]
    assert (said["ticket"], said["classified_as"], said["kind"], said["text"]) == (
        number, "enquiry", "complaint", text,
    )  # fmt: skip
    async with desk.session.get(
        f"{desk.url}/api/v1/corrections?after={said['id']}", headers=headers
    ) as answer:
        assert (await answer.json())["items"] == []
