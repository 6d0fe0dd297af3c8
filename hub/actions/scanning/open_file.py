"""Whether a file may be handed out: what nobody has looked into yet is looked into now."""

from channels.adapter import Unavailable
from hub.actions.announce import FILES, announce
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.people.audit import record
from hub.actions.scanning.clamd import ScanBroken, ScannerAway, ScanState, Verdict, scan
from hub.actions.scanning.look import settle
from hub.model.audit import AuditKind
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from storage import scans
from storage.database import Connection
from storage.scans import ScannedFile

NOT_LOOKED_INTO = "not looked into"
"""In the audit trail, in the place of what was found."""


class FileWithheld(NotPossible):
    """`found`: what the scanner calls what is in it; "" where it could not be asked."""

    code = "file_unchecked"

    def __init__(self, found: str = "") -> None:
        if found:
            super().__init__(f"The virus scanner found {found} in this file.", code="file_infected")
        else:
            super().__init__("The virus scanner does not answer, and has not looked into this file yet.")
        self.found = found


async def check_file(ctx: Context, token: str, data: bytes) -> None:
    """Raises FileWithheld: there is a virus in it, or nobody can say yet. What the scanner cannot look into is handed out: the
    desk says so beside it."""
    if not ctx.settings.scanner.address:
        return
    known = await ctx.database.read(lambda c: scans.of_file(c, token))
    if known is None:
        return  # taken away meanwhile: what was read is handed out once more
    verdict = await _look_now(ctx, known, data) if known.state in ("", ScanState.WAITING) else _said(known)
    if verdict.state is ScanState.INFECTED:
        raise FileWithheld(verdict.found)


async def fit_for_customers(ctx: Context, token: str, data: bytes) -> bool:
    """The same for a customer, who is told no more than that there is no such file: False where there is a virus in it. Raises
    Unavailable while nobody can say."""
    try:
        await check_file(ctx, token, data)
    except FileWithheld as withheld:
        if not withheld.found:
            raise Unavailable(str(withheld)) from withheld
        return False
    return True


async def check_bytes(ctx: Context, data: bytes) -> None:
    """The same of what is no file of a ticket; nothing is remembered."""
    if not ctx.settings.scanner.address:
        return
    verdict = await _ask(ctx, data)
    if verdict.state is ScanState.INFECTED:
        raise FileWithheld(verdict.found)


async def open_anyway(ctx: Context, token: str, actor: Actor) -> None:
    """Somebody who may wants it all the same: that is written down."""
    known = await ctx.database.read(lambda c: scans.of_file(c, token))
    if known is not None:
        unknown = known.state in ("", ScanState.WAITING)
        details = {
            "file": known.filename,
            "ticket": show_code(TICKET, known.ticket_code),
            "found": NOT_LOOKED_INTO if unknown else known.found,
        }
        await ctx.database.run(
            lambda c: record(c, AuditKind.FILE_OPENED_ANYWAY, actor=actor, subject=token, details=details)
        )


async def _look_now(ctx: Context, known: ScannedFile, data: bytes) -> Verdict:
    try:
        verdict = await _ask(ctx, data)
    except FileWithheld:
        await ctx.database.run(lambda c: _hand_over(c, known.sha256))
        raise
    await settle(ctx, known.sha256, verdict)
    return verdict


async def _hand_over(connection: Connection, sha256: bytes) -> None:
    """From now on the worker asks, and ends it where the scanner breaks off again and again."""
    await scans.ask(connection, [sha256])
    await announce(connection, FILES)


async def _ask(ctx: Context, data: bytes) -> Verdict:
    try:
        return await scan(ctx.settings.scanner, data)
    except (ScannerAway, ScanBroken) as error:
        raise FileWithheld from error


def _said(known: ScannedFile) -> Verdict:
    return Verdict(ScanState(known.state), known.found)
