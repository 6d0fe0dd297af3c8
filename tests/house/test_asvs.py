"""docs/asvs.csv has a row for each requirement of OWASP ASVS 5.0 at levels 1 and 2: how it stands, and where that is seen."""

import csv
import re
from collections import Counter
from functools import cache

from tests.house.test_assurance import ROOT, names_in

STATUSES = ("met", "partly", "not met", "deployment", "not applicable")
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
