"""The floor in words: places in the line, expected waits, meters."""

from dataclasses import dataclass
from datetime import timedelta

from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.rule_names import TOPICS
from hub.web.desk.say.targets import say_span
from routing.expect import STEPS, Expected

MOST_PIPS = 12
"""Places that are drawn one by one; more are a bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """How much of somebody's room is taken. `pips`: "on", "off" or "over" each; none where there are too many to draw, then
    `share` (0 to 100) is."""

    used: int
    room: int
    pips: tuple[str, ...]
    share: int

    @property
    def full(self) -> bool:
        return self.used >= self.room


def meter(used: int, room: int) -> Meter:
    """`used` of `room` places."""
    if max(used, room) <= MOST_PIPS:
        pips = ("on",) * min(used, room) + ("over",) * max(used - room, 0) + ("off",) * max(room - used, 0)
    else:
        pips = ()
    return Meter(used=used, room=room, pips=pips, share=min(100, 100 * used // room) if room else 100)


def say_skill(voice: Voice, skill: str) -> str:
    """What a skill is called: those that are shipped have names in each language."""
    return voice.say(TOPICS[skill]) if skill in TOPICS else skill


def say_wait(voice: Voice, expected: Expected) -> str:
    """How long it may be until somebody has it."""
    least, most = expected.least, expected.most
    if least is None or most is None:
        if expected.agents:
            return voice.say(N_("no estimate: its queue is closed"))
        return voice.say(N_("no estimate: nobody who may have it is here"))
    if most == 0:
        return voice.say(N_("at once"))
    if least >= STEPS[-1]:
        return voice.say(N_("a day or more"))
    if least == 0:
        return voice.say(N_("up to %(time)s"), time=_span(voice, most))
    if most < 60:
        both = f"{voice.number(least)}–{voice.number(most)}"
        return voice.say(N_("about %(minutes)s min"), minutes=both)
    if least == most:
        return voice.say(N_("about %(time)s"), time=_span(voice, most))
    return voice.say(N_("about %(least)s to %(most)s"), least=_span(voice, least), most=_span(voice, most))


def say_expected(voice: Voice, expected: Expected) -> str:
    """The place in the line and the wait, as one phrase; "" where nobody can ever have the ticket."""
    if not expected.of:
        return ""
    place = voice.number(expected.place) if voice.chinese else _ordinal(expected.place)
    where = voice.say(N_("%(place)s of %(of)s in line"), place=place, of=voice.number(expected.of))
    return voice.say(N_("; ")).join((where, say_wait(voice, expected)))


def _span(voice: Voice, minutes: int) -> str:
    return say_span(voice, timedelta(minutes=minutes))


def _ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, as English counts."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
