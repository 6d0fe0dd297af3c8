"""Two mail inboxes of one house, and letters that come with what our own mail server says of them."""

from collections.abc import Sequence
from typing import Any

from channels.adapter import Acceptance
from hub.actions.context import Context
from hub.actions.receive import accept_items
from tests.fakes.scene import CHANNELS, MAIL, letter

SALES = "sales@shop.example"
TWO_INBOXES: dict[str, dict[str, Any]] = {**CHANNELS, "sales": {**MAIL, "address": SALES}}
PASS = ("Authentication-Results", "mx.shop.example; dmarc=pass (p=reject) header.from=example.cn")
FAIL = ("Authentication-Results", "mx.shop.example; dmarc=fail header.from=example.cn")


async def vouched(ctx: Context, sender: str, text: str = "Where is my parcel?", **more: Any) -> Acceptance:
    """A letter to `support` for whose sender our own mail server vouches."""
    return await arrive(ctx, "support", sender, text, headers=[PASS, *more.pop("headers", ())], **more)


async def arrive(
    ctx: Context,
    channel: str,
    sender: str,
    text: str = "Where is my parcel?",
    *,
    cc: Sequence[str] = (),
    **more: Any,
) -> Acceptance:
    """A letter arrives in the inbox `channel`."""
    headers = [*more.pop("headers", ()), *([("Cc", ", ".join(cc))] if cc else [])]
    (kept,) = await accept_items(ctx, channel, [letter(sender, text, headers=headers, **more)])
    return kept
