"""What customers are asked: one main question with a score, a few more, and when, where and how often. Values that are
checked when they are made; nothing is kept and nothing is sent here.

CSAT (how satisfied, 1 to 5), NPS (would they recommend us, 0 to 10: Reichheld, "The one number you need to grow", 2003) and
CES (was it easy, 1 to 7: Dixon, Freeman, Toman, "Stop trying to delight your customers", 2010). A higher score is always the
better one.
"""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from channels.webform.fields import Option, Said

MOST_FURTHER = 8
MOST_REASONS = 12
MOST_COMMENT = 4000
"""Characters of a comment, or of an answer in words."""
FURTHER_SCALE = range(1, 6)
RESERVED = frozenset({"score", "comment", "reasons", "lang", "website", "step"})
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Kind(StrEnum):
    CSAT = "csat"
    NPS = "nps"
    CES = "ces"

    @property
    def scores(self) -> range:
        """What can be given, the worst first."""
        return _SCORES[self]


_SCORES: Mapping[Kind, range] = {Kind.CSAT: range(1, 6), Kind.NPS: range(11), Kind.CES: range(1, 8)}


class Sort(StrEnum):
    """How a further question is answered: by one of several, by a figure from 1 to 5, in words."""

    CHOICE = "choice"
    SCALE = "scale"
    TEXT = "text"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Further(_Part):
    """One more question; nobody has to answer it. `key` is its name in answers, for ever."""

    key: str
    sort: Sort
    label: Said
    options: tuple[Option, ...] = Field(default=(), max_length=20)

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        if not _KEY.fullmatch(value) or value in RESERVED:
            raise ValueError("key")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "Further":
        if not self.label:
            raise ValueError("label")
        if (self.sort is Sort.CHOICE) != bool(self.options):
            raise ValueError("options")
        if len({one.value for one in self.options}) < len(self.options):
            raise ValueError("options_twice")
        return self


class Definition(_Part):
    """One survey. `lowest` and `highest`: what stands at the ends of the scale. `channels` and `queues`: names of those where
    it is asked, empty for all. Asked `minutes` after the resolution, not sooner than `cool_down_days` after the customer was
    asked last, good for `good_days`. Scores up to `low` are low: `reasons` are offered and, with `follow_up`, a ticket of
    `follow_up_priority` is opened in `follow_up_queue`."""

    name: str = Field(min_length=1, max_length=100)
    kind: Kind
    question: Said
    lowest: Said = Said()
    highest: Said = Said()
    further: tuple[Further, ...] = Field(default=(), max_length=MOST_FURTHER)
    reasons: tuple[Option, ...] = Field(default=(), max_length=MOST_REASONS)
    channels: tuple[str, ...] = Field(default=(), max_length=200)
    queues: tuple[str, ...] = Field(default=(), max_length=200)
    minutes: int = Field(default=60, ge=0, le=14 * 1440)
    cool_down_days: int = Field(default=30, ge=0, le=365)
    good_days: int = Field(default=14, ge=1, le=90)
    low: int
    follow_up: bool = False
    follow_up_queue: str = ""
    follow_up_priority: int = Field(default=3, ge=1, le=4)

    @model_validator(mode="after")
    def _fits_together(self) -> "Definition":
        if not self.question:
            raise ValueError("question")
        if not self.kind.scores.start - 1 <= self.low < self.kind.scores.stop - 1:
            raise ValueError("low")
        for values in ([one.key for one in self.further], [one.value for one in self.reasons]):
            if len(set(values)) < len(values):
                raise ValueError("twice")
        if self.follow_up and not self.follow_up_queue:
            raise ValueError("follow_up_queue")
        return self

    def fits(self, channel: str, queue: str) -> bool:
        return (not self.channels or channel in self.channels) and (not self.queues or queue in self.queues)

    def is_low(self, score: int) -> bool:
        return score <= self.low


def in_words(
    definition: Definition, reasons: Collection[str], said: Mapping[str, str]
) -> list[dict[str, Any]]:
    """What was answered beside score and comment, as answers of a form are kept: {key, labels: {en, zh}, said}."""
    told = []
    for one in definition.further:
        if value := said.get(one.key):
            labels = {"en": one.label.say("en"), "zh": one.label.say("zh_CN")}
            told.append({"key": one.key, "labels": labels, "said": _in_words(one.options, value)})
    chosen = [one for one in definition.reasons if one.value in reasons]
    if chosen:
        words = {
            "en": ", ".join(one.say("en") for one in chosen),
            "zh": "、".join(one.say("zh_CN") for one in chosen),
        }
        told.append({"key": "reasons", "labels": {"en": "Reasons", "zh": "原因"}, "said": words})
    return told


def _in_words(options: tuple[Option, ...], value: str) -> str | dict[str, str]:
    found = next((one for one in options if one.value == value), None)
    return {"en": found.say("en"), "zh": found.say("zh_CN")} if found is not None else value


def _option(value: str, en: str, zh: str) -> Option:
    return Option(value=value, label=Said(en=en, zh=zh))


_REASONS = (
    _option("slow", "It took too long", "处理太慢"),
    _option("unsolved", "My problem is not solved", "问题没有解决"),
    _option("understood", "I was not understood", "没有理解我的问题"),
    _option("repeat", "I had to repeat myself", "需要反复说明"),
    _option("tone", "The tone was not right", "沟通态度不好"),
    _option("product", "It is about the product itself", "是产品本身的问题"),
)

PRESETS: Mapping[Kind, Definition] = {
    Kind.CSAT: Definition(
        name="CSAT",
        kind=Kind.CSAT,
        question=Said(en="How satisfied are you with our help?", zh="您对我们的服务满意吗？"),
        lowest=Said(en="Very dissatisfied", zh="非常不满意"),
        highest=Said(en="Very satisfied", zh="非常满意"),
        further=(
            Further(
                key="solved",
                sort=Sort.CHOICE,
                label=Said(en="Is your problem solved?", zh="您的问题解决了吗？"),
                options=(
                    _option("yes", "Yes", "已解决"),
                    _option("partly", "Partly", "部分解决"),
                    _option("no", "No", "没有解决"),
                ),
            ),
        ),
        reasons=_REASONS,
        low=2,
    ),
    Kind.NPS: Definition(
        name="NPS",
        kind=Kind.NPS,
        question=Said(
            en="How likely are you to recommend us to a friend or colleague?",
            zh="您有多大可能向朋友或同事推荐我们？",
        ),
        lowest=Said(en="Not at all likely", zh="完全不可能"),
        highest=Said(en="Extremely likely", zh="非常可能"),
        reasons=_REASONS,
        minutes=1440,
        cool_down_days=90,
        low=6,
    ),
    Kind.CES: Definition(
        name="CES",
        kind=Kind.CES,
        question=Said(
            en="“It was easy to get my problem solved.” Do you agree?",
            zh="“我的问题很容易就得到了解决。”您同意吗？",
        ),
        lowest=Said(en="Strongly disagree", zh="非常不同意"),
        highest=Said(en="Strongly agree", zh="非常同意"),
        reasons=_REASONS,
        low=3,
    ),
}
"""One of each kind, ready to be used."""

OF_CHANNEL = PRESETS[Kind.CSAT].model_copy(
    update={
        "name": "",
        "question": Said(en="How did we do?", zh="您对本次服务满意吗？"),
        "lowest": Said(en="Poor", zh="很不满意"),
        "highest": Said(en="Excellent", zh="非常满意"),
        "further": (),
        "cool_down_days": 0,
    }
)
"""What a channel asks whose own settings say so, where no survey of the desk fits."""
