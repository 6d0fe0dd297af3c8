"""Choosing a password, for whoever came in by one that was made for them."""

from aiohttp import web

from hub.actions.failures import ActionFailure, NotPossible
from hub.actions.signin.given import choose_password
from hub.web.desk.cookies import keep_session, read_session
from hub.web.desk.signin.own import Own
from hub.web.desk.signin.ways import MOST_FIELD, SECURITY, START, own_page, see, with_next
from hub.web.desk.typed import read_form


async def show_choose(own: Own) -> web.StreamResponse:
    """The page. Whoever has a password of their own goes on to where it is changed."""
    return _page(own, own.on) if own.holder.chooses else see(SECURITY)


async def post_choose(own: Own) -> web.StreamResponse:
    """The password, twice; then on, or first to the second step that is asked for."""
    form = await read_form(own.request)
    on = own_page(str(form.get("next", "")))
    if not own.holder.chooses:
        return see(on)
    new, once_more = (str(form.get(name, ""))[:MOST_FIELD] for name in ("new", "again"))
    try:
        if new != once_more:
            raise NotPossible("The two passwords differ.", code="passwords_differ")
        entered = await choose_password(
            own.ctx,
            holder=own.holder,
            token=read_session(own.request, own.ctx.settings),
            new=new,
            peer=own.browser.peer,
        )
    except ActionFailure as failure:
        return _page(own, on, failure)
    response = see(with_next(START, on) if entered.due else on)
    keep_session(response, own.ctx.settings, entered.token)
    return response


def _page(own: Own, on: str, refused: ActionFailure | None = None) -> web.Response:
    return own.door("choose_password.html", refused=refused, next=on)
