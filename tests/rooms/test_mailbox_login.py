"""Logging in to a mailbox: who is to blame when it fails, what providers want, what presets know."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from channels.adapter import Misconfigured, Unavailable
from channels.email.accounts.presets import ADVICE, INTRODUCES_ITSELF, PRESETS, TABLE
from channels.email.settings import EmailSettings
from tests.fakes.imap_server import CAPABILITIES, Command, ImapServer, Session
from tests.fakes.inbox import SUPPORT, Inbox, hearing, letter


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as made:
        yield made


async def refusal(server: ImapServer, answer: str, **more: Any) -> Exception:
    async def refuse(session: Session, command: Command) -> bool:
        await session.end(command, answer)
        return True

    server.always("LOGIN", refuse)
    inbox = Inbox(server, **more)
    with pytest.raises((Misconfigured, Unavailable)) as failure:
        await inbox.adapter.receive(inbox.journal.accept)
    return failure.value


@pytest.mark.parametrize(
    "answer",
    [
        "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)",
        "NO [AUTHENTICATIONFAILED] Try again later with the right password",
        "NO Login fail. Account is abnormal, service is not open, password is incorrect",
        "NO [EXPIRED] password expired",
        "BAD user",
    ],
)
async def test_a_wrong_password_is_a_persons_business(server: ImapServer, answer: str) -> None:
    assert isinstance(await refusal(server, answer), Misconfigured)


@pytest.mark.parametrize(
    "answer",
    [
        "NO [UNAVAILABLE] Temporary authentication failure",
        "NO [ALERT] Too many simultaneous connections. (Failure)",
        "NO [LIMIT] rate limit hit",
        "NO [OVERQUOTA] Account exceeded command or bandwidth limits.",
        "NO [INUSE] mailbox in use",
        "NO Login frequency is limited, please try again later",
        "BAD User is authenticated but not connected.",
    ],
)
async def test_a_busy_server_is_waited_for(server: ImapServer, answer: str) -> None:
    """F38: throttled is not a wrong password; the pauses between attempts grow."""
    assert isinstance(await refusal(server, answer), Unavailable)


@pytest.mark.parametrize(
    "greeting", [b"* BYE too many connections\r\n", b"HTTP/1.1 400 Bad Request\r\n", b""]
)
async def test_a_server_that_greets_otherwise_is_waited_for(server: ImapServer, greeting: bytes) -> None:
    server.greeting = greeting or b"* BYE\r\n"
    inbox = Inbox(server)
    with pytest.raises(Unavailable):
        await inbox.adapter.receive(inbox.journal.accept)


async def test_a_line_that_drops_during_the_login_is_nobodys_wrong_password(server: ImapServer) -> None:
    async def drop(session: Session, command: Command) -> bool:
        await session.cut()
        return True

    server.always("LOGIN", drop)
    inbox = Inbox(server)
    with pytest.raises(Unavailable):
        await inbox.adapter.receive(inbox.journal.accept)


async def test_a_refused_login_says_what_this_provider_wants(server: ImapServer) -> None:
    assert "authorisation code" in str(await refusal(server, "NO password error", preset="163"))
    assert "app password" in str(await refusal(server, "NO [AUTHENTICATIONFAILED] no", preset="gmail"))
    assert "imap_password" in str(await refusal(server, "NO [AUTHENTICATIONFAILED] no"))


@pytest.mark.parametrize("listed", [True, False])
async def test_netease_is_told_who_we_are_before_a_folder_is_opened(listed: bool) -> None:
    """Pitfall 18: "Unsafe Login"."""
    capabilities = CAPABILITIES if listed else CAPABILITIES.replace(" ID ", " ")
    async with ImapServer(wants_id=True, capabilities=capabilities) as server:
        server.inbox.put(letter(1))
        inbox = Inbox(server, preset="126")
        async with hearing(inbox):
            await inbox.journal.kept(1)
        verbs = [verb for verb, _ in server.log]
        assert verbs.index("LOGIN") < verbs.index("ID") < verbs.index("SELECT")


async def test_a_server_that_does_not_know_id_is_not_minded(server: ImapServer) -> None:
    async def refuse(session: Session, command: Command) -> bool:
        await session.end(command, "BAD what is that")
        return True

    server.always("ID", refuse)
    server.inbox.put(letter(1))
    inbox = Inbox(server, preset="163")
    async with hearing(inbox):
        await inbox.journal.kept(1)


@pytest.mark.parametrize("password", ['with "quotes" and \\', "пароль", "密码"])
async def test_any_password_gets_through(password: str) -> None:
    async with ImapServer(passwords={SUPPORT: password}) as server:

        async def unquote(session: Session, command: Command) -> bool:
            said = command.rest.partition(" ")[2].removeprefix('"').removesuffix('"')
            session.user = SUPPORT if said.replace("\\\\", "\\").replace('\\"', '"') == password else ""
            await session.end(command, "OK" if session.user else "NO [AUTHENTICATIONFAILED] wrong")
            return True

        server.always("LOGIN", unquote)
        server.inbox.put(letter(1))
        inbox = Inbox(server, imap_password=password)
        async with hearing(inbox):
            await inbox.journal.kept(1)


async def test_a_login_that_the_server_forbids_in_the_clear_is_not_tried() -> None:
    async with ImapServer(capabilities=f"{CAPABILITIES} LOGINDISABLED") as server:
        inbox = Inbox(server)
        with pytest.raises(Misconfigured, match="imap_security"):
            await inbox.adapter.receive(inbox.journal.accept)
        assert server.said("LOGIN") == []


def settings(**table: Any) -> EmailSettings:
    return EmailSettings.model_validate({"address": "help@shop.example", **table})


def test_a_preset_fills_in_what_is_not_said_and_nothing_else() -> None:
    plain = settings(preset="163", imap_password="code")
    assert (plain.imap_host, plain.imap_port, plain.imap_security) == ("imap.163.com", 993, "tls")
    assert (plain.smtp_host, plain.smtp_port, plain.smtp_user) == ("smtp.163.com", 465, "help@shop.example")
    assert plain.smtp_password.get_secret_value() == "code"
    assert (plain.plus_addresses, plain.introduces_itself) == (False, True)
    own = settings(
        preset="163",
        imap_host="mail.example",
        imap_port=1,
        plus_addresses=True,
        smtp_user="x",
        smtp_password="y",
    )
    assert (own.imap_host, own.imap_port, own.plus_addresses, own.smtp_user) == ("mail.example", 1, True, "x")


def test_what_each_preset_does_with_plus_addresses_and_sent_letters() -> None:
    assert {name for name, table in TABLE.items() if table.get("plus_addresses", True)} == {
        "gmail", "outlook", "icloud", "fastmail",
    }  # fmt: skip
    # These put a copy there themselves.
    assert not TABLE["gmail"].get("sent_folder") and not TABLE["outlook"].get("sent_folder")


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_is_complete_and_protected(preset: str) -> None:
    made = settings(preset=preset, imap_password="x", oauth_client_id="y")
    assert made.imap_security in ("tls", "starttls")
    assert made.smtp_security in ("tls", "starttls")
    assert made.login_advice and preset in ADVICE
    assert (made.smtp_port, made.smtp_security) in ((465, "tls"), (587, "starttls"))


def test_presets_are_known_by_name() -> None:
    assert set(TABLE) == set(PRESETS) and set(PRESETS) >= INTRODUCES_ITSELF
    with pytest.raises(ValidationError):
        settings(preset="hotmail.example", imap_host="h", smtp_host="h")


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth": "oauth2"},
        {"auth": "oauth2", "oauth_client_id": "x"},
        {"auth": "oauth2", "oauth_client_id": "x", "oauth_token_url": "http://provider.example/token"},
        {"auth": "oauth2", "oauth_client_id": "x", "oauth_provider": "microsoft", "oauth_tenant": "a/b"},
        {"smtp_user": "x"},
    ],
)
def test_a_login_that_cannot_work_is_refused_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        settings(imap_host="h", smtp_host="h", **wrong)
