"""Mailboxes: how each folder is, and having one compared with the journal."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from channels.email.settings import EmailSettings
from hub.actions.mailboxes import mailbox_health, want_count
from hub.web.api.operations import Answer, Call
from hub.web.api.problems import Problem
from storage.mailboxes import MailboxRow


class MailboxCount(BaseModel):
    """One folder compared with the journal: letters on the server up to where it was read, those that the journal knew, those
    that it did not, and how many of these were fetched then."""

    at: datetime
    on_server: int
    known: int
    missing: int
    fetched: int
    error: Annotated[str, Field(description='why it could not be done, or not wholly; "" when all is well')]


class MailboxAnswer(BaseModel):
    """One folder of a mailbox. `channel_state`: starting, up, down or misconfigured."""

    channel: str
    channel_state: str
    channel_detail: str
    folder: str
    junk: bool
    heard_at: Annotated[datetime, Field(description="when it was looked into last")]
    letters: Annotated[int, Field(description="letters in it then")]
    error: Annotated[str, Field(description='why it could not be opened last; "" when all is well')]
    count_wanted: Annotated[bool, Field(description="a comparison was asked for and is to come")]
    last_count: MailboxCount | None

    @classmethod
    def of(cls, row: MailboxRow) -> "MailboxAnswer":
        count = None
        if row.counted_at is not None:
            count = MailboxCount(
                at=row.counted_at,
                on_server=row.on_server or 0,
                known=row.known or 0,
                missing=row.missing or 0,
                fetched=row.fetched or 0,
                error=row.count_error,
            )
        return cls(
            channel=row.channel,
            channel_state=row.state,
            channel_detail=row.state_detail,
            folder=row.folder,
            junk=row.junk,
            heard_at=row.heard_at,
            letters=row.letters,
            error=row.error,
            count_wanted=row.count_wanted,
            last_count=count,
        )


class MailboxList(BaseModel):
    items: list[MailboxAnswer]


async def list_mailboxes(call: Call) -> Answer:
    """By channel and folder."""
    rows = await mailbox_health(call.ctx)
    return Answer(document=MailboxList(items=[MailboxAnswer.of(row) for row in rows]))


async def post_count(call: Call) -> Answer:
    """It is done by the hub that reads the mailbox, some seconds later."""
    channel = call.params["channel"]
    try:
        is_mailbox = isinstance(call.ctx.channel(channel).settings, EmailSettings)
    except KeyError:
        is_mailbox = False
    if not is_mailbox:
        raise Problem(404, "not_found", f"There is no mailbox {channel!r}.")
    await want_count(call.ctx, channel)
    return Answer(status=204)
