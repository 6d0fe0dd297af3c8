"""Signing in to one's own page, and out."""

from aiohttp import web

from hub.actions.failures import NotFound
from hub.actions.follow import veil
from hub.actions.portal.enter import (
    CODE_SECONDS,
    Entered,
    WrongCode,
    ask_code,
    look_at_link,
    sign_out,
    sign_out_everywhere,
    take_code,
    use_link,
)
from hub.model.codes import TICKET, NotACode, read_code, show_code
from hub.web.portal.answers import (
    BROWSER,
    DEVICE,
    SESSION,
    Seen,
    drop_cookie,
    keep_cookie,
    moved,
    read_cookie,
)
from hub.web.portal.posted import read_fields

_MOST_TYPED = 400


async def post_address(seen: Seen) -> web.Response:
    """A code is asked for. What happens next looks the same whatever was typed. Whoever came by the link of one case need not
    type their address again."""
    posted = await read_fields(seen)
    typed = posted.get("email", "").strip()[:_MOST_TYPED]
    if not typed and seen.visitor is not None:
        typed = seen.visitor.address
    browser = await ask_code(
        seen.ctx,
        typed=typed,
        network=seen.network,
        language=seen.voice.locale,
        device=read_cookie(seen.request, seen.ctx, DEVICE),
    )
    response = moved(f"/portal/code{_to(seen)}")
    keep_cookie(response, seen.ctx, BROWSER, browser)
    return response


async def show_code_page(seen: Seen) -> web.Response:
    """Where the code is typed."""
    return _code_page(seen)


async def post_code(seen: Seen) -> web.Response:
    """The code that was typed."""
    posted = await read_fields(seen)
    browser = read_cookie(seen.request, seen.ctx, BROWSER)
    try:
        entered = await take_code(
            seen.ctx,
            browser=browser,
            typed=posted.get("code", ""),
            network=seen.network,
            device=read_cookie(seen.request, seen.ctx, DEVICE),
        )
    except WrongCode:
        return _code_page(seen, status=422, problem="wrong_code")
    response = await _let_in(seen, entered, _case(seen.request.query.get("to", "")))
    drop_cookie(response, seen.ctx, BROWSER)
    return response


async def show_link(seen: Seen) -> web.Response:
    """A button, and nothing more: programs that look at every link in a letter come here too. Whoever is signed in with this
    address already goes on with all that they see."""
    found = await look_at_link(seen.ctx, seen.request.match_info["token"])
    who = seen.visitor
    if found.ticket_code and who is not None and who.address == found.address and who.only is None:
        return moved(f"/portal/{show_code(TICKET, found.ticket_code)}")
    return seen.page("portal_go.html", address=veil(found.address), ticket_code=found.ticket_code)


async def post_link(seen: Seen) -> web.Response:
    """The button was pressed."""
    entered = await use_link(
        seen.ctx,
        seen.request.match_info["token"],
        network=seen.network,
        device=read_cookie(seen.request, seen.ctx, DEVICE),
    )
    number = show_code(TICKET, entered.ticket_code) if entered.ticket_code else ""
    return await _let_in(seen, entered, number)


async def post_out(seen: Seen) -> web.Response:
    """Sign out of this browser."""
    await sign_out(seen.ctx, seen.session)
    return _gone(seen)


async def post_out_everywhere(seen: Seen) -> web.Response:
    """Sign out of every browser; links that were sent are good for nothing any more. Whoever came by the link of one case has
    a say in that alone."""
    if seen.visitor is None or seen.visitor.only is not None:
        raise NotFound("This is for whoever has shown that the address is theirs.")
    await sign_out_everywhere(seen.ctx, seen.visitor)
    return _gone(seen)


async def _let_in(seen: Seen, entered: Entered, number: str) -> web.Response:
    if seen.session:
        await sign_out(seen.ctx, seen.session)  # one at a time in one browser
    response = moved(f"/portal/{number}" if number else "/portal")
    keep_cookie(response, seen.ctx, SESSION, entered.session)
    if entered.device:
        keep_cookie(response, seen.ctx, DEVICE, entered.device)
    return response


def _gone(seen: Seen) -> web.Response:
    response = moved("/portal")
    drop_cookie(response, seen.ctx, SESSION)
    return response


def _code_page(seen: Seen, *, status: int = 200, problem: str = "") -> web.Response:
    minutes = round(CODE_SECONDS / 60)
    return seen.page(
        "portal_code.html", status=status, path="/portal/code", problem=problem, minutes=minutes, to=_to(seen)
    )


def _to(seen: Seen) -> str:
    number = _case(seen.request.query.get("to", ""))
    return f"?to={number}" if number else ""


def _case(given: str) -> str:
    """Where somebody wanted to go, if it can be the number of a ticket at all."""
    try:
        return show_code(TICKET, read_code(TICKET, given))
    except NotACode:
        return ""
