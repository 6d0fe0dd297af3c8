"""What somebody types into the search field, read: words, "phrases", -without, and qualifiers in English or Chinese. Pure.

Whatever is not understood is looked for as it stands: a search never fails for what it says.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from hub.model.search_words import (
    TOO_LONG,
    Lexeme,
    as_tsquery,
    comparable,
    lexemes_of_term,
    number_in,
)
from hub.model.tags import clean_tag

LONGEST = 300
MOST_TERMS = 12
ME, NOBODY = "me", "nobody"


class Kind(StrEnum):
    """What is looked for. all: a few of each."""

    ALL = "all"
    TICKETS = "tickets"
    MESSAGES = "messages"
    CUSTOMERS = "customers"
    ORGANISATIONS = "organisations"
    ARTICLES = "articles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """`text`: as it is looked for in comparable texts. `number`: its digits, where it is a telephone number or the like written
    in groups. `needs`: lexemes that every such text has."""

    text: str
    number: str
    needs: tuple[Lexeme, ...]
    without: bool = False

    def is_in(self, text: str) -> bool:
        """Whether a comparable text contains it."""
        return self.text in text or bool(self.number and self.number in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as it was asked for; "" and None where nothing was said. `assignee`: ME, NOBODY, a login or a name. `customer`:
    a name, address or code. `since`: that day and later; `until`: before that day. `notes`: internal notes alone."""

    terms: tuple[Term, ...] = ()
    status: str = ""
    queue: str = ""
    kind: str = ""
    tag: str = ""
    assignee: str = ""
    channel: str = ""
    customer: str = ""
    since: date | None = None
    until: date | None = None
    notes: bool = False
    what: Kind | None = None

    @property
    def is_empty(self) -> bool:
        return self == Asked(what=self.what)

    @property
    def narrows(self) -> bool:
        """Whether it says anything of tickets or entries that customers and organisations do not have."""
        return replace(self, terms=(), what=None) != Asked()

    @property
    def words(self) -> str:
        """The tsquery that everything that is found fulfils, and more does; "" where there is no word to go by."""
        wanted = [one for one in map(_wanted, self.terms) if one]
        if not any(not one.without for one in self.terms if one.needs):
            return ""
        return f"({' & '.join(wanted)}) | '{TOO_LONG}'"

    def fits(self, text: str, *, beyond: bool = False) -> bool:
        """Whether a comparable text has every term, and none that it must not have. `beyond`: it is the beginning of one that
        has what `words` asks for: no more than that is known of a term that is not in the beginning."""
        return all(not one.is_in(text) if one.without else beyond or one.is_in(text) for one in self.terms)


def _wanted(term: Term) -> str:
    needs = as_tsquery([term.needs])
    if not needs:
        return ""
    if term.without:
        # Several lexemes may stand in a text far apart: only what one lexeme says for certain is left out by it.
        certain = len(term.needs) == 1 and term.needs[0].text == term.text
        return f"!({needs})" if certain else ""
    return f"(({needs}) | '{term.number}':*)" if term.number else f"({needs})"


_NAMES: Mapping[str, str] = {
    "status": "status", "state": "status", "状态": "status",
    "queue": "queue", "队列": "queue",
    "kind": "kind", "type": "kind", "类型": "kind", "类别": "kind",
    "tag": "tag", "标签": "tag",
    "assignee": "assignee", "agent": "assignee", "owner": "assignee", "负责人": "assignee", "客服": "assignee",
    "受理人": "assignee",
    "channel": "channel", "渠道": "channel",
    "from": "customer", "customer": "customer", "客户": "customer", "来自": "customer",
    "after": "since", "since": "since", "之后": "since", "晚于": "since",
    "before": "until", "until": "until", "之前": "until", "早于": "until",
    "date": "date", "on": "date", "日期": "date", "时间": "date",
    "is": "is", "in": "in", "范围": "in", "是": "is",
}  # fmt: skip
_STATUS: Mapping[str, str] = {
    "open": "open", "pending": "pending", "waiting": "pending", "resolved": "resolved", "closed": "closed",
    "work": "work", "done": "done",
    "待处理": "open", "处理中": "open", "打开": "open", "未解决": "work", "等待客户": "pending", "等待": "pending",
    "待客户回复": "pending", "已解决": "resolved", "已关闭": "closed", "已完成": "done", "进行中": "work",
}  # fmt: skip
STATUSES: Mapping[str, tuple[str, ...]] = {
    "open": ("open",),
    "pending": ("pending",),
    "resolved": ("resolved",),
    "closed": ("closed",),
    "work": ("open", "pending"),
    "done": ("resolved", "closed"),
}
_KINDS: Mapping[str, str] = {
    "complaint": "complaint", "feedback": "feedback", "enquiry": "enquiry", "inquiry": "enquiry", "request": "request",
    "投诉": "complaint", "反馈": "feedback", "建议": "feedback", "咨询": "enquiry", "请求": "request", "服务请求": "request",
    "申请": "request",
}  # fmt: skip
KINDS = ("complaint", "feedback", "enquiry", "request")
_CHANNELS: Mapping[str, str] = {
    "email": "email", "mail": "email", "form": "webform", "webform": "webform", "chat": "webchat", "webchat": "webchat",
    "telegram": "telegram", "api": "api", "邮件": "email", "邮箱": "email", "表单": "webform", "网页表单": "webform",
    "在线客服": "webchat", "聊天": "webchat", "网页聊天": "webchat", "接口": "api", "portal": "portal", "自助页面": "portal",
}  # fmt: skip
_ASSIGNEES: Mapping[str, str] = {
    "me": ME, "mine": ME, "我": ME, "我的": ME, "none": NOBODY, "nobody": NOBODY, "unassigned": NOBODY, "无": NOBODY,
    "未分配": NOBODY, "没有": NOBODY,
}  # fmt: skip
_WHAT: Mapping[str, Kind] = {
    "all": Kind.ALL, "tickets": Kind.TICKETS, "ticket": Kind.TICKETS, "messages": Kind.MESSAGES, "message": Kind.MESSAGES,
    "customers": Kind.CUSTOMERS, "customer": Kind.CUSTOMERS, "organisations": Kind.ORGANISATIONS,
    "organisation": Kind.ORGANISATIONS, "organizations": Kind.ORGANISATIONS, "全部": Kind.ALL, "工单": Kind.TICKETS,
    "消息": Kind.MESSAGES, "内容": Kind.MESSAGES, "客户": Kind.CUSTOMERS, "组织": Kind.ORGANISATIONS,
    "单位": Kind.ORGANISATIONS, "公司": Kind.ORGANISATIONS, "articles": Kind.ARTICLES, "article": Kind.ARTICLES,
    "knowledge": Kind.ARTICLES, "文章": Kind.ARTICLES, "知识": Kind.ARTICLES, "知识库": Kind.ARTICLES,
}  # fmt: skip
_DAYS: Mapping[str, int] = {"today": 0, "今天": 0, "yesterday": 1, "昨天": 1, "前天": 2}

_QUOTES = '"“”„«»「」『』＂'
_TOKEN = re.compile(
    rf"(?P<without>[-−－–])?(?:(?P<name>[A-Za-z]{{2,12}}|[\u4e00-\u9fff]{{1,4}})[:：])?"
    rf"(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)(?:[{_QUOTES}]|$)|(?P<word>[^\s{_QUOTES}]+))"
)
_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?月?)?年?")
_AGO = re.compile(r"(\d{1,4})(d|w|m|天|周|个?月)")


def read_query(text: str, today: date) -> Asked:
    """What `text` asks for. `today`: where the agent is.

    >>> read_query('退款 状态:已解决 -"已 到账"', date(2026, 1, 31)).status
    'resolved'
    """
    asked = Asked()
    terms: list[Term] = []
    for match in _TOKEN.finditer(text[:LONGEST]):
        value = match["word"] if match["phrase"] is None else match["phrase"]
        name = _NAMES.get((match["name"] or "").lower())
        understood = None
        if name is not None and not match["without"] and value.strip():
            understood = _qualified(asked, name, value.strip(), today)
        if understood is not None:
            asked = understood
            continue
        said = value if match["name"] is None else f"{match['name']}:{value}"
        term = read_term(said, without=bool(match["without"]))
        if term is not None and len(terms) < MOST_TERMS:
            terms.append(term)
    return replace(asked, terms=tuple(dict.fromkeys(terms)))


def read_words(text: str) -> Asked:
    """The words alone, each a term: nothing in it qualifies anything."""
    terms = (read_term(word) for word in text[:LONGEST].split())
    return Asked(terms=tuple(dict.fromkeys(one for one in terms if one is not None))[:MOST_TERMS])


def read_term(text: str, *, without: bool = False) -> Term | None:
    """One term; None where it has nothing that can be looked for."""
    shown = comparable(text).split("\n")[0]
    needs = tuple(lexemes_of_term(shown))
    return Term(text=shown, number=number_in(shown), needs=needs, without=without) if needs else None


def _qualified(asked: Asked, name: str, value: str, today: date) -> Asked | None:
    """With what the qualifier says; None where its value is none."""
    plain = value.lower()
    match name:
        case "status" if plain in _STATUS:
            return replace(asked, status=_STATUS[plain])
        case "kind" if plain in _KINDS:
            return replace(asked, kind=_KINDS[plain])
        case "tag":
            try:
                return replace(asked, tag=clean_tag(value))
            except ValueError:
                return None
        case "queue":
            return replace(asked, queue=value)
        case "customer":
            return replace(asked, customer=value)
        case "channel":
            return replace(asked, channel=_CHANNELS.get(plain, value))
        case "assignee":
            return replace(asked, assignee=_ASSIGNEES.get(plain, value))
        case "is" if plain in ("note", "notes", "备注", "内部备注"):
            return replace(asked, notes=True)
        case "is" if plain in _STATUS:
            return replace(asked, status=_STATUS[plain])
        case "in" if plain in _WHAT:
            return replace(asked, what=_WHAT[plain])
        case "since" if (days := read_days(value, today)) is not None:
            return replace(asked, since=days[0])
        case "until" if (days := read_days(value, today)) is not None:
            return replace(asked, until=days[0])
        case "date" if (days := read_days(value, today)) is not None:
            return replace(asked, since=days[0], until=days[1])
    return None


def read_days(value: str, today: date) -> tuple[date, date] | None:
    """(the first day, the day after the last) of a day, a month, a year, or of "7d", which goes on until today.

    >>> read_days("2026-02", date(2026, 5, 1))
    (datetime.date(2026, 2, 1), datetime.date(2026, 3, 1))
    """
    plain = value.strip().lower()
    if plain in _DAYS:
        day = today - timedelta(days=_DAYS[plain])
        return day, day + timedelta(days=1)
    if ago := _AGO.fullmatch(plain):
        long = int(ago[1]) * {"d": 1, "天": 1, "w": 7, "周": 7}.get(ago[2], 30)
        return today - timedelta(days=long), today + timedelta(days=1)
    found = _DATE.fullmatch(plain)
    if found is None:
        return None
    month, date_of_month = found[2], found[3]
    try:
        first = date(int(found[1]), int(month or 1), int(date_of_month or 1))
        if date_of_month:
            return first, first + timedelta(days=1)
        if month:
            return first, (first + timedelta(days=31)).replace(day=1)
        return first, first.replace(year=first.year + 1)
    except (ValueError, OverflowError):
        return None
