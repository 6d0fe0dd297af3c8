"""Why an answer has not arrived, in the reader's language: sentences of the senders as stored, around what a server said."""

from hub.web.desk.say.language import N_
from hub.web.desk.say.stored import as_stored

_GAPS = {"said": ".*", "stage": r"\S+", "code": r"\d+", "seconds": r"\d+", "some": r"\d+", "all": r"\d+"}
# Each is stored as it stands here, with the gaps filled in.
_SENTENCES = (
    N_("It could not be delivered in time."),
    N_("It could not be delivered in time. The last attempt: %(said)s"),
    N_("The relay answered %(code)s at %(stage)s: %(said)s"),
    N_("The relay went away at %(stage)s: %(said)s"),
    N_("The relay went away before DATA."),
    N_("The relay's answer to the letter means nothing: %(code)s"),
    N_("The line dropped after the letter had begun to leave: %(said)s"),
    N_("Telegram does not deliver to this person (bot blocked?): %(said)s"),
    N_("Telegram refused the message: %(said)s"),
    N_("Telegram asks for a pause of %(seconds)s s (too many messages)."),
    N_("Telegram cannot be reached: %(said)s"),
    N_("The line to Telegram failed when the message may have left: %(said)s"),
    N_("%(some)s of %(all)s parts arrived; then: %(said)s"),
    N_("Another hub has taken this channel over."),
    N_("The hub stopped while it was being sent; it may or may not have left."),
    N_("The hub's database does not answer; nothing was sent."),
)

SENDING_DETAILS = tuple((as_stored(sentence, _GAPS), sentence) for sentence in _SENTENCES)
