"""How customers follow a case: a link that is shown once, or sent to their address, and what it shows.

Two sorts of link. One that was shown on a page may be held by anybody who filled in a form, with any address in it: it shows
how the case stands and what was handed in. One that was sent to an address is held by its owner: it shows the answers too.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from channels.adapter import Received, Unavailable
from hub.actions.acknowledge import confirm
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.installation import channel_id
from hub.actions.surveys.question import Question, question_shown
from hub.model.codes import TICKET, read_code
from hub.model.tickets import TicketStatus
from storage import follow, ways
from storage.database import Connection, DatabaseUnavailable
from storage.follow import LineRow, LinkRow
from storage.ways import WhoseRow

log = structlog.get_logger(__name__)

GOOD_FOR = 180 * 24 * 3600.0
"""Seconds for which a link leads somewhere."""
_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry as its reader may see it. `text` is None where only that it was sent may be known, to `hidden` (an address of
    which most is left out)."""

    mine: bool
    at: datetime
    text: str | None
    author: str = ""
    hidden: str = ""
    answers: Sequence[object] = ()
    files: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A case as its customer sees it. `goes_on`: it is part of another one now, of which nothing is shown here. `question`: how
    they liked it, where that is asked on the pages of the case."""

    link: LinkRow
    status: TicketStatus
    goes_on: bool
    lines: Sequence[Line]
    question: Question | None = None

    @property
    def may_write(self) -> bool:
        return not self.goes_on and self.status is not TicketStatus.CLOSED


class FollowLinks:
    """See channels.adapter.Follow."""

    def __init__(self, ctx: Context, channel: str, public_url: str) -> None:
        self._ctx = ctx
        self._channel = channel
        self._public_url = public_url

    async def __call__(self, received: Received) -> str:
        try:
            number = await channel_id(self._ctx, self._channel)
            return await self._ctx.database.run(lambda c: self._make(c, number, received))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error

    async def _make(self, connection: Connection, number: int, received: Received) -> str:
        ticket = await ways.whose(connection, read_code(TICKET, received.ticket_code))
        if ticket is None:
            return ""

        async def keep(token: str, address: str) -> None:
            await follow.add(
                connection,
                _hash(token),
                ticket.ticket_id,
                number,
                received.thread_key,
                address=address,
                language=received.language,
                seconds=GOOD_FOR,
            )

        if received.address and received.confirm_by:
            token = secrets.token_urlsafe(_BYTES)
            if await self._confirm(connection, received, ticket, self._link(token)):
                await keep(token, received.address.lower())
        token = secrets.token_urlsafe(_BYTES)
        await keep(token, "")
        return self._link(token)

    async def _confirm(self, connection: Connection, received: Received, ticket: WhoseRow, link: str) -> bool:
        """Whether a letter with this link will leave."""
        try:
            mail = self._ctx.channel(received.confirm_by)
        except KeyError:
            log.warning("follow.no_mail_channel", channel=self._channel, wanted=received.confirm_by)
            return False
        return await confirm(
            connection,
            self._ctx.secret,
            mail,
            await channel_id(self._ctx, received.confirm_by),
            ticket_id=ticket.ticket_id,
            customer_id=ticket.customer_id,
            number=received.ticket_code,
            address=received.address,
            language=received.language,
            link=link,
        )

    def _link(self, token: str) -> str:
        return f"{self._public_url}/follow/{token}"


async def open_link(ctx: Context, token: str) -> Followed:
    """What it shows. Raises NotFound for one that is not ours, or over; all the same."""

    async def read(connection: Connection) -> tuple[LinkRow, list[LineRow], Question | None] | None:
        link = await follow.find(connection, _hash(token))
        if link is None:
            return None
        lines = await follow.lines(connection, link.ticket_id, link.channel_id, link.thread_key)
        return link, lines, await question_shown(connection, link.ticket_id, link.channel_id)

    found = await ctx.database.read(read)
    if found is None:
        raise NotFound("There is no such link.")
    link, rows, question = found
    goes_on = link.merged_into is not None
    return Followed(
        link=link,
        status=TicketStatus(link.status),
        goes_on=goes_on,
        lines=[] if goes_on else [line for row in rows if (line := _line(link, row)) is not None],
        question=None if goes_on else question,
    )


def _line(link: LinkRow, row: LineRow) -> Line | None:
    if row.direction == "in":
        answers = row.fields.get("answers", ()) if isinstance(row.fields, dict) else ()
        return Line(mine=True, at=row.occurred_at, text=row.text, answers=answers, files=row.files)
    if not link.address:
        return Line(mine=False, at=row.shown_at, text=None, hidden=veil(row.address))
    if row.address.lower() != link.address:
        return None
    return Line(mine=False, at=row.shown_at, text=row.text, author=row.author_name, files=row.files)


def veil(address: str) -> str:
    """An address that its owner knows again and nobody else learns.

    >>> veil("li.lei@example.cn"), veil("+8613800138000")
    ('l•••@•••.cn', '•••00')
    """
    local, at, domain = address.partition("@")
    return f"{local[:1]}•••@•••.{domain.rpartition('.')[2]}" if at else f"•••{address[-2:]}"


def _hash(token: str) -> bytes:
    return hashlib.sha256(f"follow:{token}".encode("utf-8", "replace")).digest()
