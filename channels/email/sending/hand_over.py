"""Handing one finished letter to the relay by SMTP, stage by stage. No composing, no queue, no retry.

Before the first byte of the content every failure is certain: nothing left. From then until the relay's answer a lost line
means that nobody knows (RFC 5321 4.5.3.2.6; aiosmtplib raises the same exception for both).
"""

import re
import ssl
from collections.abc import Callable, Sequence

import aiosmtplib

from channels.adapter import (
    ChannelFailure,
    Leaving,
    Misconfigured,
    Receipt,
    Refused,
    TryLater,
    Unavailable,
    Unsure,
)
from channels.email.accounts.oauth import Tokens
from channels.email.sending.lines import Line, Lines
from channels.email.settings import EmailSettings

FINAL_TIMEOUT = 600.0
"""Seconds for the answer after the final dot (RFC 5321 4.5.3.2.6)."""
_LOST = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError, TimeoutError)


class _WentAway(TryLater):
    """The relay ended the conversation before the content."""


async def hand_over(
    letter: bytes,
    *,
    sender: str,
    recipients: Sequence[str],
    settings: EmailSettings,
    lines: Lines,
    alive: Callable[[], bool],
    leaving: Leaving,
) -> Receipt:
    """Send once. `sender` is the envelope's ("" for automatic mail). `recipients`: the customer first. Without the customer
    nobody gets it; who else is refused is named in the receipt. Raises Misconfigured, TryLater, Refused, Unsure, and what
    `leaving` raises."""
    customer, *copies = recipients
    line = await _addressed(lines, sender, customer)
    try:
        refused = {one: said for one in copies if (said := await _refused_copy(line.client, one))}
        if not alive():
            raise TryLater("Another hub has taken this channel over.")
        ours = await leaving()
        answer = await _send_content(line.client, letter, FINAL_TIMEOUT, ours)
    except BaseException:
        line.end()
        raise
    lines.keep(line)
    return Receipt(detail=answer, refused=refused, relay_id=renamed(settings.smtp_host, answer))


async def _addressed(lines: Lines, sender: str, customer: str) -> Line:
    """A line on which the relay has taken both. One that waited may be of no more use, or the relay may want no more letters
    by it: what counts is what it says on a fresh one. Nothing has left by then."""
    fresh = False
    while True:
        try:
            line = await lines.take(fresh=fresh)
        except Unavailable as error:
            raise TryLater(str(error), whole_channel=True) from error
        stage = "MAIL"
        try:
            await _say(line.client, stage, f"MAIL FROM:<{sender}>".encode("ascii"))
            stage = "RCPT"
            await _say(line.client, stage, f"RCPT TO:<{customer}>".encode("ascii"))
        except ChannelFailure as failure:
            line.end()
            fresh = line.used and (stage == "MAIL" or isinstance(failure, _WentAway))
            if not fresh:
                raise
        except BaseException:
            line.end()
            raise
        else:
            return line


async def _refused_copy(client: aiosmtplib.SMTP, recipient: str) -> str:
    """What the relay has against this one in copy, "" for nothing. Neither for good nor for now does that hold up the letter
    to the customer; a relay that goes away does."""
    try:
        await _say(client, "RCPT", f"RCPT TO:<{recipient}>".encode("ascii"))
    except _WentAway:
        raise
    except (Refused, TryLater) as error:
        return str(error)
    return ""


_SES = re.compile(r"email-smtp(?:-fips)?\.([a-z0-9-]{1,40})\.amazonaws\.com", re.IGNORECASE)
_SES_ANSWER = re.compile(r"250 Ok ([0-9A-Za-z-]{20,100})")


def renamed(host: str, answer: str) -> str:
    """The Message-ID that a relay puts into the place of ours, or "". Amazon SES tells the left half in its answer to the
    letter; the right half is that of its region (email.amazonses.com in us-east-1)."""
    place, said = _SES.fullmatch(host), _SES_ANSWER.match(answer)
    if place is None or said is None:
        return ""
    region = place.group(1).lower()
    return f"{said.group(1)}@{'email' if region == 'us-east-1' else region}.amazonses.com"


async def check_login(settings: EmailSettings, tokens: Tokens) -> None:
    """Prove that the relay takes our credentials. Raises Misconfigured or Unavailable."""
    (await log_in(settings, tokens)).close()


async def log_in(settings: EmailSettings, tokens: Tokens) -> aiosmtplib.SMTP:
    """A line to the relay, ready for a letter. Raises Misconfigured or Unavailable."""
    client = _client(settings)
    try:
        await _log_in(client, settings, tokens)
    except BaseException:
        client.close()
        raise
    return client


def _client(settings: EmailSettings) -> aiosmtplib.SMTP:
    # start_tls=False turns the library's opportunistic upgrade off: TLS is demanded below or not used at all.
    return aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        use_tls=settings.smtp_security == "tls",
        start_tls=False,
        timeout=settings.timeout_seconds,
    )


async def _log_in(client: aiosmtplib.SMTP, settings: EmailSettings, tokens: Tokens) -> None:
    where = f"SMTP {settings.smtp_host}:{settings.smtp_port}"
    try:
        await client.connect()
        await client.ehlo()
        if settings.smtp_security == "starttls":
            if not client.supports_extension("starttls"):
                raise Misconfigured(f"{where} offers no STARTTLS; nothing is sent unprotected.")
            await client.starttls()
        if settings.auth == "oauth2":
            await _show_token(client, settings.smtp_user or settings.mailbox_user, tokens)
        elif settings.smtp_user:
            await client.login(settings.smtp_user, settings.smtp_password.get_secret_value())
    except aiosmtplib.SMTPAuthenticationError as error:
        if 400 <= error.code < 500:
            raise Unavailable(f"{where} cannot check the login now: {error.code} {error.message}") from error
        if settings.auth == "oauth2":
            raise Misconfigured(f"{where} refused the access token: {error.message}") from error
        advice = settings.login_advice or "Check smtp_user and smtp_password."
        raise Misconfigured(f"{where} refused the login: {error.message}. {advice}") from error
    except aiosmtplib.SMTPException as error:
        if _is_bad_certificate(error):
            raise Misconfigured(f"{where} shows a certificate that is not valid for it: {error}") from error
        raise Unavailable(f"{where} does not answer as it should: {error}") from error
    except _LOST as error:
        if _is_bad_certificate(error):
            raise Misconfigured(f"{where} shows a certificate that is not valid for it: {error}") from error
        raise Unavailable(f"{where} cannot be reached: {error}") from error


async def _show_token(client: aiosmtplib.SMTP, user: str, tokens: Tokens) -> None:
    """An access token for the password, and once more a fresh one where the relay does not take the first."""
    token = await tokens.access_token()
    try:
        await client.auth_xoauth2(user, token)
    except aiosmtplib.SMTPAuthenticationError as error:
        if 400 <= error.code < 500:
            raise
        await client.auth_xoauth2(user, await tokens.access_token(refused=token))


def _is_bad_certificate(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        seen = seen.__cause__ or seen.__context__
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


async def _say(client: aiosmtplib.SMTP, stage: str, command: bytes) -> None:
    try:
        answer = await client.execute_command(command)
    except (*_LOST, aiosmtplib.SMTPException) as error:
        raise _WentAway(f"The relay went away at {stage}: {error}") from error
    if 200 <= answer.code < 300:
        return
    raise _refusal(stage, answer.code, answer.message)


def _refusal(stage: str, code: int, text: str) -> ChannelFailure:
    said = f"The relay answered {code} at {stage}: {text}"[:500]
    if code == 421:
        return _WentAway(said, whole_channel=True)
    if code in (530, 535, 538):
        return Misconfigured(said)
    return Refused(said) if 500 <= code < 600 else TryLater(said)


async def _send_content(
    client: aiosmtplib.SMTP, letter: bytes, timeout: float, ours: Callable[[], bool]
) -> str:
    begun = False
    protocol = client.protocol
    if protocol is None:
        raise TryLater("The relay went away before DATA.")
    write = protocol.write

    def noting(data: bytes) -> None:
        # The library raises the same exception before the 354 and after the content; only the writing tells them apart.
        nonlocal begun
        if data != b"DATA\r\n" and not begun:
            if not ours():
                raise TryLater("This hub was held up while the relay made ready; nothing was sent.")
            begun = True
        write(data)

    protocol.write = noting  # type: ignore[method-assign]
    try:
        answer = await client.data(letter, timeout=timeout)
    except aiosmtplib.SMTPDataError as error:
        if begun and 200 <= error.code < 300:  # not the usual 250, but taken over (RFC 5321 4.2.1)
            return f"{error.code} {error.message}"[:500]
        if begun and not 400 <= error.code < 600:
            raise Unsure(f"The relay's answer to the letter means nothing: {error.code}") from error
        raise _refusal("." if begun else "DATA", error.code, error.message) from error
    except (*_LOST, aiosmtplib.SMTPException) as error:
        if not begun:
            raise TryLater(f"The relay went away at DATA: {error}") from error
        raise Unsure(f"The line dropped after the letter had begun to leave: {error}") from error
    finally:
        protocol.write = write  # type: ignore[method-assign]
    return f"{answer.code} {answer.message}"[:500]
