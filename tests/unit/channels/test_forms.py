"""Forms that are built: what a definition may be, what is asked of whom, what is wrong with a post, and how it is kept."""

import base64
import gzip
import itertools
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from altcha import Challenge, Payload, solve_challenge
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.adapter import RawItem
from channels.webform.check import check
from channels.webform.conditions import asked
from channels.webform.fields import (
    MOST_FIELDS,
    FormDefinition,
    FormField,
    Kind,
    Option,
    Said,
    When,
    fits_mask,
)
from channels.webform.pack import pack, pack_more
from channels.webform.page import FILES, PageState, show_form
from channels.webform.presets import PRESETS, complaint, usual
from channels.webform.proof import new_challenge, read_proof
from channels.webform.settings import WebformSettings
from channels.webform.submission import Posted, PostedFile
from channels.webform.translate import translate
from hub.model.interactions import InboundInteraction

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SECRET = b"s" * 32
COMPLAINT = {
    "about": "product",
    "what_happened": "The lid broke.\x00\nHot water everywhere.",
    "happened_on": "2026-11-20",
    "order_number": " A-7 ",
    "product": "Kettle 2",
    "remedy": "refund",
    "name": "Li\r\nBcc: evil@x",
    "email": "Li@Example.cn",
}


def field(key: str, kind: Kind = Kind.SHORT, **more: Any) -> FormField:
    return FormField(key=key, kind=kind, label=Said(en=key, zh=key), **more)


def form(*fields: FormField, **more: Any) -> FormDefinition:
    return FormDefinition(fields=fields, **more)


def wrong(definition: FormDefinition, **said: str) -> dict[str, str]:
    found = check(Posted(fields=said), definition, region="CN")
    return {one.field: one.word for one in found}


def kept(definition: FormDefinition, said: dict[str, str], **more: Any) -> InboundInteraction:
    item = pack(
        Posted(fields=said, files=more.pop("files", ())),
        definition,
        external_key="page.1",
        received_at=NOW,
        language=more.pop("language", "en"),
        meta={},
        **more,
    )
    return translate(item, WebformSettings())


def test_a_complaint_asks_what_a_complaint_needs() -> None:
    assert wrong(complaint()) == {
        "email": "need_contact",
        "about": "need_choice",
        "what_happened": "need_message",
        "happened_on": "need_answer",
        "remedy": "need_choice",
        "name": "need_answer",
    }
    assert wrong(complaint(), **COMPLAINT) == {}
    # What exactly is asked for is asked only of whom no other remedy fits.
    assert wrong(complaint(), **COMPLAINT | {"remedy": "other"}) == {"remedy_words": "need_answer"}


def test_a_complaint_is_kept_with_its_labels_in_both_languages() -> None:
    evidence = PostedFile(filename="../a.jpg", content_type="image/jpeg", data=b"x", field="evidence")
    said = kept(complaint(), COMPLAINT, files=(evidence,), ticket_kind="complaint")
    assert said.text == "The lid broke.\nHot water everywhere."
    assert (said.sender.name, said.reply_address) == ("Li Bcc: evil@x", "li@example.cn")
    assert said.hints == {"topic": "product", "kind": "complaint"}
    assert said.thread.key == "page.1"
    assert {key: one for key, one in said.fields.items() if key != "answers"} == {
        "order_number": "A-7",
        "email": "Li@Example.cn",
    }
    assert [(one["labels"]["zh"], one["said"]) for one in said.fields["answers"]] == [
        ("您要投诉哪方面的问题？", {"en": "A product", "zh": "产品"}),
        ("发生时间", "2026-11-20"),
        ("涉及的产品", "Kettle 2"),
        ("您希望如何解决？", {"en": "My money back", "zh": "退款"}),
    ]
    assert [(one.filename, one.data) for one in said.attachments] == [("a.jpg", b"x")]
    assert not any(one.verified for one in said.sender.identities)


def test_a_hidden_field_neither_blocks_nor_is_kept() -> None:
    said = COMPLAINT | {"about": "service", "remedy_words": "a" * 9999}
    assert wrong(complaint(), **said) == {}
    keys = [one["key"] for one in kept(complaint(), said).fields["answers"]]
    assert "product" not in keys and "remedy_words" not in keys


def test_what_hangs_on_a_hidden_field_is_hidden_too() -> None:
    chain = form(
        field("a"),
        field("b", when=When(field="a", test="filled")),
        field("c", when=When(field="b", test="contains", value="X"), required=True),
        field("d", when=When(field="b", test="is_not", value="x")),
    )
    shown = {
        (): "a", (("b", "x"), ("c", "1")): "a", (("a", "1"), ("b", "x")): "abc", (("a", "1"), ("b", "y")): "abd",
    }  # fmt: skip
    for said, keys in shown.items():
        assert "".join(one.key for one in asked(chain, dict(said))) == keys


KEYS = ("a", "b", "c", "constructor", "tostring")
_whens = st.none() | st.builds(
    When,
    field=st.sampled_from(KEYS),
    test=st.sampled_from(["is", "is_not", "contains", "filled"]),
    value=st.sampled_from(["", "x", "y"]),
)


@st.composite
def forms(draw: Any) -> FormDefinition:
    fields: list[FormField] = []
    for key in KEYS[: draw(st.integers(1, len(KEYS)))]:
        when = draw(_whens)
        above = {one.key for one in fields}
        options = (Option(value="x"), Option(value="y"))
        kind = draw(
            st.sampled_from([Kind.SHORT, Kind.LONG, Kind.CHOICE, Kind.CHOICES, Kind.DATE, Kind.NUMBER])
        )
        if when is not None and (when.field not in above or when.value == ""):
            when = None
        listed = options if kind in (Kind.CHOICE, Kind.CHOICES) else ()
        fields.append(field(key, kind, options=listed, required=draw(st.booleans()), when=when))
    return form(*fields)


@given(forms(), st.dictionaries(st.sampled_from((*KEYS, "__proto__", "zzz")), st.text(max_size=60)))
@settings(max_examples=60, deadline=None)
def test_whatever_is_posted_is_answered_and_what_passes_can_be_kept(
    definition: FormDefinition, said: dict[str, str]
) -> None:
    """Problems are named only for fields that are asked; what has none is kept, shown and read again without a fault."""
    keys = {one.key for one in asked(definition, said)}
    problems = check(Posted(fields=said), definition, region="CN")
    assert {one.field for one in problems} <= keys | {""}
    show_form(
        "x", WebformSettings(form=definition), PageState(language="zh_CN", new_pass="p"), said, problems
    )
    if not problems:
        answers = kept(definition, said).fields.get("answers", [])
        assert {one["key"] for one in answers} <= keys


@pytest.mark.parametrize(
    ("definition", "word"),
    [
        ({"fields": []}, "too_short"),
        ({"fields": [{"key": "__proto__", "kind": "short", "label": {"en": "x"}}]}, "key"),
        ({"fields": [{"key": "website", "kind": "short", "label": {"en": "x"}}]}, "key"),
        ({"fields": [{"key": "dataset", "kind": "short", "label": {"en": "x"}}]}, "key"),
        ({"fields": [{"key": "a", "kind": "short", "label": {}}]}, "label"),
        ({"fields": [{"key": "a", "kind": "choice", "label": {"en": "x"}}]}, "options"),
        ({"fields": [{"key": "a", "kind": "heading", "label": {"en": "x"}}]}, "nothing_asked"),
        ({"fields": [{"key": "a", "kind": "short", "label": {"en": "x"}}] * 2}, "a: key_twice"),
        ({"fields": [{"key": "a", "kind": "short", "label": {"en": "x"}, "means": "email"}]}, "means_other"),
        ({"fields": [{"key": "a", "kind": "short", "label": {"en": "x"}, "means": "__class__"}]}, "means"),
        ({"fields": [{"key": "a", "kind": "consent", "label": {"en": "x"}, "link": "javascript:x"}]}, "link"),
        (
            {"fields": [{"key": "a", "kind": "short", "label": {"en": "x"}, "when": {"field": "a"}}]},
            "a: when_above",
        ),
        ({"fields": [{"key": "a", "kind": "short", "label": {"en": "x"}}], "contact": "either"}, "contact"),
        ({"fields": [{"key": "a", "kind": "short", "label": {"en": "x"}}], "hints": {"evil": "x"}}, "hint"),
    ],
)
def test_definitions_that_are_refused(definition: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError) as trouble:
        FormDefinition.model_validate(definition)
    said = trouble.value.errors()[0]
    assert word in (said["type"], str(said.get("ctx", {}).get("error", "")))


def test_a_form_has_sixty_fields_at_the_most() -> None:
    most = [field(f"f{number}") for number in range(MOST_FIELDS)]
    assert len(form(*most).fields) == MOST_FIELDS
    with pytest.raises(ValidationError):
        form(*most, field("one_more"))


@pytest.mark.parametrize(
    ("asks", "value", "word"),
    [
        (field("a", Kind.DATE), "2026-02-30", "bad_date"),
        (field("a", Kind.DATE), "0001-01-01", "bad_date"),
        (field("a", Kind.NUMBER), "1e999999999", "bad_number"),
        (field("a", Kind.NUMBER), "NaN", "bad_number"),
        (field("a", Kind.NUMBER), "1,200.5", ""),
        (field("a", Kind.EMAIL), "li@", "bad_email"),
        (field("a", Kind.PHONE), "12", "bad_phone"),
        (field("a", Kind.ORDER, mask="@@-####"), "HZ-2041", ""),
        (field("a", Kind.ORDER, mask="@@-####"), "HZ-２０４１", "bad_order"),
        (field("a", Kind.RATING), "6", "bad_kind"),
        (field("a", Kind.RATING), "5", ""),
        (field("a", Kind.CHOICES, options=(Option(value="x"), Option(value="y"))), "x\ny", ""),
        (field("a", Kind.CHOICES, options=(Option(value="x"),)), "x\nz", "bad_kind"),
        (field("a", Kind.CONSENT, required=True), "no", "need_consent"),
        (field("a", Kind.SHORT, required=True), "\x00\u202e ", "need_answer"),
        (field("a", Kind.SHORT, most=5), "123456", "too_long"),
    ],
)
def test_each_sort_of_answer(asks: FormField, value: str, word: str) -> None:
    assert wrong(form(asks), a=value).get("a", "") == word


def test_consent_is_kept_with_its_text_and_version() -> None:
    consent = FormField(
        key="policy",
        kind=Kind.CONSENT,
        label=Said(en="I have read it.", zh="我已阅读。"),
        required=True,
        version=3,
    )
    said = kept(form(field("a"), consent), {"a": "x", "policy": "yes"})
    assert said.fields["answers"][1] == {
        "key": "policy",
        "labels": {"en": "I have read it.", "zh": "我已阅读。"},
        "said": {"en": "Agreed (version 3)", "zh": "已同意（第 3 版）"},
        "consent": 3,
    }


def test_a_form_without_a_message_is_read_out() -> None:
    rating = form(field("liked", Kind.RATING), field("why"))
    assert kept(rating, {"liked": "5", "why": "fast"}).text == "liked: 5 / 5\nwhy: fast"
    assert wrong(rating) == {"": "empty"}


def test_what_comes_later_goes_to_the_same_conversation() -> None:
    item = pack_more("More.", (), thread="page.1", external_key="follow.2", name="", received_at=NOW, meta={})
    said = translate(item, WebformSettings())
    assert (said.text, said.thread.key, said.sender.identities) == ("More.", "page.1", ())


def test_items_from_before_forms_could_be_built_are_still_read() -> None:
    first = {"fields": {"message": "x", "email": "a@b.cn", "kind": "complaint"}, "files": []}
    said = translate(
        RawItem(external_key="k", content=orjson.dumps(first), received_at=NOW), WebformSettings()
    )
    assert (said.text, said.hints, said.fields) == (
        "x", {"kind": "complaint"}, {"kind": "complaint", "email": "a@b.cn"},
    )  # fmt: skip


def test_the_form_that_nobody_built_is_the_one_that_there_always_was() -> None:
    keys = [one.key for one in usual().fields]
    assert keys == ["name", "email", "phone", "kind", "subject", "order_number", "message", "files"]
    assert "kind" not in [one.key for one in WebformSettings(ticket_kind="complaint").asks.fields]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_speak_both_languages(name: str) -> None:
    for one in PRESETS[name]().fields:
        texts = [one.label, *(option.label for option in one.options)]
        assert all(said.en and said.zh and said.en != said.zh for said in texts)


def test_masks_are_read_once() -> None:
    assert fits_mask("#" * 40, "1" * 40)
    assert not fits_mask("#" * 40, "1" * 39 + "x")


def solved(challenge: str) -> str:
    given = Challenge.from_dict(orjson.loads(challenge))
    solution = solve_challenge(given)
    assert solution is not None
    return Payload(challenge=given, solution=solution).to_base64()


def test_work_counts_for_its_form_its_hub_and_its_time() -> None:
    now = datetime.now(UTC)
    value = solved(new_challenge(SECRET, "shop", now))
    assert read_proof(SECRET, "shop", value) is not None
    assert read_proof(SECRET, "other", value) is None
    assert read_proof(b"t" * 32, "shop", value) is None
    assert read_proof(SECRET, "shop", solved(new_challenge(SECRET, "shop", NOW.replace(year=2020)))) is None
    payload = orjson.loads(base64.b64decode(value))
    payload["solution"]["counter"] += 1
    assert read_proof(SECRET, "shop", base64.b64encode(orjson.dumps(payload)).decode()) is None


@given(
    st.text(max_size=50) | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(repr)
)
def test_nothing_else_is_work(value: str) -> None:
    assert read_proof(SECRET, "shop", value) is None
    assert read_proof(SECRET, "shop", base64.b64encode(value.encode("utf-8", "replace")).decode()) is None


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"challenge": None},
        {"challenge": {"parameters": {}}, "solution": {}},
        [],
        7,
        {"challenge": [], "solution": 1},
    ],
)
def test_hostile_work(given: Any) -> None:
    assert read_proof(SECRET, "shop", base64.b64encode(orjson.dumps(given)).decode()) is None


def test_scripts_stay_small() -> None:
    sizes = {name: len(gzip.compress(body, mtime=0)) for name, (body, _) in FILES.items()}
    assert sizes["embed.js"] <= 2048
    assert sizes["form.js"] + sizes["solve.js"] <= 4096


def test_every_condition_is_said_for_people_without_scripts() -> None:
    for name, language in itertools.product(PRESETS, ("en", "zh_CN")):
        definition = PRESETS[name]()
        page = show_form("x", WebformSettings(form=definition), PageState(language=language, new_pass="p"))
        assert page.count('class="when"') == sum(one.when is not None for one in definition.fields)
