"""What was stored is told again in the reader's language, and what nobody knows is left out."""

from typing import Any

import pytest

from routing.classify import classify
from routing.explain import explain, to_data
from routing.retell import Told, retell
from routing.select import AgentChoice, Waiting
from routing.situation import Reason, ReasonCode


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_a_classification_is_told_as_it_was_explained(locale: str) -> None:
    found = classify("The kettle leaks, I am very disappointed!", "Kettle")
    assert retell(to_data(found), locale) == [Told(head=explain(found, locale))]


def test_a_choice_and_a_wait_are_told_with_their_reasons_and_queues_by_title() -> None:
    reasons = (
        Reason(code=ReasonCode.ONLY_FREE),
        Reason(code=ReasonCode.MEMBER, params={"queue": "complaints"}),
    )
    choice = AgentChoice(ticket_id=1, agent_id=2, agent_name="Ann", beaten=0, reasons=reasons)
    titles = {"complaints": "投诉"}
    assert retell(to_data(choice), "zh_CN", titles) == [
        Told(head="Ann", reasons=("唯一合适且有空的客服", "“投诉”队列成员"))
    ]
    waiting = Waiting(ticket_id=1, reasons=(Reason(code=ReasonCode.ALL_AT_CAPACITY, params={"agents": 3}),))
    assert retell(to_data(waiting), "en") == [Told(head="", reasons=("3 agents are at capacity",))]


def test_a_queue_that_was_asked_for_is_told_by_its_title() -> None:
    asked = Reason(code=ReasonCode.HINT_HONOURED, params={"hint": "queue", "value": "complaints"})
    (told,) = retell(to_data(asked), "zh_CN", {"complaints": "投诉"})
    assert told.reasons == ("来源渠道指定队列：投诉",)


def test_several_decisions_in_one_table_are_told_one_after_the_other() -> None:
    found = to_data(classify("Where is my parcel?", ""))
    data = {
        "classification": found,
        "queue": {
            "queue": "enquiries",
            "priority": "normal",
            "reasons": [{"code": "only_free", "params": {}}],
        },
    }
    kind, queue = retell(data, "en", {"enquiries": "Enquiries"})
    assert kind.head.startswith("enquiry")
    assert queue.head == "queue Enquiries, priority normal"
    assert retell({"outcome": "manual", "by": "Ann", "reasons": []}, "en") == [Told(head="by Ann")]


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        3,
        [],
        {},
        {"reasons": "text"},
        {"reasons": [{"code": "never heard of", "params": {}}, 3, None]},
        {"reasons": [{"code": "member", "params": {}}]},
        {"evidence": [], "kind": "nonsense"},
        {"queue": "x", "priority": "nonsense", "reasons": []},
        {"code": "speaks"},
    ],
)
def test_what_is_not_known_is_left_out_and_never_fails(data: Any) -> None:
    assert retell(data, "en") == []
