"""Times, sizes and languages as the two kinds of readers write them."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.web.desk.say.language import Voice, zone_of

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
EN = Voice(locale="en", zone=zone_of("Europe/Berlin"))
ZH = Voice(locale="zh_CN", zone=zone_of("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (-5, "now", "刚刚"),
        (59, "now", "刚刚"),
        (61, "1 min", "1 分钟"),
        (7300, "2 hr", "2 小时"),
        (200_000, "2 days", "2 天"),
    ],
)
def test_how_long_ago(seconds: int, english: str, chinese: str) -> None:
    at = NOW - timedelta(seconds=seconds)
    assert EN.ago(at, NOW) == english
    assert ZH.ago(at, NOW) == chinese


def test_times_are_in_the_readers_zone_and_as_short_as_they_are_clear() -> None:
    assert EN.stamp(NOW, NOW) == "13:00"
    assert ZH.stamp(NOW, NOW) == "20:00"
    assert EN.stamp(NOW - timedelta(days=3), NOW) == "11 Mar, 13:00"
    assert ZH.stamp(NOW - timedelta(days=3), NOW) == "3月11日 20:00"
    assert ZH.stamp(NOW - timedelta(days=400), NOW) == "2025年2月7日"


@pytest.mark.parametrize("name", ["", "Nowhere/City", "../../etc/passwd", "\x00"])
def test_a_zone_that_does_not_exist_is_utc(name: str) -> None:
    assert zone_of(name) is UTC


def test_sizes_and_languages() -> None:
    assert (EN.size(9), EN.size(48_000), EN.size(2_500_000)) == ("9 bytes", "48 kB", "2.5 MB")
    assert (ZH.size(9), ZH.size(48_000), ZH.size(2_500_000)) == ("9 字节", "48 KB", "2.5 MB")
    assert (EN.language_name("zh"), ZH.language_name("en"), EN.language_name("other")) == (
        "Chinese",
        "英语",
        "",
    )
    assert EN.count("%(num)s waits", "%(num)s wait", 1) == "1 waits"
    assert ZH.count("%(num)s waits", "%(num)s wait", 1200) == "1,200 张工单等待中"
