"""F38: what a mailbox that cannot be opened looks like from outside, and that nobody hammers its provider."""

import asyncio
from typing import Any

import pytest

from hub.actions.context import Context
from hub.sandbox.mail_world import MailWorld
from hub.workers import channel as channel_worker
from tests.fakes.imap_server import Command, ImapServer, Session
from tests.fakes.inbox import Inbox, hearing, letter, table
from tests.fakes.token_server import token_server
from tests.rooms.test_channel_worker import at_work, wait_for_state


def channel(server: ImapServer, **more: Any) -> dict[str, Any]:
    return {"kind": "email", **table(server, **more)}


async def test_a_refused_login_is_misconfigured_and_tried_rarely(ctx: Context) -> None:
    async with (
        ImapServer(passwords={}) as server,
        ImapServer() as other,
        at_work(ctx, channel(server)) as (here, _worker),
    ):
        detail = await wait_for_state(here, "misconfigured")
        assert "refused the login" in detail and "imap_password" in detail
        async with hearing(Inbox(other)):
            await other.until(lambda: len(other.said("SEARCH")) >= 15)
        # While another mailbox is looked into all the time: once to hear, once to check, and once more where both met.
        assert len(server.said("LOGIN")) <= 3


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("NO [AUTHENTICATIONFAILED] wrong", "MISCONFIGURED"), ("NO [LIMIT] too many", "AWAY")],
)
async def test_the_pauses_between_logins_grow_to_a_limit(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, answer: str, kind: str
) -> None:
    """Hearing and checking log in by turns, each after pauses of its own."""
    first, longest, each = 0.01, 0.08, 13
    monkeypatch.setattr(channel_worker, f"AFTER_{kind}", first)
    monkeypatch.setattr(channel_worker, f"LONGEST_{kind}", longest)
    times: list[float] = []

    async def refuse(session: Session, command: Command) -> bool:
        times.append(asyncio.get_running_loop().time())
        await session.end(command, answer)
        return True

    async with ImapServer() as server:
        server.always("LOGIN", refuse)
        async with at_work(ctx, channel(server)):
            # Without the limit the pauses would come to twenty seconds at the least.
            await server.until(lambda: len(times) >= 2 * each, seconds=20)
    pauses = [min(first * 2**n, longest) for n in range(each - 1)]
    assert times[2 * each - 1] - times[0] >= sum(pauses) / 2


async def test_a_server_that_lets_us_in_and_throws_us_out_is_not_hammered(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many connections, says one when it is too late: each time the channel was well for a moment."""
    first, longest, times = 0.05, 0.4, list[float]()
    monkeypatch.setattr(channel_worker, "STEADY_SECONDS", 0.0)
    monkeypatch.setattr(channel_worker, "AFTER_AWAY", first)
    monkeypatch.setattr(channel_worker, "LONGEST_AWAY", longest)

    async with ImapServer() as server, MailWorld() as mail:

        async def throw_out(session: Session, command: Command) -> bool:
            if not times:
                await wait_for_state(here, "up")
            times.append(asyncio.get_running_loop().time())
            await session.cut(b"* BYE too many connections\r\n")
            return True

        server.always("IDLE", throw_out)
        async with at_work(ctx, channel(server, smtp_port=mail.smtp_port)) as (here, _worker):
            await server.until(lambda: len(times) >= 8, seconds=60)
    pauses = [min(first * 2**n, longest) for n in range(7)]
    assert times[7] - times[0] >= sum(pauses) / 2


@pytest.mark.parametrize("answer", ["NO [UNAVAILABLE] maintenance", "NO [LIMIT] too many logins"])
async def test_a_busy_server_is_down_until_it_is_not(ctx: Context, answer: str) -> None:
    async def refuse(session: Session, command: Command) -> bool:
        await session.end(command, answer)
        return True

    async with ImapServer() as server, MailWorld() as mail:
        server.always("LOGIN", refuse)
        async with at_work(ctx, channel(server, smtp_port=mail.smtp_port)) as (here, _worker):
            assert answer[3:] in await wait_for_state(here, "down")
            server.behave()
            server.inbox.put(letter(1))
            await wait_for_state(here, "up", 30)
            await server.until(lambda: "\\Seen" in server.inbox.letters[0].flags)


async def test_an_ended_grant_tells_the_command_and_asks_nobody_again(ctx: Context) -> None:
    async with token_server() as provider, ImapServer(tokens=provider.tokens) as server:
        more = provider.settings(oauth_refresh_token="another")
        async with at_work(ctx, channel(server, **more)) as (here, _worker):
            detail = await wait_for_state(here, "misconfigured")
        assert "contact-hub mail authorise it" in detail
        assert len(provider.asked) == 1
        assert server.said("AUTHENTICATE") == []
