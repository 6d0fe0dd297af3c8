"""What is wrong with rules is said in the reader's language, beside the field that caused it."""

import ast
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import routing
from hub.actions.failures import NotPossible
from hub.web.desk.rules import troubles
from hub.web.desk.rules.forms import automation, calendar, general, queue, rule, target
from hub.web.desk.rules.troubles import say_refusal, say_wrong, troubles_of
from hub.web.desk.say.language import Voice
from hub.web.desk.say.rule_words import RuleWords
from routing.rules import RulesError, Wrong, load_rules

ZH, EN = Voice(locale="zh_CN"), Voice(locale="en")
MODULES = ("rules", "queues", "promises", "calendars", "tables", "automation/tables")

RULES: dict[str, Any] = {
    "default_queue": "service",
    "skills": ["billing"],
    "queue": [
        {"name": "service", "title_en": "Service", "title_zh": "服务"},
        {"name": "complaints", "title_en": "Complaints", "title_zh": "投诉"},
    ],
    "rule": [{"name": "angry", "when": {"kind": ["complaint"]}, "then": {"queue": "complaints"}}],
    "calendar": [
        {
            "name": "office", "title_en": "Office", "title_zh": "办公", "zone": "Asia/Shanghai",
            "hours": {"monday": ["09:00-18:00"]},
        }
    ],
    "target": [{"name": "usual", "calendar": "office", "first_response": 60}],
    "automation": [{"name": "late", "on": ["sla_breached"], "then": [{"notify": ["overseers"]}]}],
}  # fmt: skip

READ: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "queue": (queue.read, queue.fields_of),
    "rule": (rule.read, rule.fields_of),
    "calendar": (calendar.read, calendar.fields_of),
    "target": (target.read, target.fields_of),
    "automation": (automation.read, automation.fields_of),
}


def sent(section: str, **typed: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The troubles of a form of this section's first entry, with these fields typed over, in both languages."""
    read, fields_of = READ[section]
    entry = getattr(load_rules(RULES), section)[0]
    fields = {**fields_of(entry), **{name.replace("__", "."): value for name, value in typed.items()}}
    document = deepcopy(RULES)
    document[section][0] = read(fields)
    with pytest.raises(RulesError) as caught:
        load_rules(document)
    wrong = caught.value.wrong
    return troubles_of(ZH, wrong, section, 0, fields), troubles_of(EN, wrong, section, 0, fields)


@pytest.mark.parametrize(
    ("section", "typed", "field", "zh"),
    [
        ("queue", {"title_zh": [""]}, "title_zh", "此处未填写。"),
        ("queue", {"stick_hours": ["soon"]}, "stick_hours", "请填写整数。"),
        ("queue", {"stick_hours": ["9000"]}, "stick_hours", "不能大于 8760。"),
        ("queue", {"hand_out": ["offer"], "offer_seconds": ["-5"]}, "offer_seconds", "不能小于 0。"),
        ("queue", {"relax__after": ["10", "", "x"], "relax__drop": ["levels", "levels", "skills"]}, "relax.after:1",
         "请填写整数。"),
        ("queue", {"overflow__queue": ["complaints"], "overflow__when": ["after"], "overflow__after": [""]}, "overflow:0",
         "请填写等待多少分钟，或选择在队列关闭时转出。"),
        ("queue", {"overflow__queue": ["service"], "overflow__when": ["after"], "overflow__after": ["5"]}, "overflow",
         "工单不能转到自己所在的队列。"),
        ("queue", {"overflow__queue": ["complaints"], "overflow__when": ["closed"]}, "overflow",
         "没有日历的队列不会关闭：请选择日历，或填写等待时间。"),
        ("queue", {"calendar": ["gone"]}, "calendar", "队列“service”使用日历“gone”，请先修改该队列。"),
        ("rule", {"then__queue": [""]}, "then", "规则至少要决定一项：队列、优先级或技能。"),
        ("rule", {"then__queue": ["gone"]}, "then.queue", "分派规则“angry”把工单送到“gone”，请先修改该规则。"),
        ("rule", {"then__skills__name": ["juggling"], "then__skills__level": ["1"]}, "then.skills",
         "分派规则“angry”要求技能“juggling”，请先修改该规则。"),
        ("rule", {"then__skills__name": ["billing"], "then__skills__level": ["9"]}, "then.skills", "不能大于 5。"),
        ("rule", {"name": [""]}, "name", "此处未填写。"),
        ("rule", {"when__kind": ["anger"]}, "when.kind", "请从列表中选择。"),
        ("rule", {"when__subject": ["x" * 90]}, "when.subject", "最多 80 个字符。"),
        ("calendar", {"zone": ["Mars/Base"]}, "zone", "没有名为“Mars/Base”的时区，正确写法如 Asia/Shanghai。"),
        ("calendar", {"monday__to": ["noon"]}, "monday",
         "“09:00-noon”不是时间段，请填写起止时间，如 09:00 至 18:00。"),
        ("calendar", {"tuesday__from": ["25"], "tuesday__to": ["26"]}, "tuesday", "没有这样的时间：“25:00-26:00”。"),
        ("calendar", {"monday__from": ["9", "17"], "monday__to": ["18", "19"]}, "hours", "有两个时间段重叠。"),
        ("calendar", {"monday__from": [""], "monday__to": [""]}, "hours", "整周都没有工作时间。"),
        ("calendar", {"country": ["XX"]}, "country", "没有“XX”的公共假日数据。"),
        ("calendar", {"off__from": ["2027-02-11"], "off__to": ["2027-02-05"]}, "off",
         "2027-02-11/2027-02-05：结束日早于开始日，或相隔超过一年。"),
        ("calendar", {"off__from": ["2027-02-30"]}, "off", "没有这一天。"),
        ("calendar", {"other__day": ["2027-02-30"], "other__as": ["shut"]}, "other", "这不是日期。"),
        ("calendar", {"other__day": ["2027-02-03"], "other__as": ["hours"], "other__hours": ["10 to 12"]}, "other",
         "“10 to 12”不是时间段，请填写起止时间，如 09:00 至 18:00。"),
        ("target", {"first_response": ["soon"]}, "first_response", "请填写整数。"),
        ("target", {"warn_at": ["120"]}, "warn_at", "不能大于 99。"),
        ("target", {"calendar": [""]}, "calendar", "必须有一个无条件的服务目标指定默认日历。"),
        ("target", {"when__queue": ["gone"]}, "when.queue", "服务目标“usual”用到队列“gone”，请先修改该目标。"),
        ("target", {"calendar": [""], "first_response": [""]}, "first_response",
         "服务目标至少要规定一项：时限、日历、预警，或是否提升优先级。"),
        ("automation", {"on": []}, "begins", "请选择何时触发：发生某事时，或经过一段时间后。"),
        ("automation", {"begins": ["time"], "after": ["2"]}, "begins", "请选择何时触发：发生某事时，或经过一段时间后。"),
        ("automation", {"begins": ["time"], "of": ["pending"]}, "after", "请填写多长时间，以及从何时起算。"),
        ("automation", {"then__do": []}, "then", "请至少选择或填写一项。"),
        ("automation", {"then__do": ["note"], "then__text": [""]}, "then:0", "请填写备注内容。"),
        ("automation", {"then__do": ["queue=service", "task=service"], "then__text": ["", ""]}, "then:1",
         "请填写任务内容。"),
        ("automation", {"then__do": ["add_tags"], "then__text": ["x" * 50]}, "then:0", "标签长度为 1 到 40 个字符。"),
        ("automation", {"then__do": ["assign=somebody"]}, "then:0", "请从列表中选择。"),
        ("automation", {"when__words": ["refund"]}, "when.words",
         "消息条件只能用于带有消息的事件，例如新建工单或有人来信。"),
        ("automation", {"unless__tags": ["a,b"]}, "unless.tags", "标签中不能有逗号。"),
        ("automation", {"then__do": ["queue=gone"]}, "then", "自动化“late”用到队列“gone”，请先修改。"),
    ],
)  # fmt: skip
def test_it_stands_beside_its_field(section: str, typed: dict[str, list[str]], field: str, zh: str) -> None:
    in_chinese, in_english = sent(section, **typed)
    assert in_chinese == {field: zh}
    assert set(in_english) == {field}
    assert in_english[field].isascii() or "“" in in_english[field]


def test_two_of_the_same_name() -> None:
    document = deepcopy(RULES)
    document["queue"][1] = {**document["queue"][1], "name": "service"}
    document["rule"] = []
    with pytest.raises(RulesError) as caught:
        load_rules(document)
    fields = {"name": ["service"]}
    assert troubles_of(ZH, caught.value.wrong, "queue", 1, fields) == {"name": "已有名为“service”的一项。"}


def test_what_another_entry_says_stands_above_the_form() -> None:
    """Taking a calendar away that a target goes by is no mistake of a field."""
    document = {**deepcopy(RULES), "calendar": []}
    with pytest.raises(RulesError) as caught:
        load_rules(document)
    assert troubles_of(EN, caught.value.wrong, "calendar", None, {}) == {
        "": "The service target “usual” goes by the calendar “office”: change that first."
    }


def test_a_file_is_told_with_the_way_to_each_key() -> None:
    document = deepcopy(RULES)
    document["queue"][0]["color"] = "red"
    document["queue"][1]["priority"] = "huge"
    with pytest.raises(RulesError) as caught:
        load_rules(document)
    assert troubles_of(EN, caught.value.wrong, "file", None, {}) == {
        "": "queue.0.color: This key is not known here. Choose one of the list."
    }


def test_skills_that_rules_ask_for_stand_with_the_skills() -> None:
    document = deepcopy(RULES)
    document["rule"][0]["then"] = {"skill": "billing"}
    fields = {**general.fields_of(load_rules(document)), "skills": ["delivery"]}
    with pytest.raises(RulesError) as caught:
        load_rules({**document, **general.read(fields)})
    found = troubles_of(EN, caught.value.wrong, "general", None, fields)
    assert found == {
        "then.skills": "The routing rule “angry” asks for the skill “billing”: change that first."
    }


def test_what_is_not_known_is_shown_as_it_is() -> None:
    assert say_wrong(ZH, Wrong(where=(), kind="value_error", said="something new")) == "something new"
    assert say_wrong(ZH, Wrong(where=(), kind="url_type", said="not a URL")) == "not a URL"


def test_a_queue_in_which_there_is_work() -> None:
    words = RuleWords(voice=ZH, rules=load_rules(RULES))
    failure = NotPossible(
        "These queues have tickets in work and cannot go: complaints (3), old (1). Move the tickets first.",
        code="queue_in_use",
    )
    assert say_refusal(words, failure) == "要删除的队列中还有工单：投诉 (3)、old (1)。请先移走这些工单。"


def test_a_calendar_that_is_somebodys_shifts() -> None:
    words = RuleWords(voice=ZH, rules=load_rules(RULES))
    said = "These people's shifts would go: Ann (nights), 林 (early). Give them others first."
    told = say_refusal(words, NotPossible(said, code="calendar_in_use"))
    assert told == "这是以下客服的班次：Ann (nights)、林 (early)。请先为他们另选班次。"


def _sentences() -> list[str]:
    """Every sentence with which the rules are refused, its gaps filled with something."""
    found = []
    for module in MODULES:
        tree = ast.parse((Path(routing.__file__).parent / f"{module}.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ValueError":
                (said,) = node.args
                found.append(_filled(said))
    return found


def _filled(said: ast.expr) -> str:
    if isinstance(said, ast.Constant):
        return str(said.value)
    assert isinstance(said, ast.JoinedStr)
    parts = []
    for part in said.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif isinstance(part, ast.FormattedValue):
            parts.append("'x'" if part.conversion == ord("r") else "queue")
    return "".join(parts)


def test_every_sentence_of_routing_is_known_here() -> None:
    sentences = _sentences()
    assert len(sentences) > 35
    # Put together from parts, which the cases above try; never said of rules.
    apart = {"queue.queue: queue", "a week has seven days", "expected exactly one of queue; got queue"}
    known = [pattern for pattern, _, _ in troubles._KNOWN]
    assert {one for one in sentences if not any(pattern.fullmatch(one) for pattern in known)} == apart
