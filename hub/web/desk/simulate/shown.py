"""A result as the page shows it: rows of words and numbers, and bars that say the same at a glance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.simulate import FIGURES, HEADLINES, LABELS, UNITS, VALUES, VERDICTS

_DIGITS = {"fairness": 3, "unserved": 0}
_MOST_AGENTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One side of a row. `text` "" where there is nothing; `around`: how far the runs lie apart; `bar`: 0 to 100."""

    text: str
    around: str = ""
    bar: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`cells`: a side each. `difference` and `verdict` "" where there is nothing to compare."""

    title: str
    cells: Sequence[Cell]
    count: str = ""
    difference: str = ""
    verdict: str = ""
    verdict_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A table of one label."""

    title: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """`sides`: how many columns of figures there are. `left_out`: agents beyond those that are shown."""

    errands: str
    runs: int
    sides: int
    headlines: Sequence[Row]
    figures: Sequence[Row]
    groups: Sequence[Group]
    agents: Sequence[Row]
    left_out: int


def show(
    voice: Voice, result: Mapping[str, Any], titles: Mapping[str, str], other: Mapping[str, Any] | None = None
) -> Shown:
    """`titles`: queues by name. `other`: the result of another simulation to be shown beside: its last side."""
    sides = [result["before"]]
    if result["after"] is not None:
        sides.append(result["after"])
    if other is not None:
        sides.append(other["after"] or other["before"])
    figures = {name: _figure(voice, name, sides, result["differences"]) for name in FIGURES}
    agents = list(_agents(voice, sides))
    return Shown(
        errands=voice.number(result["before"]["errands"]),
        runs=len(result["seeds"]),
        sides=len(sides),
        headlines=[figures[name] for name in HEADLINES],
        figures=list(figures.values()),
        groups=list(_groups(voice, sides, titles)),
        agents=agents[:_MOST_AGENTS],
        left_out=max(0, len(agents) - _MOST_AGENTS),
    )


def _figure(
    voice: Voice, name: str, sides: Sequence[Mapping[str, Any]], differences: Mapping[str, Any]
) -> Row:
    title, unit = FIGURES[name]
    found = [side["figures"][name] for side in sides]
    whole = 100.0 if unit == "%" else 1.0 if name == "fairness" else max(one["mean"] for one in found)
    difference = differences.get(name)
    verdict = difference["verdict"] if difference is not None else ""
    return Row(
        title=_with_unit(voice, title, unit),
        cells=[
            Cell(
                text=_number(voice, one["mean"], name),
                around=_around(voice, one, name),
                bar=round(100.0 * one["mean"] / whole, 1) if whole else 0.0,
            )
            for one in found
        ],
        difference=_signed(voice, difference["mean"], name) if difference is not None else "",
        verdict=verdict,
        verdict_text=voice.say(VERDICTS[verdict]) if verdict else "",
    )


def _with_unit(voice: Voice, title: str, unit: str) -> str:
    if not unit:
        return voice.say(title)
    return voice.say(N_("%(figure)s (%(unit)s)"), figure=voice.say(title), unit=voice.say(UNITS[unit]))


def _groups(voice: Voice, sides: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> Iterator[Group]:
    labels = dict.fromkeys(label for side in sides for label in side["by"])
    for label in [one for one in LABELS if one in labels]:
        values = dict.fromkeys(value for side in sides for value in side["by"].get(label, {}))
        rows = []
        for value in values:
            seen = [side["by"].get(label, {}).get(value) for side in sides]
            number = next(one["errands"] for one in seen if one is not None)
            rows.append(
                Row(
                    title=_value(voice, label, value, titles),
                    count=voice.number(round(number)),
                    cells=[
                        Cell(text=_share(voice, one["in_time"]), bar=round(one["in_time"], 1))
                        if one
                        else Cell(text="")
                        for one in seen
                    ],
                )
            )
        yield Group(title=voice.say(LABELS[label]), rows=rows)


def _agents(voice: Voice, sides: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    known = [{one["name"]: one for one in side["agents"]} for side in sides]
    for name in dict.fromkeys(name for side in known for name in side):
        seen = [side.get(name) for side in known]
        yield Row(
            title=name,
            cells=[
                Cell(
                    text=_share(voice, one["used"]),
                    around=voice.number(round(one["done"])),
                    bar=round(min(one["used"], 100.0), 1),
                )
                if one
                else Cell(text="")
                for one in seen
            ],
        )


def _value(voice: Voice, label: str, value: str, titles: Mapping[str, str]) -> str:
    if label == "queue":
        return titles.get(value, value)
    known = VALUES.get(label, {}).get(value)
    return voice.say(known) if known else value


def _number(voice: Voice, value: float, name: str) -> str:
    return voice.decimal(value, _digits(name))


def _signed(voice: Voice, value: float, name: str) -> str:
    shown = _number(voice, abs(value), name)
    return shown if round(value, _digits(name)) == 0 else f"{'+' if value > 0 else '−'}{shown}"


def _around(voice: Voice, figure: Mapping[str, float], name: str) -> str:
    half = (figure["most"] - figure["least"]) / 2.0
    return f"±{_number(voice, half, name)}" if half else ""


def _share(voice: Voice, value: float) -> str:
    return voice.decimal(value, 1)


def _digits(name: str) -> int:
    return _DIGITS.get(name, 2 if FIGURES[name][1] == "%" or name == "late" else 1)
