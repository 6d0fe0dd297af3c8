"""What reading and filing need for any item, whichever way it comes: its translation, and what is the same for all."""

from functools import partial

import structlog
from pydantic import BaseModel

from channels.adapter import CannotTranslate, RawItem, Translate
from hub.actions.context import Context
from hub.actions.filing import House
from hub.actions.inboxes import is_own_address
from hub.actions.portal.links import without_keys
from hub.actions.portal.place import case_link
from hub.model.interactions import InboundInteraction

log = structlog.get_logger(__name__)


def read_item(
    channel: str, item: RawItem, settings: BaseModel, translate: Translate
) -> InboundInteraction | str:
    """What it says, or why it cannot be read."""
    try:
        return translate(item, settings)
    except CannotTranslate as error:
        return str(error)[:1000]
    except Exception as error:
        log.exception("intake.translator_fault", channel=channel, key=item.external_key[:100])
        return f"It cannot be read: {type(error).__name__}: {error}"[:1000]


def house_of(ctx: Context) -> House:
    """What is the same for all that arrives now."""
    return House(
        rules=ctx.rules,
        secret=ctx.secret,
        scans=bool(ctx.settings.scanner.address),
        is_own=is_own_address(ctx),
        look_again=ctx.learned.look_again,
        case_link=partial(case_link, ctx),
        without_keys=partial(without_keys, ctx),
    )
