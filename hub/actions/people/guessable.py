"""What others would try first: passwords that many people have, and words that stand around this one.

The estimate is that of zxcvbn (D. Wheeler, USENIX Security 2016) over the lists that come with the package: 30,000 leaked
passwords, names, words. Nobody is asked. NIST SP 800-63B 5.1.1.2 and OWASP ASVS 5.0 (6.2.4, 6.2.11) want such a comparison.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

ENOUGH_GUESSES = 10**8
"""As many tries, the likeliest first, must fail. Below are the common passwords, also with a year, a sign, digits for letters,
rows of keys, dates and repetitions; three unrelated words are far above."""
_LOOKED_AT = 24
"""Characters. What begins so that it is guessed with enough tries is not easier with more behind it, and the time grows."""
_FOLDED = str.maketrans("@({[<!|$+%", "accccilstx")
_MOST_SIGNS = 2
"""Of those that may stand for letters. Every way to read them is tried, and with many different ones that takes seconds."""
_SHORTEST_WORD = 4
"""Shorter ones stand in other words by chance; Chinese characters do not."""

_COMMON_IN_CHINA = (
    "woaini", "aini", "5201314", "1314520", "520520", "1314521", "woaiwo", "wodemima", "mima", "nihao", "zhongguo", "beijing",
    "shanghai", "shenzhen", "guangzhou", "woshishui", "woaiwojia", "laopo", "laogong", "baobei", "baobao", "qinaide",
    "tiantian", "kaixin", "xingfu", "pengyou", "mamababa", "baba", "mama", "shabi", "caonima", "dearbook", "xiaoxiao",
    "meimei", "feifei", "gongsi", "kefu", "guanli", "guanliyuan", "dianhua", "shouji", "zhanghao", "denglu", "huanying",
    "laoshi", "xuexi",
)  # fmt: skip
"""Words of passwords that are as common there as the lists' are elsewhere, the commonest first."""


@cache
def _estimate() -> Any:
    """zxcvbn with our words too. Its lists take a tenth of a second to read, so they are when the first password is chosen."""
    from zxcvbn import zxcvbn
    from zxcvbn.matching import add_frequency_lists

    add_frequency_lists({"china": list(_COMMON_IN_CHINA)})
    return zxcvbn


def is_common(password: str) -> bool:
    """Whether it falls within ENOUGH_GUESSES. Takes milliseconds, at the worst some tenths of a second.

    >>> is_common("Password2024!"), is_common("1qaz2wsx3edc"), is_common("woaini1314"), is_common("correct horse battery")
    (True, True, True, False)
    """
    begins = password[:_LOOKED_AT]
    if sum(chr(sign) in begins for sign in _FOLDED) > _MOST_SIGNS:
        begins = begins.translate(_FOLDED)
    return bool(_estimate()(begins)["guesses"] < ENOUGH_GUESSES)


def holds_word(password: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands in it, however it is written and parted.

    >>> holds_word("Contact-Hub-2026", ["contact hub"]), holds_word("3 x 王芳", ["王芳"]), holds_word("joanne and tea", ["ann"])
    (True, True, False)
    """
    bare = _bare(password)
    return any(
        len(word) >= (_SHORTEST_WORD if word.isascii() else 2) and word in bare for word in map(_bare, words)
    )


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
