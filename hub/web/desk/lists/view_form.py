"""A view on its form: groups of conditions as fields, read back into a filter. Pure.

Fields are named by their place: `mode-0` joins the first group, `field-0-2`, `test-0-2`, `value-0-2` and `amount-0-2` with
`unit-0-2` are its third condition. A button `do` adds or drops one; nothing is kept until the form is saved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from hub.model.filters import TESTS, Condition, Filter, Group, How, as_groups, every, filter_data, read_filter

MOST_GROUPS, MOST_ROWS = 6, 20
UNITS: Mapping[str, int] = {"minutes": 1, "hours": 60, "days": 1440}
WRITTEN = frozenset(("tag", "segment", "language"))
"""Fields whose values are written, with commas; of the others all are there to choose from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFields:
    """One condition as it stands on the form."""

    field: str
    test: How
    values: Sequence[str] = ()
    amount: int = 1
    unit: str = "hours"

    @property
    def control(self) -> str:
        """How the value is entered: span, yes, written or chosen."""
        if self.test not in (How.IS, How.IS_NOT):
            return "span"
        if TESTS[self.field] == (How.IS,):
            return "yes"
        return "written" if self.field in WRITTEN else "chosen"


@dataclass(slots=True, kw_only=True)
class GroupFields:
    mode: Literal["all", "any"]
    rows: list[RowFields] = field(default_factory=list)


def fields_of(wanted: Filter) -> list[GroupFields]:
    """A filter as the form shows it. Raises BadFilter where it is too deep for that."""
    groups = [
        GroupFields(
            mode=one.joined, rows=[_row(member) for member in one.members if isinstance(member, Condition)]
        )
        for one in as_groups(wanted)
    ]
    return groups or [GroupFields(mode="all")]


def _row(one: Condition) -> RowFields:
    unit = next(
        (name for name, size in reversed(list(UNITS.items())) if one.minutes and one.minutes % size == 0),
        "hours",
    )
    return RowFields(
        field=one.field, test=one.test, values=one.values, amount=one.minutes // UNITS[unit] or 1, unit=unit
    )


def read_fields(form: Mapping[str, Any], values: Mapping[str, Sequence[str]]) -> list[GroupFields]:
    """What stands on the form, whatever of it makes sense. `values`: all values of each field that may have several."""
    groups: list[GroupFields] = []
    for g in range(MOST_GROUPS):
        mode = form.get(f"mode-{g}")
        if mode is None:
            break
        found = GroupFields(mode="any" if mode == "any" else "all")
        for r in range(MOST_ROWS):
            name = str(form.get(f"field-{g}-{r}", ""))
            if name in TESTS:
                found.rows.append(_read_row(form, values, name, f"{g}-{r}"))
        groups.append(found)
    return groups or [GroupFields(mode="all")]


def _read_row(
    form: Mapping[str, Any], values: Mapping[str, Sequence[str]], name: str, place: str
) -> RowFields:
    said = str(form.get(f"test-{place}", ""))
    test = How(said) if said in TESTS[name] else TESTS[name][0]
    amount, unit = str(form.get(f"amount-{place}", "")), str(form.get(f"unit-{place}", "hours"))
    given: Sequence[str] = values.get(f"value-{place}", ())
    if name in WRITTEN:
        given = [one.strip() for one in ",".join(given).replace("，", ",").split(",") if one.strip()]
    if TESTS[name] == (How.IS,) and tuple(given) not in (("yes",), ("no",)):
        given = ("yes",)
    return RowFields(
        field=name,
        test=test,
        values=tuple(given),
        amount=int(amount) if amount.isascii() and amount.isdigit() and 0 < len(amount) < 6 else 1,
        unit=unit if unit in UNITS else "hours",
    )


def step(groups: list[GroupFields], do: str) -> list[GroupFields]:
    """The form after a press of one of its buttons: "add-0", "drop-0-2", "group"; anything else changes nothing."""
    name, *places = do.split("-")
    numbers = [int(one) for one in places if one.isascii() and one.isdigit() and len(one) < 3]
    if name == "group" and len(groups) < MOST_GROUPS:
        groups.append(GroupFields(mode="any", rows=[_NEW]))
    elif name == "add" and len(numbers) == 1 and numbers[0] < len(groups):
        if len(groups[numbers[0]].rows) < MOST_ROWS:
            groups[numbers[0]].rows.append(_NEW)
    elif name == "drop" and len(numbers) == 2 and numbers[0] < len(groups):
        rows = groups[numbers[0]].rows
        if numbers[1] < len(rows):
            del rows[numbers[1]]
        if not rows and len(groups) > 1:
            del groups[numbers[0]]
    return groups


_NEW = RowFields(field="status", test=How.IS, values=("open",))


def filter_of(groups: Sequence[GroupFields]) -> Filter:
    """What the form says. Raises BadFilter: a condition has no value, say. An empty group says nothing."""
    made = every(*(Group(one.mode, tuple(_condition(row) for row in one.rows)) for one in groups if one.rows))
    return read_filter(filter_data(made))


def _condition(row: RowFields) -> Condition:
    if row.control == "span":
        return Condition(row.field, row.test, minutes=row.amount * UNITS[row.unit])
    return Condition(row.field, row.test, tuple(row.values))
