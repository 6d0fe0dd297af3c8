"""Delivery reports: RFC 3464 first, then what mail systems write instead. Pure, linear, raises nothing.

A null Return-Path alone is no bounce; a delayed or successful report is none either; nor is a bounce that a person passes on.
The fields are read in delivery_status.py, plain words in bounce_text.py, providers' JSON in bounce_notice.py.
"""

import re
from dataclasses import dataclass, replace

from channels.email.parts.headers import (
    Headers,
    decode_header,
    first,
    parse_addresses,
    parse_id,
    parse_ids,
    split_headers,
    text_of,
)
from channels.email.parts.mime import Part
from channels.email.reports.automatic import RECEIPTS, is_auto_reply
from channels.email.reports.bounce_notice import read_notice
from channels.email.reports.bounce_text import TextReport, read_text, returned_id, returned_recipients
from channels.email.reports.bounce_words import (
    BOUNCED_SUBJECT,
    DELAYED_SUBJECT,
    DELAYED_TEXT,
    DELIVERED_SUBJECT,
    ROBOT,
    UNATTENDED,
)
from channels.email.reports.delivery_status import (
    DeliveryStatus,
    RecipientReport,
    read_delivery_status,
    typed_address,
)

_PASSED_ON = re.compile(
    r"(?i)^\s*(?:re|aw|antw|sv|vs|odp|ynt|回复|答复|回覆|返信|fwd?|wg|tr|rv|enc|doorst|转发|轉寄|轉發|転送)\s?[:：]"
)
_ORIGINALS = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A delivery report.

    `failed`: at least one recipient did not get the letter; else it is `delayed`, or it arrived. `reports` has every recipient
    that the report names with what became of it, in order. `recipients` are the addresses of those that failed, as sent: the
    ones we wrote to first. `status` (RFC 3463) and `reason` are the first failure's. `original_message_id` is the returned
    letter's, `envelope_id` the one given with it (RFC 3461); "" where the report does not tell.
    """

    failed: bool
    delayed: bool
    recipients: tuple[str, ...] = ()
    status: str = ""
    reason: str = ""
    original_message_id: str = ""
    envelope_id: str = ""
    reports: tuple[RecipientReport, ...] = ()


def read_bounce(headers: Headers, root: Part, text: str) -> Bounce | None:
    """The delivery report that a letter is, or None. `text` is the letter's whole text."""
    parts = root.walk()
    report_type = root.params.get("report-type", "").lower()
    subject = text_of(headers, "subject")[:500]
    if any(p.content_type in RECEIPTS for p in parts) or report_type in (
        "disposition-notification",
        "feedback-report",
    ):
        return _rejection(headers, parts, text)
    sender = decode_header(first(headers, "from"))[:500]
    robot = ROBOT.search(sender) is not None
    null_path = first(headers, "return-path").strip().lower() in (b"<>", b"<mailer-daemon>")
    is_report = root.content_type == "multipart/report" or report_type == "delivery-status"
    machine = robot or null_path or is_report or "x-failed-recipients" in headers
    if not machine and _PASSED_ON.match(subject) is not None:
        return None
    notice = read_notice(text)
    if notice is not None:
        return _of_reports(notice, ())
    attached = _attached_original(parts)
    # People quote reports, and attach them, to ask what they mean; whoever writes like a person is taken for one.
    says = (machine or UNATTENDED.search(sender) is not None) and BOUNCED_SUBJECT.search(subject) is not None
    status = read_delivery_status(parts, flattened=machine or says)
    if status is None and not (machine or says):
        return None
    envelope = _Envelope(
        robot=robot,
        null_path=null_path,
        is_report=is_report,
        says=says,
        delays=(DELAYED_SUBJECT.search(subject) or DELAYED_TEXT.search(text[:6000])) is not None,
        attached=attached is not None,
        automatic=is_auto_reply(headers),
    )
    report = read_text(text, _own(headers, attached or {}))
    listed = tuple(a for v in headers.get("x-failed-recipients", [])[:50] for _, a in parse_addresses(v) if a)
    original = returned_id(attached or report.returned, text) or _answered(headers)
    if status is not None:
        told = _with_reason(status.recipients, report.reason)
        return _of_reports(replace(status, message_id=original, recipients=told), listed or report.named)
    if (robot or is_report) and DELIVERED_SUBJECT.search(subject):
        return Bounce(failed=False, delayed=False, original_message_id=original)
    if not (listed or _is_report(envelope, report)):
        return None
    named = listed or report.named
    recipients = named or report.mentioned[:1] or returned_recipients(attached or report.returned)[:1]
    found = tuple(
        RecipientReport(
            address=a,
            final=a,
            action="delayed" if envelope.delays else "failed",
            status=said[0] or report.status,
            reason=said[1] or report.reason,
        )
        for a in _once(recipients)
        for said in (report.told.get(a, ("", "")),)
    )
    if envelope.delays:
        return Bounce(failed=False, delayed=True, original_message_id=original, reports=found)
    return Bounce(failed=True, delayed=False, recipients=tuple(r.address for r in found), status=report.status,
                  reason=report.reason, original_message_id=original, reports=found)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    """What is known before the text is read. `says`: the subject speaks of a failure; `delays`: it or the text speaks of
    a delay. `attached`: a letter, or the headers of one, is attached. `automatic`: headers or subject are an auto-reply's."""

    robot: bool
    null_path: bool
    is_report: bool
    says: bool
    delays: bool
    attached: bool
    automatic: bool


def _is_report(envelope: _Envelope, report: TextReport) -> bool:
    """Whether a letter without fields reports a delivery. Words alone never suffice: people write them as well, of parcels."""
    if envelope.automatic and not (envelope.robot or envelope.is_report or envelope.says):
        return False
    shown = envelope.attached or report.has_returned
    if envelope.robot or envelope.is_report:
        spoken = report.failed or envelope.delays
        return envelope.says or (
            spoken and (report.talk or bool(report.named) or shown or envelope.null_path)
        )
    if envelope.null_path:
        return (
            envelope.says
            or (report.talk and (bool(report.named) or shown))
            or (report.failed and bool(report.named) and shown)
        )
    return (
        envelope.says
        and report.failed
        and bool(report.named or report.mentioned)
        and (report.talk or envelope.attached or "received" in report.returned)
    )


def _rejection(headers: Headers, parts: list[Part], text: str) -> Bounce | None:
    """Sieve's `reject` once refused letters by a receipt that says `deleted` (RFC 3028 4.1, RFC 5429 2.1.1); a mail program
    says the same when a person throws a letter away unread, but in that person's name. Other receipts are no failures."""
    if (
        ROBOT.search(decode_header(first(headers, "from"))[:500]) is None
        or b"rejected" not in first(headers, "auto-submitted").lower()
    ):
        return None
    for part in parts:
        if part.content_type == "message/disposition-notification":
            fields, _, _ = split_headers(part.data()[:20_000].lstrip(), top=True)
            address = typed_address(first(fields, "final-recipient"))
            if b"deleted" in first(fields, "disposition").lower() and address:
                said = read_text(text, frozenset())
                found = RecipientReport(
                    address=address, final=address, action="failed", status=said.status, reason=said.reason
                )
                return _of_reports(
                    DeliveryStatus(
                        recipients=(found,), message_id=parse_id(first(fields, "original-message-id"))
                    ),
                    (),
                )
    return None


def _of_reports(status: DeliveryStatus, better: tuple[str, ...]) -> Bounce:
    """`better`: what the report's header or text calls the failed recipients; it is believed where the fields name a file, a
    program or nobody, and otherwise added."""
    failures = tuple(r for r in status.recipients if r.action == "failed")
    if not failures:
        delayed = any(r.action == "delayed" for r in status.recipients)
        return Bounce(failed=False, delayed=delayed, reports=status.recipients, envelope_id=status.envelope_id,
                      original_message_id=status.message_id)  # fmt: skip
    named = [r.address for r in failures] + [r.final for r in failures]
    sound = [a for a in named if "@" in a and "/" not in a.partition("@")[0]]
    addresses = (*sound, *better) if len(failures) == 1 or not sound else tuple(sound)
    return Bounce(
        failed=True,
        delayed=False,
        recipients=_once(addresses or tuple(named)),
        status=next((r.status for r in failures if r.status), ""),
        reason=next((r.reason for r in failures if r.reason), ""),
        original_message_id=status.message_id,
        envelope_id=status.envelope_id,
        reports=status.recipients,
    )


def _with_reason(recipients: tuple[RecipientReport, ...], reason: str) -> tuple[RecipientReport, ...]:
    return tuple(
        replace(r, reason=reason) if r.action == "failed" and not r.reason else r for r in recipients
    )


def _once(addresses: tuple[str, ...]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for address in addresses:
        if address:
            seen.setdefault(address.lower(), address)
    return tuple(seen.values())


def _attached_original(parts: list[Part]) -> Headers | None:
    """The headers of the returned letter where it, or they alone, are a part."""
    part = next((p for p in parts if p.content_type in _ORIGINALS), None)
    return None if part is None else split_headers(part.data()[:300_000].lstrip(), top=True)[0]


def _answered(headers: Headers) -> str:
    """Exchange and Google say in In-Reply-To which letter comes back."""
    return next(iter(parse_ids(first(headers, "in-reply-to"))), "")


def _own(headers: Headers, returned: Headers) -> frozenset[str]:
    """Addresses that are the reporter's or the original author's, not the failed recipient's."""
    found = {
        a.lower()
        for block, names in (
            (headers, ("from", "to", "cc", "delivered-to", "reply-to")),
            (returned, ("from", "reply-to", "return-path", "sender")),
        )
        for name in names
        for _, a in parse_addresses(first(block, name))
    }
    return frozenset(found)
