"""What a survey may ask, and what scores add up to."""

from typing import Any

import pytest
from pydantic import ValidationError

from hub.actions.surveys.definition import PRESETS, Definition, Kind
from hub.actions.surveys.report import add_up
from storage.survey_report import FigureRow


@pytest.mark.parametrize(
    "wrong",
    [
        {"low": 5}, {"low": -1}, {"question": {"en": " ", "zh": ""}}, {"name": ""}, {"kind": "stars"}, {"minutes": -1},
        {"further": [{"key": "score", "sort": "text", "label": {"en": "x", "zh": ""}}]},
        {"further": [{"key": "a", "sort": "choice", "label": {"en": "x", "zh": ""}}]},
        {"further": [{"key": "a", "sort": "scale", "label": {"en": "", "zh": ""}}]},
        {"further": [{"key": "a", "sort": "text", "label": {"en": "x", "zh": ""}}] * 2},
        {"reasons": [{"value": "a"}, {"value": "a"}]}, {"follow_up": True}, {"cool_down_days": 400}, {"surprise": 1},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Definition.model_validate({**PRESETS[Kind.CSAT].model_dump(mode="json"), **wrong})


def test_one_of_each_kind_is_ready_in_both_languages() -> None:
    for kind, one in PRESETS.items():
        assert Definition.model_validate(one.model_dump(mode="json")) == one and one.kind is kind
        words = [one.question, one.lowest, one.highest, *(each.label for each in one.further)]
        words += [each.label for each in one.reasons]
        assert all(said.en and said.zh for said in words)


def test_promoters_less_detractors() -> None:
    """Ten answers, five of them 9 or 10, three 0 to 6, and two who said nothing."""
    rows = [(9, 2), (10, 3), (7, 1), (8, 1), (0, 1), (6, 2), (None, 2)]
    (made,) = add_up(Kind.NPS, [FigureRow(key="a", score=score, times=times) for score, times in rows])
    assert (made.asked, made.answered, made.good, made.bad, made.nps) == (12, 10, 5, 3, 20.0)
    assert made.rate == pytest.approx(10 / 12)


def test_an_average_and_the_shares_at_both_ends() -> None:
    rows = [FigureRow(key="", score=score, times=times) for score, times in ((1, 1), (4, 2), (5, 1))]
    (made,) = add_up(Kind.CSAT, rows)
    assert (made.average, made.good, made.bad, made.nps) == (3.5, 3, 1, None)
    (nobody,) = add_up(Kind.CES, [FigureRow(key="", score=None, times=4)])
    assert (nobody.asked, nobody.answered, nobody.average, nobody.rate) == (4, 0, None, 0.0)
