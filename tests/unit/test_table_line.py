"""A line of a file that spreadsheets open."""

import csv

import pytest

from hub.web.desk.table_line import table_line


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", "'=1", "''=1"],
)
def test_s92_what_would_be_a_formula_is_text_and_comes_back_as_it_was(cell: str) -> None:
    """Excel in Chinese and Japanese takes the wide signs as well."""
    (kept, plain) = next(csv.reader([table_line((cell, "it's 1-1"))]))
    assert (kept, kept[1:], plain) == (f"'{cell}", cell, "it's 1-1")
