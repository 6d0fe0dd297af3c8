"""docs/asvs.csv has a row for each requirement of OWASP ASVS 5.0 at levels 1 and 2: how it stands, and where that is seen. What
of it follows from the code is made by tests/security/asvs.py."""

import csv
import re
from collections import Counter
from functools import cache

import pytest
from argon2 import PasswordHasher

from hub.actions.people import passwords
from tests.house.test_assurance import ROOT, names_in
from tests.security import asvs
from tests.security.asvs import COLUMNS, MADE, SECURITY, STATUSES, TABLE, make_security, make_table

CHAPTERS = {
    "V1": 27, "V2": 11, "V3": 19, "V4": 10, "V5": 9, "V6": 35, "V7": 18, "V8": 7, "V9": 7, "V10": 29, "V11": 14, "V12": 9,
    "V13": 13, "V14": 9, "V15": 13, "V16": 16, "V17": 7,
}  # fmt: skip
"""How many requirements of levels 1 and 2 each chapter has."""
BEYOND = {"V1.2.10", "V1.3.12"}
"""Of level 3, and held to as well: formulas in tables, expressions that never end."""


@cache
def table() -> tuple[dict[str, str], ...]:
    with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def test_every_requirement_of_the_two_levels_has_one_row() -> None:
    ids = [row["id"] for row in table()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"V\d{1,2}\.\d{1,2}\.\d{1,2}", one) for one in ids)
    two = [row["id"] for row in table() if row["level"] in ("1", "2")]
    assert Counter(one.partition(".")[0] for one in two) == CHAPTERS
    assert {row["id"] for row in table() if row["level"] == "3"} == BEYOND


def test_every_row_says_how_it_stands_and_names_what_there_is() -> None:
    wrong = []
    for row in table():
        if row["status"] not in STATUSES or len(row["what"]) < 3:
            wrong.append(f"{row['id']}: {row['status']}")
        if row["status"] in ("met", "partly", "deployment") and not row["where"]:
            wrong.append(f"{row['id']}: nothing shows it")
        for place in row["where"].split():
            path, _, name = place.partition("::")
            if path.startswith("/"):
                continue  # an address of the hub
            if not (ROOT / path).exists() or (name and name not in names_in(ROOT / path)):
                wrong.append(f"{row['id']}: {place} is not there")
    assert wrong == [], "\n".join(wrong)


def test_the_count_that_is_told_is_that_of_the_table() -> None:
    count = Counter(row["status"] for row in table())
    told = ", ".join(f"{count[one]} {one}" for one in STATUSES)
    assert told in " ".join((ROOT / "SECURITY.md").read_text("utf-8").split()), told


@pytest.fixture
def dear(cheap_passwords: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost what they do outside the tests."""
    monkeypatch.setattr(passwords, "HASHER", cheap_passwords)


@pytest.mark.usefixtures("dear")
def test_what_follows_from_the_code_stands_there_as_it_is_made() -> None:
    assert make_table() == TABLE.read_text("utf-8"), "python -m tests.security.asvs writes it anew"
    assert make_security() == SECURITY.read_text("utf-8"), "python -m tests.security.asvs writes it anew"


@pytest.mark.usefixtures("dear")
def test_what_somebody_wrote_into_it_by_hand_is_made_anew_and_the_rest_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def by_hand() -> list[dict[str, str]]:
        return [{**row, **dict.fromkeys(MADE, "by hand")} for row in table()]

    monkeypatch.setattr(asvs, "read_table", by_hand)
    assert make_table() == TABLE.read_text("utf-8")
    monkeypatch.setattr(asvs, "read_table", lambda: [row for row in table() if row["id"] != "V8.2.1"])
    with pytest.raises(KeyError, match=r"V8\.2\.1"):
        make_table()


def test_an_attack_stands_where_one_of_its_tests_does() -> None:
    """Both ways, by the numbers that tests have in their names: a row that names test_s71_… is about S71."""
    assert tuple(table()[0]) == COLUMNS
    wrong = []
    for row in table():
        for place in row["where"].split():
            for number in re.findall(r"_s(\d+)(?=_)", place.partition("::test")[2]):
                if f"S{number}" not in row["attacks"].split():
                    wrong.append(f"{row['id']}: {place} is not in the row of S{number} in docs/assurance.md")
    assert wrong == []
