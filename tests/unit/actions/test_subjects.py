"""Prefixes of mail programs in many languages, and what is left of a subject without them."""

import pytest

from hub.model.subjects import base_subject, is_forward


@pytest.mark.parametrize(
    "subject",
    ["Fwd: x", "FW: x", "fw:x", "WG: x", "TR : x", "RV: x", "转发: x", "转发：x", "轉寄: x", "転送: x", "Enc: x",
     "  Fwd: Re: x", "FWD[2]: x", "I: x", "VB: x", "Doorst: x"],
)  # fmt: skip
def test_what_was_passed_on(subject: str) -> None:
    assert is_forward(subject) and base_subject(subject) == "x"


@pytest.mark.parametrize(
    "subject",
    ["Re: x", "RE:x", "AW: x", "Aw[3]: x", "Re(2): x", "SV: x", "Antw: x", "回复：x", "回复: x", "答复： x",
     "回覆: x", "返信: x", "Odp: x", "R: x", "Re: Fwd: x", "Re: Re: Re: x", "RES: x", "Re: [shop-list] x", "x [T-10019]",
     "Re: [T-10019] x", "X", " x  "],
)  # fmt: skip
def test_what_was_not(subject: str) -> None:
    assert not is_forward(subject) and base_subject(subject) == "x"


@pytest.mark.parametrize(
    "subject",
    ["Transport: x", "I am here: x", "Reparatur: x", "Fwdx: y", "转发本邮件", "tr x", "Answer: x", "Free: x"],
)
def test_words_that_only_begin_like_one(subject: str) -> None:
    assert not is_forward(subject)
    assert base_subject(subject) == " ".join(subject.casefold().split())


def test_nothing_is_left_of_nothing() -> None:
    assert [base_subject(one) for one in ("", "  ", "Re:", "Re: Fwd:", "[T-10019]")] == [""] * 5


def test_no_bait_takes_long() -> None:
    """Linear: only the first characters count, and only so many prefixes."""
    for bait in (
        "Re: " * 50_000,
        "[" * 200_000,
        "[a" * 100_000,
        "T-" * 100_000,
        " " * 200_000,
        "Re" + " " * 100_000 + ":",
    ):
        assert len(base_subject(bait)) <= 400
        is_forward(bait)
