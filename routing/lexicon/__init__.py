"""The words that classification goes by, as data: one TOML file a language, beside this module.

Reading and checking of those files lives here; what a hit means is routing.classify's business.
A phrase is folded text. `*` at its end lets a Latin word go on; `~` between pieces lets up to GAP characters
of the same clause lie between them.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from hub.model.tickets import TicketKind

GAP = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One phrase and what it is worth. `meaning` is a kind or, for topics, the topic's name. `negatable`:
    a negation before it takes it away, or makes it speak for `when_negated` instead."""

    rule: str
    language: str
    pieces: tuple[str, ...]
    meaning: str
    is_topic: bool
    weight: float
    negatable: bool
    when_negated: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """All files together; `fingerprint` is that of their bytes.

    `fold` maps one character to one: traditional to simplified, wide to narrow."""

    phrases: tuple[Phrase, ...]
    negations: tuple[str, ...]
    stop_words: dict[str, str]
    fold: dict[int, int]
    fingerprint: str


@cache
def load_lexicon() -> Lexicon:
    """The packaged lexicon. Raises ValueError naming the group that is wrong."""
    phrases: list[Phrase] = []
    negations: list[str] = []
    stop_words: dict[str, str] = {}
    written = hashlib.sha256()
    fold = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
    fold |= {0x2019: ord("'"), 0x2018: ord("'"), 0x00A0: ord(" "), 0x3000: ord(" ")}
    for file in sorted(files(__name__).iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        raw = file.read_bytes()
        written.update(raw)
        data = tomllib.loads(raw.decode("utf-8"))
        for table in data.get("group", ()):
            phrases.extend(_group(data["language"], table, file.name))
        negations.extend(data.get("negations", ()))
        for language, words in data.get("stop_words", {}).items():
            stop_words |= dict.fromkeys(words.split(), language)
        pairs = data.get("fold", {})
        fold |= {ord(a): ord(b) for a, b in zip(pairs.get("from", ""), pairs.get("to", ""), strict=True)}
    return Lexicon(
        phrases=tuple(phrases),
        negations=tuple(negations),
        stop_words=stop_words,
        fold=fold,
        fingerprint=written.hexdigest()[:16],
    )


def _group(language: str, table: dict[str, Any], file: str) -> list[Phrase]:
    name = f"{language}.{table.get('name', '?')}"
    unknown = set(table) - {"name", "kind", "topic", "weight", "negatable", "when_negated", "phrases"}
    kinds = set(TicketKind)
    if unknown or ("kind" in table) == ("topic" in table):
        raise ValueError(f"{file}: group {name}: expected one of kind, topic; unknown: {sorted(unknown)}")
    if table.get("kind", TicketKind.ENQUIRY) not in kinds or table.get("when_negated", "") not in kinds | {
        ""
    }:
        raise ValueError(f"{file}: group {name}: no such kind")
    return [
        Phrase(
            rule=name,
            language=language,
            pieces=tuple(phrase.lower().split("~")),
            meaning=table.get("kind") or table["topic"],
            is_topic="topic" in table,
            weight=float(table.get("weight", 1.0)),
            negatable=table.get("negatable", False),
            when_negated=table.get("when_negated", ""),
        )
        for phrase in table["phrases"]
    ]
