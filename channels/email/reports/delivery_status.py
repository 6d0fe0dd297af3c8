"""What RFC 3464 fields say, one recipient at a time, also where the report lost its structure on the way. Pure; linear."""

import re
from dataclasses import dataclass

from channels.email.characters.charsets import guess
from channels.email.parts.headers import Headers, decode_header, first, one_line, split_headers
from channels.email.parts.mime import Part
from channels.email.reports.bounce_words import STATUS

ADDRESS = re.compile(
    r"[A-Za-z0-9._%+=!#$&'*/?^`{|}~-]{1,120}@[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,8}"
)
_FIELDS = re.compile(rb"(?im)^[ \t>]{0,8}(?:final|original)-recipient[ \t]?:")
_INDENT = re.compile(rb"(?m)^[ \t>]{1,8}(?=[A-Za-z-]{3,40}:)")
_BLANK = re.compile(rb"\r?\n(?:[ \t>]{0,8}\r?\n)+")
_TYPED = re.compile(r"(?i)^\s*(?:rfc822|utf-8|smtp|internet|unknown|system|x-[a-z0-9-]{1,30})\s*[;:]")
_MAX_FIELDS = 200_000
_MAX_GROUPS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientReport:
    """What became of one recipient (RFC 3464 2.3).

    `address` is the one that we wrote to as far as the report tells (Original-Recipient), else the last one it was sent to
    (Final-Recipient); `final` is that last one. `action` is failed, delayed, delivered, relayed or expanded. `status` is an
    RFC 3463 code or "". `reason` is one line for people, or "".
    """

    address: str
    action: str
    final: str = ""
    status: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """All recipients of a report, in order, the envelope id that the sender gave (RFC 3461 4.4) and the returned letter's
    Message-ID; "" where it says nothing of them."""

    recipients: tuple[RecipientReport, ...]
    envelope_id: str = ""
    message_id: str = ""


def read_delivery_status(parts: list[Part], *, flattened: bool) -> DeliveryStatus | None:
    """The fields of a report's machine-readable parts. `flattened` looks for them in its texts as well: gateways turn the
    parts into plain text."""
    groups: list[Headers] = []
    for part in parts:
        # message/global-delivery-status is RFC 6533's; a few systems write message/xdelivery-status.
        if part.content_type.startswith("message/") and "delivery" in part.content_type:
            groups.extend(_groups(part.data()))
    if flattened and not any(_is_recipient(group) for group in groups):
        for part in parts:
            if part.content_type.startswith(("text/", "message/")) and not part.children:
                data = part.data()[:_MAX_FIELDS]
                if _FIELDS.search(data):
                    groups.extend(
                        group
                        for group in _groups(data)
                        if "final-recipient" in group or "original-recipient" in group
                    )
                    break
    found = [report for group in groups if _is_recipient(group) and (report := _report(group)) is not None]
    if not found:
        return None
    envelope = next(
        (decode_header(first(g, "original-envelope-id")) for g in groups if "original-envelope-id" in g), ""
    )
    return DeliveryStatus(recipients=tuple(found), envelope_id=envelope[:300])


def _groups(data: bytes) -> list[Headers]:
    found: list[Headers] = []
    for block in _BLANK.split(data[:_MAX_FIELDS].strip(b"\r\n") + b"\r\n")[:_MAX_GROUPS]:
        if block[:1] in b" \t>":
            block = _INDENT.sub(b"", block)
        at = _FIELDS.search(block)
        fields, _, _ = split_headers(block.strip() + b"\r\n", top=True)
        if at is not None and "final-recipient" not in fields and "original-recipient" not in fields:
            fields, _, _ = split_headers(block[at.start() :].lstrip(b" \t>") + b"\r\n", top=True)
        if fields:
            found.append(fields)
    return found


def _is_recipient(group: Headers) -> bool:
    return any(
        name in group for name in ("final-recipient", "original-recipient", "x-actual-recipient", "action")
    )


def _report(group: Headers) -> RecipientReport | None:
    code = STATUS.search(guess(first(group, "status")))
    diagnostic = one_line(guess(first(group, "diagnostic-code")))
    status = code.group(1) if code else ""
    if not status or status.endswith(".0.0"):
        quoted = STATUS.search(diagnostic)
        if quoted is not None and (not status or quoted.group(1)[0] == status[0]):
            status = quoted.group(1)
    original = typed_address(first(group, "original-recipient"))
    final = typed_address(first(group, "final-recipient")) or typed_address(
        first(group, "x-actual-recipient")
    )
    action = _action(first(group, "action"), status)
    if not action or not (original or final or status):
        return None
    # Exchange names a recipient without an address by its directory path; then the other field is the better one.
    address = original if "@" in original else final if "@" in final else original or final
    return RecipientReport(
        address=address,
        final=final or address,
        action=action,
        status=status,
        reason=_without_type(diagnostic)[:300],
    )


def _action(raw: bytes, status: str) -> str:
    said = guess(raw).strip().lower()
    for action in ("failed", "delayed", "delivered", "relayed", "expanded"):
        if said.startswith(action[:4]):
            return action
    if status.startswith("2"):
        return "delivered"
    return "failed" if said or status else ""


def typed_address(raw: bytes) -> str:
    """The address of a field like `rfc822; a@b.example`, or what stands there instead; "" when nothing does."""
    value = _TYPED.sub("", one_line(guess(raw)), count=1)
    found = ADDRESS.search(value)
    if found is not None:
        return found.group().strip(".'")
    return value.strip(" <>\"'")[:320]


def _without_type(diagnostic: str) -> str:
    return _TYPED.sub("", diagnostic, count=1).strip()
