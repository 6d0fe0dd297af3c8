"""Who may speak in a ticket beside its customer: whom a vouched letter names, whom an agent lets in, and nobody else."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.adopt import adopt_sender
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.participants import add_participant, list_participants, remove_participant
from hub.actions.receive import accept_items
from hub.model.interactions import Mailbox
from hub.model.tokens import sign_thread
from storage.participants import MOST
from tests.fakes.inboxes import FAIL, PASS, SALES, TWO_INBOXES, arrive, vouched
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import (
    SECRET,
    SUPPORT,
    SYSTEM,
    a_hub,
    entry,
    ledger,
    letter,
    one,
    rows,
    say,
    ticket,
    write,
)

LI, WANG, EVIL = "li@example.cn", "wang@example.cn", "evil@x.example"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _people(ctx: Context, code: int) -> dict[str, str]:
    return {row.value: row.state for row in await list_participants(ctx, code)}


async def test_whom_a_vouched_letter_copies_may_speak(ctx: Context) -> None:
    opened = await ticket(
        ctx, await vouched(ctx, LI, message_id="one@example.cn", cc=[f"Wang <{WANG.upper()}>", SALES, LI])
    )
    assert await _people(ctx, opened["code"]) == {WANG: "member"}
    answered = await write(ctx, WANG, answers="one@example.cn")
    assert (await ticket(ctx, answered))["id"] == opened["id"]
    # A guest is not the customer: neither identity nor the way back changes.
    after = await one(ctx, "SELECT reply_address FROM ticket WHERE id = $1", opened["id"])
    assert after == LI
    assert await rows(ctx, "SELECT value FROM identity WHERE customer_id = $1", opened["customer_id"]) == [
        {"value": LI}
    ]
    # Also by the number; and what they write of their own is their own.
    by_number = await write(ctx, WANG, subject=f"Re: T-{opened['code']}")
    assert (await ticket(ctx, by_number))["id"] == opened["id"]
    own = await ticket(ctx, await write(ctx, WANG))
    assert own["customer_id"] != opened["customer_id"]


async def test_whom_anybody_may_have_copied_may_not(ctx: Context) -> None:
    """S6: the letter names li@ as its sender, and nobody knows whether it is true."""
    opened = await ticket(ctx, await arrive(ctx, "support", LI, message_id="one@example.cn", cc=[EVIL]))
    assert await _people(ctx, opened["code"]) == {EVIL: "copied"}
    apart = await ticket(ctx, await write(ctx, EVIL, answers="one@example.cn"))
    assert apart["id"] != opened["id"] and apart["customer_id"] != opened["customer_id"]
    assert await rows(ctx, "SELECT ticket_id, other_id, why FROM ticket_link") == [
        {"ticket_id": apart["id"], "other_id": opened["id"], "why": "refused"}
    ]
    assert {"related", "thread_token_invalid"} <= set(await ledger(ctx, apart["id"]))
    # The customer's own later, vouched letter that names them lets them in.
    await vouched(ctx, LI, answers="one@example.cn", cc=[EVIL])
    assert await _people(ctx, opened["code"]) == {EVIL: "member"}


async def test_a_forged_letter_lets_nobody_in(ctx: Context) -> None:
    opened = await ticket(ctx, await vouched(ctx, LI, message_id="one@example.cn"))
    forged = await arrive(ctx, "support", LI, answers="one@example.cn", cc=[EVIL], headers=[FAIL])
    assert (await ticket(ctx, forged))["id"] != opened["id"]
    assert await _people(ctx, opened["code"]) == {}
    assert await _people(ctx, (await ticket(ctx, forged))["code"]) == {EVIL: "copied"}


async def test_what_somebody_claimed_lets_nobody_in(ctx: Context) -> None:
    """A visitor typed Li's address into a field; Li, or whoever writes as Li, has nothing to do with it."""
    who = [("visitor", "v1", True), ("email", LI, False)]
    opened = await ticket(ctx, await say(ctx, who=who, key="chat-1"))
    assert (await ticket(ctx, await write(ctx, LI, subject=f"T-{opened['code']}")))["id"] != opened["id"]


async def test_in_one_batch_too(ctx: Context) -> None:
    kept = await accept_items(
        ctx,
        "support",
        [
            letter(LI, message_id="one@example.cn", headers=[PASS, ("Cc", WANG)]),
            letter(WANG, answers="one@example.cn"),
            letter(EVIL, answers="one@example.cn"),
        ],
    )
    numbers = [(await ticket(ctx, one_))["id"] for one_ in kept]
    assert numbers[0] == numbers[1] != numbers[2]


async def test_an_agent_lets_people_in_and_puts_them_out(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI, message_id="one@example.cn"))
    code = opened["code"]
    await add_participant(
        ctx, ticket_code=code, mailbox=Mailbox(address=f" {WANG.upper()} ", name="Wang"), actor=SYSTEM
    )
    (found,) = await list_participants(ctx, code)
    assert (found.value, found.name, found.state, found.undeliverable) == (WANG, "Wang", "member", False)
    assert (await ticket(ctx, await write(ctx, WANG, answers="one@example.cn")))["id"] == opened["id"]
    await remove_participant(ctx, ticket_code=code, address=WANG, actor=SYSTEM)
    assert await list_participants(ctx, code) == []
    assert (await ticket(ctx, await write(ctx, WANG, answers="one@example.cn")))["id"] != opened["id"]
    assert (await ledger(ctx, opened["id"])).count("participants_changed") == 2
    for address, why in (("nobody", "not_an_address"), ("Sales+x@shop.example", "own_address")):
        with pytest.raises(NotPossible) as refused:
            await add_participant(ctx, ticket_code=code, mailbox=Mailbox(address=address), actor=SYSTEM)
        assert refused.value.code == why
    with pytest.raises(NotPossible, match="Nobody"):
        await remove_participant(ctx, ticket_code=code, address=WANG, actor=SYSTEM)
    with pytest.raises(NotFound):
        await list_participants(ctx, 10_000_019)


async def test_who_gets_a_copy_of_our_answer_may_speak(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI))
    sent = await queue_reply(
        ctx, ticket_code=opened["code"], actor=SYSTEM, text="Yes.", cc=[Mailbox(address=WANG, name="Wang")]
    )
    message_id = await one(ctx, "SELECT external_id FROM interaction WHERE id = $1", sent)
    assert (await ticket(ctx, await write(ctx, WANG, answers=message_id)))["id"] == opened["id"]
    assert (await entry(ctx, await write(ctx, WANG, answers=message_id)))["thread_rule"] == "reference"


async def test_no_ticket_has_more_people_than_anybody_reads(ctx: Context) -> None:
    crowd = [f"p{n}@example.cn" for n in range(MOST + 30)]
    opened = await ticket(ctx, await vouched(ctx, LI, message_id="one@example.cn", cc=crowd))
    await vouched(ctx, LI, answers="one@example.cn", cc=[f"q{n}@example.cn" for n in range(30)])
    assert len(await _people(ctx, opened["code"])) == MOST


async def test_a_letter_that_says_whom_it_passes_on(ctx: Context) -> None:
    """Pitfall 27: the customer is the original sender once an agent says so; whoever passed it on goes on speaking."""
    opened = await ticket(ctx, await vouched(ctx, "lina@shop-staff.example", message_id="fwd@example.cn"))
    kept_id = await one(ctx, "SELECT id FROM interaction WHERE ticket_id = $1", opened["id"])
    with pytest.raises(NotPossible) as nobody:
        await adopt_sender(ctx, ticket_code=opened["code"], interaction_id=kept_id, actor=SYSTEM)
    assert nobody.value.code == "nobody_forwarded"
    forwarded = '{"forwarded": {"address": "Zhao@Example.cn", "name": "Zhao"}}'
    await one(
        ctx,
        "UPDATE interaction SET details = details || $2::text::jsonb WHERE id = $1 RETURNING 1",
        kept_id,
        forwarded,
    )
    await adopt_sender(ctx, ticket_code=opened["code"], interaction_id=kept_id, actor=SYSTEM)
    (after,) = await rows(ctx, "SELECT customer_id, reply_address FROM ticket WHERE id = $1", opened["id"])
    assert after["reply_address"] == "zhao@example.cn" and after["customer_id"] != opened["customer_id"]
    assert await rows(
        ctx, "SELECT value, verified FROM identity WHERE customer_id = $1", after["customer_id"]
    ) == [{"value": "zhao@example.cn", "verified": False}]
    assert await _people(ctx, opened["code"]) == {"lina@shop-staff.example": "member"}
    assert "customer_changed" in await ledger(ctx, opened["id"])
    # The claim is proven when they answer our letter.
    token = sign_thread(SECRET, opened["id"], "zhao@example.cn")
    answer = await write(ctx, "zhao@example.cn", to=SUPPORT.replace("@", f"+{token}@"))
    assert (await ticket(ctx, answer))["id"] == opened["id"]
    proofs = await rows(
        ctx, "SELECT value FROM identity WHERE customer_id = $1 AND verified", after["customer_id"]
    )
    assert proofs == [{"value": "zhao@example.cn"}]


async def test_a_forwarded_name_of_somebody_known_lands_on_nobodys_timeline(ctx: Context) -> None:
    known = await ticket(ctx, await write(ctx, LI))
    opened = await ticket(ctx, await write(ctx, EVIL, message_id="fwd@x.example"))
    entry_id = await one(ctx, "SELECT id FROM interaction WHERE ticket_id = $1", opened["id"])
    forwarded = f'{{"forwarded": {{"address": "{LI}"}}}}'
    await one(
        ctx,
        "UPDATE interaction SET details = details || $2::text::jsonb WHERE id = $1 RETURNING 1",
        entry_id,
        forwarded,
    )
    await adopt_sender(ctx, ticket_code=opened["code"], interaction_id=entry_id, actor=SYSTEM)
    assert await one(ctx, "SELECT customer_id FROM ticket WHERE id = $1", opened["id"]) not in (
        known["customer_id"], opened["customer_id"],
    )  # fmt: skip
