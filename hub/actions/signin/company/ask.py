"""One question to the provider: where it may go, how long it takes, how much of an answer is read.

Whoever administers the hub wrote the issuer down, so its own host is asked wherever it lies. What else the provider names it
says by itself: that leads to the public internet alone, unless the issuer lies in the company's own network too. It is looked
at when the connection is made (hub.actions.errands.public_net), and no redirection is followed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import structlog
from yarl import URL

from hub.actions.errands.public_net import PRIVATE, Guard, Network, is_global, open_session, read_whole
from hub.actions.failures import LoginRefused

log = structlog.get_logger(__name__)

WITHIN_SECONDS = 10.0
MOST_ANSWER = 512 * 1024
_THIS_MACHINE = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)")


class LeadsInside(LoginRefused):
    """The provider names `url` as an address of its own, which leads to `address` in some private network."""

    def __init__(self, url: str, address: str) -> None:
        super().__init__(
            f"Its configuration names {url}, which leads to {address}: no address of the public internet.",
            code="company_inside",
        )
        self.url = url
        self.address = address


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where the provider of this issuer may have us go. `inside`: also within the company's own network."""

    issuer: str
    inside: bool = False

    def networks(self, url: str) -> Sequence[Network] | None:
        """Those that are allowed though they are not public; None for all."""
        if URL(url).host == URL(self.issuer).host:
            return None
        return PRIVATE if self.inside else ()


def is_safe(url: object, issuer: str) -> bool:
    """Whether nobody on the way can answer in the provider's place: https, or http on this machine where the issuer has it."""
    if not isinstance(url, str) or not (url.startswith("https://") or _is_here(url, issuer)):
        return False
    try:
        return bool(URL(url).host)
    except ValueError:
        return False


def _is_here(url: str, issuer: str) -> bool:
    return all(_THIS_MACHINE.match(one) is not None for one in (url, issuer))


async def read_configuration(issuer: str) -> tuple[dict[str, Any], Reach]:
    """What the issuer says of itself, and where that may lead. Raises LoginRefused (`company_unreachable`)."""
    reach = Reach(issuer=issuer)
    url = issuer.rstrip("/") + "/.well-known/openid-configuration"
    guard = Guard(reach.networks(url))
    async with _session(guard) as session:
        said = await _answer(session.get(url, allow_redirects=False), url, guard)
    # Of several addresses one that is public is enough: whoever names them could be anybody.
    return said, Reach(issuer=issuer, inside=not any(is_global(one) for one in guard.seen))


async def get(url: str, reach: Reach, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Raises LoginRefused: company_unreachable, company_inside."""
    guard = Guard(reach.networks(url))
    async with _session(guard) as session:
        return await _answer(session.get(url, headers=headers, allow_redirects=False), url, guard)


async def post(url: str, reach: Reach, form: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
    """Raises LoginRefused: company_unreachable, company_inside, and company_wrong where it says no."""
    guard = Guard(reach.networks(url))
    async with _session(guard) as session:
        asked = session.post(url, data=form, headers=headers, allow_redirects=False)
        return await _answer(asked, url, guard, refusable=True)


def _session(guard: Guard) -> aiohttp.ClientSession:
    return open_session(guard, timeout=aiohttp.ClientTimeout(total=WITHIN_SECONDS))


async def _answer(asked: Any, url: str, guard: Guard, *, refusable: bool = False) -> dict[str, Any]:
    try:
        async with asked as response:
            body = await read_whole(response, MOST_ANSWER)
            status: int = response.status
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if guard.refused:
            log.warning("company.leads_inside", url=url, address=guard.refused)
            raise LeadsInside(url, guard.refused) from error
        raise unreachable(str(error) or type(error).__name__) from error
    if body is None:
        raise unreachable("its answer does not end")
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if refusable and status in (400, 401) and isinstance(said, dict):
        raise wrong(f"token endpoint: {status} {said.get('error', '')}")
    if status != 200 or not isinstance(said, dict):
        raise unreachable(f"it answers {status}")
    return said


def unreachable(why: str) -> LoginRefused:
    """To be raised where the provider is away, or is none."""
    log.warning("company.unreachable", why=why)
    return LoginRefused(f"The provider does not answer as it should: {why}.", code="company_unreachable")


def wrong(why: str) -> LoginRefused:
    """To be raised where what it sent proves nothing."""
    log.warning("company.refused", why=why)
    return LoginRefused("What the company's sign-in sent cannot be trusted.", code="company_wrong")
