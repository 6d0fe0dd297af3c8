"""Letters from files: read for a person or a program, and put on the timeline as often as one likes."""

import json
import re
from pathlib import Path

import asyncpg
import pytest

from tests.journeys.command import command

LETTERS = Path(__file__).parent.parent / "letters"
FIELDS = {
    "from_address", "from_name", "subject", "text", "reply_text", "html", "attachments", "message_id",
    "in_reply_to", "references", "is_auto_reply", "is_bounce", "bounce_recipient",
}  # fmt: skip


def letter(number: int, *, trace: str = "") -> bytes:
    return (
        f"{trace}From: Ada <ada{number}@letters.example>\r\nTo: support@shop.example\r\n"
        f"Subject: Letter {number}\r\nMessage-ID: <{number}@letters.example>\r\n"
        "Date: Mon, 02 Nov 2026 10:00:00 +0000\r\n\r\n"
        f"My order {number} has not come.\r\nFrom here I cannot see why.\r\n"
    ).encode()


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Three letters, one of them twice under other trace headers, two more in an mbox, and a file that is none."""
    folder = tmp_path / "shelf"
    (folder / "deep/er").mkdir(parents=True)
    (folder / "1.eml").write_bytes(letter(1))
    (folder / "deep/2.EML").write_bytes(letter(2))
    (folder / "deep/er/2 again.eml").write_bytes(letter(2, trace="Received: from elsewhere\r\n"))
    (folder / "3.eml").write_bytes(letter(3).replace(b"\r\n", b"\n"))
    box = b"".join(
        b"From somebody Mon Nov  2 10:00:00 2026\n"
        + re.sub(rb"(?m)^From here", b">From here", letter(number).replace(b"\r\n", b"\n"))
        + b"\n"
        for number in (3, 4, 5)
    )
    (folder / "old mail").write_bytes(box)
    (folder / "notes.txt").write_text("not a letter")
    return folder


async def test_parse_writes_one_object_a_letter(tmp_path: Path) -> None:
    files = sorted(LETTERS.glob("*.eml"))
    done = await command("mail", "parse", "--json", *map(str, files), cwd=tmp_path)
    assert done.code == 0, done.said
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [one["file"] for one in found] == [str(path) for path in files]
    for one in found:
        assert set(one) >= FIELDS and "error" not in one
    by_name = {Path(one["file"]).name: one for one in found}
    assert by_name["21-auto-reply-zh.eml"]["is_auto_reply"] is True
    split = by_name["33-filename-split-inside-character.eml"]["attachments"]
    assert split and set(split[0]) == {"filename", "content_type", "size"}


async def test_parse_tells_of_files_that_are_not_there_and_reads_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(letter(7))
    (tmp_path / "noise.eml").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "empty.eml").write_bytes(b"")
    with (tmp_path / "huge.eml").open("wb") as huge:
        huge.truncate(36 * 1024 * 1024)
    files = ("a.eml", "absent.eml", "noise.eml", "empty.eml", "huge.eml")
    done = await command("mail", "parse", *files, "--json", cwd=tmp_path)
    assert done.code == 1 and "absent.eml" in done.err
    found = {one["file"]: one for one in map(json.loads, done.out.splitlines())}
    assert set(found) == set(files) - {"absent.eml"}
    assert found["a.eml"]["subject"] == "Letter 7"
    assert "at most" in found["huge.eml"]["error"]
    good = await command("mail", "parse", "huge.eml", "--json", cwd=tmp_path)
    assert good.code == 0


async def test_parse_shows_a_person_what_is_in_it_and_nothing_to_the_terminal(tmp_path: Path) -> None:
    evil = letter(8).replace(b"Subject: Letter 8", b"Subject: [bold]=?utf-8?q?=1B]0;owned=07?=")
    (tmp_path / "evil.eml").write_bytes(evil)
    done = await command("mail", "parse", "evil.eml", cwd=tmp_path)
    assert done.code == 0
    assert "ada8@letters.example" in done.out and "[bold]" in done.out
    assert "\x1b" not in done.out and "\x07" not in done.out


async def test_import_is_safe_to_repeat(tmp_path: Path, shelf: Path, database_dsn: str) -> None:
    env = {"HUB_DATABASE__DSN": database_dsn}
    await command("migrate", cwd=tmp_path, env=env)
    first = await command("mail", "import", str(shelf), cwd=tmp_path, env=env)
    second = await command("mail", "import", str(shelf), cwd=tmp_path, env=env)
    assert first.code == 0, first.said
    assert counts(first.out) == {
        "New": 5,
        "There already": 2,
        "Quarantined": 0,
        "Files that are no letters": 1,
    }
    assert second.code == 0, second.said
    assert counts(second.out) == {
        "New": 0, "There already": 7, "Quarantined": 0, "Files that are no letters": 1,
    }  # fmt: skip
    connection = await asyncpg.connect(database_dsn)
    texts = await connection.fetch("SELECT text FROM interaction WHERE direction = 'in' ORDER BY subject")
    customers = await connection.fetchval("SELECT count(*) FROM customer")
    await connection.close()
    # ">From" of the mbox is the letter's own "From".
    assert [row["text"].splitlines()[1] for row in texts] == ["From here I cannot see why."] * 5
    assert customers == 5


async def test_import_goes_to_the_inbox_that_is_configured(
    tmp_path: Path, shelf: Path, database_dsn: str
) -> None:
    table = '[channels.{}]\nkind = "email"\naddress = "{}@shop.example"\nimap_host = "h"\nsmtp_host = "h"\n'
    (tmp_path / "one.toml").write_text(table.format("support", "support"))
    (tmp_path / "two.toml").write_text(table.format("support", "support") + table.format("sales", "sales"))
    env = {"HUB_DATABASE__DSN": database_dsn}
    await command("migrate", "--config", "one.toml", cwd=tmp_path, env=env)
    one = await command("mail", "import", str(shelf), "--config", "one.toml", cwd=tmp_path, env=env)
    unclear = await command("mail", "import", str(shelf), "--config", "two.toml", cwd=tmp_path, env=env)
    wrong = await command(
        "mail", "import", str(shelf), "--channel", "x", "--config", "two.toml", cwd=tmp_path, env=env
    )
    chosen = await command(
        "mail", "import", str(shelf), "--channel", "sales", "--config", "two.toml", cwd=tmp_path, env=env
    )
    assert one.code == 0 and "channel support" in one.out, one.said
    assert unclear.code == 2 and "support, sales" in unclear.err
    assert wrong.code == 2 and "support, sales" in wrong.err
    assert chosen.code == 0 and "channel sales" in chosen.out, chosen.said


async def test_import_says_what_cannot_be_read_and_keeps_it(tmp_path: Path, database_dsn: str) -> None:
    env = {"HUB_DATABASE__DSN": database_dsn}
    await command("migrate", cwd=tmp_path, env=env)
    (tmp_path / "box").mkdir()
    absent = await command("mail", "import", "absent", cwd=tmp_path, env=env)
    empty = await command("mail", "import", "box", cwd=tmp_path, env=env)
    with (tmp_path / "box/huge.eml").open("wb") as huge:
        huge.write(letter(9))
        huge.truncate(40 * 1024 * 1024)
    huge_one = await command("mail", "import", "box", cwd=tmp_path, env=env)
    with (tmp_path / "box/vast.eml").open("wb") as vast:
        vast.write(letter(10))
        vast.truncate(101 * 1024 * 1024)
    vast_one = await command("mail", "import", "box", cwd=tmp_path, env=env)
    assert absent.code == 1 and "absent" in absent.err
    assert empty.code == 1 and "no letter" in empty.err
    assert huge_one.code == 0, huge_one.said
    assert counts(huge_one.out) == {"New": 0, "There already": 0, "Quarantined": 1}
    assert "huge.eml: " in huge_one.out and "at most" in huge_one.out
    connection = await asyncpg.connect(database_dsn)
    (row,) = await connection.fetch("SELECT state, length(content) AS size FROM inbound_raw")
    await connection.close()
    assert tuple(row) == ("quarantined", 40 * 1024 * 1024)
    assert vast_one.code == 1 and counts(vast_one.out)["Too large to keep"] == 1, vast_one.said
    assert "vast.eml: larger than 100 MB" in vast_one.err


async def test_import_needs_a_database_but_nothing_in_it(tmp_path: Path, shelf: Path) -> None:
    fresh = await command("mail", "import", str(shelf), cwd=tmp_path)
    dsn = {"HUB_DATABASE__DSN": "postgresql://hub@127.0.0.1:1/hub"}
    absent = await command("mail", "import", str(shelf), cwd=tmp_path, env=dsn)
    assert fresh.code == 0 and counts(fresh.out)["New"] == 5, fresh.said
    assert absent.code == 1 and "does not answer" in absent.err


def counts(said: str) -> dict[str, int]:
    return {name.strip(): int(number) for name, number in re.findall(r"│ ([A-Z][a-z ]+?) *│ +(\d+) │", said)}
