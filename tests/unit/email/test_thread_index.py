"""Thread-Index: read, made one step longer, and nothing else ever reaches the header."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.compose import compose_letter
from channels.email.settings import EmailSettings
from channels.email.thread_index import MOST_STEPS, answer_index, read_thread_index
from hub.model.interactions import OutboundInteraction

SETTINGS = EmailSettings(address="support@shop.example", imap_host="i.example", smtp_host="s.example")
BEGAN = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
_TICKS = int((BEGAN - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
INDEX = base64.b64encode((_TICKS >> 16).to_bytes(6, "big") + b"0123456789abcdef").decode()
ANSWER = OutboundInteraction(
    interaction_id=1, ticket_code="T-10019", address="lin@customer.example", recipient_name="", author_name="", text="Yes.",
    queued_at=BEGAN + timedelta(hours=3), subject="Re: order [T-10019]", message_id="r.t1zk@shop.example",
    thread_topic="order", thread_index=INDEX,
)  # fmt: skip


def test_what_a_letter_has_is_read_however_it_is_folded() -> None:
    folded = INDEX[:10].encode() + b"\r\n\t" + INDEX[10:].rstrip("=").encode()
    assert read_thread_index(folded) == INDEX


@pytest.mark.parametrize("steps", [0, 1, MOST_STEPS - 1])
def test_each_answer_is_five_bytes_longer_and_the_same_every_time(steps: int) -> None:
    index = base64.b64encode(base64.b64decode(INDEX) + b"12345" * steps).decode()
    assert read_thread_index(index.encode()) == index
    made = answer_index(index, ANSWER.queued_at, "a@b.example")
    assert made == answer_index(index, ANSWER.queued_at, "a@b.example")
    assert base64.b64decode(made)[:-5] == base64.b64decode(index)


@pytest.mark.parametrize(
    ("passed", "bits", "code"), [(timedelta(hours=3), 18, 0), (timedelta(days=300), 18, 0), (timedelta(days=900), 23, 1)]
)  # fmt: skip
def test_the_time_that_passed_stands_in_it(passed: timedelta, bits: int, code: int) -> None:
    """[MS-OXOMSG] 2.2.1.3.1: in steps of 2^18 ticks of 100 ns, or of 2^23 where more than 1.7 years have passed."""
    step = int.from_bytes(base64.b64decode(answer_index(INDEX, BEGAN + passed, "a@b.example"))[-5:-1], "big")
    assert step >> 31 == code
    ticks = int(passed.total_seconds()) * 10_000_000
    # The beginning is kept without its last sixteen bits.
    assert (step & 0x7FFFFFFF) - (ticks >> bits) in (0, 1)


def test_an_answer_before_its_letter_took_no_time() -> None:
    made = base64.b64decode(answer_index(INDEX, BEGAN - timedelta(days=1), "a@b.example"))
    assert made[-5:-1] == bytes(4)


@given(st.binary(max_size=1200))
def test_whatever_is_read_is_base64_of_the_right_length_or_nothing(data: bytes) -> None:
    found = read_thread_index(data)
    assert not found or (len(base64.b64decode(found, validate=True)) - 22) % 5 == 0
    again = read_thread_index(base64.b64encode(data))
    assert not again or base64.b64decode(again) == data


@given(topic=st.text(max_size=80), index=st.one_of(st.just(INDEX), st.text(max_size=60)))
def test_nothing_else_reaches_a_header(topic: str, index: str) -> None:
    raw = compose_letter(replace(ANSWER, thread_topic=topic, thread_index=index), SETTINGS)
    names = {name.lower() for name in message_from_bytes(raw, policy=policy.compat32)}
    shown = {"thread-topic", "thread-index"} if read_thread_index(index.encode("ascii", "replace")) else set()
    assert names - {"date", "from", "to", "subject", "message-id", "mime-version", "content-type"} == shown


def test_a_letter_without_one_has_none_in_its_answer() -> None:
    assert b"Thread-" not in compose_letter(replace(ANSWER, thread_index=""), SETTINGS)
