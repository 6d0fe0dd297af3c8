"""What the settings of channels are called on the desk, and what to know of each. The names are those of hub.toml.

A kind that somebody else ships has no words here: its settings are shown by their own names and descriptions.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.web.desk.say.language import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    label: str
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Settings that are shown together. `folded`: behind a line that opens, because most never touch them."""

    title: str
    names: tuple[str, ...]
    folded: bool = False


ABOUT: Mapping[str, str] = {
    "email": N_(
        "Reads an inbox and answers by it. Customers never notice that a hub stands behind the address."
    ),
    "webform": N_("A form of its own address, also for a frame on your site. It works without JavaScript."),
    "webchat": N_("A chat on its own page, and a script that puts it into yours."),
    "telegram": N_("A bot: whoever writes to it lands here, and your answer goes to their Telegram."),
    "api": N_("Another program hands in what customers say, and is told of your answers."),
    "portal": N_(
        "The customers' own page: whoever shows by a code that an e-mail address is theirs sees their cases and answers there."
    ),
    "loopback": N_("A channel with no outside, for trying things out."),
}

GROUPS: Mapping[str, tuple[Group, ...]] = {
    "email": (
        Group(
            title=N_("The inbox"),
            names=("preset", "address", "display_name", "imap_user", "imap_password"),
        ),
        Group(
            title=N_("Servers"),
            names=(
                "imap_host", "imap_port", "imap_security", "smtp_host", "smtp_port", "smtp_security", "same_login",
                "smtp_user", "smtp_password",
            ),
        ),
        Group(title=N_("Answers"), names=("signature", "quote_history", "acknowledge", "sent_folder")),
        Group(
            title=N_("Reading"),
            names=(
                "take_days", "folders", "junk_folders", "after_reading", "done_folder", "burst_minutes",
                "own_addresses", "staff_addresses", "plus_addresses", "authserv_id", "count_hour",
                "return_path_tokens", "poll_seconds", "timeout_seconds",
            ),
            folded=True,
        ),
        Group(
            title=N_("Access without a password (OAuth 2)"),
            names=(
                "auth", "oauth_provider", "oauth_client_id", "oauth_client_secret", "oauth_tenant",
                "oauth_refresh_token", "oauth_token_url", "oauth_authorise_url", "oauth_device_url", "oauth_scope",
            ),
            folded=True,
        ),
    ),
    "webform": (
        Group(title=N_("What it says"), names=("title_en", "title_zh", "intro_en", "intro_zh", "language")),
        Group(title=N_("What comes of it"), names=("ticket_kind", "confirm_by", "phone_region")),
        Group(title=N_("Your own site"), names=("allowed_origins",)),
        Group(
            title=N_("Against programs, and limits"),
            names=(
                "proof", "fill_in_seconds", "address_posts", "busy_posts", "address_mb", "hour_mb", "most_files",
                "most_file_mb",
            ),
            folded=True,
        ),
    ),
    "webchat": (
        Group(
            title=N_("What it says"),
            names=("title_en", "title_zh", "greeting_en", "greeting_zh", "away_en", "away_zh", "language"),
        ),
        Group(title=N_("On your own site"), names=("allowed_origins", "colour", "theme", "position", "identity_secret")),
        Group(
            title=N_("The conversation"),
            names=(
                "ask_first", "go_on_by", "go_on_minutes", "resolve_minutes", "ask_rating", "rating_seconds", "keep_days",
            ),
        ),
        Group(
            title=N_("Files, and limits"),
            names=(
                "uploads", "most_files", "most_file_mb", "address_mb", "most_sockets", "burst", "messages_per_minute",
                "address_opens", "address_messages", "line_seconds",
            ),
            folded=True,
        ),
    ),
    "telegram": (
        Group(title=N_("The bot"), names=("token",)),
        Group(title=N_("After a resolution"), names=("ask_rating", "rating_after_minutes")),
        Group(
            title=N_("How it is reached"),
            names=("webhook", "base_url", "base_file_url", "poll_seconds", "timeout_seconds"),
            folded=True,
        ),
    ),
    "api": (
        Group(title=N_("Answers"), names=("callback_url", "callback_secret")),
        Group(title=N_("More"), names=("phone_region", "timeout_seconds"), folded=True),
    ),
    "portal": (
        Group(title=N_("What it says"), names=("title_en", "title_zh", "forms", "contact")),
        Group(title=N_("Codes by e-mail"), names=("codes_by",)),
        Group(title=N_("Limits"), names=("most_files", "most_file_mb", "address_posts"), folded=True),
    ),
    "loopback": (Group(title=N_("Login"), names=("password",)),),
}  # fmt: skip

_SECONDS = N_("Patience with a server, in seconds")

WORDS: Mapping[tuple[str, str], Words] = {
    ("email", "preset"): Words(
        label=N_("Provider"), help=N_("Fills in the servers. Choose “Another” for a mail server of your own.")
    ),
    ("email", "address"): Words(label=N_("Address of the inbox"), help=N_("Such as support@shop.example")),
    ("email", "display_name"): Words(
        label=N_("Name of the sender"),
        help=N_("Stands before the address of every answer. Empty: the agent's name."),
    ),
    ("email", "imap_user"): Words(
        label=N_("Login name"), help=N_("Where it is another than the address of the inbox.")
    ),
    ("email", "imap_password"): Words(
        label=N_("Password"),
        help=N_(
            "Many providers want an app password or an authorisation code (授权码) here, made in their web mail."
        ),
    ),
    ("email", "imap_host"): Words(
        label=N_("Server for reading (IMAP)"), help=N_("Such as imap.shop.example")
    ),
    ("email", "imap_port"): Words(label=N_("IMAP port")),
    ("email", "imap_security"): Words(label=N_("IMAP security")),
    ("email", "smtp_host"): Words(
        label=N_("Server for sending (SMTP)"), help=N_("Such as smtp.shop.example")
    ),
    ("email", "smtp_port"): Words(label=N_("SMTP port")),
    ("email", "smtp_security"): Words(label=N_("SMTP security")),
    ("email", "same_login"): Words(label=N_("Log in for sending with the same name and password")),
    ("email", "smtp_user"): Words(
        label=N_("Login name for sending"), help=N_("Empty: the server takes letters without a login.")
    ),
    ("email", "smtp_password"): Words(label=N_("Password for sending")),
    ("email", "signature"): Words(
        label=N_("Signature"),
        help=N_(
            "Below answers of agents who have none of their own. {{agent.name}} and the like are filled in."
        ),
    ),
    ("email", "quote_history"): Words(label=N_("The customer's last letter stands below the answer")),
    ("email", "acknowledge"): Words(
        label=N_("Tell whoever opens a ticket its number"),
        help=N_("By an automatic letter, once a day at most."),
    ),
    ("email", "sent_folder"): Words(
        label=N_("Folder for sent letters"),
        help=N_(
            "Gets a copy of every answer. Empty: none is made; Gmail and Outlook keep one by themselves."
        ),
    ),
    ("email", "take_days"): Words(
        label=N_("At the first start, letters of the last so many days"),
        help=N_("0: all that lies in the inbox, however old."),
    ),
    ("email", "folders"): Words(
        label=N_("Folders that are read"), help=N_("One a line. New letters in the first come at once.")
    ),
    ("email", "junk_folders"): Words(
        label=N_("Spam folders"), help=N_("Read too; the desk says that a letter came from there.")
    ),
    ("email", "after_reading"): Words(label=N_("A letter that was read")),
    ("email", "done_folder"): Words(label=N_("Folder for letters that were read")),
    ("email", "burst_minutes"): Words(
        label=N_("Letters of one person within so many minutes go on one ticket"), help=N_("0: never.")
    ),
    ("email", "own_addresses"): Words(
        label=N_("Other addresses of this inbox"),
        help=N_("Aliases, one a line. Letters from them are your own."),
    ),
    ("email", "staff_addresses"): Words(
        label=N_("Colleagues who pass letters on"),
        help=N_("One a line, such as lina@shop.example, or @shop.example for all there."),
    ),
    ("email", "plus_addresses"): Words(
        label=N_("Letters to support+anything@… reach this inbox"),
        help=N_("Answers are then found more surely. Most Chinese providers cannot."),
    ),
    ("email", "authserv_id"): Words(
        label=N_("Name of your mail server in Authentication-Results"),
        help=N_("Its verdict on senders is believed. Empty: none is."),
    ),
    ("email", "count_hour"): Words(
        label=N_("Hour of the night in which inbox and journal are compared"), help=N_("0 to 23.")
    ),
    ("email", "return_path_tokens"): Words(label=N_("Delivery reports come to an address for each answer")),
    ("email", "poll_seconds"): Words(label=N_("Other folders are looked into every so many seconds")),
    ("email", "timeout_seconds"): Words(label=_SECONDS),
    ("email", "auth"): Words(label=N_("How the hub logs in")),
    ("email", "oauth_provider"): Words(label=N_("Whose access it is")),
    ("email", "oauth_client_id"): Words(
        label=N_("Client ID"), help=N_("Of the application that you registered with the provider.")
    ),
    ("email", "oauth_client_secret"): Words(label=N_("Client secret")),
    ("email", "oauth_tenant"): Words(label=N_("Directory (Microsoft)")),
    ("email", "oauth_refresh_token"): Words(
        label=N_("Refresh token"),
        help=N_(
            "Where one is at hand. Otherwise keep the channel switched off and grant access on its card."
        ),
    ),
    ("email", "oauth_token_url"): Words(label=N_("Address for tokens")),
    ("email", "oauth_authorise_url"): Words(label=N_("Address for consent")),
    ("email", "oauth_device_url"): Words(label=N_("Address for consent by another device")),
    ("email", "oauth_scope"): Words(label=N_("Scope")),
    ("portal", "title_en"): Words(label=N_("Title in English")),
    ("portal", "title_zh"): Words(label=N_("Title in Chinese")),
    ("portal", "codes_by"): Words(
        label=N_("Codes are sent by the inbox"),
        help=N_("The name of an e-mail channel. Empty: the first one that can send."),
    ),
    ("portal", "forms"): Words(
        label=N_("Forms that it offers"),
        help=N_("Names of form channels, one a line. None named: all of them."),
    ),
    ("portal", "contact"): Words(
        label=N_("Where customers ask for their data"),
        help=N_("An e-mail address. Empty: the inbox that sends the codes."),
    ),
    ("portal", "most_files"): Words(label=N_("Files at the most")),
    ("portal", "most_file_mb"): Words(label=N_("Megabytes of a file at the most")),
    ("portal", "address_posts"): Words(label=N_("Messages from one network in ten minutes, at the most")),
    ("webform", "title_en"): Words(label=N_("Title in English")),
    ("webform", "title_zh"): Words(label=N_("Title in Chinese")),
    ("webform", "intro_en"): Words(label=N_("Introduction in English")),
    ("webform", "intro_zh"): Words(label=N_("Introduction in Chinese")),
    ("webform", "language"): Words(label=N_("Language"), help=N_("Where the browser does not say.")),
    ("webform", "ticket_kind"): Words(label=N_("Every post is"), help=N_("Or the customer chooses.")),
    ("webform", "phone_region"): Words(
        label=N_("Country of telephone numbers"),
        help=N_("Two letters, for numbers without a country code: CN, DE, US."),
    ),
    ("webform", "allowed_origins"): Words(
        label=N_("Sites that may show it"), help=N_("One a line, such as https://www.shop.example")
    ),
    ("webform", "fill_in_seconds"): Words(
        label=N_("Nobody fills it in faster than"),
        help=N_("Seconds. Whoever does is asked to press the button again."),
    ),
    ("webform", "confirm_by"): Words(
        label=N_("Confirm by the inbox"),
        help=N_(
            "The name of an e-mail channel. It tells whoever left an address their number, in fixed words, once a day at most. "
            "Empty: nobody is written to."
        ),
    ),
    ("webform", "proof"): Words(
        label=N_("The visitor's browser does a small calculation first"),
        help=N_(
            "A second of work for a person, a cost for whoever sends thousands (ALTCHA, served by this hub). A browser "
            "without JavaScript cannot do it and has to wait while it is asked for."
        ),
    ),
    ("webform", "address_posts"): Words(label=N_("Posts from one address in ten minutes, at the most")),
    ("webform", "busy_posts"): Words(
        label=N_("Posts in a minute above which the calculation is asked for"),
        help=N_("Above ten times as many, nobody is taken whose browser has not worked."),
    ),
    ("webform", "address_mb"): Words(label=N_("Megabytes from one address in an hour, at the most")),
    ("webform", "hour_mb"): Words(label=N_("Megabytes from all together in an hour, at the most")),
    ("webform", "most_files"): Words(label=N_("Files at the most")),
    ("webform", "most_file_mb"): Words(
        label=N_("Megabytes of a file at the most"),
        help=N_("One post has 32 MB at the most, however many files."),
    ),
    ("webchat", "title_en"): Words(label=N_("Title in English")),
    ("webchat", "title_zh"): Words(label=N_("Title in Chinese")),
    ("webchat", "greeting_en"): Words(label=N_("Greeting in English")),
    ("webchat", "greeting_zh"): Words(label=N_("Greeting in Chinese")),
    ("webchat", "language"): Words(label=N_("Language"), help=N_("Where the browser does not say.")),
    ("webchat", "allowed_origins"): Words(
        label=N_("Sites that may show it"), help=N_("One a line, such as https://www.shop.example")
    ),
    ("webchat", "away_en"): Words(
        label=N_("Outside the hours, in English"),
        help=N_("Empty: the usual words. When it opens again is said too."),
    ),
    ("webchat", "away_zh"): Words(
        label=N_("Outside the hours, in Chinese"),
        help=N_("Empty: the usual words. When it opens again is said too."),
    ),
    ("webchat", "colour"): Words(
        label=N_("Colour"),
        help=N_("Such as #0b6b4f. It is made darker or lighter where it could not be read."),
    ),
    ("webchat", "theme"): Words(label=N_("Light or dark")),
    ("webchat", "position"): Words(label=N_("Corner of the page")),
    ("webchat", "identity_secret"): Words(
        label=N_("Secret that signs who a visitor is"),
        help=N_(
            "At least 32 characters. Your own server signs a JWT (HS256) with it; docs/chat.md says how."
        ),
    ),
    ("webchat", "ask_first"): Words(label=N_("Ask for name and e-mail before the first message")),
    ("webchat", "go_on_by"): Words(
        label=N_("When the visitor has left, go on by the inbox"),
        help=N_("The name of an e-mail channel. Empty: answers wait until the visitor comes back."),
    ),
    ("webchat", "go_on_minutes"): Words(label=N_("So many minutes after they left")),
    ("webchat", "resolve_minutes"): Words(
        label=N_("Resolve what was answered, so many minutes after they left"),
        help=N_("Empty: agents do it."),
    ),
    ("webchat", "ask_rating"): Words(
        label=N_("Ask the customer for a rating"), help=N_("From 1 to 5, on the chat's page.")
    ),
    ("webchat", "rating_seconds"): Words(label=N_("So many seconds after it is resolved")),
    ("webchat", "keep_days"): Words(
        label=N_("Days for which a browser finds its conversation again"),
        help=N_("Counted from its last visit."),
    ),
    ("webchat", "uploads"): Words(label=N_("Visitors may send files")),
    ("webchat", "most_files"): Words(label=N_("Files at the most")),
    ("webchat", "most_file_mb"): Words(label=N_("Megabytes of a file at the most")),
    ("webchat", "address_mb"): Words(label=N_("Megabytes from one address in an hour, at the most")),
    ("webchat", "most_sockets"): Words(label=N_("Visitors at once")),
    ("webchat", "burst"): Words(label=N_("Messages that may come at once")),
    ("webchat", "messages_per_minute"): Words(label=N_("Then messages a minute")),
    ("webchat", "address_opens"): Words(label=N_("Visits from one address in ten minutes, at the most")),
    ("webchat", "address_messages"): Words(label=N_("Messages from one address in ten minutes, at the most")),
    ("webchat", "line_seconds"): Words(label=_SECONDS),
    ("telegram", "token"): Words(
        label=N_("Token of the bot"),
        help=N_("Write /newbot to @BotFather in Telegram; it gives you the token."),
    ),
    ("telegram", "ask_rating"): Words(
        label=N_("Ask the customer for a rating"),
        help=N_("From 1 to 5, by buttons below a message. Reopening the ticket ends the question."),
    ),
    ("telegram", "rating_after_minutes"): Words(label=N_("So many minutes later")),
    ("telegram", "webhook"): Words(
        label=N_("Telegram calls the hub"),
        help=N_("Needs an address that is reachable by https from outside. Otherwise the hub asks Telegram."),
    ),
    ("telegram", "base_url"): Words(
        label=N_("Address of the Bot API"), help=N_("Only for a server of your own.")
    ),
    ("telegram", "base_file_url"): Words(
        label=N_("Address of its files"), help=N_("Only for a server of your own.")
    ),
    ("telegram", "poll_seconds"): Words(label=N_("Seconds that one question stays open")),
    ("telegram", "timeout_seconds"): Words(label=_SECONDS),
    ("api", "callback_url"): Words(
        label=N_("Where answers are posted"), help=N_("Empty: this channel only takes in.")
    ),
    ("api", "callback_secret"): Words(
        label=N_("Secret that signs them"),
        help=N_("whsec_ and 24 to 64 bytes in base64 (Standard Webhooks)."),
    ),
    ("api", "phone_region"): Words(
        label=N_("Country of telephone numbers"),
        help=N_("Two letters, for numbers without a country code: CN, DE, US."),
    ),
    ("api", "timeout_seconds"): Words(label=_SECONDS),
    ("loopback", "password"): Words(label=N_("Password"), help=N_("“open” opens it.")),
}

CHOICES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("email", "preset"): {
        "": N_("Another, or a server of your own"),
        "163": "网易 163",
        "126": "网易 126",
        "yeah": "网易 yeah.net",
        "qq": "QQ 邮箱",
        "exmail": "腾讯企业邮",
        "aliyun": "阿里邮箱",
        "aliyun-qiye": "阿里企业邮箱",
        "gmail": "Gmail",
        "outlook": "Outlook / Microsoft 365",
        "icloud": "iCloud",
        "yahoo": "Yahoo",
        "fastmail": "Fastmail",
    },
    ("email", "imap_security"): {"tls": "TLS", "starttls": "STARTTLS", "none": N_("None: readable on the way")},
    ("email", "smtp_security"): {"tls": "TLS", "starttls": "STARTTLS", "none": N_("None: readable on the way")},
    ("email", "after_reading"): {
        "seen": N_("is marked as read"), "keep": N_("is left alone"), "move": N_("is moved to another folder"),
    },
    ("email", "auth"): {"password": N_("With a password"), "oauth2": N_("With access that somebody granted (OAuth 2)")},
    ("email", "oauth_provider"): {"google": "Google", "microsoft": "Microsoft", "custom": N_("Another")},
    ("webform", "language"): {"en": "English", "zh_CN": "中文"},
    ("webform", "proof"): {
        "auto": N_("When very many write"),
        "always": N_("Always"),
        "never": N_("Never"),
    },
    ("webform", "ticket_kind"): {
        "": N_("what the customer chooses"), "complaint": N_("Complaint"), "feedback": N_("Feedback"),
        "enquiry": N_("Enquiry"), "request": N_("Request"),
    },
    ("webchat", "language"): {"en": "English", "zh_CN": "中文"},
    ("webchat", "theme"): {
        "auto": N_("as the visitor's device"), "light": N_("always light"), "dark": N_("always dark"),
    },
    ("webchat", "position"): {"right": N_("right"), "left": N_("left")},
    ("webchat", "ask_first"): {"no": N_("no"), "optional": N_("yes, optional"), "needed": N_("yes, needed")},
}  # fmt: skip

LONG = frozenset({"signature", "intro_en", "intro_zh", "greeting_en", "greeting_zh", "away_en", "away_zh"})
"""Settings of several lines."""

WRONG: Mapping[str, str] = {
    one: one
    for one in (
        N_("must be a plain address such as support@shop.example, without a name and without a plus-tag"),
        N_("must be different names of folders, each one line"),
        N_("must start with https://"),
        N_("must start with http:// or https://"),
        N_("must be one line without control characters"),
        N_("imap_host and smtp_host must name a server"),
        N_("oauth2 needs oauth_client_id, of the application that you registered there"),
        N_("oauth2 needs oauth_provider (google, microsoft), or oauth_token_url"),
        N_("smtp_user is given without smtp_password"),
        N_("a folder is in folders and in junk_folders"),
        N_("done_folder must be another folder than those that are read"),
        N_("expected what @BotFather gave, such as 123456789:AAE…"),
        N_("callback_url is given without callback_secret"),
        N_("expected a site such as https://www.shop.example"),
        N_("expected whsec_ followed by 24 to 64 bytes in base64"),
        N_("must be at least 32 characters of chance"),
    )
}
"""What the kinds themselves find wrong with a setting."""

MISSING = N_("This is needed.")
NOT_IN_LIST = N_("Choose one of the list.")
NO_NUMBER = N_("A number is needed here.")
TOO_SMALL = N_("At least %(num)s.")
TOO_LARGE = N_("At most %(num)s.")
ABOVE = N_("More than %(num)s.")
TOO_LONG = N_("At most %(num)s characters.")
MISSHAPEN = N_("It is not written as it must be.")
NOT_RIGHT = N_("Some of this is not right yet; see below.")
UNUSABLE = N_("The settings of this channel cannot be used any more. Change them first.")

PROBE_ERRORS: Mapping[str, str] = {
    "late": N_("Nothing arrived in time."),
    "unreadable": N_("It arrived, but could not be read; the page System says why."),
    "gone": N_("The hub was stopped meanwhile. Try again."),
    "fault": N_("Something is broken in the hub itself; its log says more."),
}
"""What became of a test message; anything else is what a server said."""
