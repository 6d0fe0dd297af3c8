"""Letters from raw bytes to the agent: journalled, read by the reading process, filed, routed."""

import hashlib
import random
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from channels.adapter import RawItem
from channels.email.mailbox.items import content_key
from hub.actions.context import Context
from hub.actions.receive import accept_items
from tests.benchmarks import floors
from tests.benchmarks.cpu import cpu_of
from tests.benchmarks.figure import Aim, BenchmarkFailed, Figure, Round, median_of
from tests.benchmarks.letters import gather, warm_up
from tests.benchmarks.routed import Watch, watching
from tests.benchmarks.stage import Stage

BATCH = 50
"""As the mailbox hands them over."""
CHANNELS = {
    # Nobody answers there: the letters are handed in here, as the mailbox's own thread would do it.
    "support": {
        "kind": "email", "address": "support@shop.example", "imap_host": "127.0.0.1", "imap_port": 9,
        "imap_security": "none", "smtp_host": "127.0.0.1", "smtp_port": 9, "smtp_security": "none",
    }
}  # fmt: skip


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    letters = gather(stage.letters, stage.size(1000))
    if len(letters) > stage.size(1000):
        letters = random.Random(1).sample(letters, stage.size(1000))
    rounds: list[Round] = []
    cpu: list[dict[str, float]] = []
    for _ in range(stage.rounds):
        # Afresh each time: the same letters are repetitions where they are known.
        async with stage.hub_here(CHANNELS) as (ctx, dsn), watching(dsn) as watch:
            await _bring(ctx, watch, warm_up(20))
            floor = floors.parsed_a_second(letters)
            before = cpu_of(None, stage.data)
            took = await _bring(ctx, watch, letters)
            cpu.append(cpu_of(None, stage.data).per_item(before, len(letters)))
            rounds.append(Round(value=len(letters) / took, floor=floor))
    yield Figure(
        name="ingest_letters",
        unit="letters/s",
        floor=floors.PARSE,
        rounds=rounds,
        n=len(letters),
        aim=Aim(of="ratio", bound=0.25),
        more={
            "letters": "generated" if stage.letters is None else "from the folder given",
            "mean_bytes": sum(map(len, letters)) / len(letters),
            "cpu": median_of(cpu),
        },
    )


async def _bring(ctx: Context, watch: Watch, letters: Sequence[bytes]) -> float:
    """Seconds until none waits to be read and no ticket for its agent."""
    begun = time.perf_counter()
    for start in range(0, len(letters), BATCH):
        items = [
            RawItem(
                external_key=f"bench:{hashlib.sha256(letter).hexdigest()}",
                content=letter,
                content_key=content_key(letter),
                received_at=datetime.now(UTC),
            )
            for letter in letters[start : start + BATCH]
        ]
        if any(one.duplicate for one in await accept_items(ctx, "support", items)):
            raise BenchmarkFailed("a letter was taken for a repetition, although each is there once")
    await watch.until_all()
    return time.perf_counter() - begun
