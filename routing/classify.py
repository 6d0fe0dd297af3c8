"""What a message is: complaint, feedback, enquiry or request; its language and topics; and the evidence.

Scored rules over a lexicon (routing/lexicon/*.toml). One pass of an Aho-Corasick automaton finds all phrases:
linear in the text, and the text is capped. Nothing here learns (see routing.learn), and nothing here acts.
"""

import re
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from functools import cache

from hub.model.tickets import TicketKind
from routing.confidence import logits, shares
from routing.lexicon import GAP, Lexicon, Phrase, load_lexicon
from routing.situation import LANGUAGE_UNKNOWN

HEAD, TAIL, SUBJECT = 3000, 1000, 300
"""How much is read, in characters: the start and the end of a text, and the start of its subject."""

_HINT_WEIGHT = 3.0
HINT_RULE = "hint.kind"
"""The rule of evidence that the sender's form or program gave, not their words."""
LEARNED_RULE = "learned"
"""The rule of evidence that was learned here (routing.learn). The rules' own scores are without it."""
_DOUBT = {TicketKind.FEEDBACK: 0.3, TicketKind.REQUEST: 0.4, TicketKind.ENQUIRY: 0.4}
"""A complaint that scores this share of the best kind, and SIGN at least, is taken for one: who is polite thanks first."""
_STATEMENT_WEIGHT = 0.5
"""What a message counts as a complaint that tells something, asks nothing and has no word we know."""
SURE = 0.6
"""Below this confidence a person should look."""
SIGN = 0.9
"""One sign of a complaint. A message that has it is no other kind for certain."""
_NEGATION_REACH = {"en": 24, "zh": 4}
"""How far before a phrase, in characters of the same clause, a negation still belongs to it."""
_CLAUSE_END = frozenset(",.;!?，。；！？、\n:：")

_KINDS = tuple(TicketKind)
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff]")
_HANGUL = re.compile("[\uac00-\ud7af\u1100-\u11ff]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN_WORD = re.compile(r"[a-zà-öø-ÿß]{1,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One rule that spoke: its name, the words as written, and what they counted (negative: taken away)."""

    rule: str
    matched: str
    weight: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """`confidence` is 0..1 (routing.confidence). `uncertain` says that a person should look; such a result must not close,
    answer or hide anything by itself. `topics` come best first and double as the names of skills. `model`: the version of
    what was learned here that had a say; 0 where none had."""

    kind: TicketKind
    confidence: float
    runner_up: TicketKind
    uncertain: bool
    language: str
    topics: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    model: int = 0

    @property
    def scores(self) -> dict[TicketKind, float]:
        """What the rules found for each kind."""
        found = dict.fromkeys(TicketKind, 0.0)
        for one in self.evidence:
            if one.rule != LEARNED_RULE:
                found[TicketKind(one.kind)] += one.weight
        return found

    @property
    def topic(self) -> str:
        """The principal topic, or ""."""
        return self.topics[0] if self.topics else ""


@dataclass(frozen=True, slots=True)
class _Hit:
    phrase: Phrase
    start: int
    end: int


def classify(text: str, subject: str, hint: str = "") -> Classification:
    """Classify one message. `hint` is a kind that a form or an API caller claims; else ignored."""
    original = _one_line_a_paragraph(text, subject)
    machine = _machine()
    folded = original.translate(machine.lexicon.fold).lower()
    if len(folded) != len(original):  # a few capitals grow when lowered; then the words are shown folded
        original = folded
    hits, negations = machine.find(folded)

    scores = dict.fromkeys(_KINDS, 0.0)
    topics: dict[str, float] = {}
    evidence: list[Evidence] = []
    if hint in scores:
        scores[TicketKind(hint)] += _HINT_WEIGHT
        evidence.append(Evidence(rule=HINT_RULE, matched=hint, weight=_HINT_WEIGHT, kind=hint))
    english = 0
    for hit in _strongest(hits):
        phrase = hit.phrase
        english += phrase.language == "en" and phrase.pieces[0].isascii() and phrase.pieces[0][0].isalpha()
        matched = original[hit.start : hit.end]
        if phrase.is_topic:
            topics[phrase.meaning] = topics.get(phrase.meaning, 0.0) + phrase.weight
            continue
        if not phrase.weight:  # it is there to keep the words within it from counting
            continue
        meaning, weight = phrase.meaning, phrase.weight
        if phrase.negatable and _negated(folded, hit, negations):
            if not phrase.when_negated:
                evidence.append(
                    Evidence(rule=phrase.rule + ".negated", matched=matched, weight=0.0, kind=meaning)
                )
                continue
            meaning = phrase.when_negated
            evidence.append(
                Evidence(rule=phrase.rule + ".negated", matched=matched, weight=weight, kind=meaning)
            )
        else:
            evidence.append(Evidence(rule=phrase.rule, matched=matched, weight=weight, kind=meaning))
        scores[TicketKind(meaning)] += weight

    language = _language(folded, machine.lexicon.stop_words, english)
    if not any(scores.values()) and _is_statement(folded, language):
        scores[TicketKind.COMPLAINT] = _STATEMENT_WEIGHT
        evidence.append(
            Evidence(rule="statement", matched="", weight=_STATEMENT_WEIGHT, kind=TicketKind.COMPLAINT)
        )

    kind, runner_up, confidence = _decide(scores)
    return Classification(
        kind=kind,
        confidence=confidence,
        runner_up=runner_up,
        uncertain=confidence < SURE
        or (kind is not TicketKind.COMPLAINT and scores[TicketKind.COMPLAINT] >= SIGN),
        language=language,
        topics=tuple(sorted(topics, key=lambda topic: (-topics[topic], topic))),
        evidence=tuple(evidence),
    )


def detect_language(text: str) -> str:
    """zh, en, ja, ko, fr, de, es, or `other` when the text does not say."""
    folded = _one_line_a_paragraph(text, "").lower()
    return _language(folded, load_lexicon().stop_words, 0)


def _decide(scores: dict[TicketKind, float]) -> tuple[TicketKind, TicketKind, float]:
    # Ties go to the order of the enumeration, in which a complaint comes first.
    ranked = sorted(_KINDS, key=lambda k: -scores[k])
    best = ranked[0]
    if not scores[best]:
        return TicketKind.ENQUIRY, TicketKind.REQUEST, 0.25
    complaint = scores[TicketKind.COMPLAINT]
    if best is not TicketKind.COMPLAINT and complaint >= max(SIGN, _DOUBT[best] * scores[best]):
        ranked.remove(TicketKind.COMPLAINT)
        ranked.insert(0, TicketKind.COMPLAINT)
    return ranked[0], ranked[1], round(shares(logits(scores, ranked[0]))[ranked[0]], 3)


def _one_line_a_paragraph(text: str, subject: str) -> str:
    """Head and tail of a long text, white space made plain, hard line breaks undone."""
    if len(text) > HEAD + TAIL:
        text = text[:HEAD] + "\n\n" + text[-TAIL:]
    paragraphs: list[str] = [" ".join(subject[:SUBJECT].split())]
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        plain = " ".join(line.split())
        if plain:
            lines.append(plain)
        elif lines:
            paragraphs.append(" ".join(lines))
            lines = []
    return "\n".join(p for p in paragraphs if p)


def _is_statement(folded: str, language: str) -> bool:
    """Whether a text without evidence is long enough, in a language the lexicon knows, to tell a story."""
    if language == "zh":
        return len(_HAN.findall(folded)) >= 8
    return language == "en" and len(_LATIN_WORD.findall(folded)) >= 5


def _strongest(hits: list[_Hit]) -> list[_Hit]:
    """One hit a phrase, and of overlapping hits of one meaning only the weightiest, by place. A phrase inside
    a longer one of another kind ("complaints" in "no complaints") is part of that, and dropped."""
    widest: dict[int, int] = {}
    for hit in hits:
        if not hit.phrase.is_topic and len(hit.phrase.pieces) == 1:
            widest[hit.start] = max(hit.end, widest.get(hit.start, 0))
    covers: list[tuple[int, int]] = []
    for start in sorted(widest):
        if not covers or widest[start] > covers[-1][1]:
            covers.append((start, widest[start]))
    starts = [start for start, _ in covers]

    def is_inside(hit: _Hit) -> bool:
        if not starts or hit.start < starts[0]:
            return False
        start, end = covers[bisect_right(starts, hit.start) - 1]
        # What is written with a gap is part of a phrase that is written out, also where both are equally long.
        shorter = hit.end - hit.start < end - start + (len(hit.phrase.pieces) > 1)
        return hit.end <= end and shorter

    hits = [h for h in hits if h.phrase.is_topic or not is_inside(h)]
    hits.sort(key=lambda h: (-h.phrase.weight, h.start - h.end, h.start))
    taken: dict[str, list[tuple[int, int]]] = {}
    seen: set[tuple[str, ...]] = set()
    kept: list[_Hit] = []
    for hit in hits:
        phrase = hit.phrase
        identity = (phrase.meaning, *phrase.pieces)
        if identity in seen:
            continue
        spans = taken.setdefault(phrase.meaning, [])
        if len(spans) >= 24 or any(hit.start < end and start < hit.end for start, end in spans):
            continue
        seen.add(identity)
        spans.append((hit.start, hit.end))
        kept.append(hit)
    kept.sort(key=lambda h: h.start)
    return kept


def _negated(folded: str, hit: _Hit, negations: dict[int, int]) -> bool:
    """Whether a negation ends shortly before the hit, within its clause."""
    if not negations:
        return False
    reach = _NEGATION_REACH.get(hit.phrase.language, 0)
    for at in range(hit.start, max(0, hit.start - reach) - 1, -1):
        if at < hit.start and folded[at] in _CLAUSE_END:
            return False
        if at in negations:
            return True
    return False


def _language(folded: str, stop_words: dict[str, str], english: int) -> str:
    han, kana = len(_HAN.findall(folded)), len(_KANA.findall(folded))
    hangul, cyrillic = len(_HANGUL.findall(folded)), len(_CYRILLIC.findall(folded))
    words = _LATIN_WORD.findall(folded)
    # A Latin word weighs as much as one Han character, a syllable, or two letters of an alphabet.
    best = max(len(words), han + kana, hangul, cyrillic / 4)
    if not best:
        return LANGUAGE_UNKNOWN
    if best == han + kana:
        return "ja" if kana >= 0.2 * best else "zh"
    if best == hangul:
        return "ko"
    if best == cyrillic / 4:
        return LANGUAGE_UNKNOWN
    votes: dict[str, float] = {"en": 0.5 * english}
    for word in words:
        language = stop_words.get(word)
        if language:
            votes[language] = votes.get(language, 0.0) + 1.0
    winner = max(votes, key=lambda language: votes[language])
    return winner if votes[winner] > 0 else LANGUAGE_UNKNOWN


class _Machine:
    """An Aho-Corasick automaton over all pieces of all phrases and the negations."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._steps: list[dict[str, int]] = [{}]
        self._out: list[list[int]] = [[]]
        # A piece: text, whether its start and its end must be at a word's edge, and its uses (phrase, index).
        self._pieces: list[tuple[int, bool, bool]] = []
        self._uses: list[list[tuple[int, int]]] = []
        self._negation: list[bool] = []
        known: dict[tuple[str, bool], int] = {}
        for number, phrase in enumerate(lexicon.phrases):
            for index, piece in enumerate(phrase.pieces):
                self._uses[self._piece(piece, known)].append((number, index))
        for word in lexicon.negations:
            self._negation[self._piece(word, known)] = True
        self._link()

    def _piece(self, written: str, known: dict[tuple[str, bool], int]) -> int:
        text, open_end = written.removesuffix("*"), written.endswith("*")
        if not text:
            raise ValueError("lexicon: an empty piece of a phrase")
        if (text, open_end) in known:
            return known[text, open_end]
        state = 0
        for char in text:
            if char not in self._steps[state]:
                self._steps[state][char] = len(self._steps)
                self._steps.append({})
                self._out.append([])
            state = self._steps[state][char]
        number = known[text, open_end] = len(self._pieces)
        whole_end = not open_end and _is_latin(text[-1])
        self._pieces.append((len(text), _is_latin(text[0]) and text != "n't", whole_end))
        self._uses.append([])
        self._negation.append(False)
        self._out[state].append(number)
        return number

    def _link(self) -> None:
        """Give each state the steps and outputs of its longest proper suffix, but not the root's steps."""
        fail = [0] * len(self._steps)
        queue = deque(self._steps[0].values())
        while queue:
            state = queue.popleft()
            for char, child in self._steps[state].items():
                back = fail[state]
                fail[child] = self._steps[back].get(char) or self._steps[0].get(char, 0)
                queue.append(child)
            if fail[state]:
                self._out[state] = self._out[state] + self._out[fail[state]]
                own = dict(self._steps[state])
                # Children are queued from the trie's own steps above; only now may borrowed ones be added.
                self._steps[state] = {**self._steps[fail[state]], **own}

    def find(self, text: str) -> tuple[list[_Hit], dict[int, int]]:
        """All phrases in the text, and the places where negations end (end -> start)."""
        hits: list[_Hit] = []
        negations: dict[int, int] = {}
        open_gaps: dict[tuple[int, int], tuple[int, int]] = {}
        steps, root, out, last = self._steps, self._steps[0], self._out, len(text)
        state = 0
        for at, char in enumerate(text):
            state = steps[state].get(char) or root.get(char, 0)
            if not out[state]:
                continue
            end = at + 1
            for number in out[state]:
                length, whole_start, whole_end = self._pieces[number]
                start = end - length
                if (whole_start and start and _is_latin(text[start - 1])) or (
                    whole_end and end < last and _is_latin(text[end])
                ):
                    continue
                if self._negation[number]:
                    negations[end] = start
                for phrase_number, index in self._uses[number]:
                    phrase = self.lexicon.phrases[phrase_number]
                    begin = start
                    if index:
                        before = open_gaps.get((phrase_number, index - 1))
                        if before is None or not 0 <= start - before[1] <= GAP:
                            continue
                        if not _CLAUSE_END.isdisjoint(text[before[0] + 1 : end]):
                            continue
                        begin = before[0]
                    if index + 1 == len(phrase.pieces):
                        hits.append(_Hit(phrase, begin, end))
                    else:
                        open_gaps[phrase_number, index] = (begin, end)
        return hits, negations


def _is_latin(char: str) -> bool:
    return char.isalnum() and char < "\u0250"


@cache
def _machine() -> _Machine:
    return _Machine(load_lexicon())
