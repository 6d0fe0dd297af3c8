"""The page on which agents see to their own signing in: password, second step, passkeys, the company's account, sessions; and
for administrators, of whom a second step is asked."""

from uuid import UUID

from aiohttp import web

from hub.actions.failures import ActionFailure, LoginRefused, NotFound
from hub.actions.signin.by_password import change_own_password
from hub.actions.signin.own_sessions import end_other_sessions, end_own_session, holder_of, list_sessions
from hub.actions.signin.passkeys import rename_passkey
from hub.actions.signin.policy import MOST_GRACE, REQUIRED_OF, change_policy, read_policy
from hub.actions.signin.second import remove_passkey, remove_totp, steps_of
from hub.model.permissions import Permission
from hub.web.desk.cookies import read_session
from hub.web.desk.say.browsers import browser_words, is_phone
from hub.web.desk.say.language import N_
from hub.web.desk.say.signin import DONE, ENTRANCES, REQUIRED_OF_WORDS
from hub.web.desk.say.words import say_failure
from hub.web.desk.signin.company import ticket_of
from hub.web.desk.signin.ways import AGAIN, MOST_FIELD, SECURITY, browser_of, say_wait, with_next
from hub.web.desk.visit import Handler, Visit, go
from storage import signin
from storage.signin import Holder


async def show_security(visit: Visit) -> web.StreamResponse:
    """The page."""
    return await _page(visit, done=visit.query.get("done", ""))


async def post_password(visit: Visit) -> web.StreamResponse:
    """Another password; the old one is asked for, and every other session ends."""
    form = await visit.form()
    holder = await _holder(visit)
    new, once_more = (str(form.get(name, ""))[:MOST_FIELD] for name in ("new", "again"))
    if new != once_more:
        return await _page(
            visit, trouble=visit.voice.say(N_("The two new passwords differ.")), where="password"
        )
    try:
        await change_own_password(
            visit.ctx,
            holder=holder,
            old=str(form.get("old", ""))[:MOST_FIELD],
            new=new,
            peer=browser_of(visit.request, visit.ctx.settings).peer,
        )
    except ActionFailure as failure:
        wait = failure.retry_after if isinstance(failure, LoginRefused) else 0
        text = say_wait(visit.voice, wait) if wait else say_failure(visit.voice, failure)
        return await _page(visit, trouble=text, where="password")
    return _done(visit, "password")


async def post_end_session(visit: Visit) -> web.StreamResponse:
    """One session, wherever it is."""
    given = str((await visit.form()).get("session", ""))
    try:
        session_id = UUID(given)
    except ValueError as error:
        raise NotFound("not a session") from error
    await end_own_session(visit.ctx, await _holder(visit), session_id)
    return _done(visit, "session")


async def post_end_others(visit: Visit) -> web.StreamResponse:
    """All but this one."""
    await end_other_sessions(visit.ctx, await _holder(visit))
    return _done(visit, "others")


async def post_remove_app(visit: Visit) -> web.StreamResponse:
    """The authenticator app."""
    await remove_totp(visit.ctx, visit.agent.id, browser_of(visit.request, visit.ctx.settings).peer)
    return _done(visit, "app_removed")


async def post_remove_passkey(visit: Visit) -> web.StreamResponse:
    """One passkey."""
    peer = browser_of(visit.request, visit.ctx.settings).peer
    await remove_passkey(visit.ctx, visit.agent.id, _number(visit), peer)
    return _done(visit, "passkey_removed")


async def post_rename_passkey(visit: Visit) -> web.StreamResponse:
    """What one is called."""
    name = str((await visit.form()).get("name", ""))[:MOST_FIELD]
    try:
        await rename_passkey(visit.ctx, visit.agent.id, _number(visit), name)
    except ActionFailure as failure:
        return await _page(visit, trouble=say_failure(visit.voice, failure), where="passkeys")
    return _done(visit, "passkey_renamed")


async def post_policy(visit: Visit) -> web.StreamResponse:
    """Of whom a second step is asked."""
    form = await visit.form()
    days = str(form.get("grace_days", ""))
    try:
        await change_policy(
            visit.ctx,
            required_of=str(form.get("required_of", "")),
            grace_days=int(days) if days.isascii() and days.isdigit() and len(days) < 4 else -1,
            actor=visit.actor,
        )
    except ActionFailure as failure:
        return await _page(visit, trouble=say_failure(visit.voice, failure), where="policy")
    return _done(visit, "policy")


def freshly(handler: Handler) -> Handler:
    """Only for somebody who showed lately who they are; others do so first, and come back to the page."""

    async def handle(visit: Visit) -> web.StreamResponse:
        holder = await _holder(visit)
        return await handler(visit) if holder.fresh else go(visit, with_next(AGAIN, SECURITY))

    return handle


async def _page(visit: Visit, *, trouble: str = "", where: str = "", done: str = "") -> web.Response:
    ctx, agent_id = visit.ctx, visit.agent.id
    holder = await _holder(visit)
    oidc = ctx.settings.web.oidc
    company = await ctx.database.read(lambda c: signin.company_logins_of(c, agent_id))
    decides = visit.actor.may(Permission.MANAGE_SIGN_IN)
    policy, without = await read_policy(ctx) if decides else (None, 0)
    response = visit.page(
        "security.html",
        section="security",
        holder=holder,
        trouble=trouble,
        where=where,
        done=DONE.get(done, ""),
        steps=await steps_of(ctx, agent_id),
        passkeys=await ctx.database.read(lambda c: signin.passkeys_of(c, agent_id)),
        sessions=await list_sessions(ctx, agent_id),
        company=[one for one in company if one.issuer == oidc.issuer],
        company_label=(oidc.label_zh if visit.voice.chinese else oidc.label_en) if oidc.issuer else "",
        ticket=ticket_of(ctx, holder, "link"),
        policy=policy,
        without=without,
        browser_words=browser_words,
        is_phone=is_phone,
        ENTRANCES=ENTRANCES,
        REQUIRED_OF={name: REQUIRED_OF_WORDS[name] for name in REQUIRED_OF},
        MOST_GRACE=MOST_GRACE,
    )
    if trouble:
        response.set_status(409)
    return response


async def _holder(visit: Visit) -> Holder:
    """The session of this request. Raises NotFound where it has ended within this very moment."""
    found = await holder_of(visit.ctx, read_session(visit.request, visit.ctx.settings))
    if found is None:
        raise NotFound("The session has ended.")
    return found


def _number(visit: Visit) -> int:
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFound("not the number of a passkey")
    return int(given)


def _done(visit: Visit, what: str) -> web.Response:
    return go(visit, f"{SECURITY}?done={what}")
