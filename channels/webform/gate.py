"""How many posts a form takes: of one address, of everybody together, and when a browser has to work first. The counting is the
hub's, for all hubs at once; what it means is decided here."""

from dataclasses import dataclass

from aiohttp import web

from channels.adapter import Counted, Gate
from channels.doors import network_of, peer_of_request
from channels.webform.read import most_bytes
from channels.webform.settings import WebformSettings
from channels.webform.submission import Problem

ADDRESS_SECONDS = 600.0
BUSY_SECONDS = 60.0
BYTES_SECONDS = 3600.0
HARD = 4
"""So many times the limit of one address is not even read any more."""
FLOOD = 10
"""So many times `busy_posts` is more than a form takes, from whomever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`refusal`: why the post is not taken now, with the seconds after which it may be. `unread`: it is not worth reading.
    `wants_proof`: only with work done by the browser."""

    refusal: Problem | None = None
    retry_after: int = 0
    unread: bool = False
    wants_proof: bool = False


async def weigh_post(gate: Gate, form: str, settings: WebformSettings, request: web.Request) -> Verdict:
    """Count it, in one round trip, and say what follows. Raises Unavailable."""
    here = network_of(peer_of_request(request))
    mine, all_of_us, sent = await gate.count(
        [
            Counted(key=f"form:{form}:post:{here}", seconds=ADDRESS_SECONDS),
            Counted(key=f"form:{form}:posts", seconds=BUSY_SECONDS),
            Counted(
                key=f"form:{form}:kb:{here}",
                seconds=BYTES_SECONDS,
                amount=_size(request, settings) // 1024,
            ),
        ]
    )
    if mine.hits > settings.address_posts:
        return _refuse("slow_down", mine.ends_in, unread=mine.hits > HARD * settings.address_posts)
    if all_of_us.hits > FLOOD * settings.busy_posts:
        return _refuse("busy", all_of_us.ends_in)
    if sent.hits > settings.address_mb * 1024:
        return _refuse("too_many_bytes", sent.ends_in, unread=sent.hits > HARD * settings.address_mb * 1024)
    return Verdict(wants_proof=wants_proof(settings, busy=all_of_us.hits > settings.busy_posts))


async def is_busy(gate: Gate, form: str, settings: WebformSettings) -> bool:
    """Whether a page that is opened now should have work for the browser. Raises Unavailable."""
    if settings.proof != "auto":
        return wants_proof(settings, busy=False)
    (posts,) = await gate.look([Counted(key=f"form:{form}:posts", seconds=BUSY_SECONDS)])
    return wants_proof(settings, busy=posts.hits >= settings.busy_posts)


def _size(request: web.Request, settings: WebformSettings) -> int:
    """Bytes that this post may make us read. One that does not say how long it is (in chunks) counts as the longest."""
    most = most_bytes(request, settings)
    return most if request.content_length is None else min(request.content_length, most)


def wants_proof(settings: WebformSettings, *, busy: bool) -> bool:
    return settings.proof == "always" or (settings.proof == "auto" and busy)


def _refuse(word: str, ends_in: float, *, unread: bool = False) -> Verdict:
    seconds = max(1, round(ends_in))
    problem = Problem(field="", word=word, values={"minutes": max(1, -(-seconds // 60))})
    return Verdict(refusal=problem, retry_after=seconds, unread=unread)
