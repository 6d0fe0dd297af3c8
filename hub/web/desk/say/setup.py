"""Words of the pages that set the house up: tags, fields, first steps."""

from collections.abc import Mapping

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
    "text": N_("Text"),
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
