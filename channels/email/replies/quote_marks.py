"""How one line, or a few together, announces that what follows was written before. Pure, and linear in the text.

A line is cut to CUT characters before any expression sees it, and nothing looks further than a few lines ahead. What
follows from a mark is decided in quotes.py.
"""

import re

from channels.email.replies.quote_words import (
    BEFORE_DATE,
    DAYS,
    FORWARDED,
    HEADS,
    MIDDLE,
    ORIGINAL,
    QUOTING,
    REPLY_ABOVE,
    SAID,
    SELF,
    WROTE,
)

CUT = 400
"""Characters of a line that are looked at; no mark is longer."""
_JOIN_LINES = 5
_JOIN_CHARACTERS = 500


def _any(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))


_DECORATION = " \t\u3000\u00a0>*_|"
_DASHES = "-‐‑‒–—―_=*~#"

_MONTH = r"[^\W\d_]{3,12}"
_DATE = re.compile(
    rf"\d{{4}}\s?[-/.年년]\s?\d{{1,2}}|(?<![\d.])[0-3]?\d\s?[-/.]\s?[0-3]?\d\s?[-/.]\s?(?:\d{{4}}|\d{{2}})(?!\d|\.\d)|\d{{1,2}}\s?[月월]\s?\d{{1,2}}"
    rf"|(?<!\d)\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?(?:\s+de)?\s+{_MONTH}\.?,?(?:\s+de)?\s+\d{{2,4}}"
    rf"|{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th|\.)?,?\s+(?:at\s+)?\d{{4}}|\d{{4}}\.\s?{_MONTH}"
)
_TIME = re.compile(
    r"(?<!\d)\d{1,2}\s?[:h時点时]\s?\d{2}|(?<![\d.])\d{1,2}\.\d{2}(?![\d.])|\d\s?(?:[ap]\.?m\b|uhr\b)|上午|下午|오전|오후|午前|午後",
    re.IGNORECASE,
)
_BEFORE = re.compile(rf"(?:{_any(BEFORE_DATE)})(?:\b|(?<=\W)|\s|(?=\d))", re.IGNORECASE)
_DAY = re.compile(rf"(?:{_any(DAYS)})\b\.?,?\s", re.IGNORECASE)
_DAY_DATE = re.compile(
    rf"(?:{_any(DAYS)})\b[.,]{{0,2}}\s(?:{_MONTH}\.?\s\d{{1,2}}|\d{{1,2}}\.?\s{_MONTH})\b", re.IGNORECASE
)
_DATE_FIRST = re.compile(
    r"[(\[]?\d{1,4}\s?[-/.年년日]|\d{1,2}\.?\s+[^\W\d_]{3,12}|[^\W\d_]{3,9}\.? \d{1,2},? \d{4}"
)
_WROTE_CHINESE = re.compile(r"(?:写道|寫道|書きました|のメール|のメッセージ|작성)\s*[:：]?\s*$")
_QUOTING = re.compile(rf"(?:{_any(QUOTING)})\b", re.IGNORECASE)
_WROTE_MIDDLE = re.compile(rf"(?<!\w)(?:{_any(MIDDLE)})(?!\w)", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_HINT = re.compile(r"[\d@<]")
_BEHIND_VERB = " \t\u00a0:：-–—[]0123456789"
_LAST = (":", "：", ">", *_DASHES)
_NO_SPACES = "\u0e00"
"""From Thai on, scripts that set no space before a verb."""
_VERB = 60
"""Characters at the end in which a verb is looked for."""
_SELF_WROTE = re.compile(
    rf"(?:(?<!\w)(?:{_any(SELF)})\s+(?:\w+\s+){{0,3}}(?:{_any(WROTE)})|(?:{_any(MIDDLE)})\s+(?:{_any(SELF)})\b"
    r"|^(?:在|於|于)?[我你您].{0,60}(?:写道|寫道)|[我你您](?:在|于|曾|昨天|今天).{0,80}(?:写道|寫道))",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"[<(\[]\s*(?:mailto:)?[^<>()\[\]@]{1,100}@[^<>()\[\]]{1,100}\s*[>)\]]")
_SHARED = re.compile(
    r"(?:(?<=\S)\s*[-–—]{2,}\s*|(?<=\S)\s+|(?<=[.!?]))(?=On\s(?:[A-Z][a-z]{2}|\d))(?=.{10,250}\bwrote:\s*$)"
)
_SHARED_CHINESE = re.compile(
    r"(?:(?<=[。！？!?])|(?<=\S)\s{2,})(?=(?:在\s?)?\d{4}\s?[年/-]\s?\d{1,2}.{5,200}(?:写道|寫道)[:：]\s*$)"
)
_RULE_LENGTH = 5
_DRAWN = frozenset("-_=*~#+ー")
_SAID_LOUD = frozenset("！？。…、，")
_FROM = re.compile(r"^\S+ (?:message|mail|e-?mail)\b")
_LABEL = re.compile(r"[^\W\d_][^\n:：|@<>]{0,22}$")


def is_quoted(line: str) -> bool:
    """Whether a line is marked as old text, with `>`."""
    return line[:4].lstrip()[:1] in (">", "＞") and bool(line.strip())


def is_barred(line: str) -> bool:
    """Whether a line begins with a bar. That is a quote below an attribution only, elsewhere a table."""
    return line[:4].lstrip()[:1] in ("|", "│") and bool(line.strip())


def is_rule(line: str) -> bool:
    """A drawn line and nothing else."""
    drawn = line[:CUT].strip(" \t\u3000\u00a0>")
    if len(drawn) < _RULE_LENGTH or len(set(drawn)) > 2:
        return False
    return all(c in _DRAWN or (c > "\u2000" and not c.isalnum() and c not in _SAID_LOUD) for c in set(drawn))


def separator(lines: list[str], index: int) -> str:
    """Which title of an older letter this line is: forwarded, original, or "" for none."""
    inner = lines[index][:CUT].replace("&nbsp;", " ").strip(" \t\u3000\u00a0>|").rstrip(":：").rstrip()
    if not inner or len(inner) > 160:
        return ""
    words = inner.strip(_DASHES + _DECORATION).strip().lower()
    if not words or len(words) > 100:
        return ""
    dashes = len(inner) - len(inner.lstrip(_DASHES))
    if words.startswith(REPLY_ABOVE) and (dashes or len(words) < 60):
        return "original"
    if dashes < 2:
        known = "forwarded" if words.startswith(FORWARDED) else "original" if words in ORIGINAL else ""
        return known if known and len(words) < 60 and _head_follows(lines, index) else ""
    both = inner[-1] in _DASHES
    if words.startswith(FORWARDED):
        return "forwarded"
    if words in ORIGINAL and (both or dashes > 3):
        return "original"
    if both and words.startswith(ORIGINAL) and (not words.isascii() or _FROM.search(words)):
        return "original"
    below = next((i for i in range(index + 1, min(len(lines), index + 3)) if lines[i].strip()), 0)
    return "original" if both and len(words) < 50 and below and head_block(lines, below) > below else ""


def _head_follows(lines: list[str], index: int) -> bool:
    """Whether one of the next two lines with text is a head."""
    below = [o for o in lines[index + 1 : index + 6] if o.strip()]
    return any(head_role(o) for o in below[:2])


_PADDING = re.compile(r"[\s\u3000\u00a0*_]+")
_ROLES = {name: role for role, names in HEADS.items() for name in names.split()}


def head_role(line: str) -> str:
    """What the head on this line says (from, sent, date, to, cc, subject, reply), else ""."""
    probe = line[:60].lstrip(_DECORATION)
    ends = [e for e in (probe.find(":"), probe.find("："), probe.find("|")) if e >= 0]
    if not ends or min(ends) > 30:
        return ""
    name = _PADDING.sub("", probe[: min(ends)]).lower()
    if probe[min(ends)] == "|" and name.isascii():
        return ""
    return _ROLES.get(name, "")


def head_block(lines: list[str], index: int) -> int:
    """Where a block of repeated heads that begins at `index` ends; `index` itself when none begins.

    Enough heads to be sure are needed: "From: Berlin / To: Paris / Date: Monday" is what a traveller writes.
    """
    line = lines[index][:CUT]
    first = head_role(line)
    if not first:
        return _unknown_heads(lines, index)
    roles = {first}
    end = index + 1
    between = 0
    while end < len(lines) and end - index < (14 if len(roles) > 1 else 4):
        following = lines[end][:CUT]
        role = head_role(following)
        if role:
            roles.add(role)
            between = 0
        elif not following.strip():
            if len(roles) > 1 or between or not (end + 1 < len(lines) and head_role(lines[end + 1])):
                break
        else:
            between += 1
            if between > 2:
                break
        end += 1
    end -= between
    return end if _sure(roles, [o[:CUT] for o in lines[index:end]]) else _unknown_heads(lines, index)


def _sure(roles: set[str], block: list[str]) -> bool:
    """Whether these heads are a program's: people write "From:" and "To:" too, but no address, date and subject in a row."""
    addressed = any("@" in o for o in block)
    dated = any(_DATE.search(o) or _TIME.search(o) for o in block)
    if "from" not in roles:
        clock = any(_DATE.search(o) and _TIME.search(o) for o in block)
        return addressed and (
            ({"subject"} <= roles and len(roles) > 2) or (clock and {"date", "to"} <= roles)
        )
    if addressed:
        return len(roles) > 2 or bool(roles & {"sent", "date", "subject"})
    return dated and ("sent" in roles or {"date", "subject"} <= roles)


def _unknown_heads(lines: list[str], index: int) -> int:
    """Three heads in a language nobody listed: an address in brackets first, and a date with its time below."""
    if index and lines[index - 1].strip() and not is_rule(lines[index - 1]):
        return index
    end = index
    for line in lines[index : index + 8]:
        label, colon, _value = line[:CUT].strip(_DECORATION).partition(":")
        if not colon or not _LABEL.match(label.strip(_DECORATION)):
            break
        end += 1
    if end - index < 3 or not _BRACKETED.search(lines[index][:CUT]):
        return index
    dated = any(_DATE.search(o[:CUT]) and _TIME.search(o[:CUT]) for o in lines[index + 1 : end])
    return end if dated else index


def attribution(lines: list[str], index: int) -> int:
    """How many lines an "On … wrote:" takes from `index`; 0 when there is none. Programs break it over up to five."""
    first = lines[index][:CUT].strip()
    if not _HINT.search(first) and not first.endswith((":", "：", "-")) and not _ends_with_verb(first):
        return 0
    begins = _begins(first)
    if (
        not begins
        and "@" not in first
        and "<" not in first
        and not first.endswith((":", "："))
        and not _ends_with_verb(first)
    ):
        return 0
    joined = ""
    blanks = 0
    for end in range(index, min(len(lines), index + _JOIN_LINES + 2)):
        line = lines[end][:CUT].strip()
        if not line:
            blanks += 1
            if blanks > 2 or not (end + 1 < len(lines) and lines[end + 1].lstrip()[:1] in ("<", ">")):
                break
            continue
        if end > index:
            if is_quoted(line) and joined.count("<") <= joined.count(">"):
                break
            if not begins and "<" not in first:
                break
            if _DATE.search(line) and _begins(line):
                break
        joined = f"{joined} {line}".strip()
        if len(joined) > _JOIN_CHARACTERS:
            break
        if not line.endswith(_LAST) and not _ends_with_verb(line):
            continue
        if _says_wrote(joined, _quote_follows(lines, end + 1)):
            return end + 1 - index
        if line.endswith((":", "：")):
            break
    return 0


def _begins(line: str) -> bool:
    body = line.lstrip(_DECORATION + _DASHES)[:90]
    if not _DIGIT.search(body):
        return False
    before = _BEFORE.match(body)
    if before and (
        _DATE.search(body) or _TIME.search(body) or _DAY_DATE.match(body[before.end() :].lstrip())
    ):
        return True
    return bool(
        (_DAY.match(body) and _DATE.search(body[:50]))
        or (_DATE_FIRST.match(body) and _DATE.search(body[:40]))
    )


def _ends_with_verb(text: str, verbs: tuple[str, ...] = WROTE + SAID) -> bool:
    end = text[-_VERB:].rstrip(_BEHIND_VERB).lower()
    if not end.endswith(verbs):
        return False
    verb = max((w for w in verbs if end.endswith(w)), key=len)
    before = end[: -len(verb)][-1:]
    return not before.isalpha() or verb[0] >= _NO_SPACES


def _quote_follows(lines: list[str], index: int) -> bool:
    for line in lines[index : index + 4]:
        if line.strip():
            return is_quoted(line) or is_barred(line)
    return False


def _says_wrote(joined: str, quoted: bool) -> bool:
    """Whether these words are an attribution. Each way asks for two marks that do not meet in ordinary sentences."""
    text = joined.lstrip(_DECORATION).replace("< ", "<")
    bare = text.lstrip(_DASHES + _DECORATION).rstrip(_DASHES + " \t\u3000\u00a0|")
    colon = bare.endswith((":", "："))
    wrote = _ends_with_verb(bare)
    framed = len(text) - len(text.lstrip(_DASHES)) > 1 and text.rstrip(" :：")[-2:].strip(_DASHES) == ""
    if wrote and framed:
        return True
    if not colon and not wrote and not bare.endswith(">"):
        return False
    if not quoted and not _HINT.search(bare):
        return False
    begins = _begins(bare)
    address = _BRACKETED.search(bare) is not None
    date, clock = _DATE.search(bare), _TIME.search(bare)
    if not quoted and not address and _SELF_WROTE.search(bare):
        return False
    if wrote and (date or quoted or not _ends_with_verb(bare, SAID)):
        short = len(bare) < (200 if quoted else 120)
        if address or (begins and (date or clock)) or ("@" in bare and date) or (quoted and short):
            return True
        if date and clock and short and _WROTE_CHINESE.search(bare):
            return True
    if not colon:
        return bool(begins and date and address and bare.endswith(">") and _DATE_FIRST.match(bare))
    if _WROTE_MIDDLE.search(bare) and (date or clock) and (address or (begins and (clock or quoted))):
        return True
    if (date and address) or (begins and date and clock and "@" in bare):
        return True
    if quoted and len(bare) < 250 and ((date and clock) or address):
        return True
    return bool(address and _QUOTING.match(bare))


def split_shared(line: str) -> tuple[str, str]:
    """An attribution that begins in the middle of a line, behind the author's own words: both parts."""
    if len(line) > CUT or not line.rstrip().endswith((":", "：")):
        return line, ""
    found = (_SHARED.search(line) if "On" in line else None) or (
        _SHARED_CHINESE.search(line) if not line.isascii() else None
    )
    if not found or not line[: found.start()].strip():
        return line, ""
    rest = line[found.end() :].strip()
    return (line[: found.start()], rest) if _says_wrote(rest, quoted=True) else (line, "")
