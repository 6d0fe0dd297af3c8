"""Whether there is a page for customers, and how it is set up: it is a channel of its own, the first one of its kind."""

from dataclasses import dataclass

from channels.portal.settings import PortalSettings
from hub.actions.answers.ways import inboxes_of
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.model.codes import TICKET, show_code

KIND = "portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`channel` by name; `inbox`: the mail channel that sends codes, "" where none can; `contact`: an address for people."""

    channel: str
    settings: PortalSettings
    inbox: str
    contact: str


def is_open(ctx: Context) -> bool:
    """Whether customers have a page of their own."""
    return _name(ctx) is not None


def place_of(ctx: Context) -> Place:
    """Raises NotFound where there is none."""
    name = _name(ctx)
    if name is None:
        raise NotFound("There is no page for customers here.")
    settings = ctx.channel(name).settings
    assert isinstance(settings, PortalSettings)
    inboxes = inboxes_of(ctx)
    inbox = settings.codes_by if settings.codes_by in inboxes else next(iter(inboxes), "")
    contact = settings.contact or (inboxes[inbox].address if inbox else "")
    return Place(channel=name, settings=settings, inbox=inbox, contact=contact)


def forms_of(ctx: Context, place: Place) -> list[str]:
    """The forms by which something new can be begun."""
    every = [name for name, table in sorted(ctx.channels.items()) if table.get("kind") == "webform"]
    return [name for name in every if not place.settings.forms or name in place.settings.forms]


def case_link(ctx: Context, ticket_code: int) -> str:
    """Where the customer finds this case once they are signed in; "" where customers have no page of their own."""
    return f"{ctx.public_url}/portal/{show_code(TICKET, ticket_code)}" if is_open(ctx) else ""


def link_address(ctx: Context, token: str) -> str:
    """By the configured address alone, whatever host somebody asked for."""
    return f"{ctx.public_url}/portal/go/{token}"


def _name(ctx: Context) -> str | None:
    return next((name for name, table in sorted(ctx.channels.items()) if table.get("kind") == KIND), None)
