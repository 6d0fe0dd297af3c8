"""What whoever is signed in sees: their cases, one of them, its files, who they are. Looking changes nothing."""

from aiohttp import web

from channels.webform.submission import PASS, TRAP, Posted
from channels.webform.words import WORDS
from hub.actions.failures import NotFound
from hub.actions.portal.act import LANGUAGES
from hub.actions.portal.enter import Visitor
from hub.actions.portal.find import find_cases
from hub.actions.portal.look import Case, list_cases, open_case, open_file, profile_of
from hub.actions.search.query import LONGEST
from hub.model.codes import TICKET, show_code
from hub.model.tickets import TicketStatus
from hub.web.desk.say.portal import CAME_BY, STANDS
from hub.web.desk.system import download
from hub.web.portal.answers import Seen
from hub.web.take_words import Box, a_box, pass_of


async def show_home(seen: Seen) -> web.Response:
    """The list, or the door for whoever is not signed in."""
    if seen.visitor is None:
        to = seen.request.query.get("to", "")
        return seen.page("portal_enter.html", to=f"?to={to}" if to.replace("-", "").isalnum() else "")
    state = seen.request.query.get("state", "")
    number = _before(seen)
    shelf = await list_cases(seen.ctx, seen.visitor, state=state, before=number)
    return seen.page(
        "portal_list.html",
        shelf=shelf,
        state=state if state in ("open", "done") else "",
        first=not number,
        LONGEST=LONGEST,
        STANDS=STANDS,
        CAME_BY=CAME_BY,
    )


async def show_search(seen: Seen) -> web.Response:
    """Their cases in which what they look for stands."""
    typed = seen.request.query.get("q", "").replace("\x00", "").strip()[:LONGEST]
    found = await find_cases(seen.ctx, visitor(seen), typed, before=_before(seen))
    return seen.page(
        "portal_search.html",
        typed=typed,
        found=found,
        first="before" not in seen.request.query,
        STANDS=STANDS,
        CAME_BY=CAME_BY,
        LONGEST=LONGEST,
    )


async def show_case(seen: Seen) -> web.Response:
    """One of their cases."""
    return case_page(seen, await open_case(seen.ctx, visitor(seen), seen.request.match_info["number"]))


def case_page(
    seen: Seen,
    case: Case,
    *,
    status: int = 200,
    problems: tuple[str, ...] = (),
    posted: Posted | None = None,
    retry_after: int = 0,
) -> web.Response:
    """The same, with what was typed and why it was not taken."""
    response = seen.page(
        "portal_case.html",
        status=status,
        path=f"/portal/{show_code(TICKET, case.row.code)}",
        case=case,
        stands=STANDS[TicketStatus(case.row.status)],
        CAME_BY=CAME_BY,
        problems=problems,
        text=posted.fields.get("text", "") if posted is not None else "",
        trap=TRAP,
        **box_of(seen, posted),
        survey=case.question.token(seen.ctx.secret) if case.question is not None else "",
    )
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def own_box(seen: Seen) -> Box:
    """Where they write, within the limits of this page."""
    limits = seen.place.settings
    return a_box(
        "/portal",
        most_files=limits.most_files,
        most_file_mb=limits.most_file_mb,
        address_posts=limits.address_posts,
    )


def box_of(seen: Seen, posted: Posted | None = None) -> dict[str, object]:
    """What the page needs to show it, after what was `posted`."""
    settings, words = seen.place.settings, WORDS[seen.voice.locale]
    return {
        "words": words,
        "files_hint": words["files_hint"].format(count=settings.most_files, size=settings.most_file_mb),
        "with_files": settings.most_files > 0,
        "pass_field": PASS,
        "new_pass": pass_of(seen.ctx, own_box(seen), posted),
    }


async def get_file(seen: Seen) -> web.Response:
    """A file of theirs, always as a download."""
    filename, data = await open_file(seen.ctx, visitor(seen), seen.request.match_info["token"])
    return download(data, filename)


async def show_profile(seen: Seen) -> web.Response:
    """Who they are to us."""
    return await profile_page(seen)


async def profile_page(seen: Seen, *, status: int = 200, problem: str = "") -> web.Response:
    """The same, with why a change was not kept."""
    profile = await profile_of(seen.ctx, visitor(seen))
    spoken = next((page for page, kept in LANGUAGES.items() if profile and profile.language == kept), "")
    return seen.page(
        "portal_profile.html",
        status=status,
        path="/portal/profile",
        profile=profile,
        spoken=spoken,
        problem=problem,
    )


def visitor(seen: Seen) -> Visitor:
    """Who is signed in. Raises NotFound: nobody any more."""
    if seen.visitor is None:
        raise NotFound("Nobody is signed in.")
    return seen.visitor


def _before(seen: Seen) -> int:
    """The id after which a page goes on; 0 for the first."""
    given = seen.request.query.get("before", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
