"""Delivery reports: RFC 3464 first, then flufl.bounce's shapes, then the sender's and the subject's
words. Pure.

A null Return-Path alone is no bounce; a delayed or successful report is none either.
"""

# ruff: noqa: E501 - word lists of thirty languages read better unbroken
import re
from dataclasses import dataclass
from email import message_from_bytes

from channels.email.charsets import guess
from channels.email.headers import Headers, first, one_line, parse_addresses, parse_id, split_headers, text_of
from channels.email.mime import Part

_ADDRESS = re.compile(
    r"[A-Za-z0-9._%+=!#$&'*/?^`{|}~-]{1,120}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY_CODE = re.compile(r"(?:^|[\s:#(<])(5\d\d)[ -]")
_ROBOT = re.compile(
    r"(?i)(?:^|[<\"\s])(?:mailer[-_. ]?daemon|postmaster|mail[-_. ]?delivery[-_. ]?(?:sub)?system|mdaemon|mailerdaemon|bounces?|"
    r"mail[-_.]?administrator|microsoft ?exchange|system administrator|mail delivery)"
)
_SUBJECT = re.compile(
    r"""(?ix) undeliver(?:able|ed) | delivery\s+(?:status\s+notification\s*\(failure | has\s+failed|failed|failure|error|problem)
    | returned\s+(?:mail|to\s+sender|message) | mail\s+delivery\s+(?:failed|failure|error|system) | failure\s+notice
    | delivery\s+status\s+notification\b(?!\s*\((?:delay|relay|success)) | could\s+not\s+(?:be\s+)?deliver | mail\s+system\s+error | message\s+(?:not|undeliverable|rejected)
    | non\s+(?:remis|recapitabile|d[ée]livr) | unzustellbar | nicht\s+zugestellt | mensaje\s+no\s+entregado | undelivered | user\s+unknown
    | 退信 | 投递失败 | 无法投递 | 系统退信 | 未送达 | 送信エラー | 配信不能 | 配信エラー | nondeliverable | non-delivery | undeliverable | bounced?\b | unable\s+to\s+deliver"""
)
_DELAYED = re.compile(
    r"(?i)delay|warning: (?:message|could not send)|still (?:trying|being retried)|延迟|not yet been delivered|will be retried"
)
_TEXT = re.compile(
    r"(?i)(?:user|recipient|mailbox|address|account)s?\b[^\n]{0,40}\b(?:unknown|not found|unavailable|does(?:n't| not) exist|rejected|disabled|full|over quota|invalid)|"
    r"no such (?:user|recipient|mailbox|address)|permanent(?:ly)? (?:fatal )?(?:error|fail)|(?:could|can)(?: ?not|n't) be delivered|not be delivered|"
    r"delivery (?:to the following|failed|has failed)|did not reach|unable to deliver|undeliverable|unrouteable|"
    r"wasn't able to deliver|\b55\d[ -]|mailbox (?:is )?full|quota exceeded|配信できません|宛先不明|無法|无法"
)
_QUOTED_ID = re.compile(rb"(?im)^message-id:\s{0,20}(<[^<>\r\n]{1,900}>)")
_NOT_RECIPIENT = re.compile(r"(?i)^(?:mailer-daemon|postmaster|double-bounce|mailerdaemon)@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A delivery report. `failed` is False for delayed and delivered ones. `recipients` in order, lower
    case kept as sent."""

    failed: bool
    delayed: bool
    recipients: tuple[str, ...] = ()
    status: str = ""
    reason: str = ""
    original_message_id: str = ""


def read_bounce(headers: Headers, root: Part, text: str, raw: bytes) -> Bounce | None:
    """The delivery report that a letter is, or None. `raw` is for detectors that need the letter itself."""
    parts = root.walk()
    original = _original_id(parts, raw)
    fields = _delivery_status(parts)
    if fields:
        found = _from_status(fields, text, original)
        if found is not None:
            return found
    sender = guess(first(headers, "from"))
    subject = text_of(headers, "subject")[:500]
    if _is_submitted_by_person(headers):
        return None
    robot = bool(_ROBOT.search(sender)) or "x-failed-recipients" in headers
    null_path = first(headers, "return-path").strip() in (b"<>", b"") and "return-path" in headers
    subject_says = bool(_SUBJECT.search(subject)) and not re.match(r"(?i)\s*(?:re|aw|fwd?)\s*:", subject)
    report = root.content_type == "multipart/report" and root.params.get("report-type", "").lower() in (
        "delivery-status",
        "",
    )
    if not (robot or null_path or subject_says or report):
        return None
    if _DELAYED.search(subject):
        return Bounce(failed=False, delayed=True, original_message_id=original)
    listed = _addresses(guess(b",".join(headers.get("x-failed-recipients", []))))
    if robot and re.search(
        r"(?i)delivery status notification \(delay|still trying|will (?:be )?(?:retr|continue)|has not yet been|only a warning|do not need to resend",
        text[:4000],
    ):
        return Bounce(failed=False, delayed=True, original_message_id=original)
    recipients = listed or _by_flufl(raw, parts)
    strong = bool(
        _TEXT.search(text[:20_000]) or _REPLY_CODE.search(text[:20_000]) or _STATUS.search(text[:20_000])
    )
    if not (
        listed
        or (recipients and (robot or subject_says or null_path))
        or ((robot or null_path or report) and subject_says)
        or (robot and strong)
        or (subject_says and strong)
    ):
        return None
    if not recipients:
        own = {
            a.lower()
            for name in ("from", "to", "cc", "delivered-to")
            for _, a in parse_addresses(first(headers, name))
        }
        recipients = tuple(
            a for a in _addresses(text[:8000]) if a.lower() not in own and not _NOT_RECIPIENT.match(a)
        )
        recipients = recipients[:1] or _original_to(raw)
    status = _STATUS.search(text[:20_000])
    return Bounce(failed=True, delayed=False, recipients=recipients, status=status.group(1) if status else "",
                  reason=_reason(text), original_message_id=original)  # fmt: skip


def _is_submitted_by_person(headers: Headers) -> bool:
    value = first(headers, "auto-submitted").strip().lower()
    return (
        value.startswith(b"auto-replied")
        and not _ROBOT.search(guess(first(headers, "from")))
        and not _SUBJECT.search(text_of(headers, "subject")[:500])
    )


def _delivery_status(parts: list[Part]) -> list[Headers]:
    for part in parts:
        if part.content_type in ("message/delivery-status", "message/global-delivery-status"):
            groups: list[Headers] = []
            for block in re.split(rb"\r?\n(?:[ \t]*\r?\n)+", part.data()[:200_000].strip() + b"\r\n")[:300]:
                found, _, _ = split_headers(block.strip() + b"\r\n", top=True)
                if found:
                    groups.append(found)
            return groups
    return []


def _from_status(groups: list[Headers], text: str, original: str) -> Bounce | None:
    failed: list[str] = []
    delayed = delivered = False
    status = reason = ""
    for group in groups:
        action = first(group, "action").strip().lower().split(b" ")[0]
        code = _STATUS.search(guess(first(group, "status")))
        value = code.group(1) if code else ""
        names = [_typed(first(group, n)) for n in ("original-recipient", "final-recipient")]
        names = [n for n in names if n]
        if not names and not action:
            continue
        if action.startswith(b"delay"):
            delayed = True
        elif action in (b"delivered", b"relayed", b"expanded") or (
            value.startswith("2") and action != b"failed"
        ):
            delivered = True
        elif action.startswith(b"fail") or value.startswith(("5", "4")) or not action:
            failed.extend(names[::-1])
            status = status or value
            reason = reason or one_line(guess(first(group, "diagnostic-code")))[:300]
    if failed or status:
        return Bounce(failed=True, delayed=False, recipients=tuple(dict.fromkeys(failed)), status=status,
                      reason=reason or _reason(text), original_message_id=original)  # fmt: skip
    if delayed or delivered:
        return Bounce(failed=False, delayed=delayed, original_message_id=original)
    return None


def _typed(raw: bytes) -> str:
    value = one_line(guess(raw))
    _, semicolon, address = value.partition(";")
    found = _ADDRESS.search(address if semicolon else value)
    if found:
        return found.group()
    return (address if semicolon else value).strip(' <>"')[:320]


def _by_flufl(raw: bytes, parts: list[Part]) -> tuple[str, ...]:
    """flufl.bounce's detectors, on letters small enough for its and the standard library's parser."""
    if len(raw) > 300_000 or len(parts) > 40 or len(first(parts[0].headers, "content-type")) > 2000:
        return ()
    if any(sum(len(v) for v in p.headers.get("content-type", [])) > 2000 for p in parts):
        return ()
    from flufl.bounce import all_failures

    message = message_from_bytes(raw)
    # Several detectors fail, and write a traceback to the log, on a From that is missing or not ASCII.
    del message["From"]
    people = parse_addresses(first(parts[0].headers, "from"))
    sender = next((a for _, a in people if a.isascii()), "")
    message["From"] = sender or "unknown@sender.invalid"
    try:
        _, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 - it raises whatever a hostile letter provokes; our own rules still apply
        return ()
    return tuple(sorted(guess(a) if isinstance(a, bytes) else str(a) for a in permanent if a))


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(a.strip(".'") for a in _ADDRESS.findall(text)))


def _original_id(parts: list[Part], raw: bytes) -> str:
    for part in parts:
        if part.content_type in (
            "message/rfc822",
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/global",
        ):
            found, _, _ = split_headers(part.data()[:300_000].lstrip(), top=True)
            if "message-id" in found:
                return parse_id(first(found, "message-id"))
    body = raw[:400_000].partition(b"\n\r\n")[2] or raw[:400_000].partition(b"\n\n")[2]
    match = _QUOTED_ID.search(body)
    return parse_id(match.group(1)) if match else ""


def _original_to(raw: bytes) -> tuple[str, ...]:
    body = raw[:400_000].partition(b"\n\r\n")[2] or raw[:400_000].partition(b"\n\n")[2]
    match = re.search(rb"(?im)^(?:to|x-original-to|original-recipient):([^\r\n]{1,400})", body)
    return _addresses(guess(match.group(1)))[:1] if match else ()


def _reason(text: str) -> str:
    for line in text[:20_000].split("\n"):
        if _REPLY_CODE.search(line[:400]) or _STATUS.search(line[:400]):
            return one_line(line)[:300]
    return ""
