"""Browsers in words, from what they say of themselves. Names are names: nothing of this is translated."""

import re

_BROWSERS = (
    ("MicroMessenger/", "WeChat"),
    ("DingTalk/", "DingTalk"),
    ("QQBrowser/", "QQ Browser"),
    ("Quark/", "Quark"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("MiuiBrowser/", "Xiaomi Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Chromium/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
"""The first that fits: most claim to be Chrome and Safari too."""
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("OpenHarmony", "HarmonyOS"),
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"), ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip
_OTHER = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]{0,30}")


def browser_words(user_agent: str) -> str:
    """What a person would call it; "" where it says nothing.

    >>> browser_words("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0")
    'Edge · Windows'
    >>> browser_words("python-requests/2.32")
    'python-requests'
    """
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if not browser and not system:
        found = _OTHER.match(user_agent)
        return found[0].strip() if found else ""
    return " · ".join(one for one in (browser, system) if one)


def is_phone(user_agent: str) -> bool:
    """Whether it is held in the hand."""
    return any(mark in user_agent for mark in ("Android", "iPhone", "iPad", "HarmonyOS", "Mobile"))
