"""Surveys in words."""

from collections.abc import Mapping

from hub.actions.surveys.definition import Kind, Sort
from hub.actions.surveys.report import By, Step
from hub.web.desk.say.language import N_

KINDS: Mapping[str, str] = {
    Kind.CSAT.value: N_("CSAT"),
    Kind.NPS.value: N_("NPS"),
    Kind.CES.value: N_("CES"),
}
KIND_MEANS: Mapping[str, str] = {
    Kind.CSAT.value: N_("How satisfied customers are, from 1 to 5."),
    Kind.NPS.value: N_("Whether they would recommend you, from 0 to 10."),
    Kind.CES.value: N_("Whether it was easy for them, from 1 to 7. A higher score is an easier one."),
}
SORTS: Mapping[Sort, str] = {
    Sort.SCALE: N_("A figure from 1 to 5"),
    Sort.CHOICE: N_("One of several"),
    Sort.TEXT: N_("In their own words"),
}
NO_LOW = N_("none is low")
BY: Mapping[By, str] = {
    By.AGENT: N_("Agent"),
    By.QUEUE: N_("Queue"),
    By.CHANNEL: N_("Channel"),
    By.SURVEY: N_("Survey"),
    By.TAG: N_("Tag"),
    By.FIELD: N_("Field of the ticket"),
    By.PERIOD: N_("Period"),
}
STEPS: Mapping[Step, str] = {Step.DAY: N_("By day"), Step.WEEK: N_("By week"), Step.MONTH: N_("By month")}
NOBODY: Mapping[By, str] = {
    By.AGENT: N_("Nobody had it"),
    By.QUEUE: N_("No queue"),
    By.SURVEY: N_("The channel's own question"),
    By.TAG: N_("No tag"),
    By.FIELD: N_("Nothing noted"),
}
"""What a line is called that has no name of its own."""
GOOD: Mapping[str, str] = {
    Kind.CSAT.value: N_("Satisfied (4, 5)"),
    Kind.NPS.value: N_("Promoters (9, 10)"),
    Kind.CES.value: N_("Easy (5 to 7)"),
}
BAD: Mapping[str, str] = {
    Kind.CSAT.value: N_("Dissatisfied (1, 2)"),
    Kind.NPS.value: N_("Detractors (0 to 6)"),
    Kind.CES.value: N_("Hard (1 to 3)"),
}
TROUBLES: Mapping[int, str] = {
    403: N_("This was not sent from our own page. Please try again here."),
    422: N_("Please choose a score first."),
    429: N_("That was too often. Please try again in a few minutes."),
    503: N_("We could not keep it just now. Please try again in a moment."),
}
"""What the customer's page says beside an answer that was not kept, by the status that it answers with."""
