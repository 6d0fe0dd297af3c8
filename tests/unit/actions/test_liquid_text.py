"""Texts with something to fill in: what is put in is never read again, what is wrong is told, and none does too much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.clean import clean_line
from hub.actions.answers.liquid_text import (
    MOST_OUTPUT,
    Trouble,
    fill_in_liquid,
    find_troubles,
)
from hub.actions.answers.placeholders import PLACEHOLDERS

LI = dict.fromkeys(PLACEHOLDERS, "") | {"customer.name": "Li", "ticket.number": "T-10019"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Dear {{customer.name}},", "Dear Li,"),
        ("Dear {{ customer.name | default: 'customer' }},", "Dear Li,"),
        ("{{ ticket.subject | default: 'your question' }}", "your question"),
        ("{% if agent.name %}I am {{agent.name}}{% else %}We{% endif %}", "We"),
        ("{{ customer.name | upcase }} {{ customer.name | append: '!' }}", "LI Li!"),
        ("{% assign who = customer.name %}{{ who }}", "Li"),
        ("{% raw %}{{customer.name}}{% endraw %}", "{{customer.name}}"),
        ("1/2, {one} and }}", "1/2, {one} and }}"),
    ],
)
def test_a_text_is_filled_in(body: str, text: str) -> None:
    assert find_troubles(body) == []
    assert fill_in_liquid(body, LI) == text


@given(st.text())
def test_a_value_is_words_whatever_stands_in_it(name: str) -> None:
    filled = fill_in_liquid("<{{customer.name}}|{{ customer.name | strip }}>", LI | {"customer.name": name})
    cleaned = clean_line(name, 300)
    assert filled == f"<{cleaned}|{cleaned.strip()}>"


@given(st.text(alphabet="{}%|'\":. \n0a1customernameif", max_size=200))
def test_whatever_is_written_is_text_or_trouble(body: str) -> None:
    find_troubles(body)
    assert isinstance(fill_in_liquid(body, LI), str)


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        ("Dear {{customer.nick}}", Trouble(code="unknown_name", line=1, what="customer.nick")),
        ("Dear\n{{customer.name.first}}", Trouble(code="unknown_name", line=2, what="customer.name.first")),
        ("a\n{{ today | date: '%Y' }}", Trouble(code="unknown_filter", line=2, what="date")),
        ("a\nb\n{% include 'x' %}", Trouble(code="unknown_tag", line=3, what="include")),
        ("{% render 'x' %}", Trouble(code="unknown_tag", line=1, what="render")),
        ("{{ customer.name", Trouble(code="unreadable", line=1, what="{{ customer.name")),
        ("{% if today %}x", Trouble(code="unreadable")),
        (
            "{% for a in (1..1000) %}{% for b in (1..1000) %}x{% endfor %}{% endfor %}",
            Trouble(code="too_much", line=1),
        ),
        ("{% for a in (1..100000000000) %}x{% endfor %}", Trouble(code="too_much", line=1)),
        (
            "{% for a in (1..100000000000) %}{% if a == 0 %}{% endif %}{% endfor %}",
            Trouble(code="too_much", line=1),
        ),
        (
            "{% assign x = today %}{% for a in (1..99) %}{% assign x = x | append: x %}{% endfor %}",
            Trouble(code="too_much", line=1),
        ),
        (
            "{% capture x %}" + "x" * 9000 + "{% endcapture %}{{ x " + "| append: x " * 800 + "| size }}",
            Trouble(code="too_much", line=1),
        ),
        ("{{ today | truncate: " + "9" * 5000 + " }}", None),
        ("{% if a %}" * 40 + "{% endif %}" * 40, None),
    ],
)
def test_what_is_wrong_is_found_when_it_is_written(body: str, trouble: Trouble | None) -> None:
    found = find_troubles(body)
    assert len(found) == 1
    assert trouble is None or found == [trouble]
    # What was kept before anybody looked is still sent: as words.
    assert len(fill_in_liquid(body, LI)) < MOST_OUTPUT


def test_a_text_of_old_that_is_no_liquid_keeps_its_placeholders() -> None:
    assert fill_in_liquid("{{7*7}} {{customer.name}} {{nobody}}", LI) == "{{7*7}} Li {{nobody}}"
    assert fill_in_liquid("{{customer.nick}} {{customer}}", LI) == "{{customer.nick}} {{customer}}"
