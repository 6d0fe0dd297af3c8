"""Browsers in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.web.desk.say.browsers import browser_words, is_phone

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
_ANDROID = "Mozilla/5.0 (Linux; Android 15; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "


@pytest.mark.parametrize(
    ("said", "words", "phone"),
    [
        (_WINDOWS + "Chrome/140.0.0.0 Safari/537.36", "Chrome · Windows", False),
        (_WINDOWS + "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge · Windows", False),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux", False),
        (_IPHONE + "Version/18.5 Mobile/15E148 Safari/604.1", "Safari · iPhone", True),
        (_IPHONE + "Mobile/15E148 MicroMessenger/8.0.60", "WeChat · iPhone", True),
        (_ANDROID + "Chrome/130.0.0.0 Mobile Safari/537.36 MQQBrowser/6.2 XWEB MicroMessenger/8.0", "WeChat · Android", True),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "Safari · macOS", False),
        ("python-requests/2.32", "python-requests", False),
        ("", "", False),
        ("\u202e<script>", "", False),
    ],
)  # fmt: skip
def test_as_a_person_calls_them(said: str, words: str, phone: bool) -> None:
    assert (browser_words(said), is_phone(said)) == (words, phone)


@given(st.text(max_size=300))
def test_whatever_a_browser_says_becomes_short_and_plain(said: str) -> None:
    words = browser_words(said)
    assert len(words) < 60 and "<" not in words and words.isprintable()
