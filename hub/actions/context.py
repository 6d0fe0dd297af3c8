"""What every action is handed: the database, the settings and rules, and what this process keeps open for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from channels.adapter import ChannelKind
from channels.room import Room
from hub.actions.announce import Listener
from hub.actions.channels.desk_channels import DeskChannels
from hub.actions.feed import Feed
from hub.actions.floor.outlook import Outlook
from hub.actions.gate import SharedGate
from hub.actions.intake import Intake
from hub.actions.learning.learned import Learned
from hub.actions.reader import Reader
from hub.actions.space import Space
from hub.settings import Settings, WrongSetting, explain_validation
from routing.rules import RoutingRules
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredChannel:
    """One channel of the settings, its table checked by its kind."""

    name: str
    kind: ChannelKind
    settings: BaseModel


@dataclass(slots=True, kw_only=True)
class Rulebook:
    """The rules that this hub goes by: `rules` and `version` change together when a newer version is found. Until the hub is
    set up they are those of its file, version 0. `shipped`: the file came along with the program, nobody wrote it here."""

    file: RoutingRules
    rules: RoutingRules
    version: int = 0
    shipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One per hub process."""

    database: Database
    settings: Settings
    secret: bytes
    rulebook: Rulebook
    kinds: Mapping[str, ChannelKind]
    listener: Listener
    feed: Feed
    intake: Intake
    journal: Intake
    """For what is only journalled as it comes: who says a word does not wait behind a mailbox that is being read."""
    reader: Reader
    gate: SharedGate
    space: Space
    room: Room = field(default_factory=Room)
    outlook: Outlook = field(default_factory=Outlook)
    learned: Learned = field(default_factory=Learned)
    desk_channels: DeskChannels = field(default_factory=DeskChannels)
    memo: dict[object, Any] = field(default_factory=dict)
    """What never changes while the hub runs and is asked for often (hub.actions.installation, `channel`)."""

    @property
    def rules(self) -> RoutingRules:
        """The rules in use. An action that needs them twice asks once."""
        return self.rulebook.rules

    @property
    def channels(self) -> Mapping[str, Mapping[str, Any]]:
        """The tables of all that work: those of the file, then those of the desk. Where a name is in both, the file's."""
        return {**self.desk_channels.tables, **self.settings.channels}

    @property
    def public_url(self) -> str:
        """How customers and staff reach the hub."""
        return self.settings.web.public_url or f"http://{self.settings.web.host}:{self.settings.web.port}"

    def channel(self, name: str) -> ConfiguredChannel:
        """The channel of this name. Raises KeyError when none is configured, WrongSetting when its table is wrong."""
        given = self.channels[name]
        known = self.memo.get((name, id(given)))
        if known is not None:
            return cast("ConfiguredChannel", known[0])
        table = dict(given)
        kind = self.kinds.get(table.pop("kind"))
        if kind is None:
            there_is = ", ".join(sorted(self.kinds))
            raise WrongSetting(f"channels.{name}.kind: there is no such kind of channel; there is {there_is}")
        try:
            channel = ConfiguredChannel(name=name, kind=kind, settings=kind.settings.model_validate(table))
        except ValidationError as error:
            raise WrongSetting(explain_validation(f"channels.{name}", error)) from error
        # The table is kept beside, so that its id stays its own.
        self.memo[name, id(given)] = (channel, given)
        return channel


def open_context(
    database: Database,
    settings: Settings,
    *,
    secret: bytes,
    rules: RoutingRules,
    kinds: Mapping[str, ChannelKind],
) -> Context:
    """Put it together; no task is started. Raises WrongSetting, one line for each wrong key of a channel."""
    listener = Listener(database)
    ctx = Context(
        database=database,
        settings=settings,
        secret=secret,
        rulebook=Rulebook(file=rules, rules=rules),
        kinds=kinds,
        listener=listener,
        feed=Feed(database, listener),
        intake=Intake(),
        journal=Intake(),
        reader=Reader(),
        gate=SharedGate(database),
        space=Space(database, settings),
    )
    wrong = []
    for name in settings.channels:
        try:
            ctx.channel(name)
        except WrongSetting as error:
            wrong.append(str(error))
    if wrong:
        raise WrongSetting("\n".join(wrong))
    return ctx


async def close_context(ctx: Context) -> None:
    """Let the batch under way end, and the reading process with it. The database is the caller's to close."""
    await ctx.intake.close()
    await ctx.journal.close()
    await ctx.reader.close()
