"""`contact-hub mail authorise` and what the doctor says of mailboxes, with a provider and a mailbox over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hub.sandbox.mail_world import MailWorld
from tests.fakes.imap_server import ImapServer
from tests.fakes.inbox import letter, table
from tests.fakes.mail_servers import serving
from tests.fakes.token_server import TokenRelay, TokenServer, token_server
from tests.journeys.command import command, running


@pytest.fixture
async def provider() -> AsyncIterator[TokenServer]:
    async with token_server() as made:
        yield made


def written(folder: Path, values: dict[str, Any]) -> Path:
    """A hub.toml with the channel "support" of these values."""

    def shown(value: Any) -> str:
        return (
            str(value).lower()
            if isinstance(value, bool)
            else str(value)
            if isinstance(value, int | float)
            else f'"{value}"'
        )

    lines = [
        "[channels.support]",
        'kind = "email"',
        *(f"{key} = {shown(value)}" for key, value in values.items()),
    ]
    path = folder / "hub.toml"
    path.write_text("\n".join(lines))
    return path


def environment(dsn: str, config: Path) -> dict[str, str]:
    return {
        "HUB_DATABASE__DSN": dsn, "HUB_WEB__PORT": "0", "HUB_CONFIG": str(config),
        "HUB_SECRET_KEY": "a key of thirty-two bytes for tests",
    }  # fmt: skip


async def test_a_code_is_typed_and_the_mailbox_opens(
    tmp_path: Path, database_dsn: str, provider: TokenServer
) -> None:
    relay = TokenRelay(provider.tokens)
    async with ImapServer(tokens=provider.tokens) as server, serving(relay.talk) as smtp_port:
        values = table(
            server, smtp_port=smtp_port, **provider.settings(oauth_device_url=f"{provider.base}/device")
        )
        env = environment(database_dsn, written(tmp_path, values))
        before = await command("doctor", cwd=tmp_path, env=env)
        assert before.code == 1 and "contact-hub mail authorise support" in before.out, before.said
        provider.errors = [(400, "authorization_pending")]
        done = await command("mail", "authorise", "support", cwd=tmp_path, env=env)
        assert done.code == 0, done.said
        assert "https://provider.example/device" in done.out and "ABCD-1234" in done.out
        assert "The mailbox opens." in done.out
        after = await command("doctor", cwd=tmp_path, env=env)
        assert "✓ Channel support" in after.out, after.said
    connection = await asyncpg.connect(database_dsn)
    sealed = await connection.fetchval("SELECT sealed FROM channel_secret WHERE key = 'oauth2'")
    await connection.close()
    assert b"refresh-1" not in sealed


async def test_a_browser_comes_back_and_the_mailbox_opens(
    tmp_path: Path, database_dsn: str, provider: TokenServer
) -> None:
    relay = TokenRelay(provider.tokens)
    async with ImapServer(tokens=provider.tokens) as server, serving(relay.talk) as smtp_port:
        more = provider.settings(oauth_authorise_url="https://provider.example/authorise")
        env = environment(database_dsn, written(tmp_path, table(server, smtp_port=smtp_port, **more)))
        async with running(
            "mail", "authorise", "support", cwd=tmp_path, env={**env, "LANG": "zh_CN.UTF-8"}
        ) as process:
            address = await process.wait_for("https://provider.example/authorise?")
            assert await provider.person_agrees(address.strip()) == 200
            await process.wait_for("邮箱可以打开")


async def test_what_cannot_be_authorised_says_why(
    tmp_path: Path, database_dsn: str, provider: TokenServer
) -> None:
    async with ImapServer() as server:
        env = environment(database_dsn, written(tmp_path, table(server)))
        for name, said in (("support", 'set auth = "oauth2" first'), ("sales", "there is: support")):
            done = await command("mail", "authorise", name, cwd=tmp_path, env=env)
            assert done.code == 1 and said in done.err, done.said
        values = table(server, **provider.settings(oauth_device_url=f"{provider.base}/device"))
        env = environment(database_dsn, written(tmp_path, values))
        provider.errors = [(400, "access_denied")]
        done = await command("mail", "authorise", "support", cwd=tmp_path, env=env)
        assert done.code == 1 and "did not grant access" in done.err, done.said


async def test_the_doctor_asks_about_years_of_mail_before_the_first_start(
    tmp_path: Path, database_dsn: str
) -> None:
    async with ImapServer() as server, MailWorld() as mail:
        for number in range(501):
            server.inbox.put(letter(number))
        env = environment(database_dsn, written(tmp_path, table(server, smtp_port=mail.smtp_port)))
        asked = await command("doctor", cwd=tmp_path, env=env)
        assert (
            "! Mailbox support" in asked.out
            and "501 letters wait" in asked.out
            and "take_days = 14" in asked.out
        )
        few = environment(
            database_dsn, written(tmp_path, table(server, smtp_port=mail.smtp_port, take_days=14))
        )
        assert "Mailbox support" not in (await command("doctor", cwd=tmp_path, env=few)).out
        assert server.said("FETCH") == []
