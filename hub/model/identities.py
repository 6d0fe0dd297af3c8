"""How an identity is written, so that one person is found again however an address was typed. Pure."""

import re
import unicodedata

import idna
import phonenumbers

from hub.model.interactions import IdentityKind

MOST = 320
"""Characters of any identity: the longest address that RFC 5321 allows."""
_LOCAL = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}")
_LABELS = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def normalise_identity(kind: IdentityKind, value: str, *, region: str = "CN") -> str | None:
    """The one way to write it, or None when it cannot be an identity of that kind.

    `region` (ISO 3166) is where a phone number without a country code is meant to be.

    >>> normalise_identity(IdentityKind.EMAIL, " Li@EXAMPLE.cn ")
    'li@example.cn'
    >>> normalise_identity(IdentityKind.PHONE, "138 0013 8000")
    '+8613800138000'
    """
    value = value.strip()
    if not value or len(value) > MOST or any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
        return None
    match kind:
        case IdentityKind.EMAIL:
            return _email(unicodedata.normalize("NFKC", value).lower())
        case IdentityKind.PHONE:
            return _phone(unicodedata.normalize("NFKC", value), region)
        case _:
            return value


def _email(value: str) -> str | None:
    """Lower case throughout: local parts that differ in case only are one mailbox everywhere that matters."""
    local, at, domain = value.partition("@")
    if not at or not _LOCAL.fullmatch(local) or ".." in local or local.startswith(".") or local.endswith("."):
        return None
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    # A bare host name is no public address, and an all-numeric last label is an IP address (RFC 3696).
    last = domain.rpartition(".")[2]
    if "." not in domain or len(domain) > 253 or last.isdigit() or not _LABELS.fullmatch(domain):
        return None
    return f"{local}@{domain}"


def _phone(value: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or number.extension:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
