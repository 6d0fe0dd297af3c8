"""F41 against real Dovecot: a mailbox that has waited for long, taken once and in order although its reader is stopped."""

import asyncio
import shutil

from channels.email.adapter import EmailAdapter
from channels.email.settings import EmailSettings
from tests.fakes.ports import Journal, Memory, make_ports
from tests.real_mail.servers import CUSTOMER, SUPPORT, MailServers

MANY = 1500


def _fill(mail: MailServers) -> None:
    """As another provider's migration leaves them: files in the mailbox, each with its time in its name."""
    folder = mail.dovecot.maildir(SUPPORT)
    owner = (folder.parent.stat().st_uid, folder.parent.stat().st_gid)
    for part in ("", "cur", "new", "tmp"):
        (folder / part).mkdir(exist_ok=True)
    for number in range(MANY):
        (folder / "new" / f"{1_700_000_000 + number}.M{number}P1.host").write_bytes(
            f"From: Lin <{CUSTOMER}>\r\nMessage-ID: <m{number}@a.example>\r\nSubject: s{number}\r\n\r\nHello\r\n".encode()
        )
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, *owner)


async def test_a_backlog_is_taken_once_and_in_order_and_goes_on_where_it_was_stopped(
    mail: MailServers,
) -> None:
    await asyncio.to_thread(_fill, mail)
    memory, journal = Memory(), Journal()
    for goal in (MANY // 3, MANY // 2, MANY):
        adapter = EmailAdapter(
            "support",
            EmailSettings.model_validate(mail.table(take_days=0)),
            make_ports(memory=memory, journal=journal),
        )
        hearing = asyncio.create_task(adapter.receive(journal.accept))
        async with asyncio.timeout(60):
            while len(journal.items) < goal:
                await journal.kept(min(goal, len(journal.items) + 1))
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        await adapter.close()
    subjects = [item.content.partition(b"Subject: s")[2].split(b"\r\n")[0] for item in journal.items.values()]
    assert subjects == [str(number).encode() for number in range(MANY)]
    # What was under way when it was stopped may be offered again, which the journal knows; nothing else is.
    assert len(journal.offered) <= MANY + 2 * 50
