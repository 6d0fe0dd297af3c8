"""An outbound interaction to the bytes of a letter. Pure and deterministic: the same interaction gives
the same bytes.

Headers are cleaned and encoded here and nowhere else: the standard library's header output let encoded
words become
headers (CVE-2024-6923), so it is not used. The finished block is read again before it is handed out.
"""

import base64
import hashlib
import re
from datetime import UTC, datetime
from urllib.parse import quote

import idna

from channels.email.sending.write import write_html, write_text
from channels.email.settings import EmailSettings
from channels.email.thread_index import answer_index, read_thread_index
from hub.model.interactions import OutboundAttachment, OutboundInteraction

_CRLF = b"\r\n"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PLAIN = re.compile(r"[A-Za-z0-9 !#$%&'*+/^_`{|}~.,;:()\[\]@=?-]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/^_`{|}~ -]+")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_ID = re.compile(r"[!-;=?-~]{1,900}")
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+_-]{0,80}")
_TOKEN = re.compile(r"[a-z0-9]{1,64}")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class CannotCompose(ValueError):
    """The interaction cannot become a letter; the text says which value is at fault."""


def new_message_id(domain: str, random: str, token: str) -> str:
    """A Message-ID without brackets that carries a thread token: `RANDOM.TOKEN@domain`. `random` needs
    128 bits."""
    made = f"{random}.{token}@{domain}" if token else f"{random}@{domain}"
    if not _ID.fullmatch(made) or made.count("@") != 1:
        raise CannotCompose(
            "random, token and domain must make a Message-ID of letters, digits, dots and hyphens"
        )
    return made


def compose_letter(message: OutboundInteraction, settings: EmailSettings) -> bytes:
    """The letter, CRLF line ends, 7-bit throughout. Raises CannotCompose for an address or id that is
    none."""
    headers = _headers(message, settings)
    part_headers, body = _content(message)
    block = b"".join(_line(name, value) for name, value in (*headers, ("MIME-Version", "1.0"), *part_headers))
    check_block(block, [name for name, _ in (*headers, ("MIME-Version", "1.0"), *part_headers)])
    return block + _CRLF + body


def envelope_sender(message: OutboundInteraction, settings: EmailSettings) -> str:
    """Where reports about the letter go. "" for automatic mail, which nothing must answer (RFC 3834 3.3); with the token in it
    where the settings ask for that, so that a report which returns nothing of the letter still says which one it is about."""
    if message.automatic:
        return ""
    if settings.return_path_tokens and settings.plus_addresses and message.reply_token:
        return _tagged(settings.address, message.reply_token)
    return settings.address


def recipients(message: OutboundInteraction) -> list[str]:
    """Everybody who gets the letter, each once, the customer first. Raises CannotCompose."""
    copies = (one.address for one in (*message.cc, *message.bcc))
    return list(dict.fromkeys(checked_address(one) for one in (message.address, *copies)))


def _tagged(address: str, token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise CannotCompose("reply_token must be lower-case letters and digits, at most 64")
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"


def _headers(message: OutboundInteraction, settings: EmailSettings) -> list[tuple[str, str]]:
    address = checked_address(message.address)
    name = settings.display_name or message.author_name
    headers = [
        ("Date", format_date(message.queued_at)),
        ("From", mailbox(name, settings.address)),
        ("To", mailbox(message.recipient_name, address)),
        *([("Cc", ", ".join(mailbox(one.name, one.address) for one in message.cc))] if message.cc else []),
        ("Subject", encode_text(clean(message.subject, 500) or "(no subject)")),
        ("Message-ID", f"<{_checked_id(message.message_id)}>"),
    ]
    if message.reply_token and settings.plus_addresses:
        headers.append(("Reply-To", mailbox(name, _tagged(settings.address, message.reply_token))))
    cited = [i for i in message.references if _ID.fullmatch(i)][-30:]
    if message.in_reply_to and _ID.fullmatch(message.in_reply_to):
        headers.append(("In-Reply-To", f"<{message.in_reply_to}>"))
        if message.in_reply_to not in cited:
            cited.append(message.in_reply_to)
    if cited:
        headers.append(("References", " ".join(f"<{i}>" for i in cited)))
    if followed := read_thread_index(message.thread_index.encode("ascii", "replace")):
        index = answer_index(followed, message.queued_at, message.message_id)
        headers += [
            ("Thread-Topic", encode_text(clean(message.thread_topic, 500) or "(no subject)")),
            ("Thread-Index", index),
        ]
    if message.automatic:
        headers += [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")]
    return headers


def _content(message: OutboundInteraction) -> tuple[list[tuple[str, str]], bytes]:
    boundary = "=_" + hashlib.sha256(message.message_id.encode()).hexdigest()[:40]
    text = _part([("Content-Type", "text/plain; charset=utf-8")], _crlf(write_text(message)))
    rich = _part([("Content-Type", "text/html; charset=utf-8")], _crlf(write_html(message)))
    inner = boundary + "_a"
    alternative = _joined(inner, [text, rich])
    alternative_header = [("Content-Type", f'multipart/alternative; boundary="{inner}"')]
    if not message.attachments:
        return alternative_header, alternative
    head = b"".join(_line(n, v) for n, v in alternative_header)
    files = [_file(a) for a in message.attachments]
    mixed = _joined(boundary, [head + _CRLF + alternative, *files])
    return [("Content-Type", f'multipart/mixed; boundary="{boundary}"')], mixed


def _joined(boundary: str, parts: list[bytes]) -> bytes:
    mark = b"--" + boundary.encode("ascii")
    return b"".join(mark + _CRLF + part + _CRLF for part in parts) + mark + b"--" + _CRLF


def _part(headers: list[tuple[str, str]], data: bytes) -> bytes:
    lines = [*headers, ("Content-Transfer-Encoding", "base64")]
    return b"".join(_line(n, v) for n, v in lines) + _CRLF + _base64(data)


def _file(attachment: OutboundAttachment) -> bytes:
    kind = attachment.content_type.lower()
    if not _TYPE.fullmatch(kind) or kind.startswith(("multipart/", "message/")):
        kind = "application/octet-stream"
    name = re.sub(r"[\\/]", "_", clean(attachment.filename, 150)) or "attachment"
    return _part(
        [("Content-Type", kind), ("Content-Disposition", f"attachment; {parameter('filename', name)}")],
        attachment.data,
    )


def _base64(data: bytes) -> bytes:
    encoded = base64.b64encode(data)
    return _CRLF.join(encoded[i : i + 76] for i in range(0, len(encoded), 76))


def _crlf(text: str) -> bytes:
    return re.sub(r"\r\n|\r|\n", "\r\n", text).encode("utf-8", "replace")


def clean(value: str, limit: int) -> str:
    """One line: controls and line separators become a space, direction marks go, at most `limit`
    characters."""
    return re.sub(r" {2,}", " ", _BIDI.sub("", _CONTROL.sub(" ", value))).strip()[:limit].strip()


def encode_text(value: str) -> str:
    """RFC 2047 for unstructured text. What already looks like an encoded word is encoded again, so that
    it stays text."""
    if _PLAIN.fullmatch(value) and "=?" not in value and len(value) <= 900:
        return value
    words: list[str] = []
    chunk = ""
    for char in value:
        # 75 characters a word (RFC 2047 2): 45 bytes of UTF-8 make 60 of base64 beside the frame of 12.
        if len((chunk + char).encode("utf-8", "replace")) > 45:
            words.append(chunk)
            chunk = ""
        chunk += char
    words.append(chunk)
    return " ".join(f"=?utf-8?b?{base64.b64encode(w.encode('utf-8', 'replace')).decode()}?=" for w in words)


def mailbox(name: str, address: str) -> str:
    """`name <address>`; the name can never add a second address."""
    shown = clean(name, 120)
    if not shown:
        return f"<{checked_address(address)}>"
    phrase = (
        shown
        if _ATOMS.fullmatch(shown)
        else encode_text(shown)
        if not shown.isascii() or "=?" in shown
        else _quoted(shown)
    )
    return f"{phrase} <{checked_address(address)}>"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parameter(name: str, value: str) -> str:
    """A MIME parameter, RFC 2231 where the value is not plain."""
    if re.fullmatch(r"[A-Za-z0-9 ._()+-]{1,70}", value):
        return f'{name}="{value}"'
    encoded = quote(value.encode("utf-8", "replace"), safe="")
    pieces: list[str] = []
    while encoded:
        size = 55
        # A percent triplet must not be cut in two.
        while encoded[size - 1 : size] == "%" or encoded[size - 2 : size - 1] == "%":
            size -= 1
        pieces.append(encoded[:size])
        encoded = encoded[size:]
    if len(pieces) == 1:
        return f"{name}*=utf-8''{pieces[0]}"
    return "; ".join(
        f"{name}*{i}*={'' if i else chr(117) + 'tf-8' + chr(39) * 2}{p}" for i, p in enumerate(pieces)
    )


def checked_address(address: str) -> str:
    """The address with its domain in ASCII (IDNA). Raises CannotCompose when it is none."""
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise CannotCompose("the recipient's domain is not valid") from error
    made = f"{local}@{domain}"
    if not _ADDRESS.fullmatch(made):
        raise CannotCompose("the recipient is not a plain e-mail address")
    return made


def _checked_id(value: str) -> str:
    if not _ID.fullmatch(value) or "@" not in value:
        raise CannotCompose("message_id must be fixed before the letter is composed")
    return value


def format_date(at: datetime) -> str:
    """RFC 5322 date in UTC. `at` must be aware."""
    if at.tzinfo is None:
        raise CannotCompose("queued_at must carry its time zone")
    t = at.astimezone(UTC)
    return f"{_DAYS[t.weekday()]}, {t.day:02d} {_MONTHS[t.month - 1]} {t.year} {t:%H:%M:%S} +0000"


def _line(name: str, value: str) -> bytes:
    """One header, folded at spaces below 78 characters where it can be (RFC 5322 2.2.3)."""
    lines: list[str] = []
    current = f"{name}:"
    for word in value.split(" "):
        if len(current) + 1 + len(word) > 78 and current.strip() and current != f"{name}:":
            lines.append(current)
            current = " " + word
        else:
            current += " " + word
    lines.append(current)
    try:
        return "\r\n".join(line for line in lines if line.strip()).encode("ascii") + _CRLF
    except UnicodeEncodeError as error:
        raise CannotCompose(f"the header {name} is not encoded") from error


def check_block(block: bytes, names: list[str]) -> None:
    """Refuse a header block that a reader would not split into exactly the intended headers, in order."""
    found: list[str] = []
    stray = re.search(rb"\r(?!\n)|(?<!\r)\n|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]", block)
    for line in block.split(_CRLF)[:-1]:
        if line[:1] in (b" ", b"\t") and line.strip():
            continue
        name, colon, _ = line.partition(b":")
        found.append(name.decode("ascii", "replace") if colon else "")
    if stray or found != names or not block.endswith(_CRLF):
        raise CannotCompose("the letter's headers are not those intended; it was not sent")
