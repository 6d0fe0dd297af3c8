"""What whoever is signed in does: write more, send files, say that it is settled or is not, say how they liked it, change
their name."""

from collections.abc import Sequence

from aiohttp import web

from channels.adapter import NotAccepted
from channels.doors import peer_of_request
from channels.room import Held
from channels.webform.gate import weigh_post
from channels.webform.read import NoRoom, Unreadable, read_post
from channels.webform.submission import Posted, Problem
from channels.webform.words import WORDS
from hub.actions.failures import NotPossible
from hub.actions.portal.act import change_profile, rate, say_more, say_not_settled, say_settled
from hub.actions.portal.look import Case, open_case, profile_of
from hub.web.desk.say.language import N_
from hub.web.portal.answers import LANGUAGE, Seen, keep_cookie, moved
from hub.web.portal.doors import not_just_now, send_to_door, way_in
from hub.web.portal.pages import box_of, case_page, own_box, profile_page, visitor
from hub.web.portal.posted import read_fields
from hub.web.take_words import NotTaken, take_words
from storage.database import DatabaseUnavailable

_NOT_NOW = N_("Something changed meanwhile. This is how it stands now.")


async def post_more(seen: Seen) -> web.Response:
    """What they write, with files. Pressing twice is saying it once."""
    case = await open_case(seen.ctx, visitor(seen), seen.request.match_info["number"])
    with seen.ctx.room.holding() as held:
        return await _take(seen, case, held)


async def keep_words(seen: Seen) -> web.Response:
    """Their session ended while they wrote: it is shown again, to be sent once they are signed in."""
    # Counted apart: anybody may come here, and must not use up what those have who are signed in.
    box = own_box(seen)
    verdict = await weigh_post(seen.ctx.gate, f"{box.name}-out", box.settings, seen.request)
    if verdict.unread:
        return await send_to_door(seen)
    return await _show_again(seen, away=False) or await send_to_door(seen)


async def keep_words_meanwhile(seen: Seen) -> web.Response:
    """The database does not answer, so nobody knows who they are: what they wrote is shown again, to be sent later."""
    return await _show_again(seen, away=True) or await not_just_now(seen)


async def _show_again(seen: Seen, *, away: bool) -> web.Response | None:
    """None where they wrote nothing that can be read. Nothing is kept here."""
    with seen.ctx.room.holding() as held:
        try:
            posted = await read_post(seen.request, own_box(seen).settings, held)
        except (Unreadable, NoRoom, web.HTTPRequestEntityTooLarge):
            return None
        text = posted.fields.get("text", "")
        if not text.strip():
            return None
        return seen.page(
            "portal_signed_out.html",
            status=503 if away else 403,
            path="/portal",
            away=away,
            text=text,
            action=seen.request.path,
            way_in=way_in(seen.request),
            files_again=bool(posted.files or posted.problems),
            **box_of(seen, posted),
        )


async def post_settled(seen: Seen) -> web.Response:
    """For them it is done."""
    number = seen.request.match_info["number"]
    try:
        await say_settled(seen.ctx, visitor(seen), number)
    except NotPossible:
        return await _not_now(seen, number)
    return moved(f"/portal/{number}")


async def post_not_settled(seen: Seen) -> web.Response:
    """For them it is not."""
    number = seen.request.match_info["number"]
    try:
        await say_not_settled(seen.ctx, visitor(seen), number)
    except NotPossible:
        return await _not_now(seen, number)
    return moved(f"/portal/{number}")


async def post_rating(seen: Seen) -> web.Response:
    """How they liked it."""
    number = seen.request.match_info["number"]
    posted = await read_fields(seen)
    answers: dict[str, int | str] = {key: posted[key] for key in ("score", "comment") if key in posted}
    if not await rate(seen.ctx, visitor(seen), number, answers):
        return await _not_now(seen, number)
    return moved(f"/portal/{number}#rating")


async def post_profile(seen: Seen) -> web.Response:
    """Their name, and the language in which they are written to; the page goes by it too."""
    posted = await read_fields(seen)
    profile = await profile_of(seen.ctx, visitor(seen))
    language = posted.get("language", "")
    if profile is not None:
        try:
            await change_profile(
                seen.ctx, visitor(seen), profile, name=posted.get("name", ""), language=language
            )
        except NotPossible as trouble:
            return await profile_page(seen, status=422, problem=trouble.code)
    response = moved("/portal/profile")
    if language in WORDS:
        keep_cookie(response, seen.ctx, LANGUAGE, language)
    return response


async def _take(seen: Seen, case: Case, held: Held) -> web.Response:
    said_in = f"{case.row.id}:{visitor(seen).address}"
    try:
        words = await take_words(seen.ctx, seen.request, own_box(seen), held, said_in=said_in)
        async with held.turn():
            number = await say_more(
                seen.ctx,
                visitor(seen),
                seen.session,
                seen.request.match_info["number"],
                text=words.text,
                files=[(one.filename, one.content_type, one.data) for one in words.posted.files],
                key=words.key,
                peer=peer_of_request(seen.request),
            )
    except NotTaken as why:
        return _again(seen, case, why.posted, why.problems, status=why.status, retry_after=why.retry_after)
    except (NotAccepted, DatabaseUnavailable):
        return _again(seen, case, words.posted, [Problem(field="", word="not_kept")], status=503)
    return moved(f"/portal/{number}#last")


def _again(
    seen: Seen,
    case: Case,
    posted: Posted,
    problems: Sequence[Problem],
    *,
    status: int,
    retry_after: int = 0,
) -> web.Response:
    """The case with what was typed; files have to be chosen anew."""
    files = [Problem(field="", word="files_again")] if posted.files else []
    words = WORDS[seen.voice.locale]
    return case_page(
        seen,
        case,
        status=status,
        problems=tuple(one.say(words) for one in (*problems, *files)),
        posted=posted,
        retry_after=retry_after,
    )


async def _not_now(seen: Seen, number: str) -> web.Response:
    """It is as it is by now: shown anew, with a word."""
    case = await open_case(seen.ctx, visitor(seen), number)
    return case_page(seen, case, status=409, problems=(seen.voice.say(_NOT_NOW),))
