"""docs/data.md has a place for each table, and what it calls a secret is a hash, sealed, or public by its nature."""

import re

from tests.house.test_assurance import ROOT

CLASSES = ("secret", "said", "who", "did", "house")
TABLE = re.compile(r"(?ms)^CREATE (?:UNLOGGED )?TABLE (\w+) \((.*?)^\)")
SECRET_WORDS = re.compile(r"(?m)^    (\w*(?:password|secret|token|code|key|sealed)\w*) (text|bytea)")
OPEN_ON_PURPOSE = {
    # Numbers that are counted, names, keys of rows, and what is public of a key.
    "key", "keys", "key_id", "code", "public_key", "recovery_key", "thread_key", "external_key", "lease_token",
    # Which leads to a file for whoever has its ticket in sight, and for nobody else.
    "token",
}  # fmt: skip


def _tables() -> dict[str, str]:
    found = {}
    for path in sorted((ROOT / "storage" / "migrations").glob("*.sql")):
        found |= dict(TABLE.findall(path.read_text("utf-8")))
    assert len(found) > 100
    return found


def _classes() -> dict[str, list[str]]:
    text = (ROOT / "docs" / "data.md").read_text("utf-8").partition("\n## Classes\n")[2].partition("\n## ")[0]
    rows = {
        name: re.findall(r"`(\w+)`", row) for name, row in re.findall(r"(?m)^\| \*\*(\w+)\*\* \|(.*)$", text)
    }
    assert tuple(rows) == CLASSES
    return rows


def test_each_table_has_one_class() -> None:
    placed = [table for tables in _classes().values() for table in tables]
    assert sorted(placed) == sorted(set(placed)), "two places"
    assert set(placed) ^ set(_tables()) == set()


def test_what_may_open_something_is_kept_as_a_hash_or_sealed() -> None:
    """A column that is called like a secret is bytes (a hash, a seal), a password's hash, or none and in the list above."""
    wrong = [
        f"{table}.{column} {kind}"
        for table, columns in _tables().items()
        for column, kind in SECRET_WORDS.findall(columns)
        if kind == "text" and column not in {*OPEN_ON_PURPOSE, "password_hash"}
    ]
    assert wrong == []


def test_every_class_says_what_it_asks_for() -> None:
    text = (ROOT / "docs" / "data.md").read_text("utf-8").partition("\n## What each class asks for\n")[2]
    head, rows = re.findall(r"(?m)^\| \| (.*) \|$", text), re.findall(r"(?m)^\| (?!\||---)(.+) \|$", text)
    assert head == [" | ".join(CLASSES)]
    asked = {row.split(" | ")[0] for row in rows}
    needed = {
        "on the way",
        "at rest",
        "against changes",
        "who sees it",
        "in logs, figures, failures",
        "how long",
    }
    assert needed <= asked and all(
        len(row.split(" | ")) == 1 + len(CLASSES) for row in rows if row.split(" | ")[0] in needed
    )
