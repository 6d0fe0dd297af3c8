"""One line of a file that spreadsheets open."""

import csv
import io
from collections.abc import Iterable

# Excel takes the wide ones as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def table_line(cells: Iterable[object]) -> str:
    """Comma-separated (RFC 4180). What a spreadsheet would take for a formula begins with ' (OWASP, CSV injection), and what
    began so already has one more: taking one away gives back what was there.

    >>> table_line(("a", "=1+1", "'=1+1", "it's", 5))
    "a,'=1+1,''=1+1,it's,5\\r\\n"
    """
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(str(one)) for one in cells])
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell
