"""A ticket that comes back goes on with its agent if that one is here and has room for it; else it is for somebody else."""

from hub.actions.floor.assign import hand_over
from hub.actions.ticket_work import Step
from hub.model.people import Presence
from hub.model.tickets import TicketStatus, held
from routing.explain import to_data
from routing.situation import Reason, ReasonCode


async def let_go(taken: Step) -> None:
    """Comes before the ticket is open: what it counts for its agent until then is theirs already."""
    ticket = taken.ticket
    if ticket.assignee_id is None:
        return
    agent = taken.agents[ticket.assignee_id]
    more = held(TicketStatus.OPEN, live=ticket.live, weight=ticket.weight) - ticket.held
    code = ReasonCode.AT_LIVE_CAPACITY if ticket.live else ReasonCode.AT_CAPACITY
    load, most = (agent.live_load, agent.live_capacity) if ticket.live else (agent.load, agent.capacity)
    if not agent.active or agent.presence == Presence.OFFLINE:
        reason = Reason(code=ReasonCode.NOT_ON_LINE, params={"presence": Presence.OFFLINE.value})
    elif more > 0 and load + more > most:
        reason = Reason(code=code, params={"load": load, "capacity": most})
    else:
        return
    await hand_over(
        taken, None, why={"outcome": "released", "agent_id": agent.id, "reasons": [to_data(reason)]}
    )
