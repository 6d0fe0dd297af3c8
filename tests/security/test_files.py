"""Files from outside (S29 to S33, S37): downloads under harmless names, shown only where they are pictures for certain."""

import re
import struct
from email.message import EmailMessage
from urllib.parse import unquote

from tests.fakes.desk import Desk, letters_come
from tests.security.conftest import PIXEL

BOMB = PIXEL[:16] + struct.pack(">II", 50_000, 50_000) + PIXEL[24:]
FILES = {
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"),
    "page.html": (b"<script>alert(1)</script>", "text/html"),
    "page.xhtml": (b"<html xmlns='http://www.w3.org/1999/xhtml'><script>1</script></html>", "application/xhtml+xml"),
    "data.xml": (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", "text/xml"),
    "paper.pdf": (b"%PDF-1.7", "application/pdf"),
    "lie.png": (b"<script>alert(1)</script>", "image/png"),
    "both.gif": (b"GIF89a/*\x0a\0*/=1;<script>alert(1)</script>", "text/html"),
    "bomb.png": (BOMB, "image/png"),
    "true.png": (PIXEL, "application/octet-stream"),
}  # fmt: skip
NAMES = [
    'a"; filename*=UTF-8\'\'evil.html', "../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd",
    "%2e%2e%2fx", "\u202egpj.exe", "CON",
    "nul.txt",
    "x" * 500 + ".txt", "a\u2215b\uff0fc.txt", ".htaccess", "报告 2026.pdf", "a;b,c=d.txt",
]  # fmt: skip


def _letter(files: list[tuple[str, bytes, str]]) -> bytes:
    letter = EmailMessage()
    letter["From"] = "li@mail.example"
    letter["To"] = "support@shop.example"
    letter["Subject"] = "Files"
    letter["Message-ID"] = "<files@mail.example>"
    letter.set_content("See these.")
    for name, data, kind in files:
        main, _, sub = kind.partition("/")
        letter.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return letter.as_bytes()


async def _links(desk: Desk, code: int) -> list[str]:
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    return list(dict.fromkeys(re.findall(r'href="(/desk/attachments/\w+)"', page)))


async def test_every_file_is_a_download_whatever_it_claims_to_be(desk: Desk) -> None:
    (code,) = await letters_come(
        desk.ctx, [_letter([(name, data, kind) for name, (data, kind) in FILES.items()])]
    )
    await desk.log_in()
    links = await _links(desk, code)
    assert len(links) == len(FILES)
    shown = {}
    for link in links:
        file = await desk.get(link)
        assert file.status == 200
        assert file.headers["Content-Type"] == "application/octet-stream"
        assert file.headers["Content-Disposition"].startswith("attachment;")
        assert file.headers["X-Content-Type-Options"] == "nosniff"
        assert file.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert file.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        name = unquote(file.headers["Content-Disposition"].partition("UTF-8''")[2])
        inline = await desk.get(f"{link}/picture")
        shown[name] = (inline.status, inline.headers["Content-Type"].partition(";")[0])
        assert inline.headers["X-Content-Type-Options"] == "nosniff"
    pictures = {name: kind for name, (status, kind) in shown.items() if status == 200}
    assert pictures == {"both.gif": "image/gif", "true.png": "image/png"}
    assert {status for status, _ in shown.values()} == {200, 404}


async def test_a_name_is_only_a_name(desk: Desk) -> None:
    (code,) = await letters_come(
        desk.ctx, [_letter([(name, str(n).encode(), "text/plain") for n, name in enumerate(NAMES)])]
    )
    await desk.log_in()
    links = await _links(desk, code)
    assert len(links) == len(NAMES)
    for link in links:
        said = (await desk.get(link)).headers["Content-Disposition"]
        found = re.fullmatch(
            r"attachment; filename=\"([A-Za-z0-9._ -]+)\"; filename\*=UTF-8''([A-Za-z0-9._~%-]+)", said
        )
        assert found is not None, said
        shown = unquote(found[2])
        assert not re.search(r"[/\\\x00-\x1f\u2028-\u202e\u2215\uff0f]|^\.", shown), shown
        assert len(shown.encode()) <= 255
        assert not re.fullmatch(r"(?i)(con|nul)(\..*)?", shown)


async def test_whoever_may_not_see_a_file_cannot_tell_it_from_one_that_never_was(desk: Desk) -> None:
    (code,) = await letters_come(desk.ctx, [_letter([("a.txt", b"x", "text/plain")])])
    await desk.log_in()
    (link,) = await _links(desk, code)
    assert len(link.rpartition("/")[2]) >= 32, "128 bits that nobody guesses"
    for guessed in ("0" * 64, "1", "..%2f..", "%00", "a" * 5000):
        answer = await desk.get(f"/desk/attachments/{guessed}")
        assert answer.status == 404, guessed
    await desk.post("/desk/logout")
    for path in (link, link + "/picture", "/desk/attachments/" + "0" * 64):
        answer = await desk.get(path)
        assert answer.url.path == "/desk/login"
