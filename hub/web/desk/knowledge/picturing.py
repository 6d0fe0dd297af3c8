"""Pictures of articles at the desk: put into a text that somebody writes, and shown."""

from aiohttp import web
from aiohttp.web_request import FileField

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.knowledge.pictures import PictureShelf
from hub.model.permissions import Permission
from hub.web.article_pictures import show_article_picture
from hub.web.desk.say.words import say_failure
from hub.web.desk.tickets.drafts import plain_name
from hub.web.desk.visit import Visit
from storage.knowledge_find import Reader


class ArticlePictures:
    """One per hub."""

    def __init__(self, ctx: Context) -> None:
        self._shelf = PictureShelf(ctx)

    async def post_new(self, visit: Visit) -> web.StreamResponse:
        """A picture for the text that is open in the editor: by what the text names it, or why it is not taken."""
        given = (await visit.form()).get("file")
        try:
            if not isinstance(given, FileField):
                raise NotPossible("The file is empty.", code="empty_file")
            name = plain_name(given.filename)
            kept = await self._shelf.add(given.file.read(), filename=name, actor=visit.actor)
        except NotPossible as failure:
            return _say({"trouble": say_failure(visit.voice, failure)}, status=409)
        return _say({"token": kept.token})

    async def show(self, visit: Visit) -> web.StreamResponse:
        """One that the reader's articles show; every one for whoever writes them."""
        reader = Reader.WRITTEN if visit.may(Permission.WRITE_KNOWLEDGE) else Reader.READ
        return await show_article_picture(visit.ctx, visit.request, reader)


def _say(document: object, *, status: int = 200) -> web.Response:
    return web.json_response(document, status=status, headers={"Cache-Control": "no-store"})
