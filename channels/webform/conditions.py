"""Which fields are asked of somebody, by what they have answered so far. Pure. The page's script decides the same; what
counts is this."""

from collections.abc import Mapping

from channels.webform.fields import MOST_ANSWER, FormDefinition, FormField, When


def asked(form: FormDefinition, said: Mapping[str, str]) -> tuple[FormField, ...]:
    """Those that apply, in order. What was typed into a field that does not apply answers no condition either."""
    found: dict[str, FormField] = {}
    for field in form.fields:
        if field.when is None or applies(field.when, said if field.when.field in found else {}):
            found[field.key] = field
    return tuple(found.values())


def applies(when: When, said: Mapping[str, str]) -> bool:
    """Of several choices one is enough. Nothing said is no value: it is neither this nor something else.
    Of what is longer than any answer, and refused for it, no more is looked at: every other field may ask for it."""
    given = said.get(when.field, "")[:MOST_ANSWER].strip()
    if not given:
        return False
    match when.test:
        case "is":
            return when.value in given.split("\n")
        case "is_not":
            return when.value not in given.split("\n")
        case "contains":
            return when.value.casefold() in given.casefold()
        case "filled":
            return True
