"""Once after the hub's database was put back from a copy: letters that were read after the copy was made, and moved.

They are in no folder that is watched any more, and the journal of the copy does not know them. Those that it does know are
known by their content, under whatever number.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import structlog

from channels.email.mailbox.checkpoints import LOOK_BACK, Checkpoint
from channels.email.mailbox.fetch import Fetch, Troubles
from channels.email.mailbox.mailbox import Declined, Mailbox
from channels.email.settings import EmailSettings

if TYPE_CHECKING:
    from channels.email.mailbox.watch import Handing

log = structlog.get_logger(__name__)


def look_back(
    box: Mailbox, hand: "Handing", settings: EmailSettings, troubles: Troubles, going_on: Callable[[], bool]
) -> bool:
    """Hand over what has come into the folder of letters that are done with since that day; nothing there is moved or marked.
    False where the folder does not open, for it may be made later, and where `going_on` ended. Raises Unavailable."""
    asked = hand.read_mark(LOOK_BACK)
    if not asked:
        return True
    if settings.after_reading != "move":
        hand.write_mark(LOOK_BACK, {})
        return True
    folder, since = settings.done_folder, asked["since"]
    try:
        opened = box.open(folder, for_reading=True)
        same = asked.get("uidvalidity") == opened.validity
        mark = Checkpoint(
            validity=opened.validity, uid=asked["uid"] if same else 0, first=datetime.now(UTC).date()
        )
        uids = box.uids(mark.uid + 1, since=date.fromisoformat(since))
    except Declined as error:
        log.warning("mailbox.not_looked_back", folder=folder, since=since, error=str(error)[:200])
        return False
    for group, items in Fetch(box, settings, troubles, folder).groups(mark, uids):
        if not going_on():
            return False
        if items:
            hand.commit(items)
        mark = mark.reached(group[-1])
        hand.write_mark(LOOK_BACK, {"since": since, "uidvalidity": mark.validity, "uid": mark.uid})
    hand.write_mark(LOOK_BACK, {})
    log.info("mailbox.looked_back", folder=folder, since=since, letters=len(uids))
    return True
