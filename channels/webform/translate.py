"""A journalled form post to the normal form. Pure. Identities typed into a form are claims, never proof."""

from typing import Any

from channels.adapter import CannotTranslate, RawItem
from channels.carried import read_files, read_text
from channels.clean import clean_line, clean_text, read_json_object
from channels.webform.fields import TICKET_KINDS
from channels.webform.pack import FLAT, MOST_TEXT
from channels.webform.settings import WebformSettings
from hub.model.identities import normalise_identity
from hub.model.interactions import (
    Identity,
    IdentityKind,
    InboundInteraction,
    InteractionKind,
    Sender,
    ThreadHints,
)

_FIRST = {
    "name": 200,
    "email": 320,
    "phone": 40,
    "subject": 200,
    "kind": 20,
    "order_number": 100,
    "message": MOST_TEXT,
}
"""What there was before forms could be built, with its lengths: such items lie in the journal."""
_SENT = ("kind", "phone", "email", "order_number", "trial")
_MOST_ANSWERS = 200
_MOST_ANSWER = 20_000
_MOST_LABEL = 4000


def translate(raw: RawItem, settings: WebformSettings) -> InboundInteraction:
    """The interaction that a form post is. Raises CannotTranslate."""
    posted = read_json_object(raw.content)
    if "more_of" in posted:
        return _more(raw, posted)
    first = "answers" not in posted
    said = _said_first(posted, settings) if first else posted
    text = clean_text(read_text(said, "text"), MOST_TEXT)
    files = read_files(posted)
    if not text and not files:
        raise CannotTranslate("message: is empty")
    email = normalise_identity(IdentityKind.EMAIL, read_text(said, "email"))
    phone = normalise_identity(IdentityKind.PHONE, read_text(said, "phone"), region=settings.phone_region)
    claimed = ((IdentityKind.EMAIL, email), (IdentityKind.PHONE, phone))
    fields: dict[str, Any] = {
        key: value
        for key, given in _texts(said, "fields").items()
        if key in _SENT and (value := clean_line(given, 320))
    }
    if answers := _answers(said):
        fields["answers"] = answers
    return InboundInteraction(
        kind=InteractionKind.FORM,
        sender=Sender(
            name=clean_line(read_text(said, "name"), 200),
            identities=tuple(
                Identity(kind=kind, value=value, verified=False) for kind, value in claimed if value
            ),
        ),
        text=text,
        subject=clean_line(read_text(said, "subject"), 200),
        attachments=files,
        external_id=raw.external_key,
        thread=ThreadHints() if first else ThreadHints(key=raw.external_key),
        reply_address=email or "",
        hints={clean_line(key, 40): clean_line(value, 80) for key, value in _texts(said, "hints").items()},
        fields=fields,
        own={
            clean_line(key, 200): clean_text(value, _MOST_ANSWER)
            for key, value in _texts(said, "own").items()
        },
    )


def _more(raw: RawItem, posted: dict[str, Any]) -> InboundInteraction:
    """It goes to the ticket of the form that was sent first."""
    text, files = clean_text(read_text(posted, "text"), MOST_TEXT), read_files(posted)
    if not text and not files:
        raise CannotTranslate("text: is empty")
    return InboundInteraction(
        kind=InteractionKind.MESSAGE,
        sender=Sender(name=clean_line(read_text(posted, "name"), 200), identities=()),
        text=text,
        attachments=files,
        external_id=raw.external_key,
        thread=ThreadHints(key=clean_line(read_text(posted, "more_of"), 200)),
    )


def _said_first(posted: dict[str, Any], settings: WebformSettings) -> dict[str, Any]:
    """An item of the first shape as one of today."""
    given = posted.get("fields")
    if not isinstance(given, dict):
        raise CannotTranslate(f"fields: expected an object, found {type(given).__name__}")
    fields = {key: given.get(key, "") for key in _FIRST}
    for key, value in fields.items():
        if not isinstance(value, str):
            raise CannotTranslate(f"fields.{key}: expected a text, found {type(value).__name__}")
    if not clean_text(fields["message"], MOST_TEXT):
        raise CannotTranslate("message: is empty")
    chosen = settings.ticket_kind or fields["kind"]
    return {
        **{key: fields[key] for key in ("name", "email", "phone", "subject")},
        "text": fields["message"],
        "hints": {"kind": chosen} if chosen in TICKET_KINDS else {},
        "fields": {key: clean_line(fields[key], _FIRST[key]) for key in FLAT},
    }


def _texts(said: dict[str, Any], key: str) -> dict[str, str]:
    value = said.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise CannotTranslate(f"{key}: expected an object of texts")
    return value


def _answers(said: dict[str, Any]) -> list[dict[str, Any]]:
    """Each with its label in both languages, so that whoever reads it later needs no form."""
    given = said.get("answers", [])
    if not isinstance(given, list) or len(given) > _MOST_ANSWERS:
        raise CannotTranslate("answers: expected a list")
    return [_answer(place, one) for place, one in enumerate(given)]


def _answer(place: int, one: Any) -> dict[str, Any]:
    if not isinstance(one, dict) or not isinstance(one.get("said"), (str, dict)):
        raise CannotTranslate(f"answers.{place}: expected a label and what was said")
    labels = _texts(one, "labels")
    value = one["said"]
    said = (
        clean_text(value, _MOST_ANSWER)
        if isinstance(value, str)
        else {
            key: clean_text(text, _MOST_ANSWER)
            for key, text in _texts(one, "said").items()
            if key in ("en", "zh")
        }
    )
    answer: dict[str, Any] = {
        "key": clean_line(read_text(one, "key"), 40),
        "labels": {key: clean_text(labels.get(key, ""), _MOST_LABEL) for key in ("en", "zh")},
        "said": said,
    }
    return {**answer, "consent": one["consent"]} if isinstance(one.get("consent"), int) else answer
