"""One letter: raw bytes to `Letter`. Pure, linear, and it raises nothing but CannotTranslate.

Only the order of steps and the result live here; each step has its own file. What a letter means for a ticket is
translate.py's business.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.adapter import CannotTranslate
from channels.email.characters.charsets import guess, stated_charset
from channels.email.limits import MAX_RAW, TooManyParts
from channels.email.parts.attachments import is_calendar, one_calendar, read_attachment
from channels.email.parts.body import Contents, read_contents
from channels.email.parts.headers import (
    Headers,
    first,
    one_line,
    parse_addresses,
    parse_date,
    parse_id,
    parse_ids,
    split_headers,
    text_of,
)
from channels.email.parts.html_text import clean_html, referenced_ids
from channels.email.parts.invite import read_invite
from channels.email.parts.mime import Part, split_parts
from channels.email.parts.pgp import without_frame
from channels.email.replies.forwarded import read_forwarded
from channels.email.replies.html_quotes import text_with_quotes
from channels.email.replies.quotes import FORWARD_SUBJECT, new_text
from channels.email.replies.signatures import Sender
from channels.email.reports.automatic import declines_answers, is_auto_reply, is_list, is_receipt
from channels.email.reports.bounces import Bounce, read_bounce
from channels.email.thread_index import read_thread_index
from hub.model.interactions import Forwarded, InboundAttachment, Invite

NOTICE = (
    "[This letter has too many parts to be shown. Its original is kept.]\n"
    "[此邮件的部分过多，无法显示。原件已保留。]"
)
"""Shown in place of a body whose structure exceeds the limits; both languages, for no reader is known
here."""
_MAX_CALENDARS = 3
_COLLECTIONS = ("multipart/report", "multipart/digest")
"""Letters that hold others without anybody having passed those on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter as a person would read it. Ids are without angle brackets; `references` oldest first, as sent.

    `text` is all of it, `reply_text` what is new; `html` is raw and must be cleaned before it is shown.
    `signatures` are the cryptographic parts, which no person sent; `security` is "", "signed" or "encrypted", unverified.
    `original_sender` is (name, address) of who wrote through a list that puts itself into From. `forwarded` is offered only.
    `authentication_results` topmost first. `degraded` says that limits cut something off.
    `one_sender`: there is one From, it names one address, and that is `from_address`; only such a one is what DMARC is about
    (RFC 7489 6.6.1).
    """

    from_address: str
    from_name: str
    reply_to: tuple[tuple[str, str], ...]
    to: tuple[tuple[str, str], ...]
    cc: tuple[tuple[str, str], ...]
    delivered_to: tuple[str, ...]
    subject: str
    text: str
    reply_text: str
    html: str
    attachments: tuple[InboundAttachment, ...]
    signatures: tuple[InboundAttachment, ...]
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    date: datetime | None
    is_auto_reply: bool
    is_list: bool
    is_receipt: bool
    declines_answers: bool
    bounce: Bounce | None
    authentication_results: tuple[str, ...]
    degraded: bool
    too_many_parts: bool
    resent: bool = False
    list_id: str = ""
    forwarded: Forwarded | None = None
    invite: Invite | None = None
    security: str = ""
    original_sender: tuple[str, str] = ("", "")
    thread_topic: str = ""
    thread_index: str = ""
    one_sender: bool = True

    @property
    def is_bounce(self) -> bool:
        """A delivery failed; delayed and delivered reports are none."""
        return self.bounce is not None and self.bounce.failed


def parse_letter(raw: bytes) -> Letter:
    """Read a letter. Raises CannotTranslate above 35 MB; every other excess is cut or replaced by NOTICE."""
    if len(raw) > MAX_RAW:
        raise CannotTranslate(f"The letter has {len(raw):,} bytes; at most {MAX_RAW:,} are read.")
    if b"\n" not in raw:
        # Line ends of an old Macintosh, or of a gateway that lost half of each.
        raw = raw.replace(b"\r", b"\r\n")
    hint = stated_charset(raw)
    headers, body, cut = split_headers(raw, top=True, hint=hint)
    degraded, too_many_parts = cut, False
    try:
        root = split_parts(headers, body, hint)
        contents = read_contents(root)
    except TooManyParts:
        root = Part(headers={}, content_type="text/plain", params={"charset": "utf-8"}, disposition="",
                    disposition_params={}, raw=NOTICE.encode())  # fmt: skip
        contents = read_contents(root)
        degraded = too_many_parts = True
    text = contents.text
    html = contents.html
    shown = referenced_ids(html) if html else frozenset()
    attachments = tuple(read_attachment(p, referenced=shown) for p in one_calendar(contents.files))
    signatures = tuple(read_attachment(p, referenced=shown) for p in contents.signatures)
    bounce = read_bounce(headers, root, text) if not too_many_parts else None
    name, address = _sender(headers)
    written_in_from = {a.lower() for _, a in _people(headers, "from") if a}
    subject = text_of(headers, "subject")
    return Letter(
        from_address=address,
        from_name=name,
        one_sender=len(headers.get("from", ())) == 1 and written_in_from == {address.lower()},
        reply_to=_people(headers, "reply-to"),
        to=_people(headers, "to"),
        cc=_people(headers, "cc"),
        delivered_to=_delivered(headers),
        subject=subject,
        text=text,
        reply_text=_reply(text, contents, html, subject, Sender(name, address)),
        html=html,
        attachments=attachments,
        signatures=signatures,
        security=contents.security,
        forwarded=None
        if bounce is not None or root.content_type in _COLLECTIONS
        else read_forwarded(subject, text, contents.files),
        invite=_invite(contents),
        original_sender=_original_sender(headers),
        message_id=parse_id(first(headers, "message-id")),
        in_reply_to=parse_ids(first(headers, "in-reply-to")),
        references=parse_ids(b" ".join(headers.get("references", []))),
        date=parse_date(first(headers, "date")),
        is_auto_reply=is_auto_reply(headers),
        is_list=is_list(headers),
        is_receipt=is_receipt(root),
        declines_answers=declines_answers(headers),
        bounce=bounce,
        authentication_results=tuple(
            one_line(guess(v)) for v in headers.get("authentication-results", [])[:20]
        ),
        degraded=degraded,
        too_many_parts=too_many_parts,
        resent="resent-from" in headers,
        list_id=one_line(text_of(headers, "list-id")),
        thread_topic=text_of(headers, "thread-topic"),
        thread_index=read_thread_index(first(headers, "thread-index")),
    )


def parse_to_dict(raw: bytes) -> dict[str, Any]:
    """The letter as JSON-able values, for the command `mail parse`; `html` is cleaned."""
    letter = parse_letter(raw)
    return {
        "from_address": letter.from_address,
        "from_name": letter.from_name,
        "subject": letter.subject,
        "text": letter.text,
        "reply_text": letter.reply_text,
        "html": clean_html(letter.html),
        "attachments": [
            {"filename": a.filename, "content_type": a.content_type, "size": len(a.data)}
            for a in (*letter.attachments, *letter.signatures)
        ],
        "message_id": letter.message_id,
        "in_reply_to": letter.in_reply_to[0] if letter.in_reply_to else "",
        "references": list(letter.references),
        "is_auto_reply": letter.is_auto_reply,
        "is_bounce": letter.is_bounce,
        "bounce_recipient": list(letter.bounce.recipients) if letter.bounce and letter.bounce.failed else [],
    }


def _reply(text: str, contents: Contents, html: str, subject: str, sender: Sender) -> str:
    """What is new. Where the text was made from HTML, the mail program's own marks in it tell more than words."""
    forwarded = bool(FORWARD_SUBJECT.match(subject))
    made = bool(html and text.strip()) and not any(s.text.strip() for s in contents.segments)
    marked = text_with_quotes(html) if made and not forwarded else ""
    return new_text(marked or without_frame(text), sender, forwarded=forwarded)


def _invite(contents: Contents) -> Invite | None:
    calendars = [p for p in contents.files if is_calendar(p)][:_MAX_CALENDARS]
    return next((i for p in calendars if (i := read_invite(p.data(), p.params.get("charset", "")))), None)


def _original_sender(headers: Headers) -> tuple[str, str]:
    """Who wrote to a list or group that puts itself into From (Google Groups and others); ("", "") when nobody is named."""
    named = (p for n in ("x-original-from", "x-original-sender") for p in _people(headers, n))
    return next((p for p in named if p[1]), ("", ""))


def _sender(headers: Headers) -> tuple[str, str]:
    """Who wrote: the From header; where it names no address, the best of the others, with the name that
    From gives."""
    named = ""
    for header in ("from", "reply-to", "sender", "return-path"):
        people = _people(headers, header)
        found = next(((n, a) for n, a in people if a), None)
        if found is not None:
            return found[0] or named, found[1]
        named = named or (people[0][0] if people else "")
    return named, ""


def _people(headers: Headers, name: str) -> tuple[tuple[str, str], ...]:
    found = headers.get(name)
    return tuple(parse_addresses(b", ".join(found[:20]))) if found else ()


def _delivered(headers: Headers) -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
    values = [v for n in names for v in headers.get(n, [])[:20]]
    return tuple(dict.fromkeys(a for v in values for _, a in parse_addresses(v) if a))
