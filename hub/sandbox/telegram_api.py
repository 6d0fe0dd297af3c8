"""The Bot API over HTTP, as far as a hub uses it: https://core.telegram.org/bots/api.

Answers have the real server's shape and wording, errors too. Methods not listed here answer 404, as an
unknown method does there; nothing pretends to have worked.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import orjson
from aiohttp import web
from aiohttp.web_request import FileField

from hub.sandbox.telegram_state import Person, State, StoredFile, Webhook

MAX_TEXT, MAX_CAPTION = 4096, 1024  # characters
MAX_DOWNLOAD = 20_000_000  # bytes a bot may fetch
LONGEST_POLL = 50  # seconds

_SENDING = frozenset(
    ("sendmessage", "senddocument", "sendphoto", "sendvoice", "sendaudio", "sendvideo", "sendmediagroup")
)

Answer = Callable[["Call"], Awaitable[Any]]


class ApiError(Exception):
    """An answer with ok=false."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class Call:
    """The parameters of one request: from the query, a form, a multipart body or JSON, as the API has it."""

    def __init__(self, given: Mapping[str, Any], files: Mapping[str, FileField]) -> None:
        self._given = given
        self.files = files

    @classmethod
    async def read(cls, request: web.Request) -> "Call":
        given: dict[str, Any] = dict(request.query)
        files: dict[str, FileField] = {}
        if request.content_type == "application/json" and request.can_read_body:
            try:
                given |= orjson.loads(await request.read())
            except (orjson.JSONDecodeError, TypeError) as error:
                raise ApiError(400, "Bad Request: can't parse request JSON object") from error
        else:
            for name, value in (await request.post()).items():
                if isinstance(value, FileField):
                    files[name] = value
                else:
                    given[name] = value
        return cls(given, files)

    def has(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str) -> str:
        return str(self._given.get(name, ""))

    def number(self, name: str, default: int = 0) -> int:
        value = self._given.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError) as error:
            raise ApiError(400, f"Bad Request: {name} must be an integer") from error

    def structure(self, name: str, default: Any) -> Any:
        """A list or an object, which forms carry as JSON text."""
        value = self._given.get(name, default)
        if not isinstance(value, str):
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise ApiError(400, f"Bad Request: can't parse {name} JSON") from error


class BotApi:
    """The HTTP doors of one bot."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._poll = 0
        self._methods: dict[str, Answer] = {
            "getme": self._get_me,
            "getupdates": self._get_updates,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._get_webhook_info,
            "sendmessage": self._send_message,
            "senddocument": self._send_document,
            "sendphoto": self._send_photo,
            "sendvoice": partial(self._send_media, "voice"),
            "sendaudio": partial(self._send_media, "audio"),
            "sendvideo": partial(self._send_media, "video"),
            "sendmediagroup": self._send_media_group,
            "leavechat": self._leave_chat,
            "editmessagereplymarkup": self._edit_reply_markup,
            "sendchataction": self._send_chat_action,
            "editmessagetext": self._edit_message_text,
            "answercallbackquery": self._answer_callback_query,
            "setmycommands": self._set_my_commands,
            "getfile": self._get_file,
        }

    def add_routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            self._check_token(request)
            method = self._methods.get(request.match_info["method"].lower())
            if method is None:
                raise ApiError(404, "Not Found")
            call = await Call.read(request)
            sending = request.match_info["method"].lower() in _SENDING
            if sending:
                self._fail_on_request()
            result = await method(call)
        except ApiError as error:
            body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
            if error.parameters:
                body["parameters"] = error.parameters
            return _json(body, status=error.code)
        if sending and self._state.faults.dropped > 0:
            self._state.faults.dropped -= 1
            if request.transport is not None:
                request.transport.abort()
        if sending and self._state.faults.silent > 0:
            self._state.faults.silent -= 1
            await asyncio.Event().wait()  # until whoever asked has gone
        return _json({"ok": True, "result": result})

    def _check_token(self, request: web.Request) -> None:
        if request.match_info["token"] != self._state.token:
            raise ApiError(401, "Unauthorized")

    def _fail_on_request(self) -> None:
        faults = self._state.faults
        if faults.flood > 0:
            faults.flood -= 1
            wait = faults.retry_after
            raise ApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        if faults.broken > 0:
            faults.broken -= 1
            raise ApiError(500, "Internal Server Error")

    async def _get_me(self, call: Call) -> dict[str, Any]:
        return self._state.bot | {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    async def _get_updates(self, call: Call) -> list[dict[str, Any]]:
        """An offset confirms what is older; a negative one counts from the end. A new poll ends the old."""
        state = self._state
        if state.webhook.url:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        if call.has("allowed_updates"):
            state.allowed = frozenset(call.structure("allowed_updates", []))
        limit = min(max(call.number("limit", 100), 1), 100)
        timeout = min(max(call.number("timeout"), 0), LONGEST_POLL)
        await self._confirm(call.number("offset"))
        self._poll += 1
        mine = self._poll
        await state.announce()
        try:
            async with asyncio.timeout(timeout), state.changed:
                await state.changed.wait_for(lambda: bool(state.updates) or self._poll != mine)
        except TimeoutError:
            return []
        if self._poll != mine:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            )
        return list(state.updates)[:limit]

    async def _confirm(self, offset: int) -> None:
        state = self._state
        if state.replay:
            state.replay = False
            return
        if offset < 0:
            offset = state.updates[max(len(state.updates) + offset, 0)]["update_id"] if state.updates else 0
        while state.updates and state.updates[0]["update_id"] < offset:
            state.confirmed.append(state.updates.popleft())
        await state.announce()

    async def _set_webhook(self, call: Call) -> bool:
        await self._drop_pending(call)
        self._state.webhook = Webhook(url=call.text("url"), secret=call.text("secret_token"))
        self._state.allowed = frozenset(call.structure("allowed_updates", []))
        self._poll += 1
        await self._state.announce()
        return True

    async def _delete_webhook(self, call: Call) -> bool:
        await self._drop_pending(call)
        self._state.webhook = Webhook()
        await self._state.announce()
        return True

    async def _drop_pending(self, call: Call) -> None:
        if call.text("drop_pending_updates").lower() in ("true", "1"):
            self._state.updates.clear()

    async def _get_webhook_info(self, call: Call) -> dict[str, Any]:
        hook = self._state.webhook
        info: dict[str, Any] = {
            "url": hook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._state.updates),
        }
        return info | ({"last_error_message": hook.last_error} if hook.last_error else {})

    async def _send_message(self, call: Call) -> dict[str, Any]:
        text = _checked_text(call)
        return await self._send(call, text=text)

    async def _send_document(self, call: Call) -> dict[str, Any]:
        kept = self._file_of(call, "document", "documents")
        document = kept.as_dict() | {"file_name": kept.name, "mime_type": kept.content_type}
        return await self._send(call, document=document)

    async def _send_photo(self, call: Call) -> dict[str, Any]:
        kept = self._file_of(call, "photo", "photos")
        return await self._send(call, photo=[kept.as_dict() | {"width": 1280, "height": 960}])

    async def _send_media(self, name: str, call: Call) -> dict[str, Any]:
        kept = self._file_of(call, name, f"{name}s")
        return await self._send(
            call, **{name: kept.as_dict() | {"mime_type": kept.content_type, "duration": 1}}
        )

    async def _send_media_group(self, call: Call) -> list[dict[str, Any]]:
        """Two to ten, each a message of its own; the words of the first are those of the album."""
        media = call.structure("media", [])
        if not isinstance(media, list) or not 2 <= len(media) <= 10:
            raise ApiError(400, "Bad Request: media group must include 2-10 items")
        chat = self._chat(call)
        if any(one.get("type") != "photo" for one in media):
            raise ApiError(400, "Bad Request: can't mix media of these types")
        if any(len(one.get("caption", "")) > MAX_CAPTION for one in media):
            raise ApiError(400, "Bad Request: message caption is too long")
        state, group, made = self._state, str(self._state.next_message_id), []
        for one in media:
            kept = self._file_named(call, str(one.get("media", "")), "photos")
            content: dict[str, Any] = {
                "photo": [kept.as_dict() | {"width": 1280, "height": 960}],
                "media_group_id": group,
            }
            if one.get("caption"):
                content["caption"] = one["caption"]
            made.append(state.new_message(chat, state.bot, **content))
        state.sent[chat] += made
        await state.announce()
        return made

    async def _leave_chat(self, call: Call) -> bool:
        group = self._state.groups.get(call.number("chat_id"))
        if group is None:
            raise ApiError(400, "Bad Request: chat not found")
        if group.left:
            raise ApiError(403, f"Forbidden: bot is not a member of the {group.kind} chat")
        group.left = True
        await self._state.announce()
        return True

    async def _edit_reply_markup(self, call: Call) -> dict[str, Any]:
        sent = self._state.sent[self._chat(call)]
        markup = call.structure("reply_markup", None) or {"inline_keyboard": []}
        for place, message in enumerate(sent):
            if message["message_id"] != call.number("message_id"):
                continue
            if message.get("reply_markup") == markup:
                raise ApiError(400, "Bad Request: message is not modified")
            sent[place] = message | {"reply_markup": markup}
            await self._state.announce()
            return sent[place]
        raise ApiError(400, "Bad Request: message to edit not found")

    async def _send(self, call: Call, **content: Any) -> dict[str, Any]:
        chat = self._chat(call)
        caption = call.text("caption")
        if len(caption) > MAX_CAPTION:
            raise ApiError(400, "Bad Request: message caption is too long")
        if caption:
            content["caption"] = caption
        markup = call.structure("reply_markup", None)
        if markup and "inline_keyboard" in markup:
            content["reply_markup"] = markup
        state = self._state
        message = state.new_message(chat, state.bot, **content)
        # Telegram shows the keyboard beside the text field and says nothing of it in the message.
        asks = {"asks_for": markup["keyboard"]} if markup and "keyboard" in markup else {}
        state.sent[chat].append(message | asks)
        await state.announce()
        return message

    async def _send_chat_action(self, call: Call) -> bool:
        self._state.actions.append((self._person(call).chat_id, call.text("action")))
        return True

    async def _edit_message_text(self, call: Call) -> dict[str, Any]:
        text = _checked_text(call)
        sent = self._state.sent[self._person(call).chat_id]
        for place, message in enumerate(sent):
            if message["message_id"] != call.number("message_id"):
                continue
            if message.get("text") == text:
                raise ApiError(400, "Bad Request: message is not modified")
            sent[place] = message | {"text": text, "edit_date": int(time.time())}
            await self._state.announce()
            return sent[place]
        raise ApiError(400, "Bad Request: message to edit not found")

    async def _answer_callback_query(self, call: Call) -> bool:
        query = call.text("callback_query_id")
        if query not in self._state.buttons_waiting:
            raise ApiError(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self._state.buttons_waiting.discard(query)
        self._state.notices[query] = call.text("text")
        await self._state.announce()
        return True

    async def _set_my_commands(self, call: Call) -> bool:
        self._state.commands[call.text("language_code")] = call.structure("commands", [])
        await self._state.announce()
        return True

    async def _get_file(self, call: Call) -> dict[str, Any]:
        kept = self._state.files.get(call.text("file_id"))
        if kept is None:
            raise ApiError(400, "Bad Request: invalid file_id")
        if len(kept.data) > MAX_DOWNLOAD:
            raise ApiError(400, "Bad Request: file is too big")
        return kept.as_dict() | {"file_path": kept.path}

    async def _download(self, request: web.Request) -> web.Response:
        for kept in self._state.files.values():
            if kept.path == request.match_info["path"] and request.match_info["token"] == self._state.token:
                return web.Response(body=kept.data, content_type="application/octet-stream")
        return _json({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)

    def _person(self, call: Call) -> Person:
        person = self._state.people.get(call.number("chat_id"))
        if person is None:
            raise ApiError(400, "Bad Request: chat not found")
        if person.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return person

    def _chat(self, call: Call) -> int:
        """Where to: a person who has not blocked the bot, or a group that it is in."""
        group = self._state.groups.get(call.number("chat_id"))
        if group is None:
            return self._person(call).chat_id
        if group.left:
            raise ApiError(403, f"Forbidden: bot is not a member of the {group.kind} chat")
        if group.kind == "channel":
            raise ApiError(400, "Bad Request: need administrator rights in the channel chat")
        return group.chat_id

    def _file_of(self, call: Call, name: str, folder: str) -> StoredFile:
        """A file in the part of that name, in the part that `attach://` names, or one sent before, by id."""
        return self._file_named(call, call.text(name), folder, name)

    def _file_named(self, call: Call, said: str, folder: str, name: str = "media") -> StoredFile:
        part = call.files.get(said.removeprefix("attach://") if said else name)
        if part is not None:
            return self._state.keep_file(folder, part.filename, part.content_type, part.file.read())
        kept = self._state.files.get(said)
        if kept is None:
            raise ApiError(400, f"Bad Request: there is no {name} in the request")
        return kept


def _checked_text(call: Call) -> str:
    """The text to show. Marked-up text is refused, because this server does not read the mark-up."""
    if call.text("parse_mode"):
        raise ApiError(400, "Bad Request: unsupported parse_mode")
    text = call.text("text")
    if not text.strip():
        raise ApiError(400, "Bad Request: message text is empty")
    if len(text) > MAX_TEXT:
        raise ApiError(400, "Bad Request: message is too long")
    return text


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
