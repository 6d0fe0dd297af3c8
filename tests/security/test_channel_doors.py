"""What channels open to the outside: every address of each that is open, asked with nothing, with guesses, with what somebody
else holds, and with what is hostile or has no end. The addresses are the doors' own, so a new one is asked as well, and one
that asks for what nothing here knows how to guess is said to."""

import base64
import io
import json
import random
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import FormData

from channels.doors import Asks
from channels.telegram.adapter import SECRET_HEADER
from channels.webchat.frames import _READERS, MOST_FRAME
from channels.webchat.sessions import make_token, read_token, thread_key
from channels.webform.read import MOST_TEXT
from channels.webform.submission import PASS, PROOF, TRAP
from hub.actions.context import Context
from hub.web.doors import guard_of
from tests.canaries import written
from tests.fakes.scene import one, rows
from tests.security.conftest import PostgresLog
from tests.security.spoil import spoil
from tests.security.target import BOT, Target, a_target, path_of
from tests.security.test_schema import SQL, changed, places
from tests.security.test_untrusted_bytes import CHAT, UPDATES, USER

SECRET = re.compile(r"zinnober|hafnium", re.IGNORECASE)
"""Words that stand in Li's conversation alone: said, and called a file."""
PAGE = "p" * 22
FRAMES: dict[str, dict[str, Any]] = {
    "hello": {"type": "hello", "session": "", "after": "0", "have": ["1"], "page": PAGE, "identity": "a.b.c", "key": "k"},
    "message": {"type": "message", "client_id": "c9", "text": "hello", "name": "Eve", "email": "eve@mail.example"},
    "typing": {"type": "typing", "on": True},
    "seen": {"type": "seen", "id": "5"},
    "mail": {"type": "mail", "address": "eve@mail.example"},
    "transcript": {"type": "transcript"},
    "rate": {"type": "rate", "token": "t", "score": 5, "comment": "good"},
    "link": {"type": "link"},
    "bye": {"type": "bye"},
    "reset": {"type": "reset"},
}  # fmt: skip
"""One of each that a page may say; the last gives its token back."""
SAID = {"message_id": 5, "date": 1_780_000_000, "from": USER, "chat": CHAT, "text": "Where is my parcel?"}
FILLED_IN = {"name": "Eve", "email": "eve@mail.example", "message": "Where is it?"}
TAKEN, REFUSED = (200, 201, 303), (400, 401, 403, 404, 410, 413, 415, 422, 426)
"""Without 429: whoever is refused for having asked too often was not heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Li has written in "chat" and sent a file with it. `token`: what Li's browser holds; `session`: what the conversation is
    called, which is no secret; `line`: the message. `eve`: the token of another visitor there."""

    target: Target
    token: str
    session: str
    line: int
    eve: str

    def guesses(self, channel: str) -> dict[str, str]:
        """Tokens that open nothing at this chat, by what they are. What is Li's own at one of them is foreign at the other."""
        head, said, signature = self.token.split(".")
        secret, now = self.target.desk.ctx.secret, datetime.now(UTC)
        seat = read_token(secret, "chat", self.token, now)
        assert seat is not None
        unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
        foreign = make_token(secret, "other-chat", seat, now, days=1) if channel == "chat" else self.token
        return {
            "nothing": "", "a letter": "x", "its length": "A" * len(self.token), "its name": self.session,
            "its key": thread_key(self.session), "cut": self.token[:-1], "longer": f"{self.token}A",
            "not signed": f"{unsigned}.{said}.", "no signature": f"{head}.{said}.",
            "signed for somebody else": f"{head}.{said}.{self.eve.rpartition('.')[2]}",
            "of the other chat": foreign, "over": make_token(secret, channel, seat, now, days=-1),
            "of the first shape": f"{'A' * 32}.{'0' * 32}", "hostile": "' OR '1'='1", "without end": "A" * 4097,
            "another's signature": f"{head}.{self.eve.split('.')[1]}.{signature}",
        }  # fmt: skip


@pytest.fixture
async def target(ctx: Context) -> AsyncIterator[Target]:
    async with a_target(ctx) as target:
        yield target


@pytest.fixture
async def scene(target: Target) -> Scene:
    li, eve = [await _comes(target) for _ in range(2)]
    status, said = await ask(target, "POST", "/chat/chat/files", data=_a_file("Zinnober"), token=li)
    assert status == 200, said
    line = await one(target.desk.ctx, "SELECT id FROM interaction WHERE text = 'Zinnober'")
    payload = li.split(".")[1]
    session = json.loads(base64.urlsafe_b64decode(f"{payload}{'=' * (-len(payload) % 4)}"))["sid"]
    scene = Scene(target=target, token=li, session=session, line=line, eve=eve)
    # Whoever holds it is shown all of it, or what follows proves nothing.
    for method, path, data in (
        ("POST", "/chat/chat/poll", json.dumps({"type": "hello", "session": li}).encode()),
        ("GET", f"/chat/chat/files/{line}/1", None),
    ):
        status, said = await ask(target, method, path, data=data, token=li)
        assert status == 200 and SECRET.search(said), (path, status, said)
    return scene


def _a_file(text: str) -> FormData:
    form = FormData({"client_id": "c1", "text": text}, default_to_multipart=True)
    form.add_field("files", io.BytesIO(b"Hafnium"), filename="hafnium.txt", content_type="text/plain")
    return form


async def _comes(target: Target) -> str:
    """The token of somebody who opens the chat."""
    status, said = await ask(target, "POST", "/chat/chat/poll", data=b'{"type": "hello"}')
    assert status == 200, said
    return written(str(json.loads(said)["frames"][0]["session"]))


async def ask(
    target: Target, method: str, path: str, *, data: Any = None, token: str | None = None, **headers: str
) -> tuple[int, str]:
    """As our own page would; `token` where its script shows it."""
    headers = {"Origin": target.desk.url, **headers}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    address = target.url + path
    async with target.desk.session.request(
        method, address, data=data, headers=headers, allow_redirects=False
    ) as answer:
        return answer.status, (await answer.read()).decode("utf-8", "replace")


def doors(target: Target, asks: Asks) -> Iterator[tuple[str, str, str]]:
    """Method, path of the table and channel of all that ask for this."""
    for route in target.doors:
        path = path_of(route)
        if route.method != "HEAD" and guard_of(route.handler) == f"open:{asks}":
            yield route.method, path, path.split("/")[2]


async def test_every_door_asks_for_what_is_guessed_here_and_every_frame_is_said(target: Target) -> None:
    asked = {guard_of(route.handler) for route in target.doors}
    assert asked == {f"open:{one}" for one in (Asks.NOTHING, Asks.SESSION, Asks.SIGNATURE)}
    assert FRAMES.keys() == _READERS.keys()


# ── a token of somebody's own ────────────────────────────────────────────────────────────────────────────────────────
LIS = """
SELECT to_jsonb(x)::text AS row FROM interaction l JOIN ticket x ON x.id = l.ticket_id WHERE l.id = $1
UNION ALL SELECT to_jsonb(x)::text FROM interaction l JOIN interaction x USING (ticket_id) WHERE l.id = $1
UNION ALL SELECT to_jsonb(x)::text FROM interaction l JOIN outbox x USING (ticket_id) WHERE l.id = $1
UNION ALL SELECT to_jsonb(x)::text FROM chat x WHERE thread_key = $2
UNION ALL SELECT to_jsonb(x)::text FROM chat_page x WHERE thread_key = $2
UNION ALL SELECT to_jsonb(x)::text FROM chat_typing x WHERE thread_key = $2
UNION ALL SELECT to_jsonb(x)::text FROM chat_key x WHERE thread_key = $2
"""


async def _of_li(scene: Scene) -> set[str]:
    found = await rows(scene.target.desk.ctx, LIS, scene.line, thread_key(scene.session))
    return {row["row"] for row in found}


def _bodies(scene: Scene, path: str, token: str) -> Iterator[Any]:
    """What a page sends there: each of its frames, with the token and with the number of Li's line wherever it may stand."""
    if path.endswith("/files"):
        yield _a_file("hello")
    for frame in FRAMES.values():
        more = {"session": token} if "session" in frame else {}
        more |= {"id": str(scene.line)} if "id" in frame else {}
        yield json.dumps(frame | more).encode()
    before = {"type": "hello", "session": token, "after": str(scene.line - 1), "standing": "x", "page": PAGE}
    yield json.dumps(before).encode()
    yield json.dumps({"type": "hello", "key": token}).encode()


def _requests(scene: Scene, token: str) -> Iterator[tuple[str, str, str, Any]]:
    """Method, path of the table, address and body. What gives a token back comes last: after it nothing opens."""
    made = []
    for method, path, _ in doors(scene.target, Asks.SESSION):
        address = path.replace("{line}", str(scene.line)).replace("{number}", "1")
        for body in _bodies(scene, path, token) if method == "POST" else (None,):
            made.append((method, path, address, body))
    yield from sorted(made, key=lambda asked: asked[3] == json.dumps(FRAMES["reset"]).encode())


def _is_new(scene: Scene, said: str) -> bool:
    """Whoever shows nothing that opens a conversation begins another, in which nothing was said."""
    frames = json.loads(said)["frames"]
    return bool(frames[0]["type"] == "welcome" and frames[0]["lines"] == [] and scene.session not in said)


async def test_s45_s52_no_address_of_a_chat_opens_for_a_token_that_is_not_its_own(scene: Scene) -> None:
    before, wrong, asked = await _of_li(scene), [], 0
    for channel in ("chat", "other-chat"):
        for what, token in scene.guesses(channel).items():
            for method, path, address, body in _requests(scene, token):
                if not path.startswith(f"/chat/{channel}/"):
                    continue
                asked += 1
                status, said = await ask(scene.target, method, address, data=body, token=token)
                begun = status == 200 and path.endswith("/poll") and _is_new(scene, said)
                if not (begun or status in REFUSED) or SECRET.search(said):
                    wrong.append((method, path, what, body, status, said[:200]))
    assert wrong == [], "\n".join(map(str, wrong))
    assert asked > 400
    assert await _of_li(scene) == before, "and nothing of it was changed"


async def test_s45_no_address_of_a_chat_gives_one_visitor_what_is_anothers(scene: Scene) -> None:
    """With a good token, for what is not theirs."""
    before, wrong, heard = await _of_li(scene), [], 0
    for method, path, address, body in _requests(scene, scene.eve):
        status, said = await ask(scene.target, method, address, data=body, token=scene.eve)
        heard += status == 200
        known = scene.session in said or thread_key(scene.session) in said
        if status >= 500 or SECRET.search(said) or known or (method == "GET" and status not in (404, 426)):
            wrong.append((method, path, body, status, said[:200]))
    assert wrong == [], "\n".join(map(str, wrong))
    assert heard > 8, "their own is open to them"
    assert await _of_li(scene) == before


async def test_s45_s49_no_socket_tells_of_a_conversation_that_is_not_its_visitors(scene: Scene) -> None:
    target, asked = scene.target, 0
    sockets = [
        (path, channel) for _, path, channel in doors(target, Asks.SESSION) if path.endswith("/socket")
    ]
    for path, channel in sockets:
        for what, token in {**scene.guesses(channel), "another's own": scene.eve}.items():
            asked += 1
            async with target.desk.session.ws_connect(
                target.url + path, headers={"Origin": target.desk.url}
            ) as socket:
                await socket.send_json({"type": "hello", "session": token, "after": str(scene.line - 1)})
                said = await socket.receive_str(timeout=20)
                assert not SECRET.search(said) and scene.session not in said, (path, what, said)
                assert json.loads(said)["type"] in ("welcome", "error"), (path, what, said)
    assert asked > 30
    async with target.desk.session.ws_connect(
        f"{target.url}/chat/chat/socket", headers={"Origin": target.desk.url}
    ) as socket:
        await socket.send_json({"type": "hello", "session": scene.token})
        assert SECRET.search(await socket.receive_str(timeout=20)), "whose it is is told"


# ── a signature of another program's ─────────────────────────────────────────────────────────────────────────────────
async def test_s84_s85_no_call_without_the_bots_own_secret_is_heard(target: Target) -> None:
    update = json.dumps({"update_id": 9, "message": SAID}).encode()
    bots = {channel: path for _, path, channel in doors(target, Asks.SIGNATURE)}
    assert bots.keys() == {"bot", "other-bot"}
    own = {name: target.workers[name].adapter._secrets()[0] for name in bots}  # type: ignore[attr-defined]
    for name, path in bots.items():
        (other,) = (secret for bot, secret in own.items() if bot != name)
        for given in (
            None, "", "x", own[name][:-1], f"{own[name]}0", own[name].upper(), own[name][::-1], other, BOT["token"],
            target.desk.ctx.secret.hex(), "' OR '1'='1", "\xff" * 64, "A" * 7000,
        ):  # fmt: skip
            for body in (update, b"", b"[" * 10_000):
                shown = {} if given is None else {SECRET_HEADER: given}
                assert (await ask(target, "POST", path, data=io.BytesIO(body), **shown))[0] == 401, (
                    name,
                    given,
                )
    assert await _kept(target) == 0, "and nothing of it is kept"
    for name, path in bots.items():
        assert (await ask(target, "POST", path, data=update, **{SECRET_HEADER: own[name]}))[0] == 200
    assert await _kept(target) == 2, "with its own it is"


async def _kept(target: Target) -> int:
    """Of all that bots were told."""
    found = (
        "SELECT count(*) FROM inbound_raw r JOIN channel c ON c.id = r.channel_id WHERE c.kind = 'telegram'"
    )
    return int(await one(target.desk.ctx, found))


async def test_s88_a_call_that_is_signed_and_spoilt_is_heard_or_refused(target: Target) -> None:
    """503: it asks for a file, and where files are nobody answers; Telegram calls again."""
    chance, answers = random.Random(85), set()
    for _, path, channel in doors(target, Asks.SIGNATURE):
        secret = target.workers[channel].adapter._secrets()[0]  # type: ignore[attr-defined]
        for number in range(60):
            data = spoil(UPDATES[number % len(UPDATES)], chance)
            status, said = await ask(target, "POST", path, data=io.BytesIO(data), **{SECRET_HEADER: secret})
            assert status in (200, 400, 413, 503), (status, data[:300], said)
            answers.add(status)
    assert {200, 400} <= answers, "some are good enough, and some are not"


# ── nothing at all ───────────────────────────────────────────────────────────────────────────────────────────────────
async def test_s54_s55_what_is_sent_to_a_form_is_a_text_and_nothing_else(
    scene: Scene, postgres_log: PostgresLog
) -> None:
    """In each of its fields, as a program and as a page send them, and behind the question mark of all that is open to all."""
    target, wrong, taken = scene.target, [], 0
    secret = json.dumps({**FILLED_IN, "name": "Li", "message": "Zinnober"})
    kept = {"Content-Type": "application/json", "Idempotency-Key": "order-7"}
    assert (await ask(target, "POST", "/forms/form", data=secret, **kept))[0] in TAKEN

    async def look(method: str, path: str, data: Any = None, **headers: str) -> None:
        nonlocal taken
        status, said = await ask(target, method, path, data=data, **headers)
        taken += status in TAKEN and method == "POST"
        if status not in (*TAKEN, *REFUSED) or SECRET.search(said):
            wrong.append((method, path, data, status, said[:200]))

    for method, path, channel in doors(target, Asks.NOTHING):
        if channel.startswith("other-"):
            continue  # the same once more
        if method != "POST":
            for bad in SQL:
                await look(
                    method, f"{path}?{urlencode(dict.fromkeys(('lang', 'trial', 'key', 'theme'), bad))}"
                )
            continue
        settings: Any = target.desk.ctx.channel(channel).settings
        fields = [each.key for each in settings.asks.fields]
        for field in fields:
            for bad in SQL:
                await look(method, path, json.dumps({**FILLED_IN, field: bad}), **kept)
        for field in (*fields, PASS, PROOF, TRAP):
            for bad in (*SQL[:6], "A" * 5000):
                await look(method, path, FormData({**FILLED_IN, field: bad}))
        for data in (b"", b"{", b"[" * 10_000, b'{"message": null}', b"x" * (MOST_TEXT + 1)):
            await look(method, path, io.BytesIO(data), **kept)
    assert wrong == [], "\n".join(map(str, wrong))
    assert taken > 50, "much of it is words like any other"
    assert postgres_log.syntax_errors() == []


async def test_s54_s55_nor_is_anything_that_a_visitor_says(scene: Scene, postgres_log: PostgresLog) -> None:
    target, chance, wrong, heard = scene.target, random.Random(45), [], 0
    before, token = await _of_li(scene), scene.eve
    said_to = [
        path
        for method, path, _ in doors(target, Asks.SESSION)
        if (method, path[:11]) == ("POST", "/chat/chat/")
    ]
    for path in said_to:
        for frame in (each for name, each in FRAMES.items() if name not in ("reset", "bye")):
            for way in places(frame):
                for bad in chance.sample((*SQL, "A" * MOST_FRAME), 6):
                    said = changed({**frame, "session": token} if "session" in frame else frame, way, bad)
                    data = json.dumps(said).encode("utf-8", "surrogatepass")
                    shown = bad if bad.isascii() and bad.isprintable() else ""
                    status, answer = await ask(
                        target, "POST", path, data=data, token=token, **{"Chat-Page": shown[:500]}
                    )
                    heard += status == 200
                    if status not in (200, *REFUSED) or SECRET.search(answer):
                        wrong.append((path, said, status, answer[:200]))
    assert wrong == [], "\n".join(map(str, wrong))
    assert heard > 20
    assert await _of_li(scene) == before
    assert postgres_log.syntax_errors() == []
