"""The open e-mail channel: joins the mailbox's thread and the relay to the hub's ports. No protocol
detail lives here."""

from collections.abc import Sequence
from dataclasses import replace

from channels.adapter import Accept, Capabilities, Count, Leaving, Ports, Receipt, Refused
from channels.email.accounts.authorise import consent_page, exchange_code
from channels.email.accounts.oauth import Tokens, check_lasting, keep_tokens
from channels.email.compose import CannotCompose, compose_letter, envelope_sender, recipients
from channels.email.mailbox.hearing import Hearing
from channels.email.sending import hand_over
from channels.email.sending.lines import Lines
from channels.email.settings import EmailSettings
from hub.model.interactions import OutboundInteraction

CAPABILITIES = Capabilities(subject=True, html=True, attachments=True, copies=True)


class EmailAdapter:
    """One inbox (see channels.adapter.ChannelAdapter for what each method promises)."""

    capabilities = CAPABILITIES

    def __init__(self, name: str, settings: EmailSettings, ports: Ports) -> None:
        self.name = name
        self._settings = settings
        self._ports = ports
        self._tokens = Tokens(name, settings, ports.vault)
        self._hearing = Hearing(settings, ports, self._tokens)
        self._lines = Lines(lambda: hand_over.log_in(settings, self._tokens))

    async def check(self) -> None:
        """Log in to both servers; send nothing. Raises Misconfigured or Unavailable."""
        await self._hearing.check()
        await hand_over.check_login(self._settings, self._tokens)

    async def address(self) -> str:
        """The inbox's own."""
        return self._settings.address

    def consent(self, *, redirect: str, state: str, verifier: str) -> str:
        """Where a person lets the hub in. Raises Misconfigured where the provider has no such page."""
        return consent_page(self._settings, redirect=redirect, state=state, verifier=verifier)

    async def consented(self, *, redirect: str, code: str, verifier: str) -> None:
        """Keep the tokens that the code is good for. Raises Misconfigured, Unavailable."""
        answer = await exchange_code(self._settings, redirect=redirect, code=code, verifier=verifier)
        check_lasting(answer)
        await keep_tokens(self._ports.vault, answer)

    async def receive(self, accept: Accept) -> None:
        """Hear the mailbox until cancelled."""
        await self._hearing.receive(accept)

    @property
    def count_hour(self) -> int:
        """When mailbox and journal are compared."""
        return self._settings.count_hour

    async def count(self, accept: Accept) -> Sequence[Count]:
        """Compare them now; what the journal lacks is fetched."""
        return await self._hearing.count(accept)

    async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
        """Send once, to the customer and everybody in copy."""
        try:
            letter = compose_letter(message, self._settings)
            sender, everybody = envelope_sender(message, self._settings), recipients(message)
        except CannotCompose as error:
            raise Refused(f"The letter cannot be composed: {error}") from error
        receipt = await hand_over.hand_over(
            letter,
            sender=sender,
            recipients=everybody,
            settings=self._settings,
            lines=self._lines,
            alive=self._ports.alive,
            leaving=leaving,
        )
        return replace(receipt, external_id=message.message_id)

    @property
    def wants_copies(self) -> bool:
        """Whether what is sent goes into a folder of the mailbox too."""
        return bool(self._settings.sent_folder)

    async def keep_copies(self, messages: Sequence[OutboundInteraction]) -> Sequence[str]:
        """Put them there, byte for byte as they were sent."""
        return await self._hearing.put_copies(
            [(compose_letter(one, self._settings), one.queued_at) for one in messages]
        )

    async def close(self) -> None:
        """Let go of the connections to the mailbox and to the relay."""
        self._hearing.stop()
        self._lines.close()
