"""How every channel is, for people: those of the file, those of the desk, and those that are switched off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import ValidationError

from channels.adapter import ChannelKind
from hub.actions.channels.hearing import list_gaps
from hub.actions.context import Context
from storage import channels as stored
from storage.channels import ConfigRow, GapRow, ProbeRow, PulseRow
from storage.database import Connection

SINCE = timedelta(days=7)
"""Last messages are looked for so far back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """One channel. `config` is None for those of the file. `hidden`: the file has one of the same name, which works instead.
    `off`: nothing is heard or sent. `wrong`: why its settings cannot be used. `by_letter`: it is tried by a letter to itself,
    not by whoever looks on. `push`: the outside comes to it, there is nothing to log in to. `consents`: a person lets it in at
    its provider. `gaps`: silences in which something may have been lost, that nobody has looked at."""

    name: str
    kind: str
    config: ConfigRow | None
    pulse: PulseRow | None
    probe: ProbeRow | None
    hidden: bool = False
    off: bool = False
    wrong: str = ""
    by_letter: bool = False
    push: bool = False
    consents: bool = False
    gaps: tuple[GapRow, ...] = ()

    @property
    def at_work(self) -> bool:
        return not (self.off or self.wrong or self.hidden)

    @property
    def ails(self) -> str:
        """What keeps it from working as far as is known now, "" where nothing does."""
        return self.wrong or (self.pulse.state_detail if self.at_work and self.pulse else "")

    @property
    def running(self) -> bool:
        """Whether a test message is on its way."""
        return self.probe is not None and self.probe.ended_at is None


async def view_channels(ctx: Context, *, today: datetime) -> list[ChannelView]:
    """Every one by name; `today`: its first moment where the reader is. Raises DatabaseUnavailable."""

    async def read(connection: Connection) -> list[ChannelView]:
        configs = await stored.desk_channels(connection)
        pulses = {row.name: row for row in await stored.pulses(connection, today, today - SINCE)}
        views = [
            _of_file(ctx, name, table, pulses.get(name)) for name, table in ctx.settings.channels.items()
        ]
        views += [_of_desk(ctx, row, pulses.get(row.name)) for row in configs]
        views.sort(key=lambda one: (one.name.casefold(), one.hidden))
        gaps = await list_gaps(connection)
        return [_with_gaps(await _with_probe(connection, one), gaps) for one in views]

    return await ctx.database.read(read)


def _of_file(ctx: Context, name: str, table: Mapping[str, object], pulse: PulseRow | None) -> ChannelView:
    kind = str(table["kind"])
    return _able(ctx, ChannelView(name=name, kind=kind, config=None, pulse=pulse, probe=None))


def _of_desk(ctx: Context, row: ConfigRow, pulse: PulseRow | None) -> ChannelView:
    view = ChannelView(
        name=row.name,
        kind=row.kind,
        config=row,
        pulse=pulse,
        probe=None,
        hidden=row.name in ctx.settings.channels,
        off=not row.enabled,
        wrong=ctx.desk_channels.wrong.get(row.name, "") if row.enabled else "",
    )
    return _able(ctx, view)


def _able(ctx: Context, view: ChannelView) -> ChannelView:
    known = ctx.kinds.get(view.kind)
    if known is None:
        return view
    by_letter = known.inbox is not None and known.answer_id is not None
    consents = not view.hidden and not view.wrong and _consents(ctx, known, view)
    return replace(view, by_letter=by_letter, push=known.capabilities.push, consents=consents)


def _consents(ctx: Context, known: ChannelKind, view: ChannelView) -> bool:
    """Its passwords are not asked for: what needs consent has none that matters."""
    if view.config is None:
        return known.consents(ctx.channel(view.name).settings)
    try:
        return known.consents(known.settings.model_validate(dict(view.config.settings)))
    except ValidationError:
        return False


async def _with_probe(connection: Connection, view: ChannelView) -> ChannelView:
    if view.pulse is None or not view.at_work:
        return view
    probe = await stored.last_probe(connection, view.pulse.id)
    return replace(view, probe=probe)


def _with_gaps(view: ChannelView, gaps: Sequence[GapRow]) -> ChannelView:
    """Those of its name, on the card of the one that works."""
    if view.hidden:
        return view
    return replace(view, gaps=tuple(gap for gap in gaps if gap.channel == view.name))
