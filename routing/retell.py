"""Stored decisions in words again: the data form of routing.explain back to sentences in any language. Pure.

What is stored outlives the program that wrote it, so nothing here fails on data that it does not know: it is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.model.tickets import Priority, TicketKind
from routing.changes import tell_changes
from routing.classify import Classification, Evidence
from routing.explain import explain, reason_from_data
from routing.rules import QueueChoice
from routing.situation import Reason

_NOT_KNOWN = (KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A decision in one sentence, "" where only its reasons were stored, and each reason in one."""

    head: str
    reasons: tuple[str, ...] = ()


def retell(data: Any, locale: str, titles: Mapping[str, str] | None = None) -> list[Told]:
    """Every decision in `data`, which is one decision or a table of several. `titles`: queues by name."""
    told = [] if not isinstance(data, Mapping) else list(_tell(data, locale, titles or {}))
    return [one for one in told if one.head or one.reasons]


def _tell(data: Mapping[str, Any], locale: str, titles: Mapping[str, str]) -> Iterator[Told]:
    if "evidence" in data:
        yield Told(head=_classification(data, locale))
    elif isinstance(data.get("changed"), Mapping):
        yield Told(head=_head(data, locale, titles), reasons=tell_changes(data["changed"], locale, titles))
    elif "reasons" in data:
        yield Told(head=_head(data, locale, titles), reasons=_reasons(data["reasons"], locale, titles))
    elif "code" in data:
        yield Told(head="", reasons=_reasons([data], locale, titles))
    else:
        for value in data.values():
            if isinstance(value, Mapping):
                yield from _tell(value, locale, titles)


def _classification(data: Mapping[str, Any], locale: str) -> str:
    try:
        return explain(
            Classification(
                kind=TicketKind(data["kind"]),
                confidence=float(data["confidence"]),
                runner_up=TicketKind(data["runner_up"]),
                uncertain=bool(data["uncertain"]),
                language=str(data["language"]),
                topics=tuple(data["topics"]),
                evidence=tuple(
                    Evidence(
                        rule=str(one["rule"]),
                        matched=str(one["matched"]),
                        weight=float(one["weight"]),
                        kind=str(one["kind"]),
                    )
                    for one in data["evidence"]
                ),
            ),
            locale,
        )
    except _NOT_KNOWN:
        return ""


def _head(data: Mapping[str, Any], locale: str, titles: Mapping[str, str]) -> str:
    if "queue" in data and "priority" in data:
        try:
            choice = QueueChoice(
                queue=titles.get(data["queue"], data["queue"]),
                priority=Priority[str(data["priority"]).upper()],
                skills=(),
                languages_required=(),
                rules=(),
                reasons=(),
            )
            return explain(choice, locale)
        except _NOT_KNOWN:
            return ""
    name, by = data.get("agent_name"), data.get("by")
    if isinstance(by, str) and by:
        return f"由 {by} 操作" if locale.lower().startswith("zh") else f"by {by}"
    return name if isinstance(name, str) else ""


def _reasons(data: Any, locale: str, titles: Mapping[str, str]) -> tuple[str, ...]:
    if not isinstance(data, Sequence) or isinstance(data, str):
        return ()
    return tuple(sentence for one in data if (sentence := _reason(one, locale, titles)))


def _reason(data: Any, locale: str, titles: Mapping[str, str]) -> str:
    try:
        reason = reason_from_data(data)
        params = dict(reason.params)
        if "queue" in params:
            params["queue"] = titles.get(str(params["queue"]), str(params["queue"]))
        if params.get("hint") == "queue":
            params["value"] = titles.get(str(params["value"]), str(params["value"]))
        return explain(Reason(code=reason.code, params=params), locale)
    except _NOT_KNOWN:
        return ""
