"""What a delivery report does to the letter of ours that it is about. Pure; what is decided is written with the batch."""

from dataclasses import replace

from hub.actions.arrivals import Read
from hub.actions.filing.state import Batch, Case
from hub.actions.match import REPORTS
from hub.model.interactions import Automatic, BounceReport, Outcome, RecipientReport
from hub.model.tickets import EventKind
from hub.model.tokens import claimed_ticket, read_thread
from storage.reports import PostedRow

UNSETTLED = ("sent", "uncertain")
_MOST_REASON = 500


def settle_report(batch: Batch, case: Case, read: Read) -> PostedRow | None:
    """Note what it says of each recipient. Returns the letter that its customer has not got, where it is known by this."""
    said = read.interaction
    if said.bounce is None or said.automatic not in REPORTS or not batch.posted:
        return None
    letter = _letter(batch, read, said.bounce)
    if letter is None:
        return None
    told = _as_posted(said.bounce, letter)
    if not told and said.automatic is Automatic.BOUNCE:
        told = [RecipientReport(address=letter.address, outcome=Outcome.FAILED, reason=said.bounce.reason)]
    _tell(batch, case, letter, told)
    failed = [one for one in told if one.outcome is Outcome.FAILED]
    if failed and letter.state in UNSETTLED and not all(one.address in letter.copies for one in failed):
        why = " ".join(part for part in (failed[0].status, failed[0].reason) if part) or "returned"
        _become(batch, letter, "failed", why)
        return letter
    if letter.state == "uncertain" and any(one.outcome is Outcome.DELIVERED for one in told):
        _become(batch, letter, "sent", "")
    return None


def _letter(batch: Batch, read: Read, bounce: BounceReport) -> PostedRow | None:
    """By its Message-ID, ours or the relay's; else, by our token for one of the recipients, the last that went to them."""
    wanted = bounce.original_message_id
    if wanted:
        for row in batch.posted:
            if wanted in (row.message_id, row.relay_id):
                return row
    addresses = {one.address for one in bounce.recipients}
    for token in read.interaction.thread.tokens:
        number = claimed_ticket(token)
        candidate = batch.found.get(("id", str(number)))
        if candidate is None or number is None:
            continue
        if any(read_thread(batch.house.secret, token, address) == number for address in addresses):
            for row in batch.posted:
                if row.ticket_id == candidate.ticket_id and not addresses.isdisjoint(
                    {row.address, *row.copies}
                ):
                    return row
    return None


def _as_posted(bounce: BounceReport, letter: PostedRow) -> list[RecipientReport]:
    """By the addresses that we wrote to. Where a letter ended may be called otherwise: beside one of ours that is no news, and
    with one recipient it is that one."""
    known = {letter.address, *letter.copies}
    named = [one for one in bounce.recipients if one.address in known]
    outcomes = {one.outcome for one in named}
    others = [one for one in bounce.recipients if one.address not in known and one.outcome not in outcomes]
    if letter.copies:
        return [*named, *others]
    return [*named, *(replace(one, address=letter.address) for one in others[:1])]


def _tell(batch: Batch, case: Case, letter: PostedRow, told: list[RecipientReport]) -> None:
    settlement, known = batch.settlement, {letter.address, *letter.copies}
    for one in told:
        settlement.told.append(
            (
                case,
                letter.interaction_id,
                one.address,
                one.outcome.value,
                one.status,
                one.reason[:_MOST_REASON],
            )
        )
        if one.address not in known:
            continue  # nobody to whom we wrote: a report may name whom it likes
        if one.permanent:
            settlement.failing[one.address] = (one.status, one.reason[:_MOST_REASON])
            settlement.good.discard(one.address)
        elif one.outcome is Outcome.DELIVERED:
            settlement.good.add(one.address)
            settlement.failing.pop(one.address, None)


def _become(batch: Batch, letter: PostedRow, state: str, why: str) -> None:
    place = batch.posted.index(letter)
    batch.posted[place] = replace(letter, state=state)
    batch.settlement.settled[letter.id] = (state, why[:_MOST_REASON])
    batch.tickets[letter.ticket_id].note(
        EventKind.DELIVERY_CHANGED, interaction=letter.interaction_id, state=state
    )
