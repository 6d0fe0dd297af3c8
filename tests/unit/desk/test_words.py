"""Everything the desk says is said in Chinese too, and the catalogue holds nothing that is not said."""

import gzip
import hashlib
import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from hub.actions.lists.bulk import Done
from hub.web.desk.lists.bulk_words import say_done
from hub.web.desk.say.language import LOCALE_FOLDER, Voice, translations

WEB = LOCALE_FOLDER.parent
_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "count": (1, 2)}
_PLACES = [
    ("templates/**.html", "jinja2"),
    ("desk/**.py", "python"),
    ("help/**.py", "python"),
    ("trouble/**.py", "python"),
    ("app.py", "python"),
]


def _said() -> set[str]:
    found = extract_from_dir(WEB, method_map=_PLACES, keywords=_KEYWORDS)
    return {text if isinstance(text, str) else text[0] for _, _, text, _, _ in found}


def _catalogue() -> Catalog:
    with (LOCALE_FOLDER / "zh_CN" / "LC_MESSAGES" / "hub.po").open("rb") as file:
        return read_po(file, locale="zh_CN")


def _entries() -> dict[str, list[str]]:
    entries = {}
    for message in _catalogue():
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            said = message.string or ""
            entries[key] = [said] if isinstance(said, str) else list(said)
    return entries


def test_every_sentence_is_translated_and_none_is_stale() -> None:
    entries = _entries()
    said = _said()
    assert said - set(entries) == set(), "not in the Chinese catalogue"
    assert set(entries) - said == set(), "said no more"
    assert [key for key, texts in entries.items() if not all(texts)] == []
    assert not any(message.fuzzy for message in _catalogue() if message.id)


def test_placeholders_are_the_same_in_both_languages() -> None:
    def names(text: str) -> set[str]:
        return set(re.findall(r"%\((\w+)\)s", text))

    assert [
        key for key, texts in _entries().items() if any(names(text) != names(key) for text in texts)
    ] == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("New role", "新建角色"),
        ("Add", "添加"),
        ("Only their own tickets", "仅自己的工单"),
        ("Chosen: %(num)s", "已选 %(num)s 条"),
        ("not possible from their status", "当前状态不允许"),
        ("Draft saved", "草稿已保存"),
        ("E-mail", "邮件"),
        ("Remove", "移除"),
        ("Sign-in and security", "登录与安全"),
        ("The passkey is added.", "通行密钥已添加。"),
        (
            "This device or key holds a passkey for this account already.",
            "此设备或安全密钥已存有该账号的通行密钥。",
        ),
        ("Use a passkey", "使用通行密钥"),
    ],
)
def test_what_a_browser_is_shown_in_english_alone_is_said_in_chinese_so(english: str, chinese: str) -> None:
    """The words that tests/browser waits for where it tries something in one language."""
    assert translations("zh_CN").gettext(english) == chinese


def test_counts_that_a_browser_is_shown_in_english_alone_are_said_in_chinese_so() -> None:
    chinese, done = Voice(locale="zh_CN"), Done(changed=2, skipped={"wrong_status": 1})
    assert say_done(chinese, done) == "已更改 2 张，跳过 1 张：当前状态不允许"
    assert say_done(chinese, Done(changed=2), back=True) == "已撤销 2 张"
    moved = chinese.count(
        "%(num)s entry is on this ticket now.", "%(num)s entries are on this ticket now.", 1
    )
    assert moved == "1 条内容现在在此工单中。"


def test_the_catalogue_is_used() -> None:
    assert translations("zh_CN").gettext("Unassigned") == "未分配"
    assert translations("en").gettext("Unassigned") == "Unassigned"


def test_templates_hold_no_sentence_outside_gettext() -> None:
    """Words between tags must come from an expression; the product's name and signs are nobody's language."""
    allowed = {
        "Contact Hub",
        "· Contact Hub",
        "Ctrl",
        "Enter",
        "Esc",
        "Z",
        "j",
        "k",
        "o",
        "r",
        "n",
        "i",
        "e",
        "d",
        "a",
        "c",
        "p",
        "q",
        "x",
        "y",
        "b",
        "t",
    }
    for path in sorted((WEB / "templates").glob("*.html")):
        text = re.sub(
            r"{%.*?%}|{{.*?}}|{#.*?#}|<style.*?</style>|<!doctype.*?>", "\x00", path.read_text(), flags=re.S
        )
        for words in re.findall(r">([^<]*)<", text):
            bare = [part.strip() for part in words.split("\x00")]
            left = [part for part in bare if re.search("[A-Za-z]{1,}", part) and part not in allowed]
            assert not left, (path.name, left)


def test_files_of_the_desk_are_vendored_as_written_down() -> None:
    vendored = (WEB / "static" / "vendor" / "VENDORED.md").read_text()
    for path in (WEB / "static" / "vendor").glob("*.js"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in vendored, path.name


def test_the_first_load_stays_small() -> None:
    """Of a page of the desk: what only the pages before it load (login.js) is not counted."""
    static = WEB / "static"
    files = {*static.rglob("*.css"), *static.rglob("*.svg"), *static.glob("vendor/*.js")}
    scripts = [static / "desk.js"]
    for script in scripts:
        imported = re.findall(r'"\./(\w+\.js)"', script.read_text())
        scripts += {static / name for name in imported}.difference(scripts)
    assert {static / "live.js", static / "hands.js"} < set(scripts)
    assert sum(len(gzip.compress(path.read_bytes())) for path in files.union(scripts)) < 120_000
