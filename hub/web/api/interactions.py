"""POST /interactions: what another program heard from a customer, kept before it is answered.

The request body is journalled as it came; channels.api translates it. The journal's unique key makes
a repetition safe.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from channels.adapter import Acceptance, CannotTranslate, NotAccepted, RawItem
from channels.api.body import ApiInteraction
from channels.api.settings import ApiSettings
from channels.api.translate import interaction_of
from hub.actions.context import Context
from hub.actions.receive import accept_items
from hub.model.interactions import InboundInteraction
from hub.model.people import Actor, Scope
from hub.web.api.answers import InteractionAccepted
from hub.web.api.operations import PREFIX, Answer, Call
from hub.web.api.problems import FieldError, Problem, key_reused, wrong_field
from storage import views
from storage.database import DatabaseUnavailable


async def post_interaction(call: Call) -> Answer:
    """201 once it stands on a ticket's timeline, 202 while it is still being read or could not be."""
    body: ApiInteraction = call.body
    _check_claims(body, call.actor)
    channel = _channel_for(call.ctx.channels, body.channel)
    interaction = _interaction_of(call.ctx, channel, body)
    item = RawItem(
        # Two callers may use the same key for different things: the key's owner is part of it.
        external_key=f"{call.actor.name}/{call.idempotency_key or uuid.uuid4()}",
        content=call.raw,
        received_at=datetime.now(UTC),
    )
    try:
        (acceptance,) = await accept_items(
            call.ctx, channel, [item], translate=lambda _item, _settings: interaction
        )
    except NotAccepted as error:
        raise DatabaseUnavailable(str(error)) from error
    if acceptance.duplicate:
        kept = await call.ctx.database.read(lambda c: views.raw_content(c, acceptance.raw_id))
        if kept != call.raw:
            raise key_reused()
    return answer_acceptance(acceptance)


def answer_acceptance(acceptance: Acceptance) -> Answer:
    """What the caller is told of an item that is kept."""
    raw_id = str(acceptance.raw_id)
    if acceptance.ticket_code:
        document = InteractionAccepted(
            status="accepted",
            raw_id=raw_id,
            ticket=acceptance.ticket_code,
            interaction_id=str(acceptance.interaction_id),
            detail="On the timeline.",
        )
        return Answer(
            status=201,
            document=document,
            headers={"Location": f"{PREFIX}/tickets/{acceptance.ticket_code}"},
        )
    document = InteractionAccepted(
        status="quarantined" if acceptance.quarantined else "waiting",
        raw_id=raw_id,
        ticket=None,
        interaction_id=None,
        detail=acceptance.quarantined
        or "Kept, and being read: send the same request again to learn its ticket.",
    )
    return Answer(status=202, document=document)


def _interaction_of(ctx: Context, channel: str, body: ApiInteraction) -> InboundInteraction:
    """What the body says. A value that the model lets through and the channel does not is the caller's to correct."""
    try:
        return interaction_of(body, cast("ApiSettings", ctx.channel(channel).settings))
    except CannotTranslate as error:
        field, _, message = str(error).partition(": ")
        raise wrong_field(field, message) from error


def _check_claims(body: ApiInteraction, actor: Actor) -> None:
    """That an identity is verified joins timelines, so only a key that is trusted with intake may say so."""
    if actor.scopes & {Scope.INGEST, Scope.ADMIN}:
        return
    wrong = [
        FieldError(
            field=f"sender.identities.{place}.verified", message="needs an API key with the scope ingest"
        )
        for place, identity in enumerate(body.sender.identities)
        if identity.verified
    ]
    if wrong:
        raise Problem(
            403, "verified_needs_ingest", "This API key may not vouch for identities.", errors=wrong
        )


def _channel_for(tables: Mapping[str, Mapping[str, Any]], wanted: str | None) -> str:
    names = [name for name, table in tables.items() if table.get("kind") == "api"]
    if not names:
        raise Problem(
            409,
            "no_api_channel",
            'No channel takes interactions from programs. Add one of kind "api" on the page Channels of the desk, or to '
            "hub.toml.",
        )
    if wanted:
        if wanted not in names:
            raise wrong_field("channel", f"no channel of kind api has this name; there is {', '.join(names)}")
        return wanted
    if len(names) > 1:
        raise wrong_field("channel", f"needed, because there are several: {', '.join(names)}")
    return names[0]
