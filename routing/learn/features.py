"""What a message has that could tell its kind: its words and pairs of words, its Chinese characters by twos and threes, and
the groups of the lexicon that spoke. Figures are left out: an order number says nothing and is nobody's business.
"""

import re
from collections.abc import Callable, Mapping

from routing.classify import LEARNED_RULE, Classification
from routing.lexicon import load_lexicon

MOST_TEXT, MOST_SUBJECT = 800, 120
"""How much is looked at, in characters: what a letter is about stands at its beginning."""
GROUP = "="
"""What a feature begins with that is a group of the lexicon."""

_RUNS = re.compile(r"([a-zà-öø-ÿß]+(?:'[a-z]+)?)|([^\W\d_a-zà-öø-ÿß]+)|([?!]{1,3})")


def words(text: str, subject: str) -> dict[str, None]:
    """Each once, in the order of the message. Latin words and pairs of neighbours; runs of other scripts by twos and threes."""
    found: dict[str, None] = {}
    for part in (subject[:MOST_SUBJECT], text[:MOST_TEXT]):
        before, ended = "", -1
        plain = _fold(part)
        for match in _RUNS.finditer(plain):
            word, run, mark = match.groups()
            if word:
                found[word] = None
                if before and plain[ended : match.start()].isspace():
                    found[f"{before} {word}"] = None
                before, ended = word, match.end()
                continue
            before = ""
            if mark:
                found[mark] = None
            elif len(run) == 1:
                found[run] = None
            else:
                for at in range(len(run) - 1):
                    found[run[at : at + 2]] = None
                    if at + 3 <= len(run):
                        found[run[at : at + 3]] = None
    return found


def pieces(text: str, subject: str) -> dict[str, None]:
    """Each run of two to four characters within a word, with the blanks around it, once."""
    found: dict[str, None] = {}
    plain = _fold(f"{subject[:MOST_SUBJECT]} {text[:MOST_TEXT]}")
    for match in _RUNS.finditer(plain):
        run = f" {match.group()} "
        for size in (2, 3, 4):
            for at in range(len(run) - size + 1):
                found[run[at : at + size]] = None
    return found


ANALYSERS: Mapping[str, Callable[[str, str], dict[str, None]]] = {"words": words, "pieces": pieces}
"""By the name under which a model remembers with which of them it was made."""


def features(analyser: str, text: str, subject: str, result: Classification) -> dict[str, None]:
    """Of one message that the rules have looked at."""
    found = ANALYSERS[analyser](text, subject)
    for one in result.evidence:
        if one.rule != LEARNED_RULE:
            found[GROUP + one.rule] = None
    return found


def _fold(text: str) -> str:
    return text.translate(load_lexicon().fold).lower()
