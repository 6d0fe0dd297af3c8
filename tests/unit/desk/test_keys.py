"""The table of keys: nothing in it disputes with anything else, and what agents choose does not either."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.actions.people.own_keys import KeysRefused
from hub.model.keys import BY_NAME, COMMANDS, BadKeys, are_off, caps, choose_keys, keys_in_use
from hub.web.desk.say.keys import GROUPS, NAMES, caps_of, key_table, say_keys_refused, show_keys, sought
from hub.web.desk.say.language import Voice

EN, ZH = Voice(locale="en"), Voice(locale="zh_CN")
# As the screens' document has them.
LAW = {
    "palette": "$mod+KeyK", "help": "Shift+Slash", "next": "KeyJ", "previous": "KeyK", "open": "KeyO", "back": "KeyU",
    "select": "KeyX", "select_range": "Shift+KeyX", "reply": "KeyR", "note": "KeyN", "assign": "KeyA", "take": "KeyI",
    "resolve": "KeyE", "resolve_next": "Shift+KeyE", "snooze": "KeyZ", "tag": "KeyT", "priority": "KeyP", "macro": "KeyM",
    "go_inbox": "KeyG KeyI", "go_unassigned": "KeyG KeyU", "go_all": "KeyG KeyA", "go_customers": "KeyG KeyC",
    "go_rules": "KeyG KeyR", "search": "Slash", "send": "$mod+Enter", "send_resolve_next": "$mod+Shift+Enter",
    "undo": "$mod+KeyZ", "list_pane": "BracketLeft", "customer_pane": "BracketRight", "copy_number": "Period", "theme": "KeyD",
}  # fmt: skip
PLACES = [f"Key{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"] + ["Slash", "Period", "Digit1"]


def _dispute(in_use: dict[str, str]) -> list[tuple[str, str]]:
    """By looking at every pair."""
    taken = [(name, keys.split()) for name, keys in in_use.items() if keys]
    return [
        (one, other)
        for (one, mine), (other, theirs) in itertools.combinations(taken, 2)
        if mine == theirs[: len(mine)] or theirs == mine[: len(theirs)]
    ]


def test_the_usual_keys_are_those_of_the_law_and_none_disputes() -> None:
    usual = keys_in_use({})
    assert {name: usual[name] for name in LAW} == LAW
    assert _dispute(usual) == []
    assert not any("Alt" in keys for keys in usual.values())


def test_every_command_has_its_words() -> None:
    assert set(NAMES) == set(BY_NAME) and set(GROUPS) == set(COMMANDS)
    for voice in (EN, ZH):
        table = key_table(voice, {})
        assert [one.name for _, commands in table for one in commands] == list(BY_NAME)
        assert len({one.title for _, commands in table for one in commands}) == len(BY_NAME)


@given(
    st.dictionaries(
        st.sampled_from(sorted(BY_NAME)),
        st.lists(st.sampled_from(PLACES + [f"Shift+{one}" for one in PLACES]), max_size=2).map(" ".join),
    )
)
def test_a_choice_is_taken_or_refused_but_never_disputes(wanted: dict[str, str]) -> None:
    try:
        kept = choose_keys(wanted, off=False)
    except BadKeys as refused:
        assert refused.command in wanted and refused.keys == wanted[refused.command]
        # What was refused really disputes.
        own = {name: keys for name, keys in wanted.items() if not BY_NAME[name].fixed}
        assert _dispute(keys_in_use({"keys": own}))
        return
    in_use = keys_in_use(kept)
    assert _dispute(in_use) == []
    for name, keys in wanted.items():
        assert in_use[name] == (BY_NAME[name].keys if BY_NAME[name].fixed else keys)


@pytest.mark.parametrize(
    "keys", ["Alt+KeyR", "$mod+KeyR", "Enter", "KeyA KeyB KeyC", "r", "Shift", "KeyR;x", "Escape"]
)
def test_what_is_no_key_of_ours_is_refused(keys: str) -> None:
    with pytest.raises(BadKeys) as refused:
        choose_keys({"reply": keys}, off=False)
    assert refused.value.other == ""


def test_a_refusal_names_both_commands() -> None:
    with pytest.raises(BadKeys) as refused:
        choose_keys({"reply": "KeyG"}, off=False)
    said = say_keys_refused(EN, KeysRefused(refused.value))
    assert said == "“Write a reply” cannot go by g: that is what “Go to my tickets” begins with."
    assert "回复" in say_keys_refused(ZH, KeysRefused(refused.value))


def test_keys_can_be_exchanged_taken_away_and_switched_off() -> None:
    kept = choose_keys({"reply": "KeyN", "note": "KeyR", "tag": "", "next": "KeyJ"}, off=True)
    assert kept == {"off": True, "keys": {"reply": "KeyN", "note": "KeyR", "tag": ""}}
    assert are_off(kept) and not are_off({})
    assert caps_of({}, "accept_offer") == [["Shift", "a"]] and caps_of(kept, "accept_offer") == []
    assert caps("") == [] and show_keys("") == ""


def test_commands_are_found_by_what_they_sound_like() -> None:
    words = sought("写内部备注").split()
    assert "xnbbz" in words and "xieneibubeizhu" in words
    # Whichever way it is read.
    assert {"cxdk", "zxdk"} <= set(sought("重新打开").split())
    assert sought("Refund") == "refund"
