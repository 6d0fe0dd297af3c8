"""Reports of failed letters as JSON: Amazon SES through SNS
(https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html). Pure.
"""

import json
from typing import Any

from channels.email.parts.headers import one_line
from channels.email.reports.delivery_status import DeliveryStatus, RecipientReport

_MAX = 300_000
_EVENTS = {
    "bounce": ("bounce", "bouncedRecipients"),
    "deliverydelay": ("deliveryDelay", "delayedRecipients"),
    "delivery": ("delivery", "recipients"),
}
_ACTIONS = {"bounce": "failed", "deliverydelay": "delayed", "delivery": "delivered"}


def read_notice(text: str) -> DeliveryStatus | None:
    """The report in a letter whose text is such a notice, or None."""
    start = text.lstrip()[:_MAX]
    if not start.startswith("{") or ("otificationType" not in start and "eventType" not in start):
        return None
    outer = _object(start)
    event = _object(outer["Message"]) if isinstance(outer.get("Message"), str) else outer
    kind = str(event.get("notificationType") or event.get("eventType") or "").lower()
    if kind not in _EVENTS:
        return None
    key, names = _EVENTS[kind]
    told = event.get(key)
    listed = told.get(names) if isinstance(told, dict) else None
    mail = event.get("mail")
    found = tuple(
        r
        for one in (listed if isinstance(listed, list) else [])[:1000]
        if (r := _recipient(one, _ACTIONS[kind]))
    )
    return (
        DeliveryStatus(recipients=found, message_id=_message_id(mail if isinstance(mail, dict) else {}))
        if found
        else None
    )


def _object(text: str) -> dict[str, Any]:
    """The first JSON value, for SNS appends a footer; {} when it is none or is nested without end."""
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _recipient(one: Any, action: str) -> RecipientReport | None:
    if isinstance(one, str):
        one = {"emailAddress": one}
    if not isinstance(one, dict) or not one.get("emailAddress"):
        return None
    address = one_line(str(one["emailAddress"]))[:320]
    reason = one_line(str(one.get("diagnosticCode") or "")).partition(";")
    return RecipientReport(
        address=address, final=address, action=action, status=str(one.get("status") or "")[:12],
        reason=(reason[2].strip() or reason[0])[:300],
    )  # fmt: skip


def _message_id(mail: dict[str, Any]) -> str:
    """Our own Message-ID: `mail.messageId` is the one that SES wrote over it."""
    common = mail.get("commonHeaders")
    if isinstance(common, dict) and isinstance(common.get("messageId"), str):
        return str(common["messageId"]).strip("<> ")[:900]
    headers = mail.get("headers")
    for header in headers if isinstance(headers, list) else []:
        if isinstance(header, dict) and str(header.get("name")).lower() == "message-id":
            return str(header.get("value")).strip("<> ")[:900]
    return one_line(str(mail.get("messageId") or ""))[:900]
