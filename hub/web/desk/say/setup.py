"""Words of the pages that set the house up: tags, fields, first steps."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.web.desk.say.language import N_

COLOUR_NAMES: Mapping[str, str] = {
    "": N_("As they come"),
    "green": N_("Green"),
    "blue": N_("Blue"),
    "amber": N_("Amber"),
    "red": N_("Red"),
    "grey": N_("Grey"),
}

FIELD_KINDS: Mapping[str, str] = {
    "text": N_("Free text"),
    "number": N_("Number"),
    "date": N_("Date"),
    "yes_no": N_("Yes or no"),
    "choice": N_("Choice"),
}

ABOUTS: Mapping[str, str] = {
    "ticket": N_("Tickets"),
    "customer": N_("Customers"),
    "organisation": N_("Organisations"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWords:
    """A first step: what to do, why, where, and its picture."""

    title: str
    why: str
    link: str
    where: str
    picture: str


STEPS: Mapping[str, StepWords] = {
    "password": StepWords(
        title=N_("Change the password that you were given"),
        why=N_("Whoever set the hub up knows it; an administrator's account opens everything."),
        link=N_("Change password"),
        where="/desk/security",
        picture="lock",
    ),
    "colleagues": StepWords(
        title=N_("Add your colleagues"),
        why=N_("Tickets go to people by what they speak and know; alone you get them all."),
        link=N_("Staff"),
        where="/desk/staff",
        picture="staff",
    ),
    "channel": StepWords(
        title=N_("Connect the first channel"),
        why=N_("An e-mail inbox, a form or a chat: without one no customer reaches you here."),
        link=N_("Channels"),
        where="/desk/channels",
        picture="send",
    ),
    "message": StepWords(
        title=N_("See a test message arrive"),
        why=N_("It shows, step by step, that what customers write becomes a ticket."),
        link=N_("Send me a test message"),
        where="/desk/channels",
        picture="inbox",
    ),
    "hours": StepWords(
        title=N_("Look at queues and hours"),
        why=N_("Where work waits, and when you are there: due times count only those hours."),
        link=N_("Calendars"),
        where="/desk/rules/calendars",
        picture="calendar",
    ),
    "targets": StepWords(
        title=N_("Set how soon you answer"),
        why=N_("From these targets comes what is urgent, and every warning before it is late."),
        link=N_("Targets"),
        where="/desk/rules/targets",
        picture="clock",
    ),
    "template": StepWords(
        title=N_("Write a first canned reply"),
        why=N_("What is asked every day is answered with three keys, and always in the same words."),
        link=N_("Canned replies"),
        where="/desk/templates",
        picture="template",
    ),
    "second_step": StepWords(
        title=N_("Set up a second step for your sign-in"),
        why=N_("A password alone can be guessed or stolen; a phone or a key in the hand cannot."),
        link=N_("Sign-in and security"),
        where="/desk/security",
        picture="keys",
    ),
    "address": StepWords(
        title=N_("Give the hub its public address, with https"),
        why=N_(
            "Links in letters, forms and chats lead there. Set web.public_url (HUB_WEB__PUBLIC_URL) and start anew."
        ),
        link=N_("System"),
        where="/desk/system",
        picture="link",
    ),
    "backup": StepWords(
        title=N_("Have the database backed up"),
        why=N_(
            "Everything is in it. The hub sees archiving and standbys; if you copy it otherwise, say that this is not needed."
        ),
        link=N_("System"),
        where="/desk/system",
        picture="repeat",
    ),
}
