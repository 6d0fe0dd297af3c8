"""Who else gets an answer: addresses as people type them, checked before anything is written. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence

from channels.clean import clean_line
from hub.actions.failures import NotPossible
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind, Mailbox

MOST_COPIES = 40
_MOST_TEXT = 20_000
# What may not stand in an address of ours as it goes over the wire (RFC 5321 4.1.2, without quoted local parts).
_WIRE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_NOT_IN_A_NAME = re.compile(r'["<>]')
_SEPARATES = re.compile("[,;，；]")


def read_copies(text: str) -> tuple[Mailbox, ...]:
    """The people named in a form field: addresses, or names with addresses in angle brackets, with commas, semicolons or new
    lines between them. Raises NotPossible (bad_address, too_many_copies): it names the first that is none."""
    if len(text) > _MOST_TEXT:
        raise _too_many()
    return tuple(_read_one(one) for one in _split(text) if one.strip())


def check_copies(
    cc: Sequence[Mailbox], bcc: Sequence[Mailbox], *, to: str, is_own: Callable[[str], bool]
) -> tuple[tuple[Mailbox, ...], tuple[Mailbox, ...]]:
    """Both lists as they are sent: every address written in the one way, each once (cc before bcc), without the one who is
    answered and without our own inboxes. Raises NotPossible: bad_address, too_many_copies."""
    seen = {normalise_identity(IdentityKind.EMAIL, to) or to.lower()}
    kept = tuple(_new(seen, cc, is_own)), tuple(_new(seen, bcc, is_own))
    if len(kept[0]) + len(kept[1]) > MOST_COPIES:
        raise _too_many()
    return kept


def join_copies(several: Iterable[Mailbox]) -> str:
    """As a form field shows them; `read_copies` reads it again."""
    return ", ".join(mailbox_entry(one) for one in several)


def mailbox_entry(one: Mailbox) -> str:
    """As `read_copies` and the composer's chips read it back: a name with a comma is one name."""
    name = _NOT_IN_A_NAME.sub("", one.name).strip()
    if not name or name.lower() == one.address.lower():
        return one.address
    return f'"{name}" <{one.address}>' if _SEPARATES.search(name) else f"{name} <{one.address}>"


def _new(seen: set[str], given: Iterable[Mailbox], is_own: Callable[[str], bool]) -> Iterable[Mailbox]:
    for one in given:
        address = _checked(one.address)
        if address not in seen and not is_own(address):
            seen.add(address)
            yield Mailbox(address=address, name=clean_line(one.name, 120))


def _read_one(text: str) -> Mailbox:
    # By hand: a pattern would try every way to share out the blanks between the name and what stands around it.
    name, opened, address = text.strip().removesuffix(">").rpartition("<")
    if not opened or not text.rstrip().endswith(">"):
        name, address = "", text
    return Mailbox(address=_checked(address), name=clean_line(name.strip().strip('"'), 120))


def _checked(given: str) -> str:
    address = normalise_identity(IdentityKind.EMAIL, given)
    if address is None or not _WIRE.fullmatch(address):
        raise NotPossible(f"{clean_line(given, 100)!r} is no e-mail address.", code="bad_address")
    return address


def _split(text: str) -> Iterable[str]:
    """At commas, semicolons and line ends, but not within quotation marks."""
    piece: list[str] = []
    quoted = False
    for char in text:
        quoted ^= char == '"'
        if char in ",;\r\n，；" and not quoted:
            yield "".join(piece)
            piece = []
        else:
            piece.append(char)
    yield "".join(piece)


def _too_many() -> NotPossible:
    return NotPossible(
        f"An answer goes to {MOST_COPIES} people beside the customer at most.", code="too_many_copies"
    )
