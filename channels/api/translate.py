"""A journalled request body to the normal form. Pure. The same model has checked it at the door."""

from collections.abc import Iterable

from pydantic import ValidationError

from channels.adapter import CannotTranslate, RawItem
from channels.api.body import MOST_HTML, MOST_TEXT, ApiIdentity, ApiInteraction
from channels.api.settings import ApiSettings
from channels.clean import clean_line, clean_text, read_json_object, safe_content_type, safe_filename
from hub.model.identities import normalise_identity
from hub.model.interactions import (
    Identity,
    InboundAttachment,
    InboundInteraction,
    InteractionKind,
    Sender,
    ThreadHints,
)


def translate(raw: RawItem, settings: ApiSettings) -> InboundInteraction:
    """The interaction that a body describes. Raises CannotTranslate with the field and what was expected."""
    read_json_object(raw.content)  # refuses what pydantic's own parser would let in: depth, half surrogates
    try:
        body = ApiInteraction.model_validate_json(raw.content)
    except ValidationError as error:
        raise CannotTranslate(_explain(error)) from error
    return interaction_of(body, settings)


def interaction_of(body: ApiInteraction, settings: ApiSettings) -> InboundInteraction:
    """The same for a body that was checked at the door. Raises CannotTranslate for an identity that is none."""
    return InboundInteraction(
        kind=InteractionKind.MESSAGE,
        sender=Sender(
            name=clean_line(body.sender.name, 200),
            identities=tuple(_identities(body.sender.identities, settings)),
        ),
        text=clean_text(body.text, MOST_TEXT),
        subject=clean_line(body.subject, 998),
        html=clean_text(body.html, MOST_HTML),
        attachments=tuple(
            InboundAttachment(
                filename=safe_filename(file.filename),
                content_type=safe_content_type(file.content_type),
                data=file.data_base64,
            )
            for file in body.attachments
        ),
        occurred_at=body.occurred_at,
        external_id=clean_line(body.external_id, 200),
        thread=ThreadHints(key=clean_line(body.thread_key, 200)),
        reply_address=clean_line(body.reply_address, 500),
        hints={key: clean_line(value, 100) for key, value in body.hints.items()},
        fields={clean_line(key, 100): clean_text(value, 10_000) for key, value in body.fields.items()},
    )


def _identities(given: Iterable[ApiIdentity], settings: ApiSettings) -> Iterable[Identity]:
    for place, one in enumerate(given):
        value = normalise_identity(one.kind, one.value, region=settings.phone_region)
        if value is None:
            raise CannotTranslate(f"sender.identities.{place}.value: is not a valid {one.kind.value}")
        yield Identity(kind=one.kind, value=value, verified=one.verified)


def _explain(error: ValidationError) -> str:
    said = error.errors(include_url=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in said[:10])
