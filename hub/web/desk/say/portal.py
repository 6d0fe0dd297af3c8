"""The customer's own page, in the words of whoever waits; and what the desk says of what they pressed there."""

from collections.abc import Mapping

from hub.actions.portal.act import NOT_SETTLED, SETTLED
from hub.model.tickets import TicketStatus
from hub.web.desk.say.language import N_

STANDS: Mapping[str, str] = {
    TicketStatus.OPEN: N_("In progress"),
    TicketStatus.PENDING: N_("Waiting for your answer"),
    TicketStatus.RESOLVED: N_("Settled"),
    TicketStatus.CLOSED: N_("Closed"),
}

CAME_BY: Mapping[str, str] = {
    "email": N_("Your e-mail"),
    "webform": N_("Your form"),
    "webchat": N_("Your chat"),
    "telegram": N_("Your conversation on Telegram"),
    "portal": N_("Your message"),
}
"""What a case is called that its customer knows by no subject, by the kind of channel that it came by."""

PRESSED: Mapping[str, str] = {
    SETTLED: N_("The customer says on their page that it is settled."),
    NOT_SETTLED: N_("The customer says on their page that it is not settled."),
}
"""By the field `portal` of an entry."""
