"""A ticket that opens: its queue, its priority and why. Pure; the same for what arrives and for what people split off."""

from collections.abc import Mapping
from datetime import datetime

from hub.actions.arrivals import Read, preview, subject
from hub.model.tickets import Priority, TicketStatus
from routing.explain import to_data
from routing.rules import RoutingRules, choose_queue
from routing.situation import Situation
from storage.database import as_json
from storage.inbound import NewTicket


def new_ticket(
    rules: RoutingRules,
    read: Read,
    *,
    owner: int,
    customer_id: int,
    channel: tuple[int, str, str],
    key_account: bool,
    segment: str,
    last_agent: tuple[int, datetime] | None,
    live: bool,
    status: str,
    seq: int,
    heard_at: datetime | None,
    last_preview: str = "",
) -> NewTicket:
    """The row of a ticket that `read` opens. `channel`: (id, name, kind). `owner` as NewTicket has it. `last_agent`: who had
    the customer's last ticket, and when they had to do with them. `live`: whether somebody sits at the other end, if the
    channel is such."""
    said, classified = read.interaction, read.classified
    channel_id, channel_name, channel_kind = channel
    choice = choose_queue(
        rules,
        Situation(
            kind=classified.kind,
            channel=channel_name,
            channel_kind=channel_kind,
            language=classified.language,
            topics=classified.topics,
            key_account=key_account,
            segment=segment,
            uncertain=classified.uncertain,
            subject=said.subject,
            hints=said.hints,
        ),
    )
    return NewTicket(
        owner=owner,
        customer_id=customer_id,
        channel_id=channel_id,
        subject=subject(said),
        kind=classified.kind,
        kind_uncertain=classified.uncertain,
        status=status,
        priority=Priority.LOW if said.automatic else choice.priority,
        language=classified.language,
        queue=choice.queue,
        required_language=choice.languages_required[0] if choice.languages_required else "",
        required_skills="\x1f".join(choice.skills),
        last_agent_id=last_agent[0] if last_agent is not None else None,
        last_agent_at=last_agent[1] if last_agent is not None else None,
        reply_address=said.reply_address,
        thread_key=said.thread.key,
        seq=seq,
        last_preview=last_preview or preview(said),
        why=as_json(
            {"classification": to_data(classified), "queue": to_data(choice), "hints": _hints(said.hints)}
        ),
        heard_at=heard_at,
        preferred_skills="\x1f".join(choice.preferred),
        live=live
        and rules.work.is_live(channel_kind)
        and status in (TicketStatus.OPEN, TicketStatus.PENDING),
        weight=rules.work.weight_of(channel_kind),
        silence_seconds=rules.work.silence_minutes * 60.0,
    )


def _hints(hints: Mapping[str, str]) -> dict[str, str]:
    """As they are kept, so that other rules can be tried on this ticket later."""
    return {key: value[:80] for key, value in sorted(hints.items())}
