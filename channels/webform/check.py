"""What a person can put right before a form is taken, in the order of the page. Pure."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from channels.clean import clean_line, clean_text
from channels.webform.conditions import asked
from channels.webform.fields import AGREED, FormDefinition, FormField, Kind, fits_mask
from channels.webform.submission import Posted, Problem
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind

_DIGITS = 15
_NEEDED = {"message": "need_message", "email": "need_email", "phone": "need_phone"}


def check(posted: Posted, form: FormDefinition, *, region: str) -> list[Problem]:
    """Every problem once. Fields that are not asked of this person have none. `region`: of telephone numbers without a country
    code."""
    found: list[Problem] = []
    fields = asked(form, posted.fields)
    found += _contact(form, posted)
    for field in fields:
        found += _check_one(field, posted, region)
    if not found and not any(_given(field, posted) for field in fields if field.asks):
        found.append(Problem(field="", word="empty"))
    return [*found, *posted.problems]


def clean(field: FormField, value: str) -> str:
    """An answer as it is kept."""
    if field.kind is Kind.LONG:
        return clean_text(value, field.longest)
    if field.kind is Kind.CHOICES:
        chosen = field.chosen(value)
        return "\n".join(one.value for one in field.listed if one.value in chosen)
    return clean_line(value, field.longest)


def _contact(form: FormDefinition, posted: Posted) -> Iterator[Problem]:
    """Whether there is a way back to whoever writes, where the form wants one."""
    means = {"either": ("email", "phone"), "email": ("email",), "phone": ("phone",), "none": ()}[form.contact]
    ways = [field for one in means if (field := form.meaning(one)) is not None]
    if ways and not any(posted.fields.get(field.key, "").strip() for field in ways):
        word = "need_contact" if form.contact == "either" else f"need_{form.contact}"
        yield Problem(field=ways[0].key, word=word)


def _given(field: FormField, posted: Posted) -> bool:
    if field.kind is Kind.FILE:
        return any(one.field == field.key for one in posted.files) or bool(posted.problems)
    return bool(clean(field, posted.fields.get(field.key, "")))


def _check_one(field: FormField, posted: Posted, region: str) -> Iterator[Problem]:
    if not field.asks:
        return
    value = posted.fields.get(field.key, "")
    if len(value) > field.longest:
        yield Problem(field=field.key, word="too_long", values={"most": field.longest})
    if not _given(field, posted) and not value.strip():
        if field.required:
            yield Problem(field=field.key, word=_needed(field))
        return
    if word := _misshapen(field, value.strip(), region):
        yield Problem(field=field.key, word=word, values={"mask": field.mask} if word == "bad_order" else {})
    elif field.required and not _given(field, posted):  # nothing but what cannot be kept
        yield Problem(field=field.key, word=_needed(field))


def _needed(field: FormField) -> str:
    if field.means in _NEEDED and field.means != "message":
        return _NEEDED[field.means]
    if field.kind is Kind.CONSENT:
        return "need_consent"
    if field.kind is Kind.FILE:
        return "need_file"
    if field.listed:
        return "need_choice"
    return "need_message" if field.means == "message" else "need_answer"


def _misshapen(field: FormField, value: str, region: str) -> str:
    """The key of what is wrong with it; "" for nothing."""
    match field.kind:
        case Kind.EMAIL:
            return "" if normalise_identity(IdentityKind.EMAIL, value) is not None else "bad_email"
        case Kind.PHONE:
            good = normalise_identity(IdentityKind.PHONE, value, region=region) is not None
            return "" if good else "bad_phone"
        case Kind.DATE:
            return "" if _is_date(value) else "bad_date"
        case Kind.NUMBER:
            return "" if _is_number(value) else "bad_number"
        case Kind.ORDER:
            return "" if not field.mask or fits_mask(field.mask, clean(field, value)) else "bad_order"
        case Kind.CONSENT:
            return "" if value == AGREED else "need_consent"
    listed = {one.value for one in field.listed}
    said = field.chosen(value) if field.kind is Kind.CHOICES else {value}
    return "bad_kind" if listed and not said <= listed else ""


def _is_date(value: str) -> bool:
    try:
        return 1900 <= date.fromisoformat(value).year <= 2200
    except ValueError:
        return False


def _is_number(value: str) -> bool:
    try:
        number = Decimal(value.replace(",", ""))
    except InvalidOperation:
        return False
    # Not by its value: to take that of 1e999999999 overflows.
    return number.is_finite() and number.adjusted() < _DIGITS
