"""What an adapter is handed that is only asked whether its login works: it remembers nothing, but may open its own secrets."""

from collections.abc import Sequence
from typing import Any

from channels.adapter import Asking, CounterReply, Ports, TranscriptLine, Vault


def trial_ports(vault: Vault | None, *, secret: bytes, public_url: str) -> Ports:
    """`vault` is None where there is no database, or nothing of this channel in it."""
    return Ports(
        bookmark=_Forgetful(),
        transcript=_Forgetful(),
        vault=vault if vault is not None else _Forgetful(),
        known=_knows_nothing,
        counter=_NobodyThere(),
        secret=secret,
        public_url=public_url,
    )


async def _knows_nothing(_external_keys: Sequence[str]) -> set[str]:
    return set()


class _NobodyThere:
    async def __call__(self, _asking: Asking) -> CounterReply | None:
        return None

    def commands(self, _language: str) -> Sequence[tuple[str, str]]:
        return ()


class _Forgetful:
    async def read(self, key: str) -> Any:
        return None

    async def write(self, key: str, value: Any) -> None:
        return None

    async def since(self, thread_key: str, after: int) -> list[TranscriptLine]:
        return []

    async def wait(self, thread_key: str, after: int) -> None:
        return None
