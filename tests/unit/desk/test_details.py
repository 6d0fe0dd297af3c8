"""Particulars that are stored for the hub, as people read them."""

import pytest
from telegram.error import BadRequest, Forbidden, TelegramError

from channels.adapter import ChannelFailure
from channels.email.sending import hand_over
from channels.telegram import line
from hub.web.desk.say.details import known_as, listed_once, say_detail
from hub.web.desk.say.language import Voice
from storage.views import IdentityRow

EN, ZH = Voice(locale="en"), Voice(locale="zh_CN")


@pytest.mark.parametrize(
    ("kind", "value", "english", "chinese"),
    [
        ("visitor", "1424de" + "a" * 58, "Web chat visitor 1424de", "网页访客 1424de"),
        ("webchat", "session.1424de" + "a" * 58, "Web chat visitor 1424de", "网页访客 1424de"),
        ("email", "li@mail.example", "li@mail.example", "li@mail.example"),
        ("webchat", "", "", ""),
    ],
)
def test_a_chat_visitor_is_named_by_the_beginning_of_the_mark(
    kind: str, value: str, english: str, chinese: str
) -> None:
    assert (known_as(EN, kind, value), known_as(ZH, kind, value)) == (english, chinese)


def test_an_address_that_is_claimed_and_verified_is_listed_once_as_verified() -> None:
    def one(kind: str, value: str, verified: bool) -> IdentityRow:
        return IdentityRow(kind=kind, value=value, verified=verified)

    sure = one("email", "li@mail.example", True)
    claimed = one("email", "li@mail.example", False)
    phone = one("phone", "+86130", False)
    assert listed_once([claimed, phone, sure]) == [sure, phone]
    assert listed_once([sure, claimed]) == [sure]


@pytest.mark.parametrize(
    ("stored", "chinese"),
    [
        ("Reading it took longer than 2 s.", "解析用时超过 2 秒。"),
        ("It cannot be read: ValueError: 50% of\nit", "无法解析：ValueError: 50% of\nit"),
        ("It could not be delivered in time.", "未能在时限内送达。"),
        (
            "It could not be delivered in time. The last attempt: The relay answered 450 at RCPT: 4.2.0 greylisted",
            "未能在时限内送达。最后一次尝试：发信服务器在 RCPT 阶段答复 450：4.2.0 greylisted",
        ),
        (
            "1 of 3 parts arrived; then: Telegram refused the message: no",
            "共 3 段，已送达 1 段；之后：Telegram 拒绝了该消息：no",
        ),
        ("550 no such mailbox", "550 no such mailbox"),
        ("", ""),
    ],
)
def test_our_own_words_are_translated_and_those_of_a_server_are_left(stored: str, chinese: str) -> None:
    assert say_detail(ZH, stored) == chinese
    assert say_detail(EN, stored) == stored


@pytest.mark.parametrize(
    "failure",
    [
        *(hand_over._refusal("RCPT", code, "said") for code in (421, 450, 535, 550)),
        *(line._meaning_while_sending(error) for error in (Forbidden("blocked"), BadRequest("no"), TelegramError("?"))),
        line._silence(30.4),
    ],
)  # fmt: skip
def test_what_senders_say_of_an_answer_is_known_as_they_say_it(failure: ChannelFailure) -> None:
    assert say_detail(EN, str(failure)) == str(failure)
    assert say_detail(ZH, str(failure)) != str(failure)
