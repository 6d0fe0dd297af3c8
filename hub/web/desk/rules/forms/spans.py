"""Lengths of time in forms: a number and a unit, kept as minutes."""

from decimal import Decimal, InvalidOperation

from hub.web.desk.rules.forms.fields import number

UNITS = {"minutes": 1, "hours": 60, "days": 1440}


def as_span(minutes: int | None, units: tuple[str, ...] = ("hours",)) -> tuple[str, str]:
    """(number, unit): the largest of `units` that it is a whole number of, else minutes. ("", "minutes") for none."""
    if minutes is None:
        return "", "minutes"
    fits = [unit for unit in units if minutes and minutes % UNITS[unit] == 0]
    unit = max(fits, key=UNITS.__getitem__, default="minutes")
    return str(minutes // UNITS[unit]), unit


def read_span(text: str, unit: str) -> str | None:
    """Minutes, as text; None where nothing was given. What is no number stays as it was typed."""
    given = number(text)
    if not given:
        return None
    try:
        minutes = Decimal(given) * UNITS.get(unit, 1)
    except InvalidOperation:
        return given
    if not minutes.is_finite() or minutes != minutes.to_integral_value():
        return given
    return str(int(minutes)) if abs(minutes) < 10**9 else given
