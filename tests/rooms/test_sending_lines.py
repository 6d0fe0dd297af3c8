"""Letters that leave one after the other share a line to the relay, and lose nothing by it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.adapter import ChannelFailure, Receipt, Refused, TryLater
from channels.email.adapter import EmailAdapter
from channels.email.sending import lines
from channels.email.settings import EmailSettings
from hub.model.interactions import OutboundInteraction
from tests.fakes.leaving import free_to_leave
from tests.fakes.mail_servers import serving
from tests.fakes.ports import make_ports
from tests.fakes.scene import MAIL
from tests.fakes.smtp_server import DROP, ScriptedRelay


class Relays:
    """A relay each of whose connections is answered by a script of its own, in turn; the last one's serves the rest."""

    def __init__(self, *scripts: ScriptedRelay) -> None:
        self.scripts = scripts
        self.lines = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self.scripts[min(self.lines, len(self.scripts) - 1)]
        self.lines += 1
        self._writers.append(writer)
        await script.talk(reader, writer)

    def hang_up(self, number: int) -> None:
        """The line that was begun after so many others."""
        self._writers[number].close()


@asynccontextmanager
async def _inbox(relays: Relays, **settings: Any) -> AsyncIterator[EmailAdapter]:
    async with serving(relays.talk) as port:
        table = {key: value for key, value in MAIL.items() if key != "kind"}
        given = {**table, "smtp_port": port, "smtp_user": "u", "smtp_password": "p", **settings}
        adapter = EmailAdapter("support", EmailSettings.model_validate(given), make_ports())
        yield adapter
        await adapter.close()


async def _send(adapter: EmailAdapter, number: int) -> Receipt:
    letter = OutboundInteraction(
        interaction_id=number + 1,
        ticket_code="T-1",
        address=f"customer{number}@mail.example",
        recipient_name="",
        author_name="Ann",
        text=f"Answer {number}",
        queued_at=datetime(2026, 3, 3, 9, 0, tzinfo=UTC),
        subject="Re: kettle",
        message_id=f"{number}.t7zk@shop.example",
    )
    return await adapter.send(letter, free_to_leave)


def _good(**answers: str) -> ScriptedRelay:
    return ScriptedRelay(answers, users={"u": "p"})


async def test_letters_one_after_the_other_log_in_once_and_the_line_is_left_politely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "KEPT_SECONDS", 0.05)
    relay = _good()
    async with _inbox(Relays(relay)) as inbox:
        for number in range(3):
            await _send(inbox, number)
        async with asyncio.timeout(30):
            while "QUIT" not in relay.verbs:
                await asyncio.sleep(0.01)
        assert (relay.verbs.count("EHLO"), relay.verbs.count("AUTH"), len(relay.taken)) == (1, 1, 3)
        assert relay.verbs[-1] == "QUIT"
        await _send(inbox, 3)
    assert (relay.verbs.count("AUTH"), len(relay.taken)) == (2, 4)


async def test_letters_side_by_side_have_a_line_each() -> None:
    relays = Relays(_good())
    async with _inbox(relays) as inbox:
        async with asyncio.timeout(30):
            await asyncio.gather(*(_send(inbox, number) for number in range(5)))
            assert relays.lines == 5
            await asyncio.gather(*(_send(inbox, number) for number in range(5, 10)))
        assert relays.lines == 5
    assert sorted(envelope.recipients[0] for envelope, _ in relays.scripts[0].taken) == [
        f"customer{number}@mail.example" for number in range(10)
    ]


async def test_so_many_lines_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_KEPT", 2)
    relays = Relays(_good())
    async with _inbox(relays) as inbox:
        for place in range(2):
            await asyncio.gather(*(_send(inbox, 5 * place + number) for number in range(5)))
    assert relays.lines == 5 + 3


async def test_a_line_carries_so_many_letters_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LETTERS", 2)
    relays = Relays(_good())
    async with _inbox(relays) as inbox:
        for number in range(5):
            await _send(inbox, number)
    assert (relays.lines, len(relays.scripts[0].taken)) == (3, 5)


@pytest.mark.parametrize(
    "had_enough", ["421 too many letters", "452 too many letters", "550 not by this line", DROP]
)
@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
async def test_a_relay_that_has_had_enough_of_a_line_gets_the_letter_by_another(
    stage: str, had_enough: str
) -> None:
    """What it says at MAIL may be about the line; at RCPT only that it hangs up is."""
    first, second = _good(), _good()
    relays = Relays(first, second)
    async with _inbox(relays) as inbox:
        await _send(inbox, 0)
        first.answers[stage] = had_enough
        about_the_customer = stage == "RCPT" and had_enough[:3] in ("452", "550")
        if about_the_customer:
            with pytest.raises((TryLater, Refused)):
                await _send(inbox, 1)
        else:
            await _send(inbox, 1)
        assert (len(first.taken), len(second.taken)) == (1, 0 if about_the_customer else 1)
        assert "DATA" not in first.verbs[first.verbs.index("DATA") + 1 :], "no second content on the old line"


async def test_what_a_fresh_line_says_counts() -> None:
    relay = _good()
    relays = Relays(relay)
    async with _inbox(relays) as inbox:
        await _send(inbox, 0)
        relay.answers["MAIL"] = "550 not you"
        with pytest.raises(Refused, match="not you"):
            await _send(inbox, 1)
        assert relays.lines == 2


@pytest.mark.parametrize(
    ("stage", "answer"),
    [("RCPT", "550 unknown"), ("DATA", "451 later"), (".", "554 spam"), (".", "nonsense")],
)
async def test_after_a_letter_that_was_not_taken_the_next_has_a_line_of_its_own(
    stage: str, answer: str
) -> None:
    first, second = _good(**{stage: answer}), _good()
    relays = Relays(first, second)
    async with _inbox(relays) as inbox:
        with pytest.raises(ChannelFailure):
            await _send(inbox, 0)
        await _send(inbox, 1)
    assert (relays.lines, len(second.taken)) == (2, 1)


async def test_a_relay_that_hung_up_meanwhile_gets_the_next_letter_by_another_line() -> None:
    relays = Relays(_good(), _good())
    async with _inbox(relays) as inbox:
        await _send(inbox, 0)
        relays.hang_up(0)
        await _send(inbox, 1)
    assert [len(one.taken) for one in relays.scripts] == [1, 1]


async def test_of_two_that_wait_the_one_that_was_not_hung_up_is_taken() -> None:
    relays = Relays(_good(), _good())
    async with _inbox(relays) as inbox:
        await asyncio.gather(_send(inbox, 0), _send(inbox, 1))
        await _send(inbox, 2)
        (next_one,) = (number for number, one in enumerate(relays.scripts) if len(one.taken) == 2)
        relays.hang_up(next_one)
        async with asyncio.timeout(30):
            while inbox._lines._waiting[-1].client.is_connected:
                await asyncio.sleep(0.01)
        await _send(inbox, 3)
    assert (relays.lines, [len(one.taken) for one in relays.scripts]) == (2, [2, 2])
