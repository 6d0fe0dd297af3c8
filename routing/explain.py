"""Decisions in words (English and Chinese) and as plain data. Nothing is decided here.

The data form is what is stored: codes and parameters, never sentences, so that old decisions can be read in
any language.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.model.tickets import TicketKind
from routing.classify import HINT_RULE, LEARNED_RULE, Classification, Evidence
from routing.rules import QueueChoice
from routing.select import AgentChoice, Waiting
from routing.situation import Reason, ReasonCode

Explained = Reason | QueueChoice | AgentChoice | Waiting | Classification

# Each: English for one, English for several (by the number in _COUNTED), Chinese.
_SENTENCES: dict[ReasonCode, tuple[str, str, str]] = {
    ReasonCode.LAST_AGENT: (
        "had this customer's ticket last",
        "had this customer's ticket last",
        "上次由其接待该客户",
    ),
    ReasonCode.LOOKS_AFTER: ("looks after this customer", "looks after this customer", "负责该客户"),
    ReasonCode.LONGEST_IDLE: (
        "idle the longest ({idle}) of {among} free agents who fit",
        "idle the longest ({idle}) of {among} free agents who fit",
        "在 {among} 位合适且有空的客服中空闲最久（{idle}）",
    ),
    ReasonCode.ONLY_FREE: (
        "the only free agent who fits",
        "the only free agent who fits",
        "唯一合适且有空的客服",
    ),
    ReasonCode.BEST_PACE: (
        "works fastest on this of {among} free agents who fit",
        "works fastest on this of {among} free agents who fit",
        "在 {among} 位合适且有空的客服中处理此类问题最快",
    ),
    ReasonCode.FEWEST_AT_ONCE: (
        "has the least on hand of {among} free agents who fit",
        "has the least on hand of {among} free agents who fit",
        "在 {among} 位合适且有空的客服中手头工作最少",
    ),
    ReasonCode.KEEPS_OTHERS_FREE: (
        "keeps those free who alone can do other work ({among} fit)",
        "keeps those free who alone can do other work ({among} fit)",
        "让只有少数人能做的工作仍有人手（共 {among} 位合适）",
    ),
    ReasonCode.LEAST_DISTURBED: (
        "is interrupted the least of {among} free agents who fit",
        "is interrupted the least of {among} free agents who fit",
        "在 {among} 位合适且有空的客服中受打扰最小",
    ),
    ReasonCode.BEST_USE: (
        "this is the best use of their time, of {among} free agents who fit",
        "this is the best use of their time, of {among} free agents who fit",
        "在 {among} 位合适且有空的客服中最能发挥所长",
    ),
    ReasonCode.LEAST_USED: (
        "was the least busy today of {among} free agents who fit",
        "was the least busy today of {among} free agents who fit",
        "在 {among} 位合适且有空的客服中今天最不忙",
    ),
    ReasonCode.MOST_URGENT: (
        "the most urgent for them of {waiting} waiting: due in {span}",
        "the most urgent for them of {waiting} waiting: due in {span}",
        "在 {waiting} 张等待的工单中对其最紧急：{span}后到期",
    ),
    ReasonCode.OVERDUE: (
        "overdue by {span}, the next for them of {waiting} waiting",
        "overdue by {span}, the next for them of {waiting} waiting",
        "已超时 {span}，在 {waiting} 张等待的工单中轮到其处理",
    ),
    ReasonCode.MEMBER: ("member of queue {queue}", "member of queue {queue}", "“{queue}”队列成员"),
    ReasonCode.SPEAKS: ("speaks {language}", "speaks {language}", "会说{language}"),
    ReasonCode.HAS_SKILL: (
        "has skill {skill} (level {level})",
        "has skill {skill} (level {level})",
        "具备技能 {skill}（{level} 级）",
    ),
    ReasonCode.ALSO_HAS: ("also has {skill}", "also has {skill}", "还具备 {skill}"),
    ReasonCode.MOST_PREFERRED: (
        "has most of the preferred skills, of {among} free agents who fit",
        "has most of the preferred skills, of {among} free agents who fit",
        "在 {among} 位合适且有空的客服中最符合优先技能",
    ),
    ReasonCode.ANY_LEVEL_WILL_DO: (
        "after {minutes} min any level will do",
        "after {minutes} min any level will do",
        "已等待 {minutes} 分钟，不再要求技能级别",
    ),
    ReasonCode.NO_SKILL_NEEDED: (
        "after {minutes} min no skill is needed",
        "after {minutes} min no skill is needed",
        "已等待 {minutes} 分钟，不再要求技能",
    ),
    ReasonCode.ANY_LANGUAGE_WILL_DO: (
        "after {minutes} min any language will do",
        "after {minutes} min any language will do",
        "已等待 {minutes} 分钟，不再要求语言",
    ),
    ReasonCode.OFF_SHIFT: ("is off shift", "is off shift", "不在班"),
    ReasonCode.WRAPPING_UP: ("is wrapping up a chat", "is wrapping up a chat", "正在整理刚结束的会话"),
    ReasonCode.NOT_ON_LINE: ("is {presence}", "is {presence}", "当前{presence}"),
    ReasonCode.NOT_MEMBER: (
        "is not a member of queue {queue}",
        "is not a member of queue {queue}",
        "不是“{queue}”队列成员",
    ),
    ReasonCode.LACKS_SKILL: ("lacks skill {skill}", "lacks skill {skill}", "缺少技能 {skill}"),
    ReasonCode.LACKS_LANGUAGE: ("does not speak {language}", "does not speak {language}", "不会说{language}"),
    ReasonCode.LACKS_LEVEL: (
        "has skill {skill} at level {level} only, {least} is needed",
        "has skill {skill} at level {level} only, {least} is needed",
        "技能 {skill} 仅 {level} 级，需要 {least} 级",
    ),
    ReasonCode.TAKEN_BACK: (
        "gave it back or did not take it a moment ago",
        "gave it back or did not take it a moment ago",
        "刚刚退回或未接受",
    ),
    ReasonCode.NO_LIVE_WORK: ("takes no chats", "takes no chats", "不接待在线会话"),
    ReasonCode.AT_LIVE_CAPACITY: (
        "has all places for chats taken ({load}/{capacity})",
        "has all places for chats taken ({load}/{capacity})",
        "在线会话已满（{load}/{capacity}）",
    ),
    ReasonCode.AT_CAPACITY: (
        "is at capacity ({load}/{capacity})",
        "is at capacity ({load}/{capacity})",
        "已满负荷（{load}/{capacity}）",
    ),
    ReasonCode.NO_MEMBERS: (
        "queue {queue} has no members",
        "queue {queue} has no members",
        "“{queue}”队列没有成员",
    ),
    ReasonCode.NOBODY_ON_LINE: (
        "the only member of queue {queue} is not on line",
        "none of the {members} members of queue {queue} is on line",
        "“{queue}”队列的 {members} 位成员都不在线",
    ),
    ReasonCode.NOBODY_ON_SHIFT: (
        "the only member of queue {queue} is off shift",
        "none of the {members} members of queue {queue} is on shift",
        "“{queue}”队列的 {members} 位成员都不在班",
    ),
    ReasonCode.NOBODY_SPEAKS: (
        "nobody on line speaks {language}",
        "nobody on line speaks {language}",
        "在线客服中没有人会说{language}",
    ),
    ReasonCode.NOBODY_HAS_SKILL: (
        "nobody on line has skill {skill}",
        "nobody on line has skill {skill}",
        "在线客服中没有人具备技能 {skill}",
    ),
    ReasonCode.NO_COMBINATION: (
        "the agent on line does not have everything this ticket needs",
        "none of the {agents} agents on line has everything this ticket needs",
        "{agents} 位在线客服中没有人同时满足全部要求",
    ),
    ReasonCode.ALL_AT_CAPACITY: (
        "1 agent is at capacity",
        "{agents} agents are at capacity",
        "{agents} 位客服已满负荷",
    ),
    ReasonCode.FIT_BUT_ABSENT: (
        "1 agent who fits is not on line",
        "{agents} agents who fit are not on line",
        "{agents} 位合适的客服不在线",
    ),
    ReasonCode.AGENT_GONE: (
        "{agent} has been off line for {minutes} min",
        "{agent} has been off line for {minutes} min",
        "{agent} 已离线 {minutes} 分钟",
    ),
    ReasonCode.AGENT_LEFT: (
        "{agent} works here no more",
        "{agent} works here no more",
        "{agent} 的账号已停用",
    ),
    ReasonCode.AGENT_SILENT: (
        "the customer has waited {minutes} min for {agent}",
        "the customer has waited {minutes} min for {agent}",
        "客户等待 {agent} 回复已达 {minutes} 分钟",
    ),
    ReasonCode.WAITED_TOO_LONG: (
        "waited {minutes} min in queue {queue}",
        "waited {minutes} min in queue {queue}",
        "在“{queue}”队列中已等待 {minutes} 分钟",
    ),
    ReasonCode.CAME_WHILE_SHUT: (
        "queue {queue} was shut",
        "queue {queue} was shut",
        "“{queue}”队列当时不在工作时间",
    ),
    ReasonCode.FIT_BUT_OFF_SHIFT: (
        "1 agent who fits is off shift",
        "{agents} agents who fit are off shift",
        "{agents} 位合适的客服不在班",
    ),
    ReasonCode.FIT_BUT_WRAPPING_UP: (
        "1 agent who fits is wrapping up a chat",
        "{agents} agents who fit are wrapping up a chat",
        "{agents} 位合适的客服正在整理刚结束的会话",
    ),
    ReasonCode.NOT_SO_SOON: (
        "1 agent who fits gave it back or did not take it a moment ago",
        "{agents} agents who fit gave it back or did not take it a moment ago",
        "{agents} 位合适的客服刚刚退回或未接受",
    ),
    ReasonCode.QUEUE_CLOSED: (
        "queue {queue} is closed until {opens}",
        "queue {queue} is closed until {opens}",
        "“{queue}”队列休息中，{opens} 开始服务",
    ),
    ReasonCode.QUEUE_CLOSED_FOR_GOOD: (
        "queue {queue} is closed and has no hours ahead",
        "queue {queue} is closed and has no hours ahead",
        "“{queue}”队列休息中，暂无后续服务时间",
    ),
    ReasonCode.RULE_MATCHED: ("rule “{rule}”{decided}", "rule “{rule}”{decided}", "规则“{rule}”{decided}"),
    ReasonCode.HINT_HONOURED: (
        "the sender's channel asked for {hint} {value}",
        "the sender's channel asked for {hint} {value}",
        "来源渠道指定{hint}：{value}",
    ),
    ReasonCode.HINT_IGNORED: (
        "{hint} {value} was asked for but is not known here",
        "{hint} {value} was asked for but is not known here",
        "来源渠道指定的{hint}“{value}”未知，已忽略",
    ),
    ReasonCode.DEFAULT_QUEUE: (
        "no rule chose a queue, so the default {queue}",
        "no rule chose a queue, so the default {queue}",
        "没有规则指定队列，使用默认的“{queue}”队列",
    ),
}
_COUNTED = ("agents", "members")
# What a rule can decide: English, Chinese.
_DECIDED = {
    "queue": ("queue {}", "“{}”队列"),
    "priority": ("priority {}", "优先级{}"),
    "skill": ("skill {}", "技能 {}"),
}

_LANGUAGES = {
    "zh": ("Chinese", "中文"),
    "en": ("English", "英文"),
    "ja": ("Japanese", "日文"),
    "ko": ("Korean", "韩文"),
    "fr": ("French", "法文"),
    "de": ("German", "德文"),
    "es": ("Spanish", "西班牙文"),
    "other": ("another language", "其他语言"),
}
_KINDS = {
    TicketKind.COMPLAINT: ("complaint", "投诉"),
    TicketKind.FEEDBACK: ("feedback", "反馈"),
    TicketKind.ENQUIRY: ("enquiry", "咨询"),
    TicketKind.REQUEST: ("request", "服务请求"),
}
_WORDS = {
    "online": ("on line", "在线"),
    "busy": ("busy", "忙碌"),
    "away": ("away", "离开"),
    "offline": ("off line", "离线"),
    "low": ("low", "低"),
    "normal": ("normal", "普通"),
    "high": ("high", "高"),
    "urgent": ("urgent", "紧急"),
    "queue": ("queue", "队列"),
    "priority": ("priority", "优先级"),
    "skill": ("skill", "技能"),
    "language": ("language", "语言"),
}


def explain(reason: Explained, locale: str) -> str:
    """One sentence without a full stop, for a reason or a whole decision. Chinese if the locale says so, else
    English."""
    zh = locale.lower().startswith("zh")
    match reason:
        case Reason():
            return _sentence(reason, zh)
        case AgentChoice():
            return f"{reason.agent_name}{'：' if zh else ': '}{_join(reason.reasons, zh)}"
        case Waiting():
            return f"{'等待中：' if zh else 'waiting: '}{_join(reason.reasons, zh)}"
        case QueueChoice():
            priority = _word(reason.priority.name.lower(), zh)
            head = (
                f"“{reason.queue}”队列，优先级{priority}"
                if zh
                else f"queue {reason.queue}, priority {priority}"
            )
            return f"{head}{'：' if zh else ': '}{_join(reason.reasons, zh)}" if reason.reasons else head
        case Classification():
            return _what_it_is(reason, zh)


def to_data(decision: Explained) -> dict[str, Any]:
    """The decision as JSON-able data with stable keys and codes."""
    match decision:
        case Reason():
            return {"code": str(decision.code), "params": dict(decision.params)}
        case AgentChoice():
            return {
                "outcome": "assigned",
                "ticket_id": decision.ticket_id,
                "agent_id": decision.agent_id,
                "agent_name": decision.agent_name,
                "beaten": decision.beaten,
                "runner_up": decision.runner_up,
                "reasons": [to_data(r) for r in decision.reasons],
            }
        case Waiting():
            return {
                "outcome": "waiting",
                "ticket_id": decision.ticket_id,
                "reasons": [to_data(r) for r in decision.reasons],
            }
        case QueueChoice():
            return {
                "queue": decision.queue,
                "priority": decision.priority.name.lower(),
                "skills": list(decision.skills),
                "languages_required": list(decision.languages_required),
                "rules": list(decision.rules),
                "reasons": [to_data(r) for r in decision.reasons],
            }
        case Classification():
            return {
                "kind": str(decision.kind),
                "confidence": decision.confidence,
                "runner_up": str(decision.runner_up),
                "uncertain": decision.uncertain,
                "language": decision.language,
                "topics": list(decision.topics),
                "model": decision.model,
                "evidence": [
                    {"rule": e.rule, "matched": e.matched, "weight": e.weight, "kind": e.kind}
                    for e in decision.evidence
                ],
            }


def reason_from_data(data: Mapping[str, Any]) -> Reason:
    """A stored reason, to be explained again. Raises ValueError for a code that never existed."""
    return Reason(code=ReasonCode(data["code"]), params=dict(data["params"]))


def _join(reasons: Sequence[Reason], zh: bool) -> str:
    return ("；" if zh else "; ").join(_sentence(r, zh) for r in reasons)


def _sentence(reason: Reason, zh: bool) -> str:
    one, several, chinese = _SENTENCES[reason.code]
    params = {name: _shown(name, value, zh) for name, value in reason.params.items()}
    params["idle"] = params["span"] = _duration(int(reason.params.get("seconds", 0)), zh)
    params["decided"] = _decided(reason.params, zh)
    if (hint := reason.params.get("hint")) in ("priority", "language"):
        params["value"] = _shown(str(hint), reason.params["value"], zh)
    single = any(reason.params.get(name) == 1 for name in _COUNTED)
    return (chinese if zh else one if single else several).format_map(params)


def _shown(name: str, value: str | int, zh: bool) -> str:
    if name == "language":
        return _LANGUAGES.get(str(value), (str(value), str(value)))[zh]
    return _word(str(value), zh) if name in ("presence", "priority", "hint") else str(value)


def _decided(params: Mapping[str, str | int], zh: bool) -> str:
    parts = [_DECIDED[name][zh].format(_shown(name, params[name], zh)) for name in _DECIDED if name in params]
    if not parts:
        return ""
    return ("：" if zh else " says ") + ("、" if zh else ", ").join(parts)


def _word(word: str, zh: bool) -> str:
    return _WORDS.get(word, (word, word))[zh]


def _duration(seconds: int, zh: bool) -> str:
    for size, english, chinese in ((3600, "h", " 小时"), (60, "min", " 分钟")):
        if seconds >= size:
            return f"{seconds // size}{chinese}" if zh else f"{seconds // size} {english}"
    return f"{seconds} 秒" if zh else f"{seconds} s"


def _what_it_is(result: Classification, zh: bool) -> str:
    found = [e for e in result.evidence if e.kind == result.kind and e.weight > 0 and e.matched]
    words = _quoted([e for e in found if e.rule not in (HINT_RULE, LEARNED_RULE)], zh)
    learned = _quoted([e for e in found if e.rule == LEARNED_RULE], zh)
    marked = any(e.rule == HINT_RULE for e in found)
    kind, other = _KINDS[result.kind][zh], _KINDS[result.runner_up][zh]
    percent = round(result.confidence * 100)
    if zh:
        why = [f"依据：{words}"] * bool(words) + [f"从更正中学到：{learned}"] * bool(learned)
        why += [f"来件注明为{kind}"] * marked
        text = f"{kind}（{percent}%），{'；'.join(why) or '没有明确依据'}"
        return text + (f"；不确定，也可能是{other}" if result.uncertain else "")
    why = [f"because of {words}"] * bool(words) + [f"learned from corrections: {learned}"] * bool(learned)
    why += [f"it came in marked as {kind}"] * marked
    text = f"{kind} ({percent}%), {'; '.join(why) or 'without clear evidence'}"
    return text + (f"; uncertain, could also be {other}" if result.uncertain else "")


def _quoted(found: Sequence[Evidence], zh: bool) -> str:
    return ("、" if zh else ", ").join([f"“{e.matched}”" for e in found][:4])
