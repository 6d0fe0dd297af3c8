"""Places, waits and meters in words, in both languages."""

import pytest

from hub.web.desk.say.floor import meter, say_expected, say_skill, say_wait
from hub.web.desk.say.language import Voice
from routing.expect import Expected

EN, ZH = Voice(locale="en"), Voice(locale="zh_CN")


def expected(
    least: int | None, most: int | None, *, place: int = 3, of: int = 12, agents: int = 2
) -> Expected:
    return Expected(place=place, of=of, agents=agents, least=least, most=most)


@pytest.mark.parametrize(
    ("least", "most", "english", "chinese"),
    [
        (10, 20, "about 10–20 min", "约 10–20 分钟"),
        (0, 5, "up to 5 min", "5 分钟以内"),
        (0, 0, "at once", "立即"),
        (45, 90, "about 45 min to 1 hr 30 min", "约 45 分钟至 1 小时 30 分钟"),
        (120, 120, "about 2 hr", "约 2 小时"),
        (1440, 1440, "a day or more", "一天以上"),
    ],
)
def test_a_wait_is_said_as_one_would(least: int, most: int, english: str, chinese: str) -> None:
    assert say_wait(EN, expected(least, most)) == english
    assert say_wait(ZH, expected(least, most)) == chinese


def test_why_there_is_no_estimate_is_said() -> None:
    assert say_wait(EN, expected(None, None, agents=0)) == "no estimate: nobody who may have it is here"
    assert say_wait(ZH, expected(None, None, agents=2)) == "无法预计：队列不在服务时间"


@pytest.mark.parametrize(
    ("place", "said"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (12, "12th"), (21, "21st"), (113, "113th")],
)
def test_a_place_is_counted_as_english_counts(place: int, said: str) -> None:
    assert (
        say_expected(EN, expected(10, 20, place=place, of=200)) == f"{said} of 200 in line; about 10–20 min"
    )


def test_a_place_in_chinese_and_none_where_nobody_can_have_it() -> None:
    assert say_expected(ZH, expected(10, 20)) == "排第 3，共 12 张；约 10–20 分钟"
    assert say_expected(EN, expected(None, None, place=0, of=0, agents=0)) == ""


def test_a_meter_draws_places_or_a_share_and_says_when_it_is_too_much() -> None:
    assert meter(2, 4).pips == ("on", "on", "off", "off") and not meter(2, 4).full
    assert meter(5, 4).pips == ("on", "on", "on", "on", "over") and meter(5, 4).full
    large = meter(15, 20)
    assert (large.pips, large.share) == ((), 75)
    assert meter(0, 0).full and meter(30, 20).share == 100


def test_skills_that_are_shipped_have_names_others_are_shown_as_they_are() -> None:
    assert (say_skill(EN, "billing"), say_skill(ZH, "billing") != "billing") == ("Billing", True)
    assert say_skill(ZH, "焊接") == "焊接"
