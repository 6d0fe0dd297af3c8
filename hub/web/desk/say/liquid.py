"""What is wrong with a text in the template language, and what it would become, in words."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from hub.actions.answers.liquid_text import Trouble
from hub.actions.answers.placeholders import values_of, words_language
from hub.web.desk.say.language import N_, Voice

_TROUBLES: Mapping[str, str] = {
    "unknown_name": N_("There is nothing called “%(what)s”."),
    "unknown_filter": N_("There is no filter called “%(what)s”."),
    "unknown_tag": N_("There is no “%(what)s” here."),
    "too_much": N_("It repeats or grows too much."),
    "unreadable": N_("This cannot be read: “%(what)s”."),
}
_OPEN = N_("Something is opened that is not closed, or closed that is not opened.")


def say_troubles(voice: Voice, troubles: Sequence[Trouble]) -> list[str]:
    """One sentence for each, with its line."""
    return [_say(voice, one) for one in troubles]


def _say(voice: Voice, trouble: Trouble) -> str:
    if trouble.code == "unreadable" and not trouble.what:
        said = voice.say(_OPEN)
    else:
        said = voice.say(_TROUBLES[trouble.code], what=trouble.what)
    return (
        voice.say(N_("Line %(number)s: %(what)s"), number=trouble.line, what=said) if trouble.line else said
    )


def sample_values(voice: Voice, agent_name: str, language: str) -> dict[str, str]:
    """What placeholders stand for where no ticket is named."""
    return values_of(
        customer_name=voice.say(N_("Li Wei")),
        ticket_number="T-10019",
        ticket_subject=voice.say(N_("The kettle leaks")),
        agent_name=agent_name,
        inbox_address="support@shop.example",
        today=datetime.now(UTC).astimezone(voice.zone).date(),
        language=language or words_language(voice.locale),
        ticket_link="https://hub.example/portal/T-10019",
    )
