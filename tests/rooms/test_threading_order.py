"""Letters that are filed in another order than they were written, by one hub or by two: one thread is one ticket."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Sequence

import pytest

from channels.adapter import RawItem
from hub.actions.arrivals import MOST_IDS
from hub.actions.context import Context
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from tests.fakes.inboxes import PASS, arrive
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import SYSTEM, a_hub, entry, letter, one, rows, ticket, write

LI, WANG, EVIL = "li@example.cn", "wang@example.cn", "evil@x.example"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        await check_every_commit(hub.database, by_hand=True)
        yield hub
        await assert_invariants(hub.database, by_hand=True)


@pytest.fixture
async def second(ctx: Context, database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


def _thread(name: str, *, people: Sequence[str] = (LI,), letters: int = 5) -> list[RawItem]:
    """Everybody answers everybody: each letter cites all before it, as mail programs do."""
    ids = [f"{name}.{n}@example.cn" for n in range(letters)]
    made = []
    for n, message_id in enumerate(ids):
        sender = people[n % len(people)]
        others = [one_ for one_ in people if one_ != sender]
        made.append(
            letter(
                sender,
                f"letter {n}",
                subject="A question" if n == 0 else "Re: A question",
                message_id=message_id,
                answers=ids[n - 1] if n else "",
                references=ids[:n],
                headers=[PASS, *([("Cc", ", ".join(others))] if others else [])],
            )
        )
    return made


async def _tickets(ctx: Context) -> int:
    return int(await one(ctx, "SELECT count(DISTINCT ticket_id) FROM interaction"))


async def test_an_answer_that_is_filed_first_is_joined_by_the_letter_it_answers(ctx: Context) -> None:
    answer = await write(ctx, LI, message_id="two@example.cn", answers="one@example.cn")
    first = await write(ctx, LI, message_id="one@example.cn")
    assert (await ticket(ctx, first))["id"] == (await ticket(ctx, answer))["id"]
    assert (await entry(ctx, first))["thread_rule"] == "cited"


async def test_two_letters_that_cite_the_same_unknown_one_are_one_ticket(ctx: Context) -> None:
    """An agent wrote from their own mail program: the hub never saw what is answered."""
    first = await write(ctx, LI, references=["unseen@shop.example"], subject="Re: offer")
    second = await write(ctx, LI, references=["unseen@shop.example"], subject="one more thing")
    assert (await ticket(ctx, first))["id"] == (await ticket(ctx, second))["id"]
    assert (await entry(ctx, second))["thread_rule"] == "cited"


async def test_who_cites_what_a_stranger_cites_is_kept_apart(ctx: Context) -> None:
    mine = await write(ctx, LI, references=["unseen@shop.example"])
    theirs = await write(ctx, EVIL, references=["unseen@shop.example"])
    named = await write(ctx, EVIL, message_id="guessed@example.cn")
    later = await write(ctx, LI, references=["guessed@example.cn"])
    assert len({(await ticket(ctx, kept))["id"] for kept in (mine, theirs, named, later)}) == 4
    # Nor does it help to have been copied by somebody whom nobody vouches for.
    await arrive(ctx, "support", LI, references=["second@shop.example"], cc=[WANG])
    copied = await write(ctx, WANG, references=["second@shop.example"])
    assert (await entry(ctx, copied))["thread_rule"] == ""
    # Nor does a crowd of strangers hide the one who may speak.
    for _ in range(5):
        await write(ctx, EVIL, references=["unseen@shop.example"])
    again = await write(ctx, LI, references=["unseen@shop.example"])
    assert (await ticket(ctx, again))["id"] == (await ticket(ctx, mine))["id"]


async def test_a_closed_ticket_is_not_joined_by_what_it_cites(ctx: Context) -> None:
    first = await ticket(ctx, await write(ctx, LI, answers="one@example.cn"))
    await change_status(ctx, ticket_code=first["code"], status="closed", actor=SYSTEM)
    assert (await ticket(ctx, await write(ctx, LI, message_id="one@example.cn")))["id"] != first["id"]


@pytest.mark.parametrize("people", [(LI,), (LI, WANG)], ids=["alone", "with a colleague in copy"])
async def test_every_order_of_a_threads_letters_is_one_ticket(ctx: Context, people: Sequence[str]) -> None:
    orders = list(itertools.permutations(range(4)))
    for number, order in enumerate(orders):
        letters = _thread(f"thread-{number}", people=people, letters=4)
        before = await _tickets(ctx)
        for place in order:
            await accept_items(ctx, "support", [letters[place]])
        assert await _tickets(ctx) == before + 1, f"one by one: {order}"
    for number, order in enumerate(orders):
        letters = _thread(f"batch-{number}", people=people, letters=4)
        before = await _tickets(ctx)
        await accept_items(ctx, "support", [letters[place] for place in order])
        assert await _tickets(ctx) == before + 1, f"in one batch: {order}"


async def test_two_hubs_with_a_backlog_make_one_ticket_of_each_thread(ctx: Context, second: Context) -> None:
    """Both file at the same time, each a part of every thread, in any order."""
    chance = random.Random(7)
    threads = 12
    letters = [
        one_ for n in range(threads) for one_ in _thread(f"t{n}", people=(f"c{n}@example.cn",), letters=6)
    ]
    chance.shuffle(letters)
    halves = letters[::2], letters[1::2]

    async def file(hub: Context, half: Sequence[RawItem]) -> None:
        for start in range(0, len(half), 5):
            await accept_items(hub, "support", half[start : start + 5])

    await asyncio.gather(file(ctx, halves[0]), file(second, halves[1]))
    assert await _tickets(ctx) == threads
    assert await one(ctx, "SELECT count(*) FROM interaction") == len(letters)


@pytest.mark.parametrize("alone", [True, False], ids=["one person", "two people"])
async def test_an_answer_and_its_letter_at_the_same_moment_are_one_ticket(
    ctx: Context, second: Context, alone: bool
) -> None:
    """Two people have no lock in common but that of the letter which both name."""
    for n in range(25):
        people = (f"li{n}@example.cn",) if alone else (f"li{n}@example.cn", f"wang{n}@example.cn")
        first, answer = _thread(f"race-{n}", people=people, letters=2)
        before = await _tickets(ctx)
        await asyncio.gather(accept_items(ctx, "support", [first]), accept_items(second, "support", [answer]))
        assert await _tickets(ctx) == before + 1


async def test_what_is_remembered_of_a_letter_is_bounded(ctx: Context) -> None:
    ids = [f"{n}@example.cn" for n in range(100)]
    await write(ctx, LI, references=ids)
    kept = {row["ref"] for row in await rows(ctx, "SELECT ref FROM cited_ref")}
    assert len(kept) == MOST_IDS and {ids[0], ids[-1]} <= kept
    # A thread whose letters are all known leaves nothing behind.
    await one(ctx, "WITH gone AS (DELETE FROM cited_ref RETURNING 1) SELECT count(*) FROM gone")
    await accept_items(ctx, "support", _thread("known", people=("c@example.cn",)))
    assert await rows(ctx, "SELECT ref FROM cited_ref") == []


async def test_letters_without_an_id_or_with_a_broken_one(ctx: Context) -> None:
    """An empty id equals no other (pitfall 4); a malformed one is kept as it is (pitfall 5)."""
    for headers in ([("In-Reply-To", "<>")], [("References", "<> <  >")], []):
        await write(ctx, LI, headers=headers)
    assert await _tickets(ctx) == 3
    odd = await write(ctx, LI, message_id="A@@b@C")
    assert (await ticket(ctx, await write(ctx, LI, answers="A@@b@C")))["id"] == (await ticket(ctx, odd))["id"]
    assert (await ticket(ctx, await write(ctx, LI, answers="a@@B@c")))["id"] != (await ticket(ctx, odd))["id"]
