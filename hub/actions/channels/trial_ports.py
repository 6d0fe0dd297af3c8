"""What an adapter is handed that is only asked whether its login works: it remembers nothing, but may open its own secrets."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any

from channels.adapter import (
    Asking,
    Counted,
    CounterReply,
    Heard,
    NobodyInLounge,
    Ports,
    Received,
    Tally,
    TranscriptLine,
    Vault,
)


def trial_ports(vault: Vault | None, *, secret: bytes, public_url: str) -> Ports:
    """`vault` is None where there is no database, or nothing of this channel in it."""
    return Ports(
        bookmark=_Forgetful(),
        transcript=_Forgetful(),
        vault=vault if vault is not None else _Forgetful(),
        known=_knows_nothing,
        counter=_NobodyThere(),
        gate=_NobodyComes(),
        follow=_follows_nothing,
        secret=secret,
        public_url=public_url,
        lounge=NobodyInLounge(),
    )


async def _knows_nothing(_external_keys: Sequence[str]) -> set[str]:
    return set()


class _NobodyThere:
    async def __call__(self, _asking: Asking) -> CounterReply | None:
        return None

    async def concerned(self, _askings: Sequence[Asking]) -> set[str]:
        return set()

    def commands(self, _language: str) -> Sequence[tuple[str, str]]:
        return ()


async def _follows_nothing(_received: Received) -> str:
    return ""


class _NobodyComes:
    """While it is tried, nobody comes through its doors."""

    async def count(self, what: Sequence[Counted]) -> Sequence[Tally]:
        return [Tally(hits=0, ends_in=one.seconds) for one in what]

    async def look(self, what: Sequence[Counted]) -> Sequence[Tally]:
        return await self.count(what)

    async def take_once(self, _mark: str, _seconds: float) -> bool:
        return True

    async def was_taken(self, _mark: str) -> bool:
        return False


class _Forgetful:
    async def read(self, key: str) -> Any:
        return None

    async def write(self, key: str, value: Any) -> None:
        return None

    async def since(self, thread_key: str, after: int, have: Collection[int] = ()) -> list[TranscriptLine]:
        return []

    def watch(self, thread_key: str) -> AbstractContextManager[Heard]:
        return NobodyInLounge().wake(thread_key)
