"""What `doctor` looks at of the virus scanner and of the lists of leaked passwords, where the settings name some."""

import asyncio
import hashlib

from hub.actions.people.leaked import NotAList, is_in_file
from hub.actions.scanning.clamd import ScannerAway, version
from hub.cli.checks import Finding, good, warning, wrong
from hub.cli.speak import say
from hub.settings import Settings

_SEEN_BY_ALL = hashlib.sha1(b"password", usedforsecurity=False).hexdigest().upper().encode()
"""Of the password that every list has."""


async def check_safety(settings: Settings) -> list[Finding]:
    """Nothing where nothing of it is set."""
    found = []
    if settings.scanner.address:
        found.append(await _check_scanner(settings))
    if settings.passwords.leaked_file is not None:
        found.append(await _check_leaked_file(settings))
    return found


async def _check_scanner(settings: Settings) -> Finding:
    what = say("Virus scanner", "病毒扫描")
    try:
        return good(what, await version(settings.scanner))
    except ScannerAway as error:
        return wrong(
            what,
            str(error),
            say(
                "Start clamd and check scanner.address; until then nobody can open files that arrive.",
                "请启动 clamd 并检查 scanner.address；在此之前收到的文件无法打开。",
            ),
        )


async def _check_leaked_file(settings: Settings) -> Finding:
    what, path = say("Leaked passwords", "泄露密码列表"), settings.passwords.leaked_file
    assert path is not None
    try:
        if await asyncio.to_thread(is_in_file, path, _SEEN_BY_ALL):
            return good(what, str(path))
    except (OSError, ValueError, NotAList) as error:
        return wrong(
            what,
            str(error),
            say(
                "Download the list of SHA-1 hashes anew, in one file, ordered by hash.",
                "请重新下载按哈希排序的单文件 SHA-1 列表。",
            ),
        )
    return warning(
        what,
        say(f'{path} does not know the password "password"', f"{path} 中没有 password 这一密码"),
        say("It may be cut off, or not in order of the hash.", "文件可能不完整，或未按哈希排序。"),
    )
