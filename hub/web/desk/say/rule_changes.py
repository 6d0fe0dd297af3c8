"""What changed between two versions of the rules, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.web.desk.say.language import N_
from hub.web.desk.say.rule_names import SECTIONS
from hub.web.desk.say.rule_words import RuleWords
from routing.compare import Change, Unit

_WHAT: Mapping[str, str] = {
    "added": N_("added"),
    "removed": N_("removed"),
    "changed": N_("changed"),
    "moved": N_("moved"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldChange:
    """`what`: the code, for a sign; `said`: the same in words; `about`: of what; `before` and `after`: "" where there is
    nothing to compare; `gone` and `come`: for lists, what was taken out and put in."""

    what: str
    said: str
    about: str
    key: str = ""
    before: str = ""
    after: str = ""
    gone: str = ""
    come: str = ""


def tell_changes(words: RuleWords, changes: Iterable[Change]) -> list[ToldChange]:
    """In the order given."""
    return [_tell(words, change) for change in changes]


def tell_unit(words: RuleWords, unit: Unit) -> str:
    """What two people changed at once."""
    section = words.voice.say(SECTIONS.get(unit[0], "")) or unit[0]
    return _named(words, unit[0], unit[1]) if len(unit) > 1 else section


def _tell(words: RuleWords, change: Change) -> ToldChange:
    said = words.voice.say(_WHAT[change.what])
    about = _named(words, change.section, change.name) if change.name else ""
    if change.what in ("added", "removed"):
        return ToldChange(what=change.what, said=said, about=about)
    if change.what == "moved":
        place = words.voice.say(N_("place"))
        return ToldChange(
            what="moved",
            said=said,
            about=about,
            key=place,
            before=str(change.before),
            after=str(change.after),
        )
    # What stands alone is called by its section; its keys by theirs.
    key = change.key or change.section
    if not about:
        about = words.voice.say(SECTIONS.get(change.section, "")) or change.section
    shown = words.key(key) if change.key else ""
    if _is_set(change.before) and _is_set(change.after):
        old, new = list(change.before or ()), list(change.after or ())
        return ToldChange(
            what="changed",
            said=said,
            about=about,
            key=shown,
            gone=words.value(key, [one for one in old if one not in new]) if set(old) - set(new) else "",
            come=words.value(key, [one for one in new if one not in old]) if set(new) - set(old) else "",
        )
    return ToldChange(
        what="changed",
        said=said,
        about=about,
        key=shown,
        before=words.value(key, change.before),
        after=words.value(key, change.after),
    )


def _named(words: RuleWords, section: str, name: str) -> str:
    title = {"queue": words.queue, "calendar": words.calendar}.get(section, str)(name)
    return words.voice.say(
        N_("%(section)s “%(name)s”"),
        section=words.voice.say(SECTIONS.get(section, "")) or section,
        name=title,
    )


def _is_set(value: Any) -> bool:
    """A list of words, or nothing: its order says little."""
    return value is None or (isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value))
