"""docs/assurance.md says truly where each pitfall and fault of mail and each attack is tried, docs/routing-assurance.md
where each of routing is."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAIL = ROOT / "docs" / "assurance.md"
ROUTING = ROOT / "docs" / "routing-assurance.md"
SHELF = ROOT / "tests" / "letters"
REAL = "tests/real_mail/"

PITFALLS = {str(number) for number in range(1, 41)}
MAIL_FAULTS = {f"F{n}" for n in (32, 33, 34, 35, 37, 38, 39, 40, 41, 42, 43, 44, 46, 47, 48, 49)}
FAULTS = {"F2", "F3"} | MAIL_FAULTS
NOBODYS = (7, 12, 18, 28, 36, 43, 48, 53, 56, 61, 77, 79, 87, 93, 104)
ATTACKS = {f"S{number}" for number in range(1, 106) if number not in NOBODYS}
FLOOR = {"I7", "I8", *(f"F{n}" for n in (64, 66, 67, 68, 70, 71, 72))}
KNOWN_FAILURES = {str(number) for number in range(1, 16)}
NO_LETTER = {"15", "16", "17", "18"}
"""Pitfalls of lines and logins, which happen before there is a letter."""

_TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")
_LETTER = re.compile(r"`(\d\d-[a-z0-9-]+\.eml)`")


@cache
def rows(document: Path = MAIL) -> dict[str, dict[str, str]]:
    """The tables by their headings; each row's text by its number."""
    found: dict[str, dict[str, str]] = {}
    for part in re.split(r"(?m)^## ", document.read_text("utf-8"))[1:]:
        heading, _, below = part.partition("\n")
        numbered = re.findall(r"(?m)^\| ([FSI]?\d+) \| (.+) \|$", below)
        found[heading] = dict(numbered)
        assert len(numbered) == len(found[heading]), f"{heading}: a number stands there twice"
    return found


@cache
def names_in(path: Path) -> frozenset[str]:
    """The names of its tests, as they stand in the file: nothing is imported."""
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    )


def test_every_number_has_its_row() -> None:
    assert {heading: set(table) for heading, table in rows().items()} == {
        "Pitfalls": PITFALLS,
        "Faults": FAULTS,
        "Attacks": ATTACKS,
    }
    assert {heading: set(table) for heading, table in rows(ROUTING).items()} == {
        "Floor": FLOOR,
        "Known failures of other engines": KNOWN_FAILURES,
    }


def test_every_row_says_what_must_hold_and_names_tests_that_exist() -> None:
    wrong = []
    for table in (*rows().values(), *rows(ROUTING).values()):
        for number, text in table.items():
            named = _TEST.findall(text)
            if not named or len(text.partition(" | ")[0]) < 20:
                wrong.append(f"{number}: no test, or nothing that must hold")
            for place, name in named:
                path = ROOT / place
                if not path.is_file() or name not in names_in(path):
                    moved = [
                        str(p.relative_to(ROOT))
                        for p in (ROOT / "tests").rglob("test_*.py")
                        if name in names_in(p)
                    ]
                    wrong.append(f"{number}: {place}::{name} is not there; it is in {moved or 'no file'}")
    assert not wrong, "\n".join(wrong)


def test_a_test_that_names_an_attack_stands_in_its_row() -> None:
    """As test_s71_… says of itself that it is about S71."""
    attacks, wrong = rows()["Attacks"], []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        place = path.relative_to(ROOT)
        for name in sorted(names_in(path)):
            said = re.match(r"test((?:_s\d+)+)_", name)
            for number in re.findall(r"\d+", said[1]) if said else ():
                if f"`{place}::{name}`" not in attacks[f"S{number}"]:
                    wrong.append(f"S{number}: {place}::{name}")
    assert not wrong, "\n".join(wrong)


def test_nothing_that_is_named_is_lost_to_the_reader_of_this_file() -> None:
    """Whatever looks like a test, a letter or a file of ours in the tables was understood as one."""
    for table in (*rows().values(), *rows(ROUTING).values()):
        for number, text in table.items():
            assert text.count("::") == len(_TEST.findall(text)), number
            assert text.count(".eml") == len(_LETTER.findall(text)), number
            for other in re.findall(r"`(tests/[^`:]+)`", text):
                assert (ROOT / other).exists(), f"{number}: {other}"


def test_every_letter_has_its_row_and_every_pitfall_its_letter() -> None:
    named: set[str] = set()
    for number, text in rows()["Pitfalls"].items():
        letters = _LETTER.findall(text)
        assert bool(letters) != (number in NO_LETTER), f"{number}: {letters}"
        assert all(int(one[:2]) == int(number) for one in letters), f"{number}: a letter of another pitfall"
        named |= set(letters)
    assert named == {path.name for path in SHELF.glob("*.eml")}


def test_each_fault_of_mail_is_tried_against_real_servers_too() -> None:
    for number in MAIL_FAULTS:
        places = [place for place, _ in _TEST.findall(rows()["Faults"][number])]
        assert any(place.startswith(REAL) for place in places), number
        assert not all(place.startswith(REAL) for place in places), f"{number}: no scripted server"


def test_what_only_servers_can_show_is_tried_against_both_kinds() -> None:
    """A pitfall that no letter shows."""
    for number in NO_LETTER - {"16", "18"}:
        assert REAL in rows()["Pitfalls"][number], number
    for number in NO_LETTER:
        assert "`tests/rooms/" in rows()["Pitfalls"][number], number
