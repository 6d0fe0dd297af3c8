"""The letters that are read: a folder of them, or the tests' own hard ones among many ordinary ones, by seed."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from html import escape
from pathlib import Path

from channels.email.mailbox.items import content_key
from tests.benchmarks.figure import BenchmarkFailed
from tests.benchmarks.sayings import saying

_OWN = Path(__file__).parent.parent / "letters"
_STYLE = "font-family: Microsoft YaHei; font-size: 14px; line-height: 1.5; color: rgb(51, 51, 51);"
_BEGINNING = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)


def gather(folder: Path | None, generated: int) -> list[bytes]:
    """Each content once, in a fixed order. `generated`: how many ordinary ones go with our own; none with a folder."""
    paths = sorted((folder or _OWN).rglob("*.eml"))
    if not paths:
        raise BenchmarkFailed("there is no .eml file in the folder of letters")
    letters = [path.read_bytes() for path in paths]
    if folder is None:
        letters += [_ordinary(seed) for seed in range(generated)]
    return list({content_key(letter): letter for letter in letters}.values())


def warm_up(count: int) -> Sequence[bytes]:
    """Letters that are not among the others, so that the reading process runs before the clock does."""
    return [_ordinary(-seed) for seed in range(1, count + 1)]


def _ordinary(seed: int) -> bytes:
    """As mail programs write them: text, text and HTML, GB 18030, with a quotation, at times with a photo."""
    draw = random.Random(seed)
    subject, text = saying(seed)
    quoted = "\n".join(f"> {saying(seed + place)[1]}" for place in range(1, draw.randrange(3, 40)))
    text = f"{text}\n\n{saying(seed + 2)[1]}\n\nOn Monday the shop wrote:\n{quoted}\n"
    charset = draw.choice(("utf-8", "utf-8", "gb18030"))
    letter: MIMEText | MIMEMultipart = MIMEText(text, "plain", charset)
    if draw.random() < 0.6:
        letter = MIMEMultipart("alternative", boundary=f"text-{seed}")
        letter.attach(MIMEText(text, "plain", charset))
        lines = "".join(f'<div style="{_STYLE}">{escape(line) or "<br>"}</div>' for line in text.splitlines())
        letter.attach(MIMEText(f"<html><body>{lines}</body></html>", "html", "utf-8"))
    if draw.random() < 0.2:
        mixed = MIMEMultipart("mixed", boundary=f"photo-{seed}")
        photo = MIMEImage(draw.randbytes(draw.randrange(10_000, 100_000)), "jpeg")
        photo.add_header("Content-Disposition", "attachment", filename=("utf-8", "", "照片.jpg"))
        mixed.attach(letter)
        mixed.attach(photo)
        letter = mixed
    at = _BEGINNING + timedelta(minutes=abs(seed))
    for hop in range(draw.randrange(2, 8)):
        letter["Received"] = (
            f"from mx{hop}.mail.example (mx{hop}.mail.example [192.0.2.{hop}]) by mx.shop.example with ESMTPS "
            f"id {draw.randbytes(8).hex()} for <support@shop.example>; {format_datetime(at)}"
        )
    letter["DKIM-Signature"] = f"v=1; a=rsa-sha256; d=mail.example; s=one; b={draw.randbytes(128).hex()}"
    letter["From"] = formataddr((f"Customer {seed}", f"customer{seed}@mail.example"))
    letter["To"] = "support@shop.example"
    letter["Subject"] = Header(subject, charset).encode()
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = f"<letter.{seed}@mail.example>"
    return letter.as_bytes()
