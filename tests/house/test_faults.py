"""docs/faults.md says truly where each fault is tried that is not one of mail or of the floor."""

import re

from tests.house.test_assurance import _TEST, FAULTS, FLOOR, ROOT, names_in, rows

DOCUMENT = ROOT / "docs" / "faults.md"
SPANS = ((1, 7), (11, 18), (20, 29), (31, 35), (37, 44), (46, 54), (56, 60), (62, 64), (66, 68), (70, 73))
ALL = {"F9", "F75", *(f"F{n}" for first, last in SPANS for n in range(first, last + 1))}


def test_every_fault_has_its_row_in_one_of_three_documents() -> None:
    here = {number for table in rows(DOCUMENT).values() for number in table}
    assert here | FAULTS | FLOOR >= ALL, ALL - here - FAULTS - FLOOR


def test_every_row_names_tests_that_exist() -> None:
    for table in rows(DOCUMENT).values():
        for number, text in table.items():
            named = _TEST.findall(text)
            assert named and text.count("::") == len(named), number
            for place, name in named:
                assert name in names_in(ROOT / place), f"{number}: {place}::{name}"


def test_every_file_of_the_harness_is_described() -> None:
    described = set(re.findall(r"`([a-z_]+)`", DOCUMENT.read_text("utf-8").partition("## Running it")[0]))
    files = {
        path.stem
        for path in (ROOT / "tests" / "faults").glob("*.py")
        if not path.stem.startswith(("test_", "__", "conftest"))
    }
    assert files <= described, files - described
