"""Words of the page on which a form is built."""

from collections.abc import Mapping

from channels.webform.fields import Kind
from hub.web.desk.say.language import N_

ALWAYS = N_("(always asked)")
BY_WORDS = N_("Chosen, or by their words")
KIND_WORDS: Mapping[str, str] = {
    Kind.SHORT: N_("Short text"),
    Kind.LONG: N_("Long text"),
    Kind.CHOICE: N_("One of several"),
    Kind.CHOICES: N_("Some of several"),
    Kind.DATE: N_("Date"),
    Kind.EMAIL: N_("An e-mail address"),
    Kind.PHONE: N_("Telephone"),
    Kind.NUMBER: N_("Number"),
    Kind.ORDER: N_("Order number"),
    Kind.PRODUCT: N_("Product"),
    Kind.RATING: N_("Rating, 1 to 5"),
    Kind.FILE: N_("Files"),
    Kind.CONSENT: N_("Consent"),
    Kind.HEADING: N_("Heading"),
    Kind.PARAGRAPH: N_("Words in between"),
}
MEANING_WORDS: Mapping[str, str] = {
    "": N_("Just an answer"),
    "subject": N_("The subject"),
    "message": N_("The message"),
    "name": N_("The customer's name"),
    "email": N_("Their e-mail address"),
    "phone": N_("Their telephone number"),
    "order_number": N_("The order number"),
    "kind": N_("The type of the ticket"),
    "language": N_("The language to answer in"),
    "topic": N_("The topic, for routing"),
}
TEST_WORDS: Mapping[str, str] = {
    "is": N_("is exactly"),
    "is_not": N_("is not"),
    "contains": N_("contains"),
    "filled": N_("is filled in"),
}
CONTACT_WORDS: Mapping[str, str] = {
    "none": N_("Nothing; they may stay unknown"),
    "either": N_("E-mail or telephone"),
    "email": N_("An e-mail address"),
    "phone": N_("A telephone number"),
}
HINT_WORDS: Mapping[str, str] = {
    "queue": N_("Queue"),
    "priority": N_("Priority"),
    "skill": N_("Skill"),
    "topic": N_("Topic"),
}
PRESET_WORDS: Mapping[str, str] = {
    "contact": N_("Write to us"),
    "complaint": N_("A complaint"),
    "feedback": N_("Feedback with a rating"),
    "request": N_("A return or a repair"),
}
TROUBLES: Mapping[str, str] = {
    "key": N_(
        "The name takes small letters, digits and _, begins with a letter, and is not one that the page uses itself."
    ),
    "key_twice": N_("Another field has this name."),
    "label": N_("It needs a label in one language at least."),
    "options": N_("It needs something to choose from, one a line."),
    "option_twice": N_("Two lines are the same choice."),
    "option_value": N_("A choice cannot be kept under this word."),
    "means": N_("This is nothing that the hub knows."),
    "means_twice": N_("Another field means this already."),
    "means_other": N_("A field of this sort cannot mean that."),
    "means_values": N_(
        "Its choices have to be words of the hub: complaint, feedback, enquiry, request; for a language: en, zh_CN."
    ),
    "when_above": N_("A condition names a field that stands above it and is filled in with words."),
    "when_value": N_("The field that it depends on has no such choice. Take the word before the colon."),
    "link": N_("This is no web address."),
    "hint": N_("A word for routing is one line of 80 characters at the most."),
    "contact": N_("What the customer has to give must be asked for: add a field that means it."),
    "nothing_asked": N_("Nothing is filled in on this form yet."),
    "too_many": N_("A form has 60 fields at the most."),
    "not_right": N_("Something here is not right or too long."),
}
