"""What is known of the great mail providers: their servers, and where they differ from a plain one. Data only.

As they publish it (support.google.com/mail/answer/7126229, "POP, IMAP and SMTP settings" of support.microsoft.com,
support.apple.com/102525, help.mail.163.com, service.mail.qq.com, help.aliyun.com). Nobody has tried them against the services
themselves, except as far as the tests' servers behave like them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, get_args

Preset = Literal[
    "126", "163", "aliyun", "aliyun-qiye", "exmail", "fastmail", "gmail", "icloud", "outlook", "qq", "yahoo",
    "yeah",
]  # fmt: skip
PRESETS = get_args(Preset)

_CODE = "This provider takes no password here but an authorisation code: switch IMAP on in its web mail and make one there."
_APP = "This provider takes no ordinary password here but an app password, made in the account's security settings."


def _tls(imap: str, smtp: str, **more: Any) -> Mapping[str, Any]:
    """Both over TLS from the first byte, which is what most offer."""
    return MappingProxyType({"imap_host": imap, "smtp_host": smtp, **more})


_NO_PLUS: dict[str, Any] = {"plus_addresses": False}
"""A letter to name+tag@… would come back from these."""

TABLE: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "126": _tls("imap.126.com", "smtp.126.com", sent_folder="已发送", **_NO_PLUS),
        "163": _tls("imap.163.com", "smtp.163.com", sent_folder="已发送", **_NO_PLUS),
        "yeah": _tls("imap.yeah.net", "smtp.yeah.net", sent_folder="已发送", **_NO_PLUS),
        "qq": _tls("imap.qq.com", "smtp.qq.com", sent_folder="Sent Messages", **_NO_PLUS),
        "exmail": _tls("imap.exmail.qq.com", "smtp.exmail.qq.com", sent_folder="Sent Messages", **_NO_PLUS),
        "aliyun": _tls("imap.aliyun.com", "smtp.aliyun.com", **_NO_PLUS),
        "aliyun-qiye": _tls("imap.qiye.aliyun.com", "smtp.qiye.aliyun.com", **_NO_PLUS),
        "yahoo": _tls("imap.mail.yahoo.com", "smtp.mail.yahoo.com", **_NO_PLUS),
        "fastmail": _tls("imap.fastmail.com", "smtp.fastmail.com", sent_folder="Sent"),
        # These two keep a copy of what they relay; ours would be a second one.
        "gmail": _tls(
            "imap.gmail.com",
            "smtp.gmail.com",
            oauth_provider="google",
            # Google's own servers write it at the top of every letter that they take in.
            authserv_id="mx.google.com",
        ),
        "outlook": _tls(
            "outlook.office365.com",
            "smtp.office365.com",
            smtp_port=587,
            smtp_security="starttls",
            oauth_provider="microsoft",
            auth="oauth2",
        ),
        "icloud": _tls(
            "imap.mail.me.com",
            "smtp.mail.me.com",
            smtp_port=587,
            smtp_security="starttls",
            sent_folder="Sent Messages",
        ),
    }
)

INTRODUCES_ITSELF = frozenset({"126", "163", "yeah"})
"""These refuse SELECT ("Unsafe Login") to a client that has not said ID (RFC 2971) after the login."""

ADVICE: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("126", "163", "yeah", "qq", "exmail"), _CODE),
        "aliyun": "IMAP has to be switched on in this provider's web mail first.",
        "aliyun-qiye": "IMAP has to be switched on for the account by the company's mail administrator.",
        **dict.fromkeys(("gmail", "icloud", "yahoo", "fastmail"), _APP),
        "outlook": 'Microsoft takes no passwords any more; use auth = "oauth2".',
    }
)
"""What to tell a person whose login was refused."""


def fill_in(table: Mapping[str, Any]) -> dict[str, Any]:
    """A channel's table with the preset's values beneath what it says itself. An unknown preset changes nothing here; the
    settings refuse it."""
    known = TABLE.get(str(table.get("preset", "")))
    if known is None:
        return dict(table)
    # Their relays take no letter without a login, and it is the mailbox's.
    user = table.get("imap_user") or table.get("address", "")
    login = {"smtp_user": user, "smtp_password": table.get("imap_password", "")}
    return {**known, **login, **table}
