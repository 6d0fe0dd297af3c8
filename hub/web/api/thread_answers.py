"""What the API answers of how a ticket hangs together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from hub.model.codes import TICKET, show_code
from hub.web.api.answers import BigId, TicketNumber
from storage.participants import ParticipantRow
from storage.threads import EntryFacts, LinkRow


class ParticipantAnswer(BaseModel):
    """`member`: may speak in the ticket; `copied`: a letter named them, and that is all. `undeliverable`: letters fail."""

    address: str
    name: str
    state: Literal["member", "copied"]
    added_by: str
    added_at: datetime
    undeliverable: bool


class LinkAnswer(BaseModel):
    """`why`: refused (its sender may not speak there), closed, forwarded, also (it cites both), moved or split; as people said,
    related, duplicate or caused_by. `newer`: it points to this ticket, not this one to it."""

    ticket: TicketNumber
    subject: str
    status: str
    why: str
    newer: bool


class ReportAnswer(BaseModel):
    """What became of our letter at one recipient. `status` is an RFC 3463 code or ""."""

    address: str
    outcome: Literal["failed", "delayed", "delivered"]
    status: str
    reason: str
    at: datetime


class MovedAnswer(BaseModel):
    """Who took the entry here, and from which ticket."""

    move_id: int
    by: str
    at: datetime
    from_ticket: TicketNumber
    split: bool


class EntryFactsAnswer(BaseModel):
    """What is known of an entry beside itself. `also_reached`: other inboxes that got the very same letter."""

    interaction_id: BigId
    also_reached: list[str]
    reports: list[ReportAnswer]
    moved: MovedAnswer | None

    @classmethod
    def of(cls, interaction_id: int, facts: EntryFacts) -> "EntryFactsAnswer":
        moved = facts.moved
        return cls(
            interaction_id=str(interaction_id),
            also_reached=list(facts.also_reached),
            reports=[
                ReportAnswer(
                    address=one.address,
                    outcome=one.outcome,  # type: ignore[arg-type]  # the column's CHECK names the same three
                    status=one.status,
                    reason=one.reason,
                    at=one.at,
                )
                for one in facts.reports
            ],
            moved=None
            if moved is None
            else MovedAnswer(
                move_id=moved.move_id,
                by=moved.by_name,
                at=moved.moved_at,
                from_ticket=show_code(TICKET, moved.from_code),
                split=moved.split,
            ),
        )


class ThreadAnswer(BaseModel):
    """`entries` are those of the last 200 of which there is something to tell."""

    participants: list[ParticipantAnswer]
    links: list[LinkAnswer]
    entries: list[EntryFactsAnswer]

    @classmethod
    def of(
        cls, people: Sequence[ParticipantRow], links: Sequence[LinkRow], facts: Mapping[int, EntryFacts]
    ) -> "ThreadAnswer":
        return cls(
            participants=[
                ParticipantAnswer(
                    address=one.value,
                    name=one.name,
                    state=one.state,  # type: ignore[arg-type]  # the column's CHECK names the same two
                    added_by=one.added_by_name,
                    added_at=one.added_at,
                    undeliverable=one.undeliverable,
                )
                for one in people
            ],
            links=[
                LinkAnswer(
                    ticket=show_code(TICKET, one.code),
                    subject=one.subject,
                    status=one.status,
                    why=one.why,
                    newer=one.newer,
                )
                for one in links
            ],
            entries=[
                EntryFactsAnswer.of(interaction_id, one) for interaction_id, one in sorted(facts.items())
            ],
        )


class MoveMade(BaseModel):
    """`ticket`: where the entries are now. `move_id`: for undoing it."""

    move_id: int
    ticket: Annotated[TicketNumber, Field(description="where the entries are now")]
