"""Both servers together, and the few things that a test does to them from outside."""

import contextlib
import pwd
import shutil
import smtplib
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fakes.certificates import make_context
from tests.real_mail.dovecot import Dovecot
from tests.real_mail.postfix import Postfix

SUPPORT = "support@shop.example"
CUSTOMER = "lin@customer.example"
COLLEAGUE = "mei@customer.example"
PASSWORD = "a password for loopback"
USERS = {SUPPORT: PASSWORD, CUSTOMER: PASSWORD, COLLEAGUE: PASSWORD}


class MailServers:
    """Dovecot and Postfix, running. Every test begins with empty mailboxes: `clear`."""

    def __init__(self, folder: Path) -> None:
        # Neither server lets root own a mailbox.
        nobody = pwd.getpwnam("nobody")
        owner = (nobody.pw_uid, nobody.pw_gid)
        self.folder = folder
        (folder / "dovecot").mkdir()
        (folder / "dovecot" / "mail").mkdir()
        shutil.chown(folder / "dovecot" / "mail", *owner)
        (folder / "postfix").mkdir()
        make_context(folder / "dovecot")
        self.dovecot = Dovecot(folder / "dovecot", USERS, owner)
        self.postfix = Postfix(folder / "postfix", USERS, owner, self.dovecot)

    def start(self) -> None:
        self.start_dovecot(wait=False)
        self.start_postfix()
        _until_open(self.dovecot.imaps_port, self.dovecot.log)
        _until_open(self.dovecot.imap_port, self.dovecot.log)

    def start_dovecot(self, *, wait: bool = True) -> None:
        self.dovecot.start()
        if wait:
            _until_open(self.dovecot.imap_port, self.dovecot.log)

    def start_postfix(self) -> None:
        self.postfix.start()
        _until_open(self.postfix.port, self.postfix.log)

    def stop(self) -> None:
        self.postfix.stop()
        self.dovecot.stop()

    def table(self, **more: Any) -> dict[str, Any]:
        """The settings of an inbox here: without TLS, logging in to both servers, with short waits."""
        return {
            "address": SUPPORT,
            "imap_host": "127.0.0.1",
            "imap_port": self.dovecot.imap_port,
            "imap_security": "none",
            "imap_password": PASSWORD,
            "smtp_host": "127.0.0.1",
            "smtp_port": self.postfix.port,
            "smtp_security": "none",
            "smtp_user": SUPPORT,
            "smtp_password": PASSWORD,
            "poll_seconds": 5,
            "timeout_seconds": 10,
            **more,
        }

    def clear(self) -> None:
        """Forget every mailbox and all that waits, as servers do that are set up anew."""
        self.postfix.forget()
        for address in USERS:
            shutil.rmtree(self.dovecot.maildir(address), ignore_errors=True)

    def deliver(self, letter: bytes, *, sender: str = CUSTOMER, recipient: str = SUPPORT) -> None:
        """Hand a letter to Postfix, as another provider would."""
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=10) as relay:
            relay.sendmail(sender, [recipient], letter)

    def letters(self, address: str, folder: str = "") -> list[bytes]:
        """What lies in a person's mailbox, oldest first. A folder as Maildir names it: `.Done`."""
        here = self.dovecot.maildir(address) / folder
        files = [f for part in ("new", "cur") if (here / part).is_dir() for f in (here / part).iterdir()]
        return [f.read_bytes() for f in sorted(files, key=lambda f: f.name.partition(":")[0])]

    def log(self) -> str:
        """What both said, for a test that fails."""
        return "".join(
            log.read_text("utf-8", "replace") for log in (self.dovecot.log, self.postfix.log) if log.exists()
        )


@contextlib.contextmanager
def mail_servers() -> Iterator[MailServers]:
    # Not pytest's own folder: that one is root's alone, and the servers work as others.
    with tempfile.TemporaryDirectory(prefix="hub-mail-") as folder:
        Path(folder).chmod(0o755)
        servers = MailServers(Path(folder))
        try:
            servers.start()
            yield servers
        finally:
            servers.stop()


def _until_open(port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        said = log.read_text("utf-8", "replace") if log.exists() else "nothing"
        assert time.monotonic() < deadline, f"Nobody listens on port {port}; the log says: {said}"
        time.sleep(0.02)
