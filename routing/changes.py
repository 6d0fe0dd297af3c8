"""What a person changed of a ticket, as it is stored with the decision, in words. Pure."""

from collections.abc import Mapping
from typing import Any

from hub.model.tickets import TicketKind

_PRIORITIES = {
    "low": ("low", "低"),
    "normal": ("normal", "普通"),
    "high": ("high", "高"),
    "urgent": ("urgent", "紧急"),
}
_KINDS = {
    TicketKind.COMPLAINT: ("complaint", "投诉"),
    TicketKind.FEEDBACK: ("feedback", "反馈"),
    TicketKind.ENQUIRY: ("enquiry", "咨询"),
    TicketKind.REQUEST: ("request", "服务请求"),
}
_SENTENCES = {
    "kind": ("{to} instead of {was}", "由{was}改为{to}"),
    "priority": ("priority {to} instead of {was}", "优先级由{was}改为{to}"),
    "queue": ("queue {to} instead of {was}", "由“{was}”队列转到“{to}”队列"),
}
_RIGHT = ("{to}: confirmed", "确认为{to}")


def tell_changes(changed: Mapping[str, Any], locale: str, titles: Mapping[str, str]) -> tuple[str, ...]:
    """One sentence for each. `changed`: by kind, priority and queue, `{"from": …, "to": …}`; what is not understood is left
    out. `titles`: queues by name."""
    zh = locale.lower().startswith("zh")
    told = []
    for what, sentences in _SENTENCES.items():
        change = changed.get(what)
        if not isinstance(change, Mapping) or not {"from", "to"} <= set(change):
            continue
        was, to = (_word(what, change[end], zh, titles) for end in ("from", "to"))
        sentence = _RIGHT if change["from"] == change["to"] else sentences
        told.append(sentence[zh].format(was=was, to=to))
    return tuple(told)


def _word(what: str, value: Any, zh: bool, titles: Mapping[str, str]) -> str:
    if what == "queue":
        return str(titles.get(str(value), value))
    words: Mapping[Any, tuple[str, str]] = _KINDS if what == "kind" else _PRIORITIES
    return words.get(value, (str(value), str(value)))[zh]
