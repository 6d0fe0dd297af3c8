"""A form while it is being built: every act keeps what was typed, and what is kept at last is a form."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.webform.fields import FormDefinition, Kind
from channels.webform.presets import PRESETS, complaint
from hub.web.desk.channels.form_draft import (
    Draft,
    add,
    as_form,
    draft_of,
    move,
    read_draft,
    read_options,
    remove,
)
from hub.web.desk.say.form_builder import TROUBLES


def as_posted(draft: Draft) -> dict[str, str]:
    """What a browser sends back of the page."""
    posted = {"count": str(len(draft.fields)), "contact": draft.contact, "ticket_kind": draft.ticket_kind}
    posted |= {"next_en": draft.next_en, "next_zh": draft.next_zh}
    posted |= {f"hint.{name}": value for name, value in draft.hints.items()}
    for place, field in enumerate(draft.fields):
        ticks = ("required", "half")
        posted |= {f"f{place}.{name}": value for name, value in field.items() if value or name not in ticks}
    return posted


@pytest.mark.parametrize("name", PRESETS)
def test_a_form_comes_back_from_the_page_as_it_went(name: str) -> None:
    before = PRESETS[name]()
    draft = read_draft(as_posted(draft_of(before, "complaint")))
    assert draft.ticket_kind == "complaint"
    assert as_form(draft, before) == (before, {})


def test_fields_are_added_moved_and_removed() -> None:
    draft = draft_of(complaint(), "")
    assert add(draft, Kind.SHORT) == len(draft.fields) - 1
    draft.fields[-1] |= {"label_en": "Colour", "label_zh": "颜色"}
    assert move(draft, len(draft.fields) - 1, 0) == 0
    remove(draft, 3)
    form, troubles = as_form(draft, None)
    assert form is not None and troubles == {}
    assert [one.key for one in form.fields][:4] == ["short", "about", "what_happened", "order_number"]


def test_what_is_wrong_is_said_beside_its_field() -> None:
    draft = draft_of(complaint(), "")
    draft.fields[0]["options"] = ""
    draft.fields[2]["key"] = "Two words"
    assert as_form(draft, None) == (None, {0: "options", 2: "key"})
    draft = draft_of(complaint(), "")
    move(draft, 7, 0)  # above what it depends on
    assert as_form(draft, None) == (None, {0: "when_above"})
    draft = draft_of(complaint(), "")
    draft.fields = [one for one in draft.fields if one["means"] not in ("email", "phone")]
    assert as_form(draft, None) == (None, {-1: "contact"})
    assert as_form(Draft(fields=[]), None) == (None, {-1: "nothing_asked"})


def test_a_changed_consent_has_the_next_version() -> None:
    draft = Draft(fields=[])
    add(draft, Kind.CONSENT)
    draft.fields[0] |= {"label_en": "I agree.", "key": "policy"}
    first, _ = as_form(draft, None)
    assert first is not None and first.fields[0].version == 1
    same, _ = as_form(draft_of(first, ""), first)
    assert same == first
    changed = draft_of(first, "")
    changed.fields[0] |= {"label_zh": "我同意。", "version": "1"}
    second, _ = as_form(changed, first)
    assert second is not None and second.fields[0].version == 2
    # Taken out and put back, even with the same words, it is none that somebody agreed to before.
    without = draft_of(second, "")
    add(without, Kind.SHORT)
    without.fields[1] |= {"label_en": "Name"}
    del without.fields[0]
    third, _ = as_form(without, second)
    assert third is not None and third.retired == {"policy": 2}
    fourth, _ = as_form(draft_of(third, ""), third)
    assert fourth == third
    again = draft_of(third, "")
    again.fields.append(dict(draft_of(second, "").fields[0]))
    fifth, _ = as_form(again, third)
    assert fifth is not None and (fifth.fields[1].version, fifth.retired) == (3, {})


def test_choices_keep_their_values() -> None:
    lines = "repair: A repair = 维修\nMoney back\n退款\n"
    assert [(one.value, one.label.en, one.label.zh) for one in read_options(lines)] == [
        ("repair", "A repair", "维修"), ("money_back", "Money back", "Money back"), ("field", "退款", "退款"),
    ]  # fmt: skip


_words = st.text(max_size=30)
_kinds = st.sampled_from([*(kind.value for kind in Kind), "evil", ""])


@given(
    st.lists(st.fixed_dictionaries({"kind": _kinds, "label_en": _words, "key": _words, "options": _words, "most": _words,
                                    "when_field": _words, "when_value": _words, "link": _words, "means": _words}), max_size=4),
    _words,
)  # fmt: skip
@settings(max_examples=50, deadline=None)
def test_whatever_is_sent_is_a_form_or_is_told_why_not(fields: list[dict[str, str]], contact: str) -> None:
    posted: dict[str, Any] = {"count": str(len(fields)), "contact": contact}
    for place, given_ in enumerate(fields):
        posted |= {f"f{place}.{name}": value for name, value in given_.items()}
    form, troubles = as_form(read_draft(posted), None)
    assert (form is None) == bool(troubles)
    assert isinstance(form, FormDefinition | None) and set(troubles.values()) <= set(TROUBLES)


@pytest.mark.parametrize("count", ["-1", "x", "", "999999999999", "²"])
def test_a_hostile_count_is_bounded(count: str) -> None:
    assert len(read_draft({"count": count}).fields) <= 61
