"""What the desk says and how it writes dates and numbers, in English and Chinese.

Source strings are English; the Chinese catalogue is text (hub/web/locale) and is compiled when the hub starts.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

from hub.web.desk.say.moments import language_name, write_amount, write_day, write_moment, write_number

LANGUAGES: Mapping[str, str] = {"en": "English", "zh_CN": "中文"}
LOCALE_FOLDER = Path(__file__).parents[2] / "locale"

_SIZES = (("gigabyte", "GB", 10**9), ("megabyte", "MB", 10**6), ("kilobyte", "KB", 10**3))
_STEPS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def N_(text: str) -> str:
    """The text itself."""
    return text


@cache
def translations(locale: str) -> NullTranslations:
    """The catalogue of this locale; English is the source and has none."""
    path = LOCALE_FOLDER / locale / "LC_MESSAGES" / "hub.po"
    if not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=locale)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


@cache
def _parsed(locale: str) -> Locale:
    return Locale.parse(locale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How one person is spoken to: the language, and the time zone of their browser."""

    locale: str
    zone: tzinfo = UTC

    @property
    def html_lang(self) -> str:
        """As the attribute `lang` has it."""
        return self.locale.replace("_", "-")

    @property
    def babel(self) -> Locale:
        """As Babel wants it: from a name it would look through all that there are, each time."""
        return _parsed(self.locale)

    @property
    def chinese(self) -> bool:
        return self.locale.startswith("zh")

    def say(self, text: str, /, **values: object) -> str:
        """The text in this language, its %(name)s filled."""
        said = translations(self.locale).gettext(text) if text else ""
        return said % values if values else said

    @property
    def colon(self) -> str:
        """Between a label and what it is of."""
        return "：" if self.chinese else ": "

    @property
    def comma(self) -> str:
        """Between the parts of a list."""
        return "、" if self.chinese else ", "

    def count(self, one: str, several: str, number: int) -> str:
        """One or several; `%(num)s` is the number, written by locale."""
        said = translations(self.locale).ngettext(one, several, number)
        return said % {"num": self.number(number)}

    def number(self, value: float) -> str:
        return write_number(value, self.locale)

    def percent(self, share: float, digits: int = 0) -> str:
        """A share of 1 in hundredths, with at most so many figures behind the point."""
        return f"{self.number(round(share * 100, digits) if digits else round(share * 100))}%"

    def decimal(self, value: float, digits: int) -> str:
        """With so many figures behind the point, also where they are noughts."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return str(format_decimal(value, pattern, locale=self.babel))

    def moment(self, at: datetime) -> str:
        """Day and time to the minute."""
        return write_moment(at.astimezone(self.zone), "medium", self.locale)

    def clock(self, at: datetime) -> str:
        """The time of day to the second, for what is watched as it happens."""
        return write_moment(at.astimezone(self.zone), "HH:mm:ss", self.locale)

    def stamp(self, at: datetime, now: datetime) -> str:
        """As short as it is clear: the time today, the day this year, else the date."""
        local, today = at.astimezone(self.zone), now.astimezone(self.zone)
        if local.date() == today.date():
            return write_moment(local, "short", self.locale)
        if local.year == today.year:
            pattern = "M月d日 HH:mm" if self.chinese else "d MMM, HH:mm"
            return write_moment(local, pattern, self.locale)
        return write_day(local.date(), "medium", self.locale)

    def weekday(self, at: datetime) -> str:
        """Which day of the week, and the time: clear within a few days."""
        return write_moment(at.astimezone(self.zone), "EEE HH:mm", self.locale)

    def day(self, at: datetime) -> str:
        """The day alone, as a heading."""
        return write_day(at.astimezone(self.zone).date(), "long", self.locale)

    def ago(self, at: datetime, now: datetime) -> str:
        """How long since, in its largest unit; live pages let times.js count on in the same words."""
        seconds = max(0.0, (now - at).total_seconds())
        for unit, size in _STEPS:
            if seconds >= size:
                return write_amount(int(seconds // size), unit, self.locale)
        return self.say(N_("now"))

    def ago_said(self, at: datetime, now: datetime) -> str:
        """The same where nothing beside it says that it is past."""
        length = self.ago(at, now)
        return (
            length
            if (now - at).total_seconds() < _STEPS[-1][1]
            else self.say(N_("%(time)s ago"), time=length)
        )

    def size(self, size: int) -> str:
        """Bytes in the largest unit that leaves a number above one."""
        for unit, sign, length in _SIZES:
            if size >= length:
                shown = round(size / length, 1)
                if self.chinese:  # CLDR writes 千字节 and "byte", which nobody does on screen.
                    return f"{self.number(shown)} {sign}"
                return write_amount(shown, unit, self.locale)
        return self.count("%(num)s byte", "%(num)s bytes", size)

    def language_name(self, code: str) -> str:
        """What the language is called, in this language."""
        if code in ("", "other"):
            return ""
        return language_name(code, self.locale)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_of(name: str) -> tzinfo:
    """The time zone that a browser names; UTC for one that does not exist."""
    if name not in _zones():
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
