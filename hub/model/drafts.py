"""Drafts: what becomes of one more write, whichever page of the desk it came from and however late it arrives. Pure.

The server says what stands; a page of the desk says what it last saw there (`base`) and counts its own writes (`number`). So an
older write never replaces a newer one, two pages never overwrite each other unseen, and a write whose answer was lost can be
sent again.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

MOST_TEXT = 100_000
"""Characters of a reply, a note and their drafts."""


class DraftMode(StrEnum):
    """A reply goes to the customer, a note to colleagues alone."""

    REPLY = "reply"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftContent:
    """`cc`, `bcc`: as they stand in their fields. `way`: by which way the reply goes ("": as the ticket says); `inbox`: by
    which mail channel. `expected_seq`: where the ticket stood when the writing began."""

    text: str = ""
    cc: str = ""
    bcc: str = ""
    inbox: str = ""
    way: str = ""
    expected_seq: int | None = None

    @property
    def empty(self) -> bool:
        """Nothing is written: a way or an inbox alone is no draft."""
        return not (self.text.strip() or self.cc or self.bcc)

    def says_the_same(self, other: "DraftContent") -> bool:
        """Whether a reader would see no difference."""
        mine = (self.text.strip(), self.cc, self.bcc)
        return mine == (other.text.strip(), other.cc, other.bcc)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft as it stands. `tab`, a page of the desk, wrote it last, as the `number`th of its writes; "": the hub did (what
    was taken back)."""

    revision: int = 0
    tab: str = ""
    number: int = 0
    content: DraftContent = DraftContent()

    @property
    def writer(self) -> str:
        """Under which name it is kept beside another; what the hub wrote is never the same twice."""
        return self.tab or f"hub.{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What a page of the desk wants to stand there. `base`: the revision that it last saw. `over`: its reader has seen the
    other version, and chose this one."""

    tab: str
    number: int
    base: int
    content: DraftContent
    over: bool = False

    @property
    def writer(self) -> str:
        return self.tab


class Outcome(StrEnum):
    """kept: it stands. old: a newer write of the same page was there first. same: the very words stand there already. beside:
    another page has written meanwhile, so this one is kept beside what stands."""

    KEPT = "kept"
    OLD = "old"
    SAME = "same"
    BESIDE = "beside"


def settle_write(draft: Draft, write: Write) -> Outcome:
    """What becomes of it."""
    if write.tab == draft.tab:
        return Outcome.OLD if write.number <= draft.number else Outcome.KEPT
    if write.base == draft.revision:
        return Outcome.KEPT
    return Outcome.SAME if write.content.says_the_same(draft.content) else Outcome.BESIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a write came to: what stands from then on, and what is kept beside it."""

    outcome: Outcome
    draft: Draft
    beside: Write | Draft | None = None


def take_write(draft: Draft, write: Write) -> Taken:
    """Nothing that anybody wrote is lost by it: of two versions one stands, and the other is kept."""
    outcome = settle_write(draft, write)
    if outcome is Outcome.BESIDE and not write.content.empty:
        return Taken(outcome=outcome, draft=draft, beside=write)
    if outcome is not Outcome.KEPT:
        return Taken(outcome=outcome, draft=draft)
    return Taken(
        outcome=outcome, draft=_written(draft, write, write.content), beside=_passed_over(draft, write)
    )


def take_sending(draft: Draft, write: Write) -> Taken:
    """What stands once the words of `write` have left: exactly their draft is gone; what was typed after them, and what another
    page wrote meanwhile, stays."""
    outcome = settle_write(draft, write)
    if not is_sent_by(draft, write):
        return Taken(outcome=outcome, draft=draft)
    return Taken(
        outcome=outcome, draft=_written(draft, write, DraftContent()), beside=_passed_over(draft, write)
    )


def _passed_over(draft: Draft, write: Write) -> Draft | None:
    """The other version, where its reader chose this one."""
    lost = write.over and not draft.content.empty and not draft.content.says_the_same(write.content)
    return draft if lost else None


def _written(draft: Draft, write: Write, content: DraftContent) -> Draft:
    return Draft(revision=draft.revision + 1, tab=write.tab, number=write.number, content=content)


def is_sent_by(draft: Draft, write: Write) -> bool:
    """Whether what stands is the draft of the words that `write` sends; what was typed after them, and what another page wrote
    meanwhile, is not."""
    if draft.content.says_the_same(write.content):
        return True
    return settle_write(draft, write) is Outcome.KEPT


def move_draft(moved: Draft, standing: Draft, *, expected_seq: int) -> Draft | None:
    """What stands on a ticket once a draft of another has come to it; None where something else stands already and the one
    that came has to be kept beside it. `expected_seq`: where this ticket is read next."""
    if not standing.content.empty and not standing.content.says_the_same(moved.content):
        return None
    content = replace(moved.content, expected_seq=expected_seq)
    return Draft(revision=standing.revision + 1, content=content)


def put_back(withdrawn: DraftContent, standing: DraftContent) -> DraftContent:
    """What was taken back stands above what was written since, once however often it is put there; whom it goes to is as it was
    then."""
    if standing.empty or standing.says_the_same(withdrawn):
        return withdrawn
    text = standing.text
    # It may stand there by this very step, whose COMMIT went unanswered.
    if not f"{text}\n\n".startswith(f"{withdrawn.text}\n\n"):
        text = "\n\n".join(one for one in (withdrawn.text, text.strip()) if one)
    return DraftContent(
        text=text,
        cc=withdrawn.cc or standing.cc,
        bcc=withdrawn.bcc or standing.bcc,
        inbox=withdrawn.inbox,
        way=withdrawn.way,
        expected_seq=standing.expected_seq if standing.expected_seq is not None else withdrawn.expected_seq,
    )
