"""`[[automation]]`: what can be written there, and what is refused by name."""

from typing import Any

import pytest

from hub.model.tags import clean_tag
from routing.automation.tables import Action, AutomationRule, AutomationWhen
from routing.rules import RoutingRules, RulesError, load_rules
from tests.conftest import RULES

SHIPPED = load_rules(RULES.read_bytes()).model_dump(mode="json", exclude_defaults=True)


def with_rules(*rules: dict[str, Any]) -> RoutingRules:
    return load_rules({**SHIPPED, "automation": list(rules)})


def a_rule(**more: Any) -> dict[str, Any]:
    return {"name": "r", "on": ["opened"], "then": [{"add_tags": ["x"]}], **more}


def test_a_rule_is_read_back_as_it_was_written() -> None:
    rule = a_rule(
        on=["sla_breached"],
        when={"kind": ["complaint"], "assigned": False, "target": ["first_response"], "during": "office"},
        unless={"tags": ["Told"]},
        then=[
            {"notify": ["overseers", "queue:complaints"], "text": "late"},
            {"priority": "urgent", "even_if_manual": True},
        ],
    )
    rules = with_rules(rule)
    (read,) = rules.automation
    assert read.when.asked == ("kind", "assigned", "target", "during")
    assert read.unless.tags == ("told",)
    assert [(one.verb, one.value) for one in read.then] == [
        ("notify", ["overseers", "queue:complaints"]),
        ("priority", "urgent"),
    ]
    assert load_rules(rules.model_dump(mode="json", exclude_defaults=True)).automation == rules.automation


def test_every_condition_stands_in_one_group_and_every_verb_is_a_key() -> None:
    grouped = [name for group in AutomationWhen.GROUPS.values() for name in group]
    assert sorted(grouped) == sorted(AutomationWhen.model_fields)
    assert set(Action.VERBS) == set(Action.model_fields) - {"text", "due_minutes", "even_if_manual"}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (a_rule(on=[]), "expected either on"),
        (a_rule(after=5, of="pending"), "expected either on"),
        ({"name": "r", "after": 5, "then": [{"note": "n"}]}, "expected either on"),
        ({"name": "r", "of": "pending", "then": [{"note": "n"}]}, "needs both after"),
        (a_rule(calendar="office"), "beside after only"),
        (a_rule(on=["opened", "assigned"], when={"words": ["x"]}), "when.words: has a meaning only"),
        (a_rule(unless={"target": ["resolution"]}), "unless.target: has a meaning only"),
        (
            {"name": "r", "after": 5, "of": "pending", "when": {"by": ["agent"]}, "then": [{"note": "n"}]},
            "when.by",
        ),
        (a_rule(then=[]), "then"),
        (a_rule(then=[{}]), "exactly one of"),
        (a_rule(then=[{"note": "a", "task": "service"}]), "exactly one of"),
        (a_rule(then=[{"note": "  "}]), "expected a text"),
        (a_rule(then=[{"task": "service"}]), "says what is to be done"),
        (a_rule(then=[{"note": "a", "text": "b"}]), "text: has no meaning beside note"),
        (a_rule(then=[{"note": "a", "due_minutes": 5}]), "due_minutes"),
        (a_rule(then=[{"note": "a", "even_if_manual": True}]), "even_if_manual"),
        (a_rule(then=[{"reply": "a"}, {"reply": "b"}]), "answers once"),
        (a_rule(then=[{"assign": "li"}]), "assign"),
        (a_rule(then=[{"notify": ["everybody"]}]), "notify"),
        (a_rule(then=[{"queue": "nowhere"}]), "no queue is called 'nowhere'"),
        (a_rule(then=[{"task": "nowhere", "text": "t"}]), "no queue is called 'nowhere'"),
        (a_rule(then=[{"notify": ["queue:nowhere"]}]), "no queue is called 'nowhere'"),
        (a_rule(when={"queue": ["nowhere"]}), "no queue is called 'nowhere'"),
        (a_rule(when={"outside": "never"}), "no calendar is called 'never'"),
        (a_rule(when={"tags": ["a,b"]}), "without commas"),
        (a_rule(when={"colour": ["red"]}), "when.colour: unknown key"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(RulesError, match=said.replace("(", r"\(")):
        with_rules(rule)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(RulesError, match="two automations are called 'r'"):
        with_rules(a_rule(), a_rule())


def test_an_action_with_no_verb_by_default_has_one() -> None:
    rule = AutomationRule.model_validate(a_rule(then=[{"status": "pending"}]))
    assert (rule.then[0].verb, rule.then[0].value, rule.leaves) == ("status", "pending", False)


@pytest.mark.parametrize("wrong", ["", "   ", "x" * 41, "a,b", "a\x00b", "a\u202eb"])
def test_what_is_no_tag_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="expected a tag"):
        clean_tag(wrong)


def test_one_tag_has_one_spelling() -> None:
    assert {clean_tag(one) for one in ("VIP", " vip ", "ｖｉｐ")} == {"vip"}
    assert clean_tag("晚  到") == "晚 到"
