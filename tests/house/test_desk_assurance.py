"""docs/desk-assurance.md names tests that exist, and each page of the desk is among those that axe looks at."""

import re
from pathlib import Path

from hub.actions.context import Context
from hub.web.desk.routes import desk_routes
from tests.browser.looks import LOOKED_AT
from tests.house.test_assurance import ROOT, names_in

DOCUMENT = ROOT / "docs" / "desk-assurance.md"
PARTS = ("Agent", "Search", "Supervisor", "Administrator", "Look", "Keys", "Accessibility", "Chinese")
_TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(\w+)`")

NO_PAGE = (
    # Pieces of pages, files, and addresses that answer with something else than a page.
    r"/desk/static/.*", r"/desk/live", r"/desk/fragments/.*", r"/desk/.*/files/.*", r"/desk/attachments/.*",
    r"/desk/pictures/.*", r"/desk/knowledge/pictures/.*", r"/desk/security/app\.svg",
    r"/desk/.*/export", r"/desk/.*/raw", r"/desk/tags\.css",
    r"/desk/notices/latest", r"/desk/tickets/\{code\}/news",
    # A letter as it came, in its cage: what stands there is the customer's.
    r"/desk/tickets/\{code\}/originals/.*",
    # On to another page, or pieces that a form asks for.
    r"/desk/login/company.*", r"/desk/security/company/.*", r"/desk/security/\{rest.*", r"/desk/rules/preview/.*",
    r"/desk/rules/draft/trial", r"/desk/consent",
)  # fmt: skip


def test_every_row_names_tests_that_exist() -> None:
    text = DOCUMENT.read_text("utf-8")
    wrong = []
    for part in PARTS:
        table = text.partition(f"\n## {part}\n")[2].partition("\n## ")[0]
        rows = re.findall(r"(?m)^\| (?!---|\| |what )(.+) \|$", table)
        assert rows, part
        wrong += [f"{part}: no test in {row[:60]}" for row in rows if not _TEST.search(row)]
    for place, name in _TEST.findall(text):
        path = ROOT / place
        if not path.is_file() or name not in names_in(path) | _machines(path):
            wrong.append(f"{place}::{name} is not there")
    assert text.count("::") == len(_TEST.findall(text)), "something looks like a test and is none"
    assert not wrong, "\n".join(wrong)


def test_axe_looks_at_every_page(ctx: Context) -> None:
    pages = {
        route.path
        for route in desk_routes(ctx)
        if route.method == "GET" and not any(re.fullmatch(one, route.path) for one in NO_PAGE)
    }
    looked_at = {address for part in LOOKED_AT.values() for address in part}
    assert pages - looked_at == set(), "no test looks at these with axe: tests/browser/looks.py"
    assert looked_at - pages == set(), "there are no such pages"


def test_every_script_that_takes_a_drop_has_its_click() -> None:
    """WCAG 2.5.7: beside each script that listens to a drop the document says what does the same by a click."""
    text = DOCUMENT.read_text("utf-8")
    scripts = (ROOT / "hub" / "web" / "static").glob("*.js")
    dropping = {path.name for path in scripts if re.search(r'"(drop|paste)"', path.read_text("utf-8"))}
    assert dropping and {name for name in dropping if f"| `{name}` |" not in text} == set()


def _machines(path: Path) -> frozenset[str]:
    """State machines of Hypothesis that stand there as test cases."""
    return frozenset(re.findall(r"(?m)^(Test\w+) = \w+\.TestCase$", path.read_text("utf-8")))
