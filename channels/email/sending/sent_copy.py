"""Copies of what was sent, in the mailbox's folder of sent letters. It has no part in the sending, and sends nothing."""

import threading
from collections.abc import Sequence
from datetime import datetime

from channels.adapter import Unavailable
from channels.email.mailbox.mailbox import Declined, Mailbox, open_mailbox
from channels.email.settings import EmailSettings


class SentCopies:
    """One visit to the mailbox. `run` belongs to its own thread; `stop` may be called from any other."""

    def __init__(self, settings: EmailSettings, token: str = "") -> None:
        self._settings = settings
        self._token = token
        self._stopping = threading.Event()
        self._mailbox: Mailbox | None = None

    def stop(self) -> None:
        """End `run` soon."""
        self._stopping.set()
        if (mailbox := self._mailbox) is not None:
            mailbox.interrupt()

    def run(self, letters: Sequence[tuple[bytes, datetime]]) -> list[str]:
        """For each letter that was tried: "", or why there is no copy. A line that drops in the middle of one ends it: whether
        that copy is there nobody knows, and a second one would be worse than none. Raises what open_mailbox raises."""
        said: list[str] = []
        mailbox = self._mailbox = open_mailbox(self._settings, self._token)
        try:
            for letter, written in letters:
                if self._stopping.is_set():
                    break
                try:
                    mailbox.append(self._settings.sent_folder, letter, written)
                except Declined as refused:
                    said.append(str(refused))
                except Unavailable as dropped:
                    said.append(str(dropped))
                    break
                else:
                    said.append("")
        finally:
            mailbox.close()
        return said
