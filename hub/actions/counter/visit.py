"""One customer at the counter, in one transaction: who asks, where, and in which language they are answered."""

from dataclasses import dataclass

from channels.adapter import Asking
from hub.actions.context import Context
from hub.actions.counter.words import locale_of, say
from hub.actions.lock_name import lock_number
from storage import inbound, talks
from storage.database import Connection
from storage.talks import TalkRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`channel_id` and `asking.thread_key` name the conversation; `talk` is what was known of it. `speaks`: the language in
    which the customer wrote so far, where their program does not say."""

    ctx: Context
    connection: Connection
    channel_id: int
    asking: Asking
    talk: TalkRow | None
    speaks: str = ""

    @classmethod
    async def begin(cls, ctx: Context, connection: Connection, channel_id: int, asking: Asking) -> "Visit":
        """Look up what is known."""
        talk = await talks.read(connection, channel_id, asking.thread_key)
        speaks = ""
        if not asking.language and (talk is None or not talk.language):
            known = await talks.customer_of(connection, asking.identity.kind, asking.identity.value)
            speaks = known[1] if known is not None else ""
        return cls(
            ctx=ctx, connection=connection, channel_id=channel_id, asking=asking, talk=talk, speaks=speaks
        )

    @property
    def locale(self) -> str:
        """As the customer chose it, else as their program says, else as they write."""
        chosen = self.talk.language if self.talk is not None else ""
        return chosen or locale_of(self.asking.language or self.speaks)

    @property
    def place(self) -> tuple[int, str]:
        return self.channel_id, self.asking.thread_key

    def say(self, key: str, **values: object) -> str:
        return say(key, self.locale, **values)

    async def customer(self) -> int:
        """The customer who asks; made where nobody knows them yet. Whoever files for this person waits meanwhile."""
        one = self.asking.identity
        await inbound.lock_conversations(self.connection, [lock_number(f"{one.kind}:{one.value}")])
        found = await talks.customer_of(self.connection, one.kind, one.value)
        if found is not None:
            return found[0]
        name = self.asking.name or one.value
        return await talks.add_customer(self.connection, name, self.locale[:2], one.kind, one.value)

    async def wait_for(self, what: str, data: dict[str, object] | None = None, *, minutes: float = 0) -> None:
        """The next word may be this; "" for nothing."""
        await talks.wait_for(self.connection, *self.place, what, data, seconds=minutes * 60)
