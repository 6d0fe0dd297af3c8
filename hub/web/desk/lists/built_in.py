"""The views that are there for everybody, and what a name in an address stands for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.model.filters import (
    ME,
    NOBODY,
    BadFilter,
    Condition,
    Filter,
    How,
    every,
    is_so,
    one_of,
    read_filter,
    speaks_of,
)
from hub.web.desk.say.language import N_, Voice
from storage.saved_views import SavedViewRow

USUAL = "mine"
_SAVED = re.compile(r"v[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownView:
    """A view as a page shows it. `code`: as it stands in addresses. `title`: untranslated where it is built in; `saved`: the
    row of one that somebody made."""

    code: str
    title: str
    wanted: Filter
    arranged: str = "updated"
    icon: str = "tickets"
    saved: SavedViewRow | None = None

    def name(self, voice: Voice) -> str:
        return self.title if self.saved else voice.say(self.title)

    @property
    def own_status(self) -> bool:
        """Whether the view itself says in which states its tickets are."""
        return speaks_of(self.wanted, "status")


_MY = one_of("assignee", ME)
_NOT_PUT_OFF = is_so("snoozed", yes=False)
_SOON = Condition("due", How.WITHIN, minutes=24 * 60)

_ALL = (
    ShownView(code="mine", title=N_("Mine"), wanted=every(_MY, _NOT_PUT_OFF), icon="take"),
    ShownView(code="unassigned", title=N_("Unassigned"), wanted=every(one_of("assignee", NOBODY)), icon="inbox"),
    ShownView(code="all", title=N_("All"), wanted=every()),
    ShownView(
        code="waiting", title=N_("Waiting for me longest"), arranged="waiting", icon="hourglass",
        wanted=every(one_of("status", "open"), _MY, _NOT_PUT_OFF),
    ),
    ShownView(
        code="due", title=N_("Due soon"), arranged="due", icon="clock",
        wanted=every(_SOON, one_of("assignee", ME, NOBODY), one_of("status", "open", "pending")),
    ),
    ShownView(code="mentions", title=N_("Mentions"), wanted=every(is_so("mentioned")), icon="note"),
    ShownView(code="followed", title=N_("Followed"), wanted=every(is_so("followed")), icon="eye"),
    ShownView(code="drafts", title=N_("Drafts"), wanted=every(is_so("draft")), icon="pen"),
    ShownView(
        code="snoozed", title=N_("Snoozed"), wanted=every(is_so("snoozed"), _MY), arranged="updated", icon="snooze",
    ),
)  # fmt: skip
BUILT_IN: Mapping[str, ShownView] = {one.code: one for one in _ALL}
TABS = ("mine", "unassigned", "all")
"""Always in sight; the others are in a menu."""


EMPTY_VIEWS: Mapping[str, str] = {
    "waiting": N_("No customer waits for you."),
    "due": N_("Nothing that was promised is due within a day."),
    "mentions": N_("When a colleague writes your name with an @ in a note, the ticket comes here."),
    "followed": N_("Tickets that you follow come here."),
    "drafts": N_("You have begun no answer that was not sent."),
    "snoozed": N_("Press z on a ticket to put it off until later."),
}
"""What an empty view says."""


def read_code(given: str) -> str:
    """A view's name as an address has it; the usual one for what can be none."""
    return given if given in BUILT_IN or _SAVED.fullmatch(given) else USUAL


def shown_view(row: SavedViewRow) -> ShownView | None:
    """One that was saved; None where its filter speaks of what is no more."""
    try:
        wanted = read_filter(row.filter)
    except BadFilter:
        return None
    return ShownView(
        code=f"v{row.id}", title=row.name, wanted=wanted, arranged=row.arranged, icon="filter", saved=row
    )


def choose_view(code: str, saved: Sequence[SavedViewRow]) -> ShownView:
    """What the address asks for; the usual one where that is gone or not to be seen."""
    if code in BUILT_IN:
        return BUILT_IN[code]
    found = next((shown_view(row) for row in saved if f"v{row.id}" == code), None)
    return found or BUILT_IN[USUAL]
