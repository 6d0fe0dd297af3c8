"""What is typed into the search field, read."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.actions.search.query import ME, NOBODY, Asked, Kind, read_days, read_query
from hub.actions.search.snippet import marked
from hub.model.search_words import comparable

TODAY = date(2026, 3, 4)


def ask(text: str) -> Asked:
    return read_query(text, TODAY)


def terms(text: str) -> list[tuple[str, bool]]:
    return [(one.text, one.without) for one in ask(text).terms]


def test_words_phrases_and_what_must_not_be_there() -> None:
    assert terms('退款 "Has not  arrived" -发票 -"已 到账"') == [
        ("退款", False), ("has not arrived", False), ("发票", True), ("已 到账", True),
    ]  # fmt: skip
    assert terms("“没有收到” 「物流」") == [("没有收到", False), ("物流", False)]
    assert terms("TW-20500") == [("tw-20500", False)]
    assert terms('- -- 。！ ""') == []


@pytest.mark.parametrize(
    ("english", "chinese", "expected"),
    [
        ("status:open", "状态：待处理", {"status": "open"}),
        ("status:resolved", "状态:已解决", {"status": "resolved"}),
        ("kind:complaint", "类型:投诉", {"kind": "complaint"}),
        ("queue:general", "队列：general", {"queue": "general"}),
        ("tag:VIP", "标签:VIP", {"tag": "vip"}),
        ("assignee:me", "负责人:我", {"assignee": ME}),
        ("assignee:none", "客服:未分配", {"assignee": NOBODY}),
        ('from:"Wang Wei"', "客户:“Wang Wei”", {"customer": "Wang Wei"}),
        ("channel:mail", "渠道:邮件", {"channel": "email"}),
        ("is:note", "是:备注", {"notes": True}),
        ("in:customers", "范围:客户", {"what": Kind.CUSTOMERS}),
        ("after:2026-02-01", "之后:2026年2月1日", {"since": date(2026, 2, 1)}),
        ("before:2026-02", "早于:2026-02", {"until": date(2026, 2, 1)}),
        ("date:2025", "日期:2025年", {"since": date(2025, 1, 1), "until": date(2026, 1, 1)}),
        ("date:7d", "时间:7天", {"since": date(2026, 2, 25), "until": date(2026, 3, 5)}),
        ("date:yesterday", "日期:昨天", {"since": date(2026, 3, 3), "until": date(2026, 3, 4)}),
    ],
)
def test_qualifiers_in_both_languages(english: str, chinese: str, expected: dict[str, object]) -> None:
    for text in (english, chinese):
        asked = ask(f"茶壶 {text}")
        assert asked == Asked(terms=asked.terms, **expected), text  # type: ignore[arg-type]
        assert [one.text for one in asked.terms] == ["茶壶"]


def test_what_is_no_qualifier_is_looked_for() -> None:
    assert terms("http://shop.example status:blue 订单:123") == [
        ("http://shop.example", False), ("status:blue", False), ("订单:123", False),
    ]  # fmt: skip
    assert ask("date:2026-13-40").since is None


def test_the_query_for_the_index() -> None:
    assert ask("订单").words.startswith("(('订单'))")
    assert "!('发票')" in ask("订单 -发票").words
    # Its pairs may stand apart in a text that has not got it.
    assert "!" not in ask("订单 -已到账").words
    assert ask("-订单").words == "" and ask("status:open").words == ""
    assert "'6561234567':*" in ask('"+65 6123 4567"').words


def test_fits() -> None:
    asked = ask("订单 -已到账")
    assert asked.fits(comparable("訂單还没到账，已经三天")) and not asked.fits(comparable("订单的钱已到账"))
    assert ask('"+65 6123 4567"').fits(comparable("6561234567"))


@given(st.text(max_size=120))
@settings(max_examples=400, deadline=None)
def test_nothing_that_is_typed_fails(text: str) -> None:
    asked = ask(text)
    asked.fits(comparable(text))
    marked(text, asked.terms)
    assert "\x00" not in asked.words or "\x00" in text


def test_days() -> None:
    assert read_days("2026-02", TODAY) == (date(2026, 2, 1), date(2026, 3, 1))
    assert read_days("9999", TODAY) is None and read_days("soon", TODAY) is None
    assert read_days("9999-12", TODAY) is None


def shown(text: str, query: str, width: int = 40) -> str:
    pieces = marked(text, ask(query).terms, width=width)
    return "".join(f"[{one.text}]" if one.hit else one.text for one in pieces)


def test_a_snippet_shows_the_place_as_it_was_written() -> None:
    assert shown("您好，訂單還沒到", "订单") == "您好，[訂單]還沒到"
    assert shown("Order ＴＷ－20500 is late", "tw-20500") == "Order [ＴＷ－20500] is late"
    assert shown("电话 138-0013-8000 谢谢", "13800138000") == "电话 [138-0013-8000] 谢谢"
    long = "word " * 40 + "the needle is here" + " more" * 40
    assert "[needle]" in shown(long, "needle") and shown(long, "needle").startswith("…")
    assert shown(long, "absent").startswith("word word") and shown(long, "absent").endswith("…")
    assert shown("a < b & <script>", "script") == "a < b & <[script]>"
