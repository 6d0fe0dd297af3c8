"""What articles are found by, and what of a text is looked for in them. Pure.

An article is found as everything else is (hub.model.search_words), and its title also in pinyin. What a customer or a ticket
says is compared otherwise: not every word of it has to be there, so words that everybody uses are left out and English ones
are cut to what their forms have in common.
"""

import re
from collections.abc import Iterable, Sequence

from hub.actions.search.query import Asked, Term
from hub.model.article_pictures import without_addresses
from hub.model.pinyin import syllables
from hub.model.search_words import LONGEST_WORD, TOO_LONG, as_tsquery, comparable, lexemes_of

_PINYIN = "~"
"""Before what a title sounds like, so that it is found by those alone who look for a title, and not by an English word."""
MOST_LOOKED_FOR = 48
_LEAST_LETTERS = 3
_READ = 6000
"""Characters of a text that are compared with articles."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_RUN = re.compile(
    r"(?P<close>[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]{2,})|(?P<word>[a-z\u00df-\u024f]{3,})"
)
_ENDINGS = ("ings", "ing", "ies", "ed", "es", "s", "e", "y")
_LEAST_STEM = 4
_COMMON_EN = frozenset(
    """able about after again all also always and any anyone anything are because been before being best but can cannot come
    could customer day days dear did does doing done each else even ever every find for from get give goes going good got had
    has have hello help her here him his how however inc into its just know last let like look made make many may maybe more
    most much must need never new not now off one only order other our out over own please question regards same say see seem
    send she should since some someone something soon still such sure take tell than thank thanks that the their them then there
    these they thing things think this those through time too try two use used very want was way well went were what when where
    which while who why will wish with without work would yes yet you your yours""".split()  # noqa: SIM905 - words
)
_COMMON_ZH = re.compile(
    "|".join(
        """我们 你们 他们 咱们 请问 怎么样 怎么 怎样 什么 可不可以 可以 一下 谢谢 你好 您好
        这个 那个 这样 那样 因为 所以 但是 如果 还是 已经 没有 不是 知道 需要 想要 现在
        时候 如何 能否 是否 是不是 有没有 能不能 麻烦 帮忙 一个 这里 那里 一直 然后 就是
        不能 不会 可能 应该 自己 今天 昨天 明天 刚刚 刚才 希望 尽快 回复 非常 感谢 的话
        出现 问题 这是 那么 还有 我想 想问 帮我 给我 让我 我 你 您 的 了 吗 呢 吧 啊""".split()  # noqa: SIM905 - words
    )
)


def article_text(title: str, summary: str, body: str, tags: Iterable[str]) -> str:
    """Everything that an article says, as terms are looked for in it."""
    return "\n".join(
        (
            title_text(title),
            comparable("\n".join((summary, " ".join(tags)))),
            comparable(without_addresses(body)),
        )
    )


def title_text(title: str) -> str:
    """A title and how it is typed in pinyin."""
    return "\n".join((comparable(title), *_pinyin(title)[:1], "".join(_initials(title))))


def article_vector(title: str, summary: str, body: str, tags: Iterable[str]) -> str:
    """Everything that an article is found by: a tsvector, as text."""
    said = lexemes_of(comparable("\n".join((title, summary, " ".join(tags), without_addresses(body)))))
    sounds = (f"{_PINYIN}{form[:LONGEST_WORD]}" for form in (*_pinyin(title), *_beginnings(_initials(title))))
    return _as_vector((*said, *sounds))


def title_vector(title: str) -> str:
    """What of it stands in the title."""
    return _as_vector(lexemes_of(comparable(title)))


def query_of(asked: Asked) -> str:
    """The tsquery that every article fulfils which has every term; more do, and what must not be there is left to the text
    itself. "" where there is no word to go by."""
    wanted = [one for one in map(_wanted, asked.terms) if one]
    return f"({' & '.join(wanted)}) | '{TOO_LONG}'" if wanted else ""


def _wanted(term: Term) -> str:
    needs = "" if term.without else as_tsquery([term.needs])
    if not needs:
        return ""
    others = [f"'{term.number}':*"] if term.number else []
    if term.text.isascii() and term.text.isalpha():
        others.append(f"'{_PINYIN}{term.text[:LONGEST_WORD]}':*")
    return f"({' | '.join((f'({needs})', *others))})"


def _as_vector(lexemes: Iterable[str]) -> str:
    return " ".join(_quoted(one) for one in dict.fromkeys(lexemes))


def looked_for(text: str) -> list[str]:
    """What of a text articles may have in common with it, in its order, at most MOST_LOOKED_FOR tsqueries of one lexeme each.

    >>> looked_for("请问怎么开发票？")
    ["'开发'", "'发票'"]
    >>> looked_for("Refunds of my orders, please")
    ["'refund':*"]
    """
    lexemes: dict[str, bool] = {}
    for run in _RUN.finditer(_COMMON_ZH.sub(" ", comparable(text[:_READ]))):
        piece = run[0]
        if run.lastgroup == "close":
            lexemes.update((piece[at : at + 2], False) for at in range(len(piece) - 1))
        elif len(piece) >= _LEAST_LETTERS and not _is_common(piece):
            lexemes[_stem(piece)] = True
        if len(lexemes) >= MOST_LOOKED_FOR:
            break
    return [
        f"{_quoted(one)}{':*' if begins else ''}" for one, begins in list(lexemes.items())[:MOST_LOOKED_FOR]
    ]


def _is_common(word: str) -> bool:
    return not _COMMON_EN.isdisjoint((word, word.removesuffix("s"), _stem(word)))


def _stem(word: str) -> str:
    """What the forms of an English word have in common, roughly: "returned", "returns" and "returning" are found by one."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            return word.removesuffix(ending)
    return word[:LONGEST_WORD]


def _pinyin(title: str) -> list[str]:
    """Each row of Chinese in one piece, then from each of its characters on: found from the middle too."""
    found = []
    for row in _CHINESE.findall(title):
        sounds = [(syllables(one) or ("",))[0] for one in row]
        found += ["".join(sounds[at:]) for at in range(len(sounds))]
    return [one for one in found if one]


def _initials(title: str) -> list[str]:
    return [sounds[0][0] for one in title if (sounds := syllables(one)) and sounds[0]]


def _beginnings(letters: Sequence[str]) -> list[str]:
    return ["".join(letters[at:]) for at in range(len(letters))]


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
