"""What a message has that could tell its kind: its words and pairs of words, its Chinese characters by twos, and the
groups of the lexicon that spoke. Figures are left out: an order number says nothing and is nobody's business.
"""

import re
from collections.abc import Callable, Mapping
from operator import add

from routing.classify import LEARNED_RULE, Classification
from routing.lexicon import load_lexicon

MOST_TEXT, MOST_SUBJECT = 800, 120
"""How much is looked at, in characters: what a letter is about stands at its beginning."""
GROUP = "="
"""What a feature begins with that is a group of the lexicon."""

_RUNS = re.compile(r"([a-zà-öø-ÿß]+(?:'[a-z]+)?)|([^\W\d_a-zà-öø-ÿß]+)|([?!]{1,3})")


def words(text: str, subject: str) -> list[str]:
    """In the order of the message, some more than once. Latin words and pairs of neighbours; runs of other scripts by twos."""
    found: list[str] = []
    for part in (subject[:MOST_SUBJECT], text[:MOST_TEXT]):
        before, ended = "", -1
        plain = _fold(part)
        for match in _RUNS.finditer(plain):
            word, run, mark = match.groups()
            if word:
                found.append(word)
                if before and plain[ended : match.start()].isspace():
                    found.append(f"{before} {word}")
                before, ended = word, match.end()
                continue
            before = ""
            if mark or len(run) == 1:
                found.append(mark or run)
            else:
                found += map(add, run, run[1:])
    return found


def pieces(text: str, subject: str) -> list[str]:
    """Each run of two to four characters within a word, with the blanks around it."""
    found: list[str] = []
    plain = _fold(f"{subject[:MOST_SUBJECT]} {text[:MOST_TEXT]}")
    for match in _RUNS.finditer(plain):
        run = f" {match.group()} "
        pairs = list(map(add, run, run[1:]))
        threes = list(map(add, pairs, run[2:]))
        found += pairs
        found += threes
        found += map(add, threes, run[3:])
    return found


ANALYSERS: Mapping[str, Callable[[str, str], list[str]]] = {"words": words, "pieces": pieces}
"""By the name under which a model remembers with which of them it was made."""


def features(analyser: str, text: str, subject: str, result: Classification) -> dict[str, None]:
    """Of one message that the rules have looked at, each once."""
    found = ANALYSERS[analyser](text, subject)
    found += [GROUP + one.rule for one in result.evidence if one.rule != LEARNED_RULE]
    return dict.fromkeys(found)


def _fold(text: str) -> str:
    return text.translate(load_lexicon().fold).lower()
