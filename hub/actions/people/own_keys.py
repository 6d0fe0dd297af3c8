"""Which keys an agent's desk listens to."""

from collections.abc import Mapping

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.keys import BadKeys, choose_keys
from storage import staff


class KeysRefused(NotPossible):
    """`reason.command` cannot go by `reason.keys`: `reason.other` has them, or they are no keys."""

    def __init__(self, reason: BadKeys) -> None:
        super().__init__(str(reason), code="keys_taken" if reason.other else "bad_keys")
        self.reason = reason


async def set_keys(ctx: Context, *, agent_id: int, wanted: Mapping[str, str], off: bool) -> None:
    """`wanted`: keys by command, "" for none; commands that are not named go by their usual ones. `off`: no command on a bare
    key. Raises KeysRefused (keys_taken, bad_keys), NotFound."""
    try:
        kept = choose_keys(wanted, off=off)
    except BadKeys as reason:
        raise KeysRefused(reason) from reason
    if not await ctx.database.run(lambda c: staff.set_keys(c, agent_id, kept)):
        raise NotFound(f"There is no agent {agent_id}.")
