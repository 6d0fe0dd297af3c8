"""What customers read: the shelf, a category, an article, a search; and what they say of an article.

Every text on these pages comes from `storage.help` or a search that is told `public`: what is internal, a draft or put away is
answered like a number that does not exist.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from urllib.parse import parse_qsl

from aiohttp import web

from channels.doors import COMMON_HEADERS, is_own_origin, read_body
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.knowledge import judge
from hub.actions.knowledge.find import Offer, find_articles, suggest
from hub.actions.knowledge.judge import TooMany
from hub.actions.portal.place import is_open
from hub.actions.ports import public_url
from hub.model.articles import PLACES, language_of_place, other_language, public_path, slug
from hub.web.article_pictures import IN_HELP, show_article_picture, show_text
from hub.web.desk.say.language import Voice
from hub.web.help import answers
from storage import help as stored
from storage.help import PublicArticle, ShelfRow
from storage.knowledge_find import Reader

_MOST_TYPED = 300
_MOST_TEXT = 4000
_MOST_POSTED = 32 * 1024
_FOUND = 20
_OFFERED = 3

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One category with what stands in it. `id` None: what stands in none."""

    id: int | None
    title: str
    articles: Sequence[ShelfRow]

    @property
    def path(self) -> str:
        return f"{self.id}-{named}" if (named := slug(self.title)) else f"{self.id}"


class HelpPages:
    """The handlers, over one hub."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def to_language(self, request: web.Request) -> web.Response:
        """The shelf in the language that the browser prefers."""
        return answers.moved(f"/help/{PLACES[answers.browser_language(request)]}")

    async def show_home(self, request: web.Request) -> web.Response:
        """All categories."""
        voice = answers.voice_of(request)
        rows = await self._ctx.database.read(lambda c: stored.shelf(c, voice.locale))
        return self._page("help.html", voice, shelves=_shelves(rows, voice), elsewhere=_places(""))

    async def show_category(self, request: web.Request) -> web.Response:
        """One category."""
        voice = answers.voice_of(request)
        number = _number(request.match_info["category"], most=9)
        rows = await self._ctx.database.read(lambda c: stored.shelf(c, voice.locale, number))
        shelves = _shelves(rows, voice)
        if not shelves:
            raise NotFound("There is no such category.")
        return self._page(
            "help_category.html", voice, shelf=shelves[0], elsewhere=_places(f"/category/{number}")
        )

    async def show_article(self, request: web.Request) -> web.Response:
        """One article at its own address; at another one of it, or in a language that it is not in, the way there."""
        voice = answers.voice_of(request)
        given = request.match_info["article"]
        number = _number(given)
        found = await judge.read_public(self._ctx, number)
        article = next((one for one in found if one.language == voice.locale), None)
        if article is None:
            other = found[0]
            return answers.moved(public_path(other.language, number, other.title))
        path = public_path(article.language, number, article.title)
        if f"/help/{request.match_info['place']}/{given}" != path:
            return answers.moved(path, for_good=True)
        said = await judge.vote_of(self._ctx, number, answers.visitor_of(request, self._ctx))
        if request.method == "GET" and "Sec-Purpose" not in request.headers:
            await judge.count_view(self._ctx, number)
        return self._page(
            "help_article.html",
            voice,
            article=article,
            html=await show_text(self._ctx, article.body, path=IN_HELP),
            category=_category(article, voice),
            said=said,
            path=path,
            canonical=public_url(self._ctx) + path,
            elsewhere={one.language: public_path(one.language, number, one.title) for one in found},
            base=public_url(self._ctx),
        )

    async def show_picture(self, request: web.Request) -> web.Response:
        """A picture of an article that customers read at this moment; any other is not found."""
        return await show_article_picture(self._ctx, request, Reader.PUBLIC)

    async def post_vote(self, request: web.Request) -> web.Response:
        """Whether it helped. Only our own page asks, so only it is heard."""
        voice = answers.voice_of(request)
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return self._refuse(voice, 403)
        number = _number(request.match_info["article"])
        body = (await read_body(request, _MOST_POSTED)).decode("utf-8", "replace")
        posted = dict(parse_qsl(body.replace("%00", "")))
        visitor = answers.visitor_of(request, self._ctx) or answers.new_visitor()
        helped = posted.get("helped", "")
        if helped not in ("yes", "no"):
            raise NotFound("neither yes nor no")
        try:
            await judge.vote(
                self._ctx,
                article_id=number,
                language=voice.locale,
                visitor=visitor,
                peer=answers.peer(request),
                helped=helped == "yes",
                comment=posted.get("comment", ""),
            )
        except TooMany as trouble:
            return self._refuse(voice, 429, retry_after=trouble.retry_after)
        found = await judge.read_public(self._ctx, number)
        shown = next((one for one in found if one.language == voice.locale), found[0])
        response = answers.moved(f"{public_path(shown.language, number, shown.title)}#helped")
        answers.keep_visitor(response, self._ctx, visitor)
        return response

    async def show_search(self, request: web.Request) -> web.Response:
        """What was found."""
        voice = answers.voice_of(request)
        typed = _typed(request, _MOST_TYPED)
        found: list[Offer] = []
        if typed:
            try:
                await judge.allow_search(self._ctx, answers.peer(request))
            except TooMany as trouble:
                return self._refuse(voice, 429, retry_after=trouble.retry_after)
            found = await find_articles(self._ctx, typed, language=voice.locale, public=True, limit=_FOUND)
        return self._page("help_search.html", voice, typed=typed, found=found, elsewhere=_places("/search"))

    async def get_suggestions(self, request: web.Request) -> web.Response:
        """For the pages on which somebody is about to write: what may answer them, as JSON."""
        language = "zh_CN" if request.query.get("lang", "").lower().startswith("zh") else "en"
        typed = _typed(request, _MOST_TEXT)
        try:
            await judge.allow_search(self._ctx, answers.peer(request))
        except TooMany as trouble:
            response = self.offer_nothing(request, 429)
            response.headers["Retry-After"] = str(trouble.retry_after)
            return response
        found = await suggest(self._ctx, typed, language=language, public=True, limit=_OFFERED)
        offers = [
            {
                "title": one.title,
                "summary": one.summary,
                "url": one.path,
                "lang": one.language.replace("_", "-"),
            }
            for one in found
        ]
        return _as_json({"articles": offers})

    def offer_nothing(self, _request: web.Request, status: int, fault: str = "") -> web.Response:
        """Where something went wrong (channels.doors.Tells), since whoever writes can do without."""
        return _as_json({"articles": [], **({"fault": fault} if fault else {})}, status)

    async def show_sitemap(self, request: web.Request) -> web.Response:
        """Every article that customers read, for search engines (sitemaps.org, protocol 0.9)."""
        base = public_url(self._ctx)
        lines = [
            f"<url><loc>{escape(base + public_path(one.language, one.id, one.title))}</loc>"
            f"<lastmod>{one.published_at.date().isoformat()}</lastmod></url>"
            for one in await self._ctx.database.read(stored.site)
        ]
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
            + "\n".join(lines)
            + "\n</urlset>\n"
        )
        headers = {**COMMON_HEADERS, "Cache-Control": "max-age=3600"}
        return web.Response(text=text, content_type="application/xml", charset="utf-8", headers=headers)

    def told(self, handler: Handler) -> Handler:
        """What is not there is answered by a page in the reader's language."""

        async def handle(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except NotFound:
                language = language_of_place(request.match_info.get("place", ""))
                voice = Voice(locale=language or answers.browser_language(request))
                return self._refuse(voice, 404)

        return handle

    def _page(self, template: str, voice: Voice, *, status: int = 200, **context: object) -> web.Response:
        around: dict[str, object] = {
            "elsewhere": {},
            "canonical": "",
            "base": public_url(self._ctx),
            "typed": "",
            "other": other_language(voice.locale),
            "ways": self._ways(voice),
            "my_page": is_open(self._ctx),
        }
        return answers.show_page(template, voice, status=status, **{**around, **context})

    def _ways(self, voice: Voice) -> list[tuple[str, str]]:
        """(kind, address) of a form and a chat by which a reader who found nothing can write."""
        kinds = {"webform": "forms", "webchat": "chat"}
        found: dict[str, str] = {}
        for name, table in sorted(self._ctx.channels.items()):
            kind = str(table.get("kind"))
            if kind in kinds:
                found.setdefault(kind, f"/{kinds[kind]}/{name}?lang={voice.locale}")
        return list(found.items())

    def _refuse(self, voice: Voice, status: int, *, retry_after: int = 0) -> web.Response:
        response = self._page("help_trouble.html", voice, status=status, trouble=status)
        if retry_after:
            response.headers["Retry-After"] = str(retry_after)
        return response


def _places(rest: str) -> dict[str, str]:
    """The same page in every language."""
    return {language: f"/help/{place}{rest}" for language, place in PLACES.items()}


def _shelves(rows: Sequence[ShelfRow], voice: Voice) -> list[Shelf]:
    return [
        Shelf(
            id=category,
            title=(articles[0].category_zh if voice.chinese else articles[0].category_en),
            articles=articles,
        )
        for category, articles in (
            (category, list(group)) for category, group in groupby(rows, key=lambda row: row.category_id)
        )
    ]


def _category(article: PublicArticle, voice: Voice) -> Shelf | None:
    title = article.category_zh if voice.chinese else article.category_en
    return Shelf(id=article.category_id, title=title, articles=()) if title else None


def _number(given: str, most: int = 18) -> int:
    """The number at the beginning of a part of an address, of `most` digits. Raises NotFound."""
    digits = given.partition("-")[0]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= most):
        raise NotFound("not a number")
    return int(digits)


def _typed(request: web.Request, most: int) -> str:
    return request.query.get("q", "").replace("\x00", "").strip()[:most]


def _as_json(document: dict[str, object], status: int = 200) -> web.Response:
    headers = {**COMMON_HEADERS, "Cache-Control": "no-store"}
    return web.json_response(document, status=status, headers=headers)
