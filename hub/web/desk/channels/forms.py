"""A channel's settings as a form, and back: made from the kind's own model, so that a kind that others ship has one too. Pure.

What is left empty, or as it is by default, is not kept: a default that a later release mends, or that a provider's preset
brings, then holds.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticUndefined

from hub.web.desk.say.channel_settings import (
    ABOVE,
    CHOICES,
    GROUPS,
    LONG,
    MISSHAPEN,
    MISSING,
    NO_NUMBER,
    NOT_IN_LIST,
    TOO_LARGE,
    TOO_LONG,
    TOO_SMALL,
    WORDS,
    WRONG,
    Group,
    Words,
)
from hub.web.desk.say.language import N_, Voice

SAME_LOGIN = "same_login"
"""Not a setting but a tick: the relay takes the mailbox's name and password."""
_FIRST_VALUES: Mapping[str, Mapping[str, Any]] = {"email": {"take_days": 7}}
"""What a new channel's form begins with, where that is wiser than the default: an old inbox would be taken in whole."""
_SITE = re.compile(r"'.*': (expected a site such as https://www\.shop\.example)", re.DOTALL)

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One line of the form. `sort`: text, long, lines, number, switch, choice, secret. `kept`: a secret that is there already
    and is not shown."""

    name: str
    sort: str
    label: str
    help: str = ""
    value: str = ""
    placeholder: str = ""
    options: Sequence[tuple[str, str]] = ()
    required: bool = False
    kept: bool = False
    trouble: str = ""

    @property
    def ticked(self) -> bool:
        return self.value == "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A group of lines, in the reader's language."""

    title: str
    fields: Sequence[Field]
    folded: bool


def show_form(
    voice: Voice,
    kind: str,
    model: type[BaseModel],
    table: Values | None,
    *,
    secrets: Sequence[str] = (),
    troubles: Mapping[str, str] | None = None,
) -> list[Part]:
    """The form of one channel. `table`: what is kept or was typed, without its secrets; None for a new one. `secrets`: those
    that are kept."""
    shown = _FIRST_VALUES.get(kind, {}) if table is None else table
    told = troubles or {}
    known = GROUPS.get(kind, ())
    named = {name for group in known for name in group.names}
    rest = tuple(
        name
        for name, info in model.model_fields.items()
        if name not in named and sort_of(name, info) != "page"
    )
    groups = (*known, *((Group(title=N_("More"), names=rest, folded=bool(known)),) if rest else ()))
    parts = []
    for group in groups:
        fields = [
            _field(voice, kind, name, model.model_fields.get(name), shown, secrets, told.get(name, ""))
            for name in group.names
            if name in model.model_fields or name == SAME_LOGIN
        ]
        troubled = any(one.trouble for one in fields)
        parts.append(Part(title=voice.say(group.title), fields=fields, folded=group.folded and not troubled))
    return parts


def _field(
    voice: Voice,
    kind: str,
    name: str,
    info: FieldInfo | None,
    table: Values,
    secrets: Sequence[str],
    trouble: str,
) -> Field:
    words = WORDS.get((kind, name)) or Words(
        label=name.replace("_", " ").capitalize(), help=(info.description or "") if info is not None else ""
    )
    sort = "switch" if info is None else sort_of(name, info)
    made = Field(
        name=name, sort=sort, label=voice.say(words.label), help=voice.say(words.help), trouble=trouble
    )
    if info is None:
        return replace(made, value="1" if table.get(SAME_LOGIN, True) else "")
    default = None if info.default is PydanticUndefined else info.default
    value = default if table.get(name) is None else table[name]
    needed = info.is_required() and name not in _FROM_PRESET
    match sort:
        case "secret":
            return replace(made, kept=name in secrets, required=needed and name not in secrets)
        case "switch":
            return replace(made, value="1" if value else "")
        case "choice":
            said = CHOICES.get((kind, name), {})
            options = [(one, voice.say(said.get(one, "")) or one) for one in _words_of(info.annotation)]
            options.sort(key=lambda one: list(said).index(one[0]) if one[0] in said else len(said))
            return replace(made, value=str(value or ""), options=options)
        case "lines":
            shown = "\n".join(table.get(name) or ())
            return replace(made, value=shown, placeholder="\n".join(default or ()), required=needed)
    return replace(made, value=_written(table.get(name)), placeholder=_written(default), required=needed)


_FROM_PRESET = ("imap_host", "smtp_host")
"""Needed, but a provider's preset may bring them."""


def _written(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def part_login(table: Values, secrets: Mapping[str, str]) -> dict[str, Any]:
    """A mail channel's table as its form shows it: with the tick where the relay takes the mailbox's name and password."""
    user = table.get("imap_user") or table.get("address")
    same = table.get("smtp_user", user) == user and (
        secrets.get("smtp_password") == secrets.get("imap_password") or "smtp_password" not in secrets
    )
    alone = (
        bool(table.get("imap_host")) and "smtp_user" not in table
    )  # a relay that takes letters without a login
    if not same or alone:
        return {**table, SAME_LOGIN: False}
    return {**{name: one for name, one in table.items() if name != "smtp_user"}, SAME_LOGIN: True}


def join_login(
    table: Values, secrets: Mapping[str, str], *, same: bool
) -> tuple[dict[str, Any], dict[str, str]]:
    """The same the other way round: (settings, secrets) with the relay's name and password in them."""
    bare = {name: one for name, one in table.items() if name != SAME_LOGIN}
    if not same or table.get("auth") == "oauth2" or "imap_password" not in secrets:
        return bare, dict(secrets)
    user = table.get("imap_user") or table.get("address", "")
    return {**bare, "smtp_user": user}, {**secrets, "smtp_password": secrets["imap_password"]}


def sort_of(name: str, info: FieldInfo) -> str:
    """How a setting is asked for; "page" is what has a page of its own."""
    kind = info.annotation
    if any(isinstance(one, type) and issubclass(one, BaseModel) for one in (kind, *get_args(kind))):
        return "page"
    if kind is SecretStr:
        return "secret"
    if kind is bool:
        return "switch"
    if kind in (int, float):
        return "number"
    if get_origin(kind) is tuple:
        return "lines"
    if _words_of(kind):
        return "choice"
    return "long" if name in LONG else "text"


def _words_of(kind: Any) -> list[str]:
    """The words of a Literal, or of a union of them."""
    if get_origin(kind) is Literal:
        return [str(one) for one in get_args(kind)]
    return [word for one in get_args(kind) if one is not NoneType for word in _words_of(one)]


_SERVERS = (
    "imap_host", "imap_port", "imap_security", "smtp_host", "smtp_port", "smtp_security", "smtp_user", "smtp_password",
)  # fmt: skip
"""What a provider's preset brings: the form does not ask for it then, and what still stands there is not meant."""


def read_form(model: type[BaseModel], form: Values) -> tuple[dict[str, Any], dict[str, str]]:
    """(settings, secrets) as they were typed; nothing is checked. A secret that is left empty is not among them."""
    table: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for name, info in model.model_fields.items():
        sort, given = sort_of(name, info), str(form.get(name, "")).replace("\r\n", "\n")
        if sort == "page":
            continue
        if sort == "secret":
            if given.strip():
                secrets[name] = given.strip()
        elif sort == "switch":
            if (name in form) != bool(info.default):
                table[name] = name in form
        elif sort == "lines":
            if lines := [line.strip() for line in given.splitlines() if line.strip()]:
                table[name] = lines
        elif sort == "number":
            if given.strip():
                table[name] = _number(given.strip())
        elif given.strip() and given.strip() != info.default:
            table[name] = given.strip()
    if table.get("preset"):
        for name in _SERVERS:
            table.pop(name, None)
            secrets.pop(name, None)
    return table, secrets


def kept_elsewhere(model: type[BaseModel], table: Values) -> dict[str, Any]:
    """Settings that the form does not show and must not lose."""
    return {
        name: table[name]
        for name, info in model.model_fields.items()
        if name in table and sort_of(name, info) == "page"
    }


def leads_elsewhere(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether another server would be given the secrets: who may change a channel may not therefore read its password."""
    return any(
        before.get(name) != after.get(name)
        for name in {*before, *after}
        if any(part in name for part in ("host", "port", "url", "preset", "security"))
    )


def _number(given: str) -> int | float | str:
    for read in (int, float):
        try:
            return read(given)
        except ValueError:
            continue
    return given


def explain(voice: Voice, error: ValidationError) -> tuple[dict[str, str], str]:
    """(what is wrong with each setting, what is wrong with them together)."""
    troubles: dict[str, str] = {}
    together = []
    for one in error.errors(include_url=False, include_input=False):
        text = _trouble(voice, one)
        if one["loc"]:
            troubles.setdefault(str(one["loc"][0]), text)
        else:
            together.append(text)
    return troubles, " ".join(together)


def _trouble(voice: Voice, one: ErrorDetails) -> str:
    limits = one.get("ctx", {})
    match one["type"]:
        case "missing":
            return voice.say(MISSING)
        case "literal_error":
            return voice.say(NOT_IN_LIST)
        case "int_parsing" | "float_parsing" | "int_from_float" | "int_type" | "float_type":
            return voice.say(NO_NUMBER)
        case "greater_than_equal":
            return voice.say(TOO_SMALL, num=_written(limits["ge"]))
        case "greater_than":
            return voice.say(ABOVE, num=_written(limits["gt"]))
        case "less_than_equal":
            return voice.say(TOO_LARGE, num=_written(limits["le"]))
        case "string_too_long":
            return voice.say(TOO_LONG, num=limits["max_length"])
        case "string_pattern_mismatch":
            return voice.say(MISSHAPEN)
    said = str(limits["error"]) if "error" in limits else one["msg"]
    if site := _SITE.fullmatch(said):
        said = site.group(1)
    return voice.say(WRONG.get(said, said))
