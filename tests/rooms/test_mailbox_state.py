"""F38: what a mailbox that cannot be opened looks like from outside, and that nobody hammers its provider."""

from typing import Any

import pytest

from hub.actions.context import Context
from hub.sandbox.mail_world import MailWorld
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
