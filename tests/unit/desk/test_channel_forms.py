"""Forms of channels: each setting has its words, what was kept comes back as it was, what is wrong is said in words."""

import ast
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr, ValidationError

import channels
from channels.registry import load_kinds
from hub.web.desk.channels.forms import (
    SAME_LOGIN,
    explain,
    join_login,
    part_login,
    read_form,
    show_form,
    sort_of,
)
from hub.web.desk.say.channel_settings import ABOUT, CHOICES, GROUPS, WORDS, WRONG
from hub.web.desk.say.language import Voice

EN, ZH = Voice(locale="en"), Voice(locale="zh_CN")
KINDS = load_kinds()
MAIL: dict[str, Any] = {
    "address": "support@shop.example",
    "imap_host": "imap.shop.example",
    "imap_port": 1143,
    "smtp_host": "smtp.shop.example",
    "folders": ["INBOX", "Orders"],
    "burst_minutes": 2.5,
    "quote_history": False,
    "acknowledge": True,
    "signature": "Shop\nMain Street 1",
    "after_reading": "keep",
}
TABLES: dict[str, dict[str, Any]] = {
    "email": MAIL,
    "webform": {
        "title_zh": "报修",
        "ticket_kind": "request",
        "allowed_origins": ["https://www.shop.example"],
    },
    "webchat": {"burst": 5, "language": "zh_CN"},
    "telegram": {"webhook": True},
    "api": {"callback_url": "https://erp.example/hook", "timeout_seconds": 5.0},
    "loopback": {"password": "shut"},
}


def typed(kind: str, table: Mapping[str, Any] | None, secrets: tuple[str, ...] = ()) -> dict[str, str]:
    """What a browser sends of the form as it is shown."""
    parts = show_form(EN, kind, KINDS[kind].settings, table, secrets=secrets)
    return {
        field.name: field.value
        for part in parts
        for field in part.fields
        if field.sort != "switch" or field.ticked
    }


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_setting_has_its_words_and_its_place(kind: str) -> None:
    fields = KINDS[kind].settings.model_fields
    names = {name for name, info in fields.items() if sort_of(name, info) != "page"}
    placed = [name for group in GROUPS[kind] for name in group.names if name != SAME_LOGIN]
    assert sorted(placed) == sorted(names)
    assert all((kind, name) in WORDS for name in names) and kind in ABOUT
    for name, info in KINDS[kind].settings.model_fields.items():
        if sort_of(name, info) == "choice":
            shown = next(
                field
                for part in show_form(ZH, kind, KINDS[kind].settings, {})
                for field in part.fields
                if field.name == name
            )
            assert set(dict(shown.options)) == set(CHOICES[kind, name])


def test_what_kinds_find_wrong_is_said_in_words() -> None:
    said = set()
    for path in Path(inspect.getfile(channels)).parent.glob("*/settings.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ValueError":
                said.add(ast.literal_eval(node.args[0]))
    assert len(said) > 10
    assert said - set(WRONG) == set()


@pytest.mark.parametrize("kind", sorted(TABLES))
def test_what_was_kept_comes_back_as_it_was(kind: str) -> None:
    assert read_form(KINDS[kind].settings, typed(kind, TABLES[kind]))[0] == TABLES[kind]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_form_that_nobody_touched_keeps_nothing_but_first_values(kind: str) -> None:
    table, secrets = read_form(KINDS[kind].settings, typed(kind, None))
    assert secrets == {} and table == ({"take_days": 7} if kind == "email" else {})


@given(
    port=st.integers(1, 65535), days=st.integers(0, 36500), minutes=st.sampled_from([0.0, 0.25, 2.5, 10.0, 1440.0]),
    folders=st.lists(st.sampled_from(["INBOX", "Orders", "收件箱", "a b", "x,y", "x=y", "-"]), min_size=1, unique=True),
    acknowledge=st.booleans(), quote=st.booleans(),
)  # fmt: skip
def test_any_settings_mean_the_same_after_the_form(
    port: int, days: int, minutes: float, folders: list[str], acknowledge: bool, quote: bool
) -> None:
    kind = KINDS["email"].settings
    table = {
        **MAIL, "imap_port": port, "take_days": days, "burst_minutes": minutes, "folders": folders,
        "acknowledge": acknowledge, "quote_history": quote,
    }  # fmt: skip
    again, _ = read_form(kind, typed("email", table))
    assert kind.model_validate(again) == kind.model_validate(table)


def test_what_a_preset_brings_is_not_taken_from_the_form() -> None:
    form = typed("email", MAIL) | {"preset": "163", "imap_password": "code", "smtp_password": "stale"}
    table, secrets = read_form(KINDS["email"].settings, form)
    made = KINDS["email"].settings.model_validate({**table, **secrets})
    assert made.imap_host == "imap.163.com" and secrets == {"imap_password": "code"}  # type: ignore[attr-defined]


def test_one_login_for_both_servers_or_two() -> None:
    kept, secrets = join_login({**MAIL}, {"imap_password": "one"}, same=True)
    assert kept["smtp_user"] == MAIL["address"] and secrets["smtp_password"] == "one"
    assert part_login(kept, secrets)[SAME_LOGIN] is True
    kept, secrets = join_login(
        {**MAIL, "smtp_user": "relay"}, {"imap_password": "one", "smtp_password": "two"}, same=False
    )
    assert (kept["smtp_user"], secrets["smtp_password"]) == ("relay", "two")
    assert part_login(kept, secrets)[SAME_LOGIN] is False
    # A relay that takes letters without a login is not given one.
    assert part_login(MAIL, {"imap_password": "one"})[SAME_LOGIN] is False


def test_a_secret_is_never_in_the_form() -> None:
    parts = show_form(EN, "telegram", KINDS["telegram"].settings, {"token": "1:AAA"}, secrets=["token"])
    (token,) = [field for part in parts for field in part.fields if field.name == "token"]
    assert (token.value, token.kept, token.required) == ("", True, False)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("imap_port", "0", "At least 1."),
        ("imap_port", "many", "A number is needed here."),
        ("poll_seconds", "0", "More than 0."),
        ("take_days", "99999999", "At most 36500."),
        ("address", "Shop <a@b.c>", "must be a plain address such as"),
        ("signature", "x" * 2001, "At most 2000 characters."),
        ("oauth_tenant", "a b", "It is not written as it must be."),
    ],
)
def test_what_is_wrong_is_said_beside_its_setting(name: str, value: str, said: str) -> None:
    table, _ = read_form(KINDS["email"].settings, typed("email", MAIL) | {name: value})
    with pytest.raises(ValidationError) as refused:
        KINDS["email"].settings.model_validate(table)
    troubles, _ = explain(EN, refused.value)
    assert troubles[name].startswith(said)
    assert explain(ZH, refused.value)[0][name] != troubles[name]


def test_a_kind_that_others_ship_has_a_form_too() -> None:
    class Fax(BaseModel):
        number: str = Field(description="as it is dialled")
        pin: SecretStr = SecretStr("")

    (part,) = show_form(EN, "fax", Fax, None)
    assert [(one.label, one.help, one.sort, one.required) for one in part.fields] == [
        ("Number", "as it is dialled", "text", True),
        ("Pin", "", "secret", False),
    ]
