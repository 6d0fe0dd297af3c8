"""Reading rules, refusing wrong ones in words, and choosing queues; also that the shipped file is sound."""

from pathlib import Path
from typing import Any

import pytest

from hub.model.tickets import Priority, TicketKind
from routing.rules import RoutingRules, RulesError, choose_queue, load_rules
from routing.situation import ReasonCode, Situation

SHIPPED = load_rules((Path(__file__).parents[3] / "config" / "routing.toml").read_bytes())


def tables(**more: Any) -> dict[str, Any]:
    queues = [{"name": n, "title_en": n, "title_zh": n} for n in ("a", "b")]
    return {"default_queue": "a", "skills": ["billing", "vip"], "queue": queues, **more}


def rules(*rule: dict[str, Any], **more: Any) -> RoutingRules:
    return load_rules(tables(rule=[{"name": f"rule {n}", **r} for n, r in enumerate(rule, 1)], **more))


@pytest.mark.parametrize(
    ("kind", "key_account", "queue", "priority"),
    [
        (TicketKind.COMPLAINT, False, "complaints", Priority.HIGH),
        (TicketKind.COMPLAINT, True, "complaints", Priority.URGENT),
        (TicketKind.REQUEST, False, "service", Priority.NORMAL),
        (TicketKind.ENQUIRY, False, "enquiries", Priority.NORMAL),
        (TicketKind.ENQUIRY, True, "enquiries", Priority.HIGH),
        (TicketKind.FEEDBACK, False, "feedback", Priority.LOW),
    ],
)
def test_shipped_rules(kind: TicketKind, key_account: bool, queue: str, priority: Priority) -> None:
    choice = choose_queue(SHIPPED, Situation(kind=kind, key_account=key_account, language="zh"))
    assert (choice.queue, choice.priority) == (queue, priority)
    assert choice.languages_required == ("zh",)
    assert choice.skills == ()
    assert choice.reasons


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"colour": "red"}, "colour: unknown key"),
        (
            {"rule": [{"name": "x", "when": {"kinds": []}, "then": {"queue": "a"}}]},
            "rule[1].when.kinds: unknown key",
        ),
        ({"rule": [{"name": "x", "then": {}}]}, "at least one of queue, priority, skill"),
        ({"rule": [{"name": "x"}]}, "rule[1].then: is missing"),
        ({"rule": [{"name": "x", "then": {"queue": "c"}}]}, "rule 'x': no queue is called 'c'"),
        ({"rule": [{"name": "x", "then": {"skill": "chess"}}]}, "skill 'chess' is not listed"),
        ({"rule": [{"name": "x", "then": {"priority": "top"}}]}, "expected one of low, normal, high, urgent"),
        (
            {"rule": [{"name": "x", "when": {"kind": ["rant"]}, "then": {"queue": "a"}}]},
            "rule[1].when.kind[1]",
        ),
        ({"rule": [{"name": "x", "then": {"queue": "a"}}] * 2}, "two rules are called 'x'"),
        ({"default_queue": "z"}, "no queue is called 'z'"),
        ({"queue": []}, "queue: "),
        ({"honour": ["wish"]}, "honour[1]"),
    ],
)
def test_wrong_rules_are_refused_by_name(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(RulesError) as caught:
        load_rules(tables(**wrong))
    assert message in str(caught.value)


def test_broken_files_are_refused() -> None:
    for source in (b"queue = [", b"\xff\xfe"):
        with pytest.raises(RulesError, match="not valid TOML"):
            load_rules(source)


def test_first_rule_decides_and_all_hits_are_recorded() -> None:
    config = rules(
        {"when": {"topic": ["billing"]}, "then": {"skill": "billing"}},
        {"when": {"language": ["en"]}, "then": {"queue": "b", "priority": "low"}},
        {"when": {"channel_kind": ["email"]}, "then": {"queue": "a", "priority": "urgent", "skill": "vip"}},
        {"when": {"channel": ["nowhere"]}, "then": {"queue": "a"}},
    )
    choice = choose_queue(
        config,
        Situation(
            kind=TicketKind.REQUEST, language="en", topics=("product", "billing"), channel_kind="email"
        ),
    )
    assert (choice.queue, choice.priority, choice.skills) == ("b", Priority.LOW, ("billing", "vip"))
    assert choice.rules == ("rule 1", "rule 2", "rule 3")
    assert choice.reasons[2].params == {"rule": "rule 3", "skill": "vip"}


@pytest.mark.parametrize(
    ("when", "fits", "does_not"),
    [
        ({"kind": ["complaint", "request"]}, {}, {"kind": TicketKind.FEEDBACK}),
        ({"channel": ["shop"]}, {"channel": "shop"}, {"channel": "Shop 2"}),
        ({"language": ["zh"]}, {"language": "zh"}, {"language": "en"}),
        ({"key_account": False}, {}, {"key_account": True}),
        ({"uncertain": True}, {"uncertain": True}, {}),
        ({"hint": {"form": ["repair"]}}, {"hints": {"form": "repair"}}, {"hints": {"form": "other"}}),
        ({"hint": {"form": ["repair"]}}, {"hints": {"form": "repair"}}, {}),
        ({"subject": ["refund", "退款"]}, {"subject": "Re: REFUND please"}, {"subject": "fund"}),
        ({"subject": ["refund", "退款"]}, {"subject": "申请退款"}, {}),
    ],
)
def test_each_condition(when: dict[str, Any], fits: dict[str, Any], does_not: dict[str, Any]) -> None:
    config = rules({"when": when, "then": {"queue": "b"}})
    assert choose_queue(config, Situation(**{"kind": TicketKind.COMPLAINT, **fits})).queue == "b"
    missed = choose_queue(config, Situation(**{"kind": TicketKind.COMPLAINT, **does_not}))
    assert missed.queue == "a"
    assert [r.code for r in missed.reasons] == [ReasonCode.DEFAULT_QUEUE]


def test_hints_are_obeyed_only_when_honoured_and_known() -> None:
    hints = {"queue": "b", "priority": "urgent", "skill": "flying", "language": "ja"}
    situation = Situation(kind=TicketKind.REQUEST, language="en", hints=hints)
    offered = {"languages": {"offered": ["en", "zh"]}}
    deaf = choose_queue(rules(**offered), situation)
    assert (deaf.queue, deaf.priority, deaf.languages_required) == ("a", Priority.NORMAL, ("en",))
    heard = choose_queue(rules(honour=["queue", "priority", "skill", "language"], **offered), situation)
    assert (heard.queue, heard.priority, heard.skills) == ("b", Priority.URGENT, ())
    assert heard.languages_required == ("en",)
    assert [r.code for r in heard.reasons] == [ReasonCode.HINT_HONOURED] * 2 + [ReasonCode.HINT_IGNORED] * 2


def test_languages_the_company_does_not_offer_fall_back() -> None:
    config = rules(languages={"offered": ["zh"], "fallback": "en"})
    wanted = {
        code: choose_queue(config, Situation(kind=TicketKind.REQUEST, language=code)).languages_required
        for code in ("zh", "ja", "other")
    }
    assert wanted == {"zh": ("zh",), "ja": ("en",), "other": ()}
