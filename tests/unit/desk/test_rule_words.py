"""Rules and their changes as people read them, in both languages."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.web.desk.rules.forms import calendar
from hub.web.desk.rules.previews import calendar_days, say_days, target_sample
from hub.web.desk.rules.sections import move, put, short_name, take_out
from hub.web.desk.rules.trials import tell_trial
from hub.web.desk.say.language import Voice
from hub.web.desk.say.rule_changes import tell_changes
from hub.web.desk.say.rule_words import RuleWords
from routing.compare import compare
from routing.promises import WEEKDAYS
from routing.rules import load_rules
from storage.rule_drafts import TrialRow

NOW = datetime(2026, 9, 29, 2, 0, tzinfo=UTC)  # a Tuesday, ten in the morning in Shanghai
DOCUMENT: dict[str, Any] = {
    "default_queue": "service",
    "skills": ["billing"],
    "queue": [
        {"name": "service", "title_en": "Service", "title_zh": "服务"},
        {"name": "complaints", "title_en": "Complaints", "title_zh": "投诉", "priority": "high"},
    ],
    "calendar": [
        {
            "name": "office", "title_en": "Office", "title_zh": "办公", "zone": "Asia/Shanghai", "holidays": "CN",
            "hours": {day: ["09:00-12:00", "13:00-18:00"] for day in WEEKDAYS[:5]},
            "days_off": ["2026-09-30"],
        }
    ],
    "target": [{"name": "usual", "calendar": "office", "first_response": 960, "resolution": 0}],
}  # fmt: skip
RULES = load_rules(DOCUMENT)
EN = RuleWords(voice=Voice(locale="en"), rules=RULES, agents={"li": "Li Wei"})
ZH = RuleWords(voice=Voice(locale="zh_CN"), rules=RULES, agents={"li": "李伟"})


@pytest.mark.parametrize(
    ("when", "en", "zh"),
    [
        ({"kind": ["complaint", "request"]}, "Type: Complaint or Request", "类型：投诉或服务请求"),
        ({"key_account": False}, "not: Key account", "非：大客户"),
        ({"subject": ["urgent", "急"]}, "Subject has: “urgent” or “急”", "标题包含：“urgent”或“急”"),
        ({"hint": {"tier": ["gold", "red"]}}, "Hint: tier = gold, red", "提示：tier = gold、red"),
        ({"language": ["zh", "en"]}, "Language: Chinese or English", "语言：中文或英语"),
        ({"queue": ["complaints"]}, "Queue: Complaints", "队列：投诉"),
        ({"during": "office"}, "While open: Office", "营业时间内：办公"),
        ({"weekday": ["monday"]}, "Day of the week: Monday", "星期：星期一"),
        ({"open_tickets": 3}, "Open tickets of the customer, at least: 3", "客户未完成工单数，至少：3"),
        ({"topic": ["billing", "private"]}, "Topic: Billing or private", "主题分类：账单或 private"),
    ],
)
def test_a_condition(when: dict[str, Any], en: str, zh: str) -> None:
    assert EN.conditions({**when, "channel": [], "uncertain": None}) == [en]
    assert ZH.conditions(when) == [zh]


def test_a_decision() -> None:
    then = {
        "queue": "complaints",
        "priority": "urgent",
        "skill": "billing",
        "skills": {"german": 3},
        "prefer": ["billing"],
    }
    assert EN.decisions(then) == [
        "Queue: Complaints", "Priority: Urgent", "needs Billing, german from level 3 on", "rather with Billing",
    ]  # fmt: skip
    assert ZH.decisions(then) == [
        "队列：投诉",
        "优先级：紧急",
        "需要技能：账单、german（3 级以上）",
        "优先技能：账单",
    ]


@pytest.mark.parametrize(
    ("action", "en", "zh"),
    [
        ({"priority": "high", "even_if_manual": True}, "Set the priority: High also where a person decided it",
         "设置优先级：高，人工决定的也改"),
        ({"notify": ["overseers", "agent:li", "role:admin", "queue:complaints"], "text": "Late"},
         "Tell: the supervisors of its queue, Li Wei, all administrators, the members of Complaints “Late”",
         "通知：所在队列的主管、李伟、全体管理员、“投诉”队列成员，“Late”"),
        ({"assign": "nobody"}, "Give to: nobody: back to the queue", "分给：无人（退回队列）"),
        ({"assign": "agent:gone"}, "Give to: gone", "分给：gone"),
        ({"task": "service", "text": "Call", "due_minutes": 90}, "Make a task for: Service “Call” within 1 hr 30 min",
         "建立任务给：服务，“Call”，期限 1 小时 30 分钟"),
        ({"add_tags": ["a", "b"]}, "Put on tags: a, b", "添加标签：a、b"),
    ],
)  # fmt: skip
def test_an_action(action: dict[str, Any], en: str, zh: str) -> None:
    assert EN.action(action) == en
    assert ZH.action(action) == zh


def test_when_an_automation_begins() -> None:
    assert EN.begins({"on": ["opened", "sla_breached"]}) == "A ticket is opened or A target is missed"
    assert EN.begins({"of": "pending", "after": 4320}) == "3 days after: we wait for the customer"
    assert ZH.begins({"of": "pending", "after": 4320}) == "等待客户回复满 3 天"
    waits = {"of": "unanswered", "after": 2880, "calendar": "office"}
    assert EN.begins(waits) == "48 hr after: the customer waits for an answer (Office)"


def test_what_changed() -> None:
    after = {
        **DOCUMENT,
        "default_queue": "complaints",
        "skills": ["delivery"],
        "queue": [
            {**DOCUMENT["queue"][0], "leave_minutes": 0, "relax": [{"after": 90, "drop": "language"}]},
            {"name": "new", "title_en": "New", "title_zh": "新"},
        ],
        "calendar": [
            {
                **DOCUMENT["calendar"][0],
                "hours": {**DOCUMENT["calendar"][0]["hours"], "monday": ["09:00-12:00"]},
            }
        ],
    }
    changes = compare(load_rules(DOCUMENT).model_dump(mode="json"), load_rules_unchecked(after))
    words = RuleWords(voice=EN.voice, rules=load_rules({**after, "default_queue": "service"}))
    told = [
        " ".join(filter(None, (one.said, one.about, one.key, one.before, one.after, one.gone, one.come)))
        for one in tell_changes(words, changes)
    ]
    assert told == [
        "changed Where everything else goes Service complaints",
        "changed Skills Billing Delivery",
        "removed Queue “complaints”",
        "changed Queue “Service” Goes back when its agent has been off line 30 min never",
        "changed Queue “Service” Asks for less – after 1 hr 30 min: no skills and no language",
        "added Queue “New”",
        "changed Calendar “Office” Hours: Monday 13:00-18:00",
    ]
    in_chinese = tell_changes(ZH, changes)
    assert (in_chinese[3].about, in_chinese[3].key, in_chinese[3].before, in_chinese[3].after) == (
        "队列“服务”",
        "客服离线多久后退回队列",
        "30 分钟",
        "从不",
    )


def load_rules_unchecked(document: dict[str, Any]) -> dict[str, Any]:
    """With everything by default, though its default queue is gone."""
    return {
        **load_rules({**document, "default_queue": "service"}).model_dump(mode="json"),
        "default_queue": document["default_queue"],
    }


def test_the_next_days_say_why_they_are_not_like_others() -> None:
    fields = calendar.fields_of(RULES.calendar[0])
    days = calendar_days(EN.voice, fields, NOW)
    assert days is not None
    assert len(days) == 14
    assert (days[0].name, days[0].hours, days[0].today) == (
        "Tue 29 Sep",
        "09:00–12:00, 13:00–18:00",
        True,
    )
    assert days[0].bars == [(540, 180), (780, 300)]
    assert (days[1].hours, days[1].why) == ("", "day off")
    assert days[2].hours == ""
    assert days[2].why
    made_up = next(day for day in days if day.why == "makes up for a holiday")
    assert (made_up.name, made_up.hours) == ("Sat 10 Oct", "09:00–12:00, 13:00–18:00")
    in_chinese = calendar_days(ZH.voice, fields, NOW)
    assert in_chinese is not None
    assert in_chinese[0].name == "9月29日 周二"
    assert "国庆" in in_chinese[2].why


def test_a_night_shows_on_both_of_its_days() -> None:
    fields = {"zone": ["Asia/Shanghai"], "tuesday.from": ["22:00"], "tuesday.to": ["06:00"]}
    days = calendar_days(EN.voice, fields, NOW)
    assert days is not None
    assert (days[0].bars, days[0].hours) == ([(1320, 120)], "22:00–06:00")
    assert (days[1].bars, days[1].hours) == ([(0, 360)], "")


def test_promises_in_working_days() -> None:
    assert say_days(EN, None, 480) == " (1 working day)"
    assert say_days(EN, None, 960) == " (2 working days)"
    assert say_days(EN, None, 720) == " (1.5 working days)"
    assert say_days(EN, None, 479) == ""
    assert say_days(EN, "nowhere", 960) == ""
    sample = target_sample(EN, {}, NOW)
    (first,) = sample.promised
    # Seven hours are left today; a day off and a week of holidays follow, and eight hours on the eighth.
    assert first.late_at == datetime(2026, 10, 9, 2, 0, tzinfo=UTC)
    assert (sample.queue, first.rule) == ("Service", "usual")


def test_entries_move_and_keep_their_place() -> None:
    document: dict[str, Any] = {"rule": [{"name": name} for name in "abc"]}
    move(document, "rule", "c", -1)
    assert [one["name"] for one in document["rule"]] == ["a", "c", "b"]
    move(document, "rule", "a", -1)
    move(document, "rule", "b", 1)
    assert [one["name"] for one in document["rule"]] == ["a", "c", "b"]
    assert put(document, "rule", "c", {"name": "d"}) == 1
    assert put(document, "rule", "", {"name": "e"}, 0) == 0
    assert put(document, "rule", "", {"name": "f"}, 99) == 4
    take_out(document, "rule", "a")
    assert [one["name"] for one in document["rule"]] == ["e", "d", "b", "f"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("After-sales service", "after-sales-service"), ("24/7 help!", "help"), ("售后", "queue"), ("Taken", "taken-2"),
        ("x" * 60, "x" * 34),
    ],
)  # fmt: skip
def test_a_short_name(title: str, name: str) -> None:
    assert short_name(title, ["taken"], "queue") == name


def test_a_trial_is_told_by_what_is_known_of_it() -> None:
    row = TrialRow(
        fingerprint="f", days=30, done=10, total=40, result=None, error="", started_at=NOW, silent_seconds=1.0
    )
    told = tell_trial(EN, row, "f")
    assert told is not None
    assert (told.state, told.old, told.done, told.total) == ("running", False, 10, 40)
    for changed, state in (
        ({"silent_seconds": 60.0}, "gone"),
        ({"error": "fault", "silent_seconds": 60.0}, "failed"),
        ({"result": {"total": 4, "changed": 0}, "silent_seconds": 60.0}, "done"),
    ):
        values = {name: getattr(row, name) for name in TrialRow.__dataclass_fields__} | changed
        told = tell_trial(EN, TrialRow(**values), "other")
        assert told is not None
        assert (told.state, told.old) == (state, True)
    assert tell_trial(EN, None, "f") is None


def test_what_a_target_and_an_automation_are_called() -> None:
    then = [{"add_tags": ["late"]}]
    rules = load_rules(
        {
            **DOCUMENT,
            "target": [{**DOCUMENT["target"][0], "title_zh": "一般情况"}],
            "automation": [{"name": "late", "title_en": "Late ones", "on": ["sla_breached"], "then": then}],
        }
    )
    en, zh = (RuleWords(voice=Voice(locale=locale), rules=rules) for locale in ("en", "zh_CN"))
    assert (en.target("usual"), zh.target("usual")) == ("usual", "一般情况")
    assert (en.automation("late"), zh.automation("late")) == ("Late ones", "late")
    assert zh.target("gone") == "gone"
