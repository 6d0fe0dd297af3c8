"""What a report without RFC 3464 fields says in plain words: to whom it failed, why, and which letter came back. Pure; linear.

Whether the letter is a report at all is decided in bounces.py.
"""

# ruff: noqa: E501 - word lists of many languages read better unbroken
import re
from collections.abc import Mapping
from dataclasses import dataclass

from channels.email.parts.headers import Headers, first, one_line, parse_addresses, parse_id, split_headers
from channels.email.reports.bounce_words import FAILED_TEXT, REPLY_CODE, SMTP_TALK, STATUS

_MAX_TEXT = 60_000
_MAX_LINES = 1500
_MAX_LINE = 700
_MAX_WORDS = 15_000
"""Characters in which words of failure are looked for: the list is long, and they come early."""
_MAX_ADDRESSES = 20
"""Addresses looked at in one line."""
_LOCAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+=!#$&'*/?^`{|}~-"
_DOMAIN = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,8}")
_OPENS = r"[\"'<(\[*\s]{0,8}(?:mailto:|smtp[:=;]|rfc822;)?"
_EDGE = re.compile(rf"(?i)[\s*>|-]{{0,24}}{_OPENS}")
_LABEL = re.compile(
    r"(?i)[\s*>|\"'-]{0,12}(?:(?:final|original|failed|intended|envelope|invalid|unknown|bad|undeliverable|your)[\s-]){0,2}"
    r"(?:recipients?|addresse?e?s?|rcpt(?:\sto)?|destinat(?:ion|aires?|arios?|ari|[áa]rios?)|empf[äa]nger|e-?mail\saddress|mailbox|users?|failed\sto|ontvangers?|mottagare|"
    r"получатель|адресат|收件人|收件者|收信人|接收人|宛先|受信者|送信先|받는\s?사람|수신자)(?:\s?(?:address(?:es)?|地址|邮箱|メールアドレス|name|is|was))?\s{0,4}[:：=]\s{0,20}"
    + _OPENS
)
"""`Recipient address: `, in the languages that mail systems speak."""
_REASON = re.compile(
    r"(?i)(?:\s{0,3}(?::|;|\.{3}|\s-\s|,\s|\(|\[|--|=>|：)|\s{1,8}(?:on\s\w{3}|could|was|is|has|did|not|user|unknown|mailbox|error|reason|failed|invalid|5\d\d\b|4\d\d\b|said|\d{1,2}[./]\d{1,2}[./]))"
)
"""What follows in `<a@b>: host said …` and `a@b... User unknown`."""
_END = re.compile(r"[\s:;,.]{0,6}")
_COMMAND = re.compile(rf"(?i)\brcpt\s?to\s{{0,3}}[:=]\s{{0,5}}{_OPENS}$")
_SENTENCE = re.compile(
    r"(?i)(?:\b(?:delivered\sto|deliver(?:y|ing)?\s(?:your\s|the\s|this\s)?(?:mail\s|message\s|e-?mail\s)?(?:to|for)|(?:message|mail|letter)\s(?:to|for)|sent\sto|recipients?|recipient\(s\)|users?|mailbox|account|addresse?e?|reach|"
    r"an|à|a|para|till|til|do|для|пользователь)[\s:]{1,4}|(?:收件人|地址|用户|邮箱|给|至|到|宛|へ)[\s:：]{0,4})"
    + _OPENS
    + "$"
)
_ANSWER = re.compile(r"(?:^|\D)[45]\d\d[\s-]")
_HELP = re.compile(
    r"(?i)\b(?:contact|assistance|help|support|questions?|inquir|abuse|complain|forward\sthis|please\s(?:send|write|e-?mail|mail)|administrator\sat|unsubscribe|https?://|www\.)|联系|聯絡|咨询|お問い合わせ|連絡|ご相談"
)
_MARK = re.compile(
    r"""(?ix)^[\s>]{0,4}(?:
      [-=_*~+\#.]{2,90}\s{0,4}(?:(?:[^\n]{0,60}\b(?:original|returned|unsent|undelivered|rejected|failed|copy|header|headers|message\sfollows|message\sheader|body|your\smessage|bounced)\b)|[^\n]{0,30}(?:原始|原邮件|原郵件|原文|元の|送信されたメール|원본))
    | (?:the\s)?(?:original|returned|undelivered|rejected|unsent|your)\s(?:message|mail|e-?mail|text)(?:\s(?:headers?|text|body|contents?))?\s(?:follows|below|is\s(?:below|included|attached)|was:)
    | (?:message|mail)\s(?:headers?|text)\s(?:follows?|below)
    | (?:original\s(?:message|mail)|message\sheaders?|headers?\sof\sthe\soriginal|原始邮件|原邮件|原始郵件|ursprüngliche\s(?:nachricht|kopfzeilen)|original\s?nachricht|message\sd'origine|mensaje\soriginal)\s?(?:headers?)?\s?[:：]?\s*$
    )"""
)
"""A line after which the returned letter stands."""
_HEADER_LINE = re.compile(
    r"(?i)^(?:received|return-path|message-id|mime-version|date|from|to|subject|delivered-to|dkim-signature|x-[a-z0-9-]{1,40}|content-type|reply-to|cc|sender|content-transfer-encoding|in-reply-to|references|authentication-results|arc-[a-z-]{1,30}|organization|precedence|list-[a-z-]{1,20}|user-agent|importance|thread-[a-z]{1,12}|errors-to|status)[ \t]?:[ \t]?"
)
_TRACE_LINE = re.compile(
    r"(?i)^(?:received|return-path|message-id|mime-version|dkim-signature|delivered-to|x-[a-z0-9-]{1,40})[ \t]?:"
)
_NOT_RECIPIENT = re.compile(
    r"(?i)^(?:mailer-daemon|postmaster|post_master|double-bounce|mailerdaemon|mail-daemon|abuse|no-?reply|noc|hostmaster|webmaster)@"
)
_ID_LIKE = re.compile(r"(?i)message[\s-]{0,3}id|^\s*(?:references|in-reply-to|id)\b|\bwith\sid\b|envelope-id")
_RETURNED_ID = re.compile(
    r"(?im)^[ \t>*]{0,12}(?:original[ -])?(?:message|internet-message)[ -]?id[ \t]?[:：=][ \t]{0,20}(<[^<>\r\n]{1,900}>|[^\s<>]{1,400}@[^\s<>]{1,400})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReport:
    """`named`: recipients in a place where reports name them; `mentioned`: other addresses that may be meant, best first.
    `told`: status and reason of each that is named, as far as they follow it. `failed`: words of failure; `talk`: a mail
    server's own answer is quoted. `returned`: the headers of the returned letter as far as they stand in the text."""

    named: tuple[str, ...]
    told: Mapping[str, tuple[str, str]]
    mentioned: tuple[str, ...]
    failed: bool
    talk: bool
    status: str
    reason: str
    returned: Headers
    has_returned: bool


def read_text(text: str, own: frozenset[str]) -> TextReport:
    """Read a report's text. `own`: addresses, lower case, that are rather the reader's than the failed recipient's."""
    lines = text[:_MAX_TEXT].split("\n")[:_MAX_LINES]
    cut = _returned_at(lines)
    told = [line[:_MAX_LINE] for line in lines[: len(lines) if cut is None else cut[0]]]
    returned: Headers = {}
    if cut is not None:
        block = "\n".join(lines[cut[1] :]).lstrip("\n \t>").encode("utf-8", "replace")
        returned, _, _ = split_headers(block, top=True)
    classes: list[list[str]] = [[], [], []]
    failed = talk = False
    budget = _MAX_WORDS
    status = reason = weak_reason = ""
    details: dict[str, tuple[str, str]] = {}
    for line in _joined(told):
        count = len(classes[0])
        if "@" in line:
            _sort_addresses(line, classes)
        of_whom = classes[0][count:] or classes[0][-1:]
        if not failed and budget > 0:
            budget -= len(line)
            if FAILED_TEXT.search(line) is not None:
                failed, weak_reason = True, one_line(line)[:300]
        is_talk = SMTP_TALK.search(line) is not None
        talk = talk or is_talk
        found = STATUS.search(line)
        code = found.group(1) if found is not None and not found.group(1).startswith("2") else ""
        status = status or code
        if is_talk or found is not None or REPLY_CODE.search(line) is not None:
            said = one_line(line)[:300]
            reason = reason or said
            for address in of_whom:
                before = details.get(address, ("", ""))
                details[address] = (before[0] or code, before[1] or said)
    foreign = [
        tuple(dict.fromkeys(a for a in found if a.lower() not in own and not _NOT_RECIPIENT.match(a)))
        for found in classes
    ]
    named = foreign[0] or tuple(dict.fromkeys(a for a in classes[0] if not _NOT_RECIPIENT.match(a)))
    rest = foreign[1] or foreign[2]
    return TextReport(
        named=named or foreign[1], told=details, mentioned=rest, failed=failed, talk=talk, status=status, reason=reason or weak_reason,
        returned=returned, has_returned=cut is not None,
    )  # fmt: skip


def returned_id(headers: Headers, text: str) -> str:
    """The returned letter's Message-ID: from its headers, else from where the report's text states it; "" when nowhere."""
    found = parse_id(first(headers, "message-id")) if "message-id" in headers else ""
    if found:
        return found
    match = _RETURNED_ID.search(text[:400_000])
    return parse_id(match.group(1).encode("utf-8", "replace")) if match else ""


def returned_recipients(headers: Headers) -> tuple[str, ...]:
    """To whom the returned letter went, by its own headers."""
    for name in ("x-failed-recipients", "x-original-to", "original-recipient", "to", "cc"):
        found = tuple(a for value in headers.get(name, [])[:5] for _, a in parse_addresses(value) if a)
        if found:
            return found
    for value in headers.get("received", [])[:30]:
        match = re.search(rb"(?i)\bfor\s{1,5}<([^<>\s]{3,300})>", value)
        if match is not None:
            return (match.group(1).decode("utf-8", "replace"),)
    return ()


def _sort_addresses(line: str, classes: list[list[str]]) -> None:
    """Put each address of a line into the class of the place where it stands, clearest class first."""
    if _HELP.search(line) is not None:
        return
    id_line = _ID_LIKE.search(line) is not None
    found = _addresses(line)
    labelled = False
    for start, end, address in found:
        before, after = line[:start], line[end:].lstrip("\"'>)]*")
        labelled = labelled or _LABEL.fullmatch(before) is not None
        if (
            labelled
            or (_EDGE.fullmatch(before) is not None and (_END.fullmatch(after) or _REASON.match(after)))
            or _COMMAND.search(before[-60:])
        ):
            classes[0].append(address)
        elif not id_line:
            near = _SENTENCE.search(before[-80:]) or _ANSWER.search(before[-140:])
            classes[1 if near else 2].append(address)


def _addresses(line: str) -> list[tuple[int, int, str]]:
    """Where addresses stand in a line. By hand: a pattern would begin anew at each letter."""
    out: list[tuple[int, int, str]] = []
    at = -1
    for _ in range(_MAX_ADDRESSES):
        at = line.find("@", at + 1)
        if at < 0:
            break
        domain = _DOMAIN.match(line, at + 1)
        head = line[max(0, at - 120) : at]
        local = head[len(head.rstrip(_LOCAL)) :]
        start = at - len(local)
        local = re.sub(r"(?i)^(?:mailto:|smtp=)", "", local).lstrip("'*=`.")
        if domain is not None and local:
            out.append((start, domain.end(), f"{local}@{domain.group()}"))
    return out


def _joined(lines: list[str]) -> list[str]:
    """Lines, with those that end in a label or an opening (`delivered to:`) joined to the address below."""
    out: list[str] = []
    for line in lines:
        if (
            out
            and "@" in line
            and re.search(r"(?i)\b(?:rcpt\sto|user|said:|to):?\s*$", out[-1])
            and len(out[-1]) < 200
        ):
            out[-1] = f"{out[-1].rstrip()} {line.strip()}"[:_MAX_LINE]
        out.append(line)
    return out


def _returned_at(lines: list[str]) -> tuple[int, int] | None:
    """Where the report ends and where the returned letter's headers begin, or None."""
    for index, line in enumerate(lines):
        if index and _MARK.match(line[:_MAX_LINE]) is not None:
            start = _headers_from(lines, index + 1, 12, trace=False)
            # Sendmail's first line reads "The original message was received at …": only a real letter below ends a report.
            if start is not None or re.match(r"\s{0,3}[-=_*~+#.]{2}", line):
                begin = len(lines) if start is None else start
                if start is not None or not _names_recipient(lines[index + 1 : index + 12]):
                    return index, begin
        elif _TRACE_LINE.match(line):
            start = _headers_from(lines, index, 1, trace=True)
            if start is not None and index:
                return index, index
    return None


def _names_recipient(lines: list[str]) -> bool:
    classes: list[list[str]] = [[], [], []]
    for line in lines:
        if "@" in line:
            _sort_addresses(line[:_MAX_LINE], classes)
    return bool(classes[0])


def _headers_from(lines: list[str], start: int, within: int, *, trace: bool) -> int | None:
    """The first of three header lines in a row (continuations aside) that begin `within` lines from `start`."""
    for begin in range(start, min(len(lines), start + within)):
        if not _HEADER_LINE.match(lines[begin].lstrip(" >")):
            continue
        count = 0
        traced = not trace
        for line in lines[begin : begin + 40]:
            bare = line.lstrip(">") if line.startswith(">") else line
            if not bare.strip():
                break
            if _HEADER_LINE.match(bare.lstrip(" ")):
                count += 1
                traced = traced or _TRACE_LINE.match(bare) is not None
            elif bare[:1] not in " \t":
                break
        if count >= (3 if trace else 2) and traced:
            return begin
    return None
