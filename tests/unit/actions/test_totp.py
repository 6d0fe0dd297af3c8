"""Codes of an authenticator app, against the vectors of RFC 6238 and by property."""

import base64

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.actions.signin.totp import matching_step, picture_of, plain_code

SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {
    59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037",
    20000000000: "65353130",
}  # fmt: skip
"""RFC 6238, appendix B, SHA-1; of eight digits the last six are what six-digit apps show."""


@pytest.mark.parametrize(("at", "code"), VECTORS.items())
def test_the_vectors_of_the_rfc(at: int, code: str) -> None:
    assert matching_step(SECRET, code[-6:], at, after=0) == at // 30
    assert matching_step(SECRET, code, at, after=0) is None


@given(at=st.integers(10**9, 10**10), drift=st.integers(-3, 3), used=st.integers(-3, 3))
def test_a_code_opens_half_a_minute_early_or_late_and_never_at_or_before_one_that_was_used(
    at: int, drift: int, used: int
) -> None:
    step = at // 30
    code = pyotp.TOTP(SECRET).generate_otp(step + drift)
    found = matching_step(SECRET, code, at, after=step + used)
    assert (found is not None) == (abs(drift) <= 1 and drift > used)


@given(st.text(max_size=200))
def test_whatever_is_typed_is_no_code_and_breaks_nothing(typed: str) -> None:
    if not (len(plain_code(typed)) == 6 and plain_code(typed).isdigit()):
        assert matching_step(SECRET, typed, 10**9, after=0) is None


@pytest.mark.parametrize("typed", ["287 082", " 287082\n", "２８７０８２", "287-082"])
def test_a_code_as_people_and_input_methods_write_it(typed: str) -> None:
    assert matching_step(SECRET, typed, 59, after=0) == 1


def test_the_picture_is_a_whole_file_without_scripts_or_styles() -> None:
    picture = picture_of(SECRET, "ann&<b>")
    assert picture.startswith(b"<?xml") and b"xmlns" in picture
    assert not any(word in picture for word in (b"<script", b"style=", b"ann&<b>"))
