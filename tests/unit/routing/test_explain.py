"""Every reason can be said in both languages, and every decision survives being stored as JSON."""

import json
import re
import string
from pathlib import Path

import pytest

from hub.model.people import Presence
from hub.model.tickets import TicketKind
from routing.classify import classify
from routing.explain import _SENTENCES, explain, reason_from_data, to_data
from routing.fit import eligible
from routing.rules import choose_queue, load_rules
from routing.select import choose_agent
from routing.situation import AgentState, Needs, Reason, ReasonCode, Situation, WaitingTicket

NOW = 0.0
RULES = load_rules((Path(__file__).parents[3] / "config" / "routing.toml").read_bytes())
TICKET = WaitingTicket(
    id=1, needs=Needs("service", "zh", frozenset({("billing", 1)})), since=NOW, due=NOW + 240.0
)


def agent(
    number: int,
    name: str,
    load: int,
    *,
    languages: tuple[str, ...] = ("zh",),
    away: bool = False,
    idle: float = 12.0,
) -> AgentState:
    return AgentState(
        id=number,
        name=name,
        presence=Presence.AWAY if away else Presence.ONLINE,
        capacity=2,
        load=load,
        idle_since=NOW - idle,
        languages=frozenset(languages),
        skills={"billing": 3},
        queues=frozenset({"service"}),
    )


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_code_has_its_sentences_with_the_same_parameters(code: ReasonCode) -> None:
    one, several, zh = _SENTENCES[code]
    fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (several, zh)]
    assert fields[0] == fields[1]
    assert re.search("[\u4e00-\u9fff]", zh)
    assert not re.search("[\u4e00-\u9fff]", one + several)


def test_why_this_agent() -> None:
    choice = choose_agent(TICKET, [agent(1, "Li", 1), agent(2, "Wang", 1, idle=3.0)], NOW)
    assert explain(choice, "en") == (
        "Li: idle the longest (12 min) of 2 free agents who fit; member of queue service; speaks Chinese; "
        "has skill billing (level 3)"
    )
    assert explain(choice, "zh_CN") == (
        "Li：在 2 位合适且有空的客服中空闲最久（12 分钟）；"
        "“service”队列成员；会说中文；具备技能 billing（3 级）"
    )


def test_why_still_waiting() -> None:
    desk = [agent(n, "A", 2, languages=("en",)) for n in (1, 2)]
    waiting = choose_agent(TICKET, desk, NOW)
    assert explain(waiting, "en") == "waiting: nobody on line speaks Chinese; 2 agents are at capacity"
    assert explain(waiting, "zh_CN") == "等待中：在线客服中没有人会说中文；2 位客服已满负荷"


def test_one_is_not_several() -> None:
    waiting = choose_agent(TICKET, [agent(1, "A", 2), agent(2, "B", 0, away=True)], NOW)
    assert explain(waiting, "en") == "waiting: 1 agent is at capacity; 1 agent who fits is not on line"


def test_why_not_this_agent() -> None:
    verdict = eligible(TICKET, [agent(1, "A", 2, languages=(), away=True)])[0]
    assert [explain(r, "en") for r in verdict.against] == [
        "is away",
        "does not speak Chinese",
        "is at capacity (2/2)",
    ]
    assert [explain(r, "zh_CN") for r in verdict.against] == ["当前离开", "不会说中文", "已满负荷（2/2）"]


def test_why_this_queue_and_kind() -> None:
    result = classify("我要投诉，太离谱了", "")
    assert explain(result, "en").startswith("complaint (")
    assert "“投诉”" in explain(result, "zh_CN")
    choice = choose_queue(RULES, Situation(kind=result.kind, language=result.language))
    assert explain(choice, "en") == (
        "queue complaints, priority high: rule “complaint” says queue complaints"
    )
    assert explain(choice, "zh_CN") == "“complaints”队列，优先级高：规则“complaint”：“complaints”队列"


def test_a_kind_that_the_sender_chose_is_not_shown_as_their_words() -> None:
    result = classify("The lid is loose.", "", "complaint")
    assert explain(result, "en").startswith(f"complaint ({round(result.confidence * 100)}%)")
    assert "it came in marked as complaint" in explain(result, "en") and "“complaint”" not in explain(
        result, "en"
    )
    assert "来件注明为投诉" in explain(result, "zh_CN") and "complaint" not in explain(result, "zh_CN")


def test_doubt_is_said() -> None:
    assert explain(classify("", ""), "en") == (
        "enquiry (25%), without clear evidence; uncertain, could also be request"
    )
    assert explain(classify("", ""), "zh_CN") == "咨询（25%），没有明确依据；不确定，也可能是服务请求"


def test_decisions_are_plain_data_and_reasons_come_back() -> None:
    choice = choose_agent(TICKET, [agent(1, "Li", 0)], NOW)
    waiting = choose_agent(TICKET, [], NOW)
    queue = choose_queue(RULES, Situation(kind=TicketKind.COMPLAINT))
    for decision in (choice, waiting, queue, classify("Where is my parcel?", "")):
        assert json.loads(json.dumps(to_data(decision))) == to_data(decision)
    stored = json.loads(json.dumps(to_data(choice)))["reasons"]
    assert tuple(reason_from_data(r) for r in stored) == choice.reasons
    with pytest.raises(ValueError, match="no_such_code"):
        reason_from_data({"code": "no_such_code", "params": {}})


def test_what_was_asked_for_is_said_in_the_readers_language() -> None:
    asked = Reason(code=ReasonCode.HINT_HONOURED, params={"hint": "priority", "value": "high"})
    assert explain(asked, "zh_CN") == "来源渠道指定优先级：高"


def test_words_of_customers_cannot_break_a_sentence() -> None:
    reason = Reason(code=ReasonCode.HINT_IGNORED, params={"hint": "queue", "value": "{0} {x} %s"})
    assert explain(reason, "en") == "queue {0} {x} %s was asked for but is not known here"
