"""How a case stands, in the words of whoever waits for it."""

from collections.abc import Mapping

from hub.model.tickets import TicketStatus
from hub.web.desk.say.language import N_

STANDS: Mapping[TicketStatus, str] = {
    TicketStatus.OPEN: N_("We are working on it."),
    TicketStatus.PENDING: N_("We have answered, and wait to hear from you."),
    TicketStatus.RESOLVED: N_("It is settled. If it is not for you, write to us below."),
    TicketStatus.CLOSED: N_("It is closed."),
}
