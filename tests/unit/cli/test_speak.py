"""Which language the command line speaks."""

import pytest

from hub.cli.speak import locale_of


@pytest.mark.parametrize(
    ("environ", "locale"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_TW.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh_CN"),
        ({"LANG": "", "LC_ALL": ""}, "en"),
    ],
)
def test_the_first_that_is_set_decides(environ: dict[str, str], locale: str) -> None:
    assert locale_of(environ) == locale
