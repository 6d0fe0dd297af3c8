"""Endpoints of other programs: named, added, tried, switched off; and what is to be told to them, kept until it was.

Nothing leaves from here: hub.actions.errands.make_calls does that, outside every transaction.
"""

import re

from yarl import URL

from hub.actions.announce import EVENTS, WEBHOOKS, announce
from hub.actions.context import Context
from hub.actions.errands.webhook_body import CallBody, CallData, TicketFacts, new_secret
from hub.actions.failures import NotFound, NotPossible
from hub.actions.keep import KEEP, Keep
from hub.actions.people.audit import record
from hub.actions.vault import seal, unseal
from hub.model.audit import AuditKind
from hub.model.codes import CUSTOMER, TICKET, show_code
from hub.model.people import Actor
from hub.model.tickets import EventKind, Priority
from storage import events
from storage import webhooks as stored
from storage.database import Connection
from storage.webhooks import CallFacts, CallRow, LockedWebhook, WebhookRow

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_EVENT = re.compile(r"[a-z]+(\.[a-z_]+)*")
_SECRET = "secret"  # noqa: S105 - the name of one
MOST_URL = 1000


async def queue_call(
    connection: Connection,
    *,
    webhook: str,
    event: str,
    cause: str,
    ticket_id: int | None = None,
    rule: str = "",
) -> int | None:
    """Have the endpoint of this name told of `event` ("rule.ran") once the running transaction commits. The ticket is told as
    it is now. `cause`: the same again for this endpoint is the call that there is already. Returns the call's id; None where
    no such endpoint is there and switched on."""
    if not _EVENT.fullmatch(event):
        raise ValueError(f"{event!r} is no event: expected words with dots between them")
    facts = await stored.facts(connection, ticket_id)
    made = await stored.queue(
        connection,
        webhook=webhook,
        event=event,
        cause=cause,
        ticket_id=ticket_id,
        rule=rule,
        body=body_of(event, rule, facts),
    )
    if made is not None:
        await announce(connection, WEBHOOKS)
    return made


def body_of(event: str, rule: str, facts: CallFacts) -> str:
    """The bytes that are signed and sent, the same each time."""
    data = CallData(rule=rule, ticket=_ticket(facts))
    return CallBody(type=event, timestamp=facts.now, data=data).model_dump_json()


def _ticket(facts: CallFacts) -> TicketFacts | None:
    if facts.code is None or facts.customer is None or facts.priority is None:
        return None
    return TicketFacts.model_validate(
        {
            "number": show_code(TICKET, facts.code),
            "customer": show_code(CUSTOMER, facts.customer),
            "priority": Priority(facts.priority).name.lower(),
            **{
                name: getattr(facts, name)
                for name in TicketFacts.model_fields
                if name not in ("number", "customer", "priority")
            },
        }
    )


async def add_webhook(ctx: Context, *, name: str, url: str, actor: Actor) -> tuple[int, str]:
    """(id, secret) of a new endpoint. The secret is shown to nobody again. Raises NotPossible: bad_webhook_name, webhook_taken,
    bad_webhook_url, webhook_needs_tls."""
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise NotPossible(
            "A webhook's name takes small letters, digits, - and _, 40 at the most.", code="bad_webhook_name"
        )
    url = check_url(url, private=ctx.settings.webhooks.allow_private)
    secret = new_secret()

    async def work(connection: Connection) -> int:
        made = await stored.add(connection, name, url, actor.name)
        if made is None:
            raise NotPossible(f"There is a webhook {name} already.", code="webhook_taken")
        await stored.seal(connection, made, _sealed(ctx, made, secret))
        await _tell(connection)
        await record(connection, AuditKind.WEBHOOK_ADDED, actor=actor, subject=name, details={"url": url})
        return made

    return await ctx.database.run(work), secret


async def change_webhook(
    ctx: Context,
    *,
    webhook_id: int,
    version: int,
    url: str | Keep = KEEP,
    enabled: bool | Keep = KEEP,
    actor: Actor,
) -> int:
    """Its new version. What waits for it is tried at once. Raises NotFound, NotPossible (webhook_changed by somebody else
    meanwhile, bad_webhook_url, webhook_needs_tls)."""
    wanted = url if isinstance(url, Keep) else check_url(url, private=ctx.settings.webhooks.allow_private)

    async def work(connection: Connection) -> int:
        now = await _lock(connection, webhook_id, version)
        then_url = now.url if isinstance(wanted, Keep) else wanted
        then_on = now.enabled if isinstance(enabled, Keep) else enabled
        changed = await stored.change(connection, webhook_id, then_url, then_on)
        await _tell(connection)
        await record(
            connection,
            AuditKind.WEBHOOK_CHANGED,
            actor=actor,
            subject=now.name,
            before={"url": now.url, "enabled": now.enabled},
            after={"url": then_url, "enabled": then_on},
        )
        return changed

    return await ctx.database.run(work)


async def renew_secret(ctx: Context, *, webhook_id: int, actor: Actor) -> str:
    """A new secret, by which every call is signed from now on. Raises NotFound."""
    secret = new_secret()

    async def work(connection: Connection) -> None:
        if not await stored.seal(connection, webhook_id, _sealed(ctx, webhook_id, secret)):
            raise _unknown(webhook_id)
        now = await stored.lock(connection, webhook_id)
        await _tell(connection)
        subject = now.name if now is not None else ""
        await record(connection, AuditKind.WEBHOOK_SECRET, actor=actor, subject=subject)

    await ctx.database.run(work)
    return secret


async def retire_webhook(ctx: Context, *, webhook_id: int, version: int, actor: Actor) -> None:
    """It is called no more; its name is free again. Raises NotFound, NotPossible (webhook_changed)."""

    async def work(connection: Connection) -> None:
        now = await _lock(connection, webhook_id, version)
        await stored.retire(connection, webhook_id)
        await _tell(connection)
        await record(
            connection, AuditKind.WEBHOOK_REMOVED, actor=actor, subject=now.name, details={"url": now.url}
        )

    await ctx.database.run(work)


async def call_again(ctx: Context, *, webhook_id: int, call_id: int) -> None:
    """A failed call is made once more. It keeps its name, so the other side knows a repetition, and its place: it goes before
    what was queued later. Raises NotPossible (not_failed)."""

    async def work(connection: Connection) -> None:
        if not await stored.again(connection, webhook_id, call_id):
            raise NotPossible("Only a call that failed can be made again.", code="not_failed")
        await announce(connection, WEBHOOKS)

    await ctx.database.run(work)


async def list_webhooks(ctx: Context) -> list[WebhookRow]:
    return await ctx.database.read(stored.list_webhooks)


async def list_calls(ctx: Context, *, webhook_id: int, before: int = 2**62, limit: int = 50) -> list[CallRow]:
    """Newest first."""
    return await ctx.database.read(lambda c: stored.list_calls(c, webhook_id, before, limit))


async def webhook_for_trial(ctx: Context, webhook_id: int) -> LockedWebhook:
    """Raises NotFound."""
    found = await ctx.database.run(lambda c: stored.lock(c, webhook_id))
    if found is None:
        raise _unknown(webhook_id)
    return found


def secret_for(ctx: Context, webhook_id: int, sealed: bytes) -> str:
    """Raises ValueError for one that was sealed with another key."""
    return unseal(ctx.secret, *sealed_place(webhook_id), sealed).decode()


def check_url(url: str, *, private: bool) -> str:
    """The address as it will be called. Raises NotPossible.

    >>> check_url("https://erp.example/hook?x=1#y", private=False)
    'https://erp.example/hook?x=1'
    """
    try:
        read = URL(url.strip())
        port = read.port
    except ValueError:
        read, port = URL(), None
    if (
        len(url) > MOST_URL
        or read.scheme not in ("http", "https")
        or not read.host
        or read.user is not None
        or port == 0
    ):
        raise NotPossible(
            "A webhook's address is a web address without a name and password in it.", code="bad_webhook_url"
        )
    if read.scheme == "http" and not private:
        raise NotPossible(
            "Only https:// is called, unless webhooks.allow_private is set.", code="webhook_needs_tls"
        )
    return str(read.with_fragment(None))


def _sealed(ctx: Context, webhook_id: int, secret: str) -> bytes:
    return seal(ctx.secret, *sealed_place(webhook_id), secret.encode())


def sealed_place(webhook_id: int) -> tuple[str, str]:
    """What its secret is sealed for. No channel can be called so, and no two endpoints."""
    return f"webhook:{webhook_id}", _SECRET


async def _lock(connection: Connection, webhook_id: int, version: int) -> LockedWebhook:
    now = await stored.lock(connection, webhook_id)
    if now is None:
        raise _unknown(webhook_id)
    if now.version != version:
        raise NotPossible("Somebody else has changed this webhook meanwhile.", code="webhook_changed")
    return now


async def _tell(connection: Connection) -> None:
    await events.add_event(connection, EventKind.WEBHOOKS_CHANGED)
    await announce(connection, EVENTS, WEBHOOKS)


def _unknown(webhook_id: int) -> NotFound:
    return NotFound(f"There is no webhook {webhook_id}.")
