"""Customers as people add and change them: name, language, organisation, notes, identities."""

import hmac

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.lock_name import lock_number
from hub.actions.people.audit import record
from hub.actions.signin.tokens import every_keyed
from hub.actions.targets import Touch, touch
from hub.model.audit import AuditKind
from hub.model.codes import CUSTOMER, show_code
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import change_customers as stored
from storage import customer_pairs, customers, events, inbound
from storage.change_customers import CustomerToChange, OwnIdentity
from storage.database import Connection

MOST_NAME, MOST_NOTE = 200, 10_000
BY_HAND = (IdentityKind.EMAIL, IdentityKind.PHONE, IdentityKind.EXTERNAL)
"""What people can write down; what a channel gives its users is known by the channel alone."""


async def add_customer(
    ctx: Context,
    *,
    name: str,
    actor: Actor,
    language: str = "",
    organisation_id: int | None = None,
    note: str = "",
    identities: tuple[tuple[str, str], ...] = (),
) -> int:
    """A new customer's code. `identities`: (kind, as typed); nothing proves them yet. Raises NotPossible (bad_name,
    bad_language, bad_identity, no_such_organisation)."""
    name, note = _words(name, note)
    known = [(kind, check_identity(kind, value)) for kind, value in identities]

    async def work(connection: Connection) -> int:
        await _check_organisation(connection, organisation_id, actor)
        number, code = await stored.add_customer(
            connection, name=name, language=_language(language), organisation_id=organisation_id, note=note
        )
        for kind, value in known:
            await stored.add_claim(connection, number, kind, value)
        await _tell(connection, actor, number)
        return code

    return await ctx.database.run(work)


async def change_customer(
    ctx: Context,
    *,
    customer_code: int,
    actor: Actor,
    version: int,
    name: str,
    language: str,
    organisation_id: int | None,
    note: str,
) -> None:
    """What is promised on the tickets in work goes by the organisation at once. Raises NotFound, NotPossible
    (customer_changed: by somebody else since `version`; bad_name, bad_language, no_such_organisation, anonymised)."""
    name, note = _words(name, note)

    async def work(connection: Connection) -> None:
        was = await _lock(connection, customer_code)
        if was.version != version:
            raise NotPossible("Somebody else has changed the customer.", code="customer_changed")
        now = (name, _language(language), organisation_id, note)
        if now == (was.name, was.language, was.organisation_id, was.note):
            return
        if organisation_id != was.organisation_id:
            await _check_organisation(connection, organisation_id, actor)
        await stored.set_customer(
            connection, was.id, name=now[0], language=now[1], organisation_id=now[2], note=now[3]
        )
        if organisation_id != was.organisation_id:
            tickets = await customers.lock_tickets_in_work(connection, was.id)
            await touch(connection, ctx.rules, [Touch(ticket_id=number) for number in tickets])
        await _tell(connection, actor, was.id)

    await ctx.database.run(work)


async def add_identity(ctx: Context, *, customer_code: int, kind: str, value: str, actor: Actor) -> None:
    """Somebody says that this is theirs: a claim. Raises NotFound, NotPossible (bad_identity, identity_known, anonymised)."""
    clean = check_identity(kind, value)

    async def work(connection: Connection) -> None:
        was = await _lock(connection, customer_code)
        if not await stored.add_claim(connection, was.id, kind, clean):
            raise NotPossible("This is known already.", code="identity_known")
        await _tell(connection, actor, was.id)

    await ctx.database.run(work)


async def verify_identity(ctx: Context, *, customer_code: int, identity_id: int, actor: Actor) -> None:
    """A person vouches for a claim: what comes from there is this customer's from now on. Raises NotFound, NotPossible
    (identity_taken: it proves somebody else, and whether both are one is asked on the list of conflicts; verified_already,
    anonymised)."""
    await _on_identity(ctx, customer_code, identity_id, actor, verified=True)


async def unverify_identity(ctx: Context, *, customer_code: int, identity_id: int, actor: Actor) -> None:
    """It is a claim again, where a person had vouched for it. Raises NotFound, NotPossible (not_vouched, anonymised)."""
    await _on_identity(ctx, customer_code, identity_id, actor, verified=False)


async def remove_identity(
    ctx: Context, *, customer_code: int, identity_id: int, actor: Actor
) -> tuple[str, str, bool, str]:
    """It is nothing of this customer's any more; returns (kind, value, verified, proof), by which its remover can put it back.
    Raises NotFound, NotPossible (anonymised)."""

    async def work(connection: Connection) -> tuple[str, str, bool, str]:
        was, one = await _identity(connection, customer_code, identity_id)
        await stored.drop_identity(connection, one.id)
        await _vouch(connection, actor, was, one, "removed")
        proof = _proofs(ctx, customer_code, one.kind, one.value, verified=one.verified, actor=actor)[0]
        return one.kind, one.value, one.verified, proof

    return await ctx.database.run(work)


async def put_identity_back(
    ctx: Context, *, customer_code: int, kind: str, value: str, verified: bool, proof: str, actor: Actor
) -> None:
    """The way back, as `remove_identity` gave it: by any other, whoever may change customers could make anything anybody's
    proven identity. Raises NotFound, NotPossible (identity_taken, bad_identity, anonymised)."""
    proofs = _proofs(ctx, customer_code, kind, value, verified=verified, actor=actor)
    if not any(hmac.compare_digest(one.encode(), proof.encode()) for one in proofs):
        raise NotPossible("This was not removed by you.", code="bad_identity")

    async def work(connection: Connection) -> None:
        await inbound.lock_conversations(connection, [lock_number(f"{kind}:{value}")])
        was = await _lock(connection, customer_code)
        if not await stored.put_identity(
            connection,
            was.id,
            kind,
            value,
            verified=verified,
            verified_by=actor.agent_id if verified else None,
        ):
            raise NotPossible("It is somebody's already.", code="identity_taken")
        await _tell(connection, actor, was.id)

    await ctx.database.run(work)


async def _on_identity(
    ctx: Context, customer_code: int, identity_id: int, actor: Actor, *, verified: bool
) -> None:
    async def work(connection: Connection) -> int:
        was, one = await _identity(connection, customer_code, identity_id)
        if one.verified == verified:
            raise NotPossible("It is so already.", code="verified_already" if verified else "not_vouched")
        if verified:
            owner = await stored.owner_of(connection, one.kind, one.value)
            if owner is not None:
                await customer_pairs.add(connection, [(was.id, owner)])
                return owner
            await stored.verify(connection, one.id, actor.agent_id)
        else:
            known = await stored.own_identities(connection, was.id)
            if not any(other.id == one.id and other.verified_by for other in known):
                raise NotPossible("No person vouched for it: the channel did.", code="not_vouched")
            await stored.drop_identity(connection, one.id)
            await stored.add_claim(connection, was.id, one.kind, one.value)
        await _vouch(connection, actor, was, one, "verified" if verified else "claimed")
        return 0

    if await ctx.database.run(work):
        raise NotPossible("It proves somebody else.", code="identity_taken")


async def _identity(
    connection: Connection, customer_code: int, identity_id: int
) -> tuple[CustomerToChange, OwnIdentity]:
    """Held like whatever is filed under it."""
    found = await stored.lock_customer(connection, customer_code)
    known = None if found is None else await stored.lock_identity(connection, identity_id, found.id)
    if found is None or known is None:
        raise NotFound("There is no such identity of this customer.")
    if found.anonymised:
        raise NotPossible("What was known of them is erased.", code="anonymised")
    return found, known


async def _lock(connection: Connection, code: int) -> CustomerToChange:
    found = await stored.lock_customer(connection, code)
    if found is None or found.merged_into is not None:
        raise NotFound(f"There is no customer {show_code(CUSTOMER, code)}.")
    if found.anonymised:
        raise NotPossible("What was known of them is erased.", code="anonymised")
    return found


async def _tell(connection: Connection, actor: Actor, customer_id: int) -> None:
    await events.add_event(
        connection,
        EventKind.CUSTOMER_CHANGED,
        agent_id=actor.agent_id,
        data={"customer": customer_id, "by": actor.name},
    )
    await announce(connection, EVENTS)


async def _vouch(
    connection: Connection, actor: Actor, customer: CustomerToChange, one: OwnIdentity, what: str
) -> None:
    await _tell(connection, actor, customer.id)
    await record(
        connection,
        AuditKind.IDENTITY_CHANGED,
        actor=actor,
        subject=show_code(CUSTOMER, customer.code),
        details={"kind": one.kind, "was": "verified" if one.verified else "claimed", "now": what},
    )


def _proofs(
    ctx: Context, customer_code: int, kind: str, value: str, *, verified: bool, actor: Actor
) -> list[str]:
    parts = (str(customer_code), str(actor.agent_id), kind, value, str(verified))
    return [one.hex()[:32] for one in every_keyed(ctx, "identity removed", *parts)]


def check_identity(kind: str, value: str) -> str:
    """As it is kept. Raises NotPossible (bad_identity)."""
    if kind not in {one.value for one in BY_HAND}:
        raise NotPossible("This is no kind of identity that people write down.", code="bad_identity")
    clean = normalise_identity(IdentityKind(kind), value.replace("\x00", ""))
    if clean is None:
        raise NotPossible("This cannot be an address or number of that kind.", code="bad_identity")
    return clean


async def _check_organisation(connection: Connection, organisation_id: int | None, actor: Actor) -> None:
    if organisation_id is not None and not await stored.may_choose_organisation(
        connection, organisation_id, sight=actor.sight, agent_id=actor.agent_id
    ):
        raise NotPossible("There is no such organisation.", code="no_such_organisation")


def _words(name: str, note: str) -> tuple[str, str]:
    name = " ".join(name.replace("\x00", "").split())
    note = note.replace("\x00", "").replace("\r\n", "\n").strip()
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise NotPossible(f"A customer needs a name of {MOST_NAME} characters at the most.", code="bad_name")
    if len(note) > MOST_NOTE:
        raise NotPossible(f"A note has {MOST_NOTE} characters at the most.", code="too_long")
    return name, note


def _language(given: str) -> str:
    if given and not (given.isascii() and len(given) <= 12 and given.replace("-", "").isalnum()):
        raise NotPossible("This is no code of a language.", code="bad_language")
    return given
