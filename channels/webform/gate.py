"""How many posts a form takes: of one address, of everybody together, and when a browser has to work first. The counting is the
hub's, for all hubs at once; what it means is decided here."""

from dataclasses import dataclass

from aiohttp import web

from channels.adapter import Counted, Gate
from channels.doors import network_of, peer_of_request
from channels.webform.read import MOST_TEXT, most_bytes
from channels.webform.settings import WebformSettings
from channels.webform.submission import Problem

ADDRESS_SECONDS = 600.0
BUSY_SECONDS = 60.0
BYTES_SECONDS = 3600.0
CONVERSATION_MB = 100
"""Of files that may be added to one conversation within BYTES_SECONDS, from wherever."""
HARD = 4
"""So many times the limit of one address is not even read any more."""
FLOOD = 10
"""Above so many times `busy_posts` a form takes only what comes with a browser's work, and no more of that than so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`refusal`: why the post is not taken now, with the seconds after which it may be. `unread`: it is not worth reading.
    `wants_proof`: only with work done by the browser. `flood`: refused, unless that work was done (`weigh_worked`)."""

    refusal: Problem | None = None
    retry_after: int = 0
    unread: bool = False
    wants_proof: bool = False
    flood: bool = False


async def weigh_post(
    gate: Gate, form: str, settings: WebformSettings, request: web.Request, *, conversation: str = ""
) -> Verdict:
    """Count it, in one round trip at most, and say what follows. Who is refused for what they alone sent uses up nothing
    of what there is for everybody. `conversation`: to which it adds something. Raises Unavailable."""
    here = network_of(peer_of_request(request))
    size = _size(request, settings)
    asked = [
        Counted(key=f"form:{form}:post:{here}", seconds=ADDRESS_SECONDS, most=settings.address_posts),
        _kilobytes(f"form:{form}:kb:{here}", size, settings.address_mb),
        Counted(key=f"form:{form}:posts", seconds=BUSY_SECONDS, most=FLOOD * settings.busy_posts, then=True),
    ]
    if size > MOST_TEXT:
        asked.append(_kilobytes(f"form:{form}:kb", size, settings.hour_mb, then=True))
        if conversation:
            asked.append(_kilobytes(f"form:{form}:kb:of:{conversation}", size, CONVERSATION_MB, then=True))
    mine, sent, all_of_us, *files = await gate.count(asked)
    if mine.hits > settings.address_posts:
        return _refuse("slow_down", mine.ends_in, unread=mine.hits > HARD * settings.address_posts)
    if sent.hits > settings.address_mb * 1024:
        return _refuse("too_many_bytes", sent.ends_in, unread=sent.hits > HARD * settings.address_mb * 1024)
    for one, most in zip(files, (settings.hour_mb, CONVERSATION_MB), strict=False):
        if one.hits > most * 1024:
            return _refuse("too_many_bytes", one.ends_in, unread=one.hits > HARD * most * 1024)
    if all_of_us.hits > FLOOD * settings.busy_posts:
        return _refuse("busy", all_of_us.ends_in, flood=settings.proof != "never")
    return Verdict(wants_proof=wants_proof(settings, busy=all_of_us.hits > settings.busy_posts))


async def weigh_worked(gate: Gate, form: str, settings: WebformSettings, request: web.Request) -> Verdict:
    """A post whose browser has worked, while a flood lasts: these have limits of their own, which nobody uses up who has not
    worked. Raises Unavailable."""
    here = network_of(peer_of_request(request))
    most = FLOOD * settings.busy_posts
    mine, all_of_us = await gate.count(
        [
            Counted(key=f"form:{form}:worked:{here}", seconds=ADDRESS_SECONDS, most=settings.address_posts),
            Counted(key=f"form:{form}:worked", seconds=BUSY_SECONDS, most=most, then=True),
        ]
    )
    if mine.hits > settings.address_posts:
        return _refuse("slow_down", mine.ends_in)
    return _refuse("busy", all_of_us.ends_in) if all_of_us.hits > most else Verdict(wants_proof=True)


async def is_busy(gate: Gate, form: str, settings: WebformSettings) -> bool:
    """Whether a page that is opened now should have work for the browser. Raises Unavailable."""
    if settings.proof != "auto":
        return wants_proof(settings, busy=False)
    (posts,) = await gate.look([Counted(key=f"form:{form}:posts", seconds=BUSY_SECONDS)])
    return wants_proof(settings, busy=posts.hits >= settings.busy_posts)


def _kilobytes(key: str, size: int, most_mb: int, *, then: bool = False) -> Counted:
    return Counted(key=key, seconds=BYTES_SECONDS, amount=size // 1024, most=most_mb * 1024, then=then)


def _size(request: web.Request, settings: WebformSettings) -> int:
    """Bytes that this post may make us read. One that does not say how long it is (in chunks) counts as the longest."""
    most = most_bytes(request, settings)
    return most if request.content_length is None else min(request.content_length, most)


def wants_proof(settings: WebformSettings, *, busy: bool) -> bool:
    return settings.proof == "always" or (settings.proof == "auto" and busy)


def _refuse(word: str, ends_in: float, *, unread: bool = False, flood: bool = False) -> Verdict:
    seconds = max(1, round(ends_in))
    problem = Problem(field="", word=word, values={"minutes": max(1, -(-seconds // 60))})
    return Verdict(refusal=problem, retry_after=seconds, unread=unread, flood=flood, wants_proof=flood)
