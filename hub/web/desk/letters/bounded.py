"""Cleaning within a second, whatever the letter: what could take longer is given a process of its own, which can be ended."""

import asyncio
import contextlib
import pickle
import re
import sys

from hub.web.desk.letters.clean import Cleaned, clean

MOST_HTML = 2_000_000
"""Characters; what is longer is shown as text."""
MOST_DEPTH = 500
QUICK_TAGS, QUICK_HTML = 5_000, 300_000
"""Up to here even the worst nesting and the longest row of attributes take less than a second."""
WALL_SECONDS = 1.0
START_SECONDS = 10.0
AT_ONCE = 2

_OPENS = re.compile(r"<[a-zA-Z]")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_ALONE = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li td th tr dd dt option".split()  # noqa: SIM905 - words
)


async def clean_within(html: str, turns: asyncio.Semaphore) -> Cleaned | None:
    """Cleaned; None where that takes too long or the letter is too large. `turns`: how many processes there may be at once."""
    if len(html) > MOST_HTML or nests_deeper(html, MOST_DEPTH):
        return None
    if len(html) <= QUICK_HTML and len(_OPENS.findall(html)) <= QUICK_TAGS:
        return await asyncio.to_thread(clean, html)
    async with turns:
        return await _clean_apart(html)


def nests_deeper(html: str, depth: int) -> bool:
    """Whether more than `depth` elements seem to stand open at once. A first look, to save the process its start: elements
    that end by themselves are left out, and a comment can fool it."""
    now = 0
    for match in _TAG.finditer(html):
        if match[2].lower() not in _ALONE:
            now = max(0, now - 1) if match[1] else now + 1
        if now > depth:
            return True
    return False


async def _clean_apart(html: str) -> Cleaned | None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.web.desk.letters.bounded",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**20, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            await process.stdout.readexactly(1)
        # A letter full of brackets grows when it is read; what comes back is bounded by what went in.
        async with asyncio.timeout(WALL_SECONDS):
            process.stdin.write(pickle.dumps(html))
            process.stdin.write_eof()
            cleaned = pickle.loads(await process.stdout.read())  # noqa: S301 - from our own child
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, EOFError):
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        process.stdin.close()
    return cleaned if isinstance(cleaned, Cleaned) else None


def main() -> None:
    """In the process of its own: one letter by stdin, what it comes to by stdout."""
    sys.stdout.buffer.write(b".")
    sys.stdout.buffer.flush()
    html = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - from our own parent
    sys.stdout.buffer.write(pickle.dumps(clean(html)))


if __name__ == "__main__":
    main()
