"""What mailboxes report, in the reader's language: sentences of channels.email as stored, around what a server said."""

from hub.web.desk.say.language import N_
from hub.web.desk.say.stored import as_stored

_GAPS = {"where": r"(?:IMAP|SMTP) \S+", "why": ".*", "folder": ".*?", "said": ".*"}
# Each is stored as it stands here, with the gaps filled in. The longer ones first, for a gap takes all that follows.
_SENTENCES = (
    N_("%(where)s refused the login: %(said)s. Check imap_user and imap_password."),
    N_(
        "%(where)s refused the login: %(said)s. This provider takes no password here but an "
        "authorisation code: switch IMAP on in its web mail and make one there."
    ),
    N_(
        "%(where)s refused the login: %(said)s. This provider takes no ordinary password here but "
        "an app password, made in the account's security settings."
    ),
    N_('%(where)s refused the login: %(said)s. Microsoft takes no passwords any more; use auth = "oauth2".'),
    N_(
        "%(where)s refused the login: %(said)s. IMAP has to be switched on in this provider's web mail first."
    ),
    N_(
        "%(where)s refused the login: %(said)s. IMAP has to be switched on for the account by the "
        "company's mail administrator."
    ),
    N_("%(where)s refused the login: %(said)s. Check smtp_user and smtp_password."),
    N_("%(where)s refused the access token: %(said)s"),
    N_("%(where)s cannot check the login now: %(said)s"),
    N_("%(where)s shows a certificate that is not valid for it: %(said)s"),
    N_("%(where)s cannot be reached: %(said)s"),
    N_("%(where)s does not answer as it should: %(said)s"),
    N_("%(where)s offers no STARTTLS; nothing is sent unprotected."),
    N_("%(where)s offers no STARTTLS; nothing is said unprotected."),
    N_("%(where)s takes no login on an unprotected line; set imap_security to tls or starttls."),
    N_("The mailbox's line dropped: %(said)s"),
    N_("The mail server does not answer as IMAP does: %(said)s"),
    N_("The mail server refused what it must be able to do: %(said)s"),
    N_("The folder '%(folder)s' cannot be opened: %(said)s"),
    N_("The folder '%(folder)s' cannot be compared: %(said)s"),
    N_("The folder is being read for the first time, or anew."),
    N_("Another hub has taken this mailbox over."),
    N_(
        "The hub is not authorised for this mailbox yet. Authorise it on the page of channels, or run: "
        "contact-hub mail authorise %(said)s"
    ),
    N_(
        "The provider has ended the hub's access to this mailbox (%(why)s). A person must grant it again, on the page "
        "of channels or by: contact-hub mail authorise %(said)s"
    ),
    N_("The provider did not grant access: %(said)s"),
    N_(
        "The provider granted access for an hour only (no refresh token). Check the scope: offline access is needed."
    ),
    N_("This provider has no page for consent: oauth_authorise_url is not set."),
    N_("The provider hands out no access token now: %(said)s"),
    N_("The provider's token server cannot be reached: %(said)s"),
    N_("The channel's stored secret cannot be opened: %(said)s."),
)


MAIL_DETAILS = tuple((as_stored(sentence, _GAPS), sentence) for sentence in _SENTENCES)
