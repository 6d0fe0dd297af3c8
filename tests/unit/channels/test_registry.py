"""Kinds of channel are found by entry points, and a broken one is named."""

from importlib.metadata import EntryPoint

import pytest

from channels.loopback import KIND
from channels.loopback import settings as another_module
from channels.registry import GROUP, BrokenKind, load_kinds, read_kinds


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=GROUP)


def test_the_installed_kinds() -> None:
    kinds = load_kinds()
    assert list(kinds) == ["api", "email", "loopback", "portal", "telegram", "webchat", "webform"]
    assert all(name == kind.kind for name, kind in kinds.items())


def test_the_same_code_named_twice_is_one_kind() -> None:
    twice = [point("loopback", "channels.loopback:KIND")] * 2
    assert read_kinds(twice) == {"loopback": KIND}


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([point("loopback", "channels.nowhere:KIND")], "cannot be loaded: ModuleNotFoundError"),
        ([point("loopback", "channels.loopback:NOTHING")], "cannot be loaded: AttributeError"),
        ([point("loopback", "channels.loopback:__doc__")], "is a str, not a channels.adapter.ChannelKind"),
        ([point("other", "channels.loopback:KIND")], "calls itself 'loopback'"),
    ],
)
def test_a_broken_kind_is_named(points: list[EntryPoint], said: str) -> None:
    with pytest.raises(BrokenKind, match=said) as caught:
        read_kinds(points)
    assert repr(points[0].name) in str(caught.value)
    assert points[0].value in str(caught.value)


def test_a_kind_offered_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(another_module, "KIND", KIND, raising=False)
    with pytest.raises(BrokenKind, match=r"offered twice.*Uninstall one"):
        read_kinds(
            [
                point("loopback", "channels.loopback:KIND"),
                point("loopback", "channels.loopback.settings:KIND"),
            ]
        )
