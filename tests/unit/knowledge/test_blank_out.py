"""What belongs to one customer alone does not get into an article; what everybody may read stays."""

import pytest

from hub.actions.knowledge.blank_out import BLANK, blank_out, count_blanks
from hub.actions.knowledge.draft_of_ticket import draft_of
from storage.knowledge import Story
from tests.fakes.costs import assert_grows_evenly

PERSONAL = {
    "an e-mail address": ("Write to li.wei+shop@mail.example.com.", "li.wei"),
    "the address of a mailbox in Chinese text": ("邮箱：li@mail.example，谢谢", "li@"),
    "a telephone number": ("Call +44 20 7946 0958 today", "7946"),
    "one beside Chinese": ("电话13800138000找我", "138"),
    "one in groups": ("手机 138-0013-8000", "0013"),
    "an order number": ("My order TW-20500 is late", "20500"),
    "an order named by a word": ("order no. 4821 is late", "4821"),
    "an order in Chinese": ("订单号是DD20260101到了吗", "DD2026"),
    "a bank card": ("card 6222 0212 3456 7890", "7890"),
    "an identity card": ("身份证 11010519491231002X", "491231"),
    "a street": ("Send it to 12 Baker Street, London NW1 please", "Baker"),
    "a Chinese address": ("请寄到上海市浦东新区张江路12号3栋501室", "张江"),
    "a name that was told": ("Hello, my name is Anna Berg and I wait", "Anna"),
    "a Chinese name that was told": ("我叫王小明，还没收到", "王小明"),
    "a surname with a title": ("张女士您好，已为您处理", "张"),
    "an English surname with a title": ("Dear Mr. Smith, it is done", "Smith"),
    "whoever is greeted": ("Hi Bob,\nit is done", "Bob"),
    "the query of a link": ("See https://shop.example/o?id=99&mail=x", "id=99"),
}


@pytest.mark.parametrize(("text", "secret"), PERSONAL.values(), ids=PERSONAL)
def test_what_is_personal_is_left_out(text: str, secret: str) -> None:
    told = blank_out(text)
    assert secret not in told
    assert BLANK in told or "https://shop.example/o" in told


@pytest.mark.parametrize(
    "text",
    [
        "Within 30 days of 2026-03-04 you may return it; it costs 1000 yuan or 25.50 €.",
        "See https://shop.example/help/returns for 3 steps, version 2.10.",
        "自2026年起，30天内可退货，运费12元。请点击“申请退货”。",
        "Open Settings, choose Wi-Fi (2.4 GHz), press Save.",
        "今天天气很好，明天也可以在小区门口取件。",
    ],
)
def test_what_everybody_may_read_stays(text: str) -> None:
    assert blank_out(text) == text


def test_a_number_in_groups_goes_as_a_whole() -> None:
    assert blank_out("Call (020) 794 60 58 or 138 00 13 80 00.") == f"Call {BLANK} or {BLANK}."


def test_known_names_and_addresses_are_left_out_wherever_they_stand() -> None:
    text = "Anna wrote as @annab; ANNA BERG's kettle. Banana stays. 小林已联系李雷。"
    told = blank_out(text, ["Anna Berg", "李雷", "小林"], ["annab"])
    assert told == f"{BLANK} wrote as @{BLANK}; {BLANK}'s kettle. Banana stays. {BLANK}已联系{BLANK}。"
    assert count_blanks(told, "no") == 5


@pytest.mark.parametrize(
    "piece", ["a", "1", "中", "路1号", "A b ", "-1", "order ", "a@", "1 Aa ", "Dear a", "[…]"]
)
def test_it_takes_no_longer_for_what_is_made_to_take_long(piece: str) -> None:
    assert_grows_evenly(lambda n: (piece * n)[:n], lambda text: blank_out(text, ["Anna"]), 40_000)


def test_a_draft_says_what_was_asked_and_answered_without_the_words_around() -> None:
    story = Story(
        subject="Order TW-20500 has not come",
        language="en",
        customer_name="Li Wei",
        identities=["li@mail.example"],
        question="Dear shop,\nmy order TW-20500 has not come. I am Li Wei.\nBest regards,\nLi Wei\n+86 138 0013 8000",
        answers=[
            "Dear Li Wei,\nnow it is on its way.\nKind regards\nAnn",
            "Hi Li,\nwe ask the carrier.\n\nBest regards\nAnn Berg",
        ],
        authors=["Ann Berg", "Li Wei"],
    )  # fmt: skip
    draft = draft_of(story, "en")
    assert draft.title == "Order […] has not come"
    assert draft.body == (
        "## The question\n\nmy order […] has not come. I am […].\n\n"
        "## The answer\n\nwe ask the carrier.\n\nnow it is on its way."
    )


def test_a_draft_in_chinese_and_one_of_a_ticket_that_says_nothing() -> None:
    story = Story(
        subject="", language="zh", customer_name="张伟", identities=[], authors=["小林"],
        question="您好，我是张伟，请问怎么开发票？\n谢谢", answers=["张先生，您好！\n请在订单页面申请。\n祝好\n小林"],
    )  # fmt: skip
    draft = draft_of(story, "zh_CN")
    assert draft.title == "我是[…]，请问怎么开发票？"
    assert draft.body == "## 问题\n\n我是[…]，请问怎么开发票？\n\n## 解决方法\n\n请在订单页面申请。"
    silent = Story(
        subject="", language="zh", customer_name="", identities=[], authors=[], question=None, answers=[]
    )
    assert draft_of(silent, "zh_CN").title == "未命名"
