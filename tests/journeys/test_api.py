"""The JSON API as its callers meet it: real server, Postgres and keys; answers checked by the document."""

import asyncio
import base64
import dataclasses
import io
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jsonschema
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from hub.actions.context import Context
from hub.actions.people.keys import actor_of_key, create_api_key
from hub.actions.people.staff import add_agent
from hub.model.people import Actor, Scope
from hub.settings import Settings
from hub.web.api import keyring
from hub.web.api.openapi import make_document
from hub.web.api.operations import PREFIX, Operation
from hub.web.api.routes import api_routes
from hub.web.api.table import OPERATIONS
from hub.web.doorstep import Doorstep
from storage.database import Connection, Database

DOCUMENT = make_document(OPERATIONS)
BIG = 2**53
DOOR_ROUNDS = 8
NOTHING = "987654321"
"""The number of nothing that there is."""
ANSWERING = {
    "kind": "api",
    "callback_url": "http://127.0.0.1:9/answers",
    "callback_secret": "whsec_" + base64.b64encode(b"k" * 32).decode(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Api:
    """A caller that checks every answer against the OpenAPI document before it is looked at."""

    def __init__(self, session: ClientSession, keys: dict[Scope, str], ctx: Context) -> None:
        self.session = session
        self.keys = keys
        self.ctx = ctx

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        scope: Scope | None = Scope.ADMIN,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = dict(headers or {})
        if scope is not None:
            sent.setdefault("Authorization", f"Bearer {self.keys[scope]}")
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(method, PREFIX + path, data=data, headers=sent) as response:
            reply = Reply(status=response.status, headers=response.headers.copy(), body=await response.read())
        _check_against_document(method, path, reply)
        return reply


def _operation_of(method: str, path: str) -> Operation | None:
    parts = path.partition("?")[0].split("/")
    for operation in OPERATIONS:
        wanted = operation.path.split("/")
        if operation.method != method or len(parts) != len(wanted):
            continue
        if all(want.startswith("{") or want == part for want, part in zip(wanted, parts, strict=True)):
            return operation
    return None


def _check_against_document(method: str, path: str, reply: Reply) -> None:
    assert reply.status != 500, reply.body
    if reply.status >= 400:
        assert reply.headers["Content-Type"].startswith("application/problem+json"), (
            reply.status,
            reply.body,
        )
        _validate({"$ref": "#/components/schemas/ProblemAnswer"}, reply.json)
        assert reply.json["status"] == reply.status
    operation = _operation_of(method, path)
    if operation is None:
        return
    described = DOCUMENT["paths"][PREFIX + operation.path][method.lower()]["responses"]
    assert str(reply.status) in described, (operation.name, reply.status, reply.body)
    schema = described[str(reply.status)].get("content", {}).get("application/json", {}).get("schema")
    if schema is not None:
        _validate(schema, reply.json)


def _validate(schema: dict[str, Any], document: Any) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(document)


@pytest.fixture
async def api(ctx: Context) -> AsyncIterator[Api]:
    ctx = dataclasses.replace(ctx, settings=Settings(channels={"api": ANSWERING}))
    async with serving(ctx) as api:
        yield api


class serving:
    """A running API on a free port, with one key of each scope."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def __aenter__(self) -> Api:
        app = web.Application()
        app.add_routes(api_routes(self._ctx))
        self._server = TestServer(app)
        await self._server.start_server()
        keys = {
            scope: await create_api_key(self._ctx, name=f"test-{scope.value}", scopes=[scope])
            for scope in Scope
        }
        self._session = ClientSession(self._server.make_url("/"))
        return Api(self._session, keys, self._ctx)

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._server.close()


def letter(text: str = "我的订单还没到", **changed: Any) -> dict[str, Any]:
    sender = {"name": "陈芳", "identities": [{"kind": "email", "value": "chen@example.com"}]}
    return {"sender": sender, "subject": "订单", "text": text} | changed


async def _count(database: Database, table: str) -> int:
    async def work(c: Connection) -> int:
        return int(await c.fetchval(f"SELECT count(*) FROM {table}"))

    return await database.read(work)


async def test_what_a_program_hands_in_stands_on_a_ticket(api: Api) -> None:
    file = {
        "filename": "收据.txt",
        "content_type": "text/plain",
        "data_base64": base64.b64encode(b"42").decode(),
    }
    posted = await api.call("POST", "/interactions", letter(attachments=[file]), scope=Scope.INGEST)
    assert posted.status == 201
    assert posted.json["status"] == "accepted"
    number = posted.json["ticket"]
    assert posted.headers["Location"] == f"{PREFIX}/tickets/{number}"
    assert int(posted.json["interaction_id"]) > BIG, "a number that JavaScript cannot hold is sent as text"

    for spoken in (number, number.removeprefix("T-"), number.lower()):
        shown = await api.call("GET", f"/tickets/{spoken}", scope=Scope.READ)
        assert shown.status == 200
    entry = shown.json["timeline"][0]
    assert entry["id"] == posted.json["interaction_id"]
    assert entry["text"] == "我的订单还没到"
    assert shown.json["customer_name"] == "陈芳"

    listed = await api.call("GET", "/tickets?scope=all&status=open,pending", scope=Scope.READ)
    assert [one["number"] for one in listed.json["items"]] == [number]
    got = await api.call("GET", entry["attachments"][0]["url"].removeprefix(PREFIX), scope=Scope.READ)
    assert got.body == b"42"
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert got.headers["Content-Type"] == "application/octet-stream"


async def test_the_same_key_and_body_have_one_effect_and_one_answer(api: Api) -> None:
    headers = {"Idempotency-Key": "order-17"}
    every = await asyncio.gather(
        *(api.call("POST", "/interactions", letter(), scope=Scope.INGEST, headers=headers) for _ in range(8))
    )
    again = await api.call("POST", "/interactions", letter(), scope=Scope.INGEST, headers=headers)
    assert {reply.status for reply in (*every, again)} == {201}
    assert len({reply.body for reply in (*every, again)}) == 1
    other = await api.call("POST", "/interactions", letter("anders"), scope=Scope.INGEST, headers=headers)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    # Another caller's key of the same name is another key.
    foreign = await api.call("POST", "/interactions", letter("x"), scope=Scope.ADMIN, headers=headers)
    assert foreign.status == 201
    assert await _count(api.ctx.database, "inbound_raw") == 2


async def test_without_a_key_each_request_is_its_own(api: Api) -> None:
    for _ in range(2):
        assert (await api.call("POST", "/interactions", letter(), scope=Scope.INGEST)).status == 201
    assert await _count(api.ctx.database, "inbound_raw") == 2


async def test_only_intake_may_vouch_for_an_identity(api: Api) -> None:
    sender = {"name": "x", "identities": [{"kind": "phone", "value": "+8613800138000", "verified": True}]}
    refused = await api.call("POST", "/interactions", letter(sender=sender), scope=Scope.WRITE)
    assert (refused.status, refused.json["code"]) == (403, "verified_needs_ingest")
    assert refused.json["errors"][0]["field"] == "sender.identities.0.verified"
    assert await _count(api.ctx.database, "inbound_raw") == 0
    for scope in (Scope.INGEST, Scope.ADMIN):
        assert (await api.call("POST", "/interactions", letter(sender=sender), scope=scope)).status == 201


@pytest.mark.parametrize(
    ("identity", "says"),
    [
        ({"kind": "email", "value": "not an email"}, "email"),
        ({"kind": "phone", "value": "ring me"}, "phone"),
    ],
)
async def test_an_identity_that_is_none_is_the_callers_to_correct(
    api: Api, identity: dict[str, str], says: str
) -> None:
    sender = {"identities": [{"kind": "external", "value": "crm-7"}, identity]}
    refused = await api.call("POST", "/interactions", letter(sender=sender), scope=Scope.INGEST)
    assert (refused.status, refused.json["code"]) == (422, "invalid")
    (error,) = refused.json["errors"]
    assert error["field"] == "sender.identities.1.value" and says in error["message"]
    assert await _count(api.ctx.database, "inbound_raw") == 0


async def test_fields_alone_say_enough(api: Api) -> None:
    sender = {"identities": [{"kind": "external", "value": "crm-7"}]}
    body = {"sender": sender, "fields": {"rating": "5"}}
    assert (await api.call("POST", "/interactions", body, scope=Scope.INGEST)).status == 201


@pytest.mark.parametrize(
    ("channels", "body", "status", "says"),
    [
        ({}, letter(), 409, 'Add one of kind "api"'),
        ({"a": {"kind": "api"}, "b": {"kind": "api"}}, letter(), 422, "a, b"),
        ({"a": {"kind": "api"}}, letter(channel="inbox"), 422, "a"),
    ],
)
async def test_a_missing_channel_is_told_with_what_to_do(
    ctx: Context, channels: dict[str, Any], body: dict[str, Any], status: int, says: str
) -> None:
    async with serving(dataclasses.replace(ctx, settings=Settings(channels=channels))) as api:
        reply = await api.call("POST", "/interactions", body, scope=Scope.INGEST)
    assert reply.status == status
    assert says in reply.json["detail"]


@pytest.mark.parametrize("part", range(DOOR_ROUNDS))
async def test_no_operation_opens_without_its_key_and_scope(api: Api, part: int) -> None:
    """Each part of the operations at a house of its own: not so many wrong keys at one that it would listen to no more."""
    for operation in OPERATIONS[part::DOOR_ROUNDS]:
        path = operation.path.format(
            number="T-10019", id=NOTHING, customer="1", token="x", channel="x", address="a@b.cn", name="service",
            version=NOTHING, task="A-10019", call=NOTHING, language="en", incident="1", other="1",
        )  # fmt: skip
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
            reply = await api.call(operation.method, path, {}, scope=None, headers=headers)
            assert reply.status == 401, operation.name
            assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        for scope in Scope:
            reply = await api.call(operation.method, path, {}, scope=scope)
            is_open = operation.open_to(frozenset({scope}))
            assert (reply.status == 403) is not is_open, (operation.name, scope, reply.body)


async def test_a_ticket_is_answered_noted_assigned_and_closed(api: Api) -> None:
    ann = await add_agent(api.ctx, login="ann", name="Ann", password="correct horse battery")
    number = (await api.call("POST", "/interactions", letter(reply_address="crm/7"))).json["ticket"]
    seq = (await api.call("GET", f"/tickets/{number}")).json["seq"]
    path = f"/tickets/{number}"

    reply = await api.call(
        "POST", f"{path}/replies", {"text": "马上查", "expected_seq": seq}, scope=Scope.WRITE
    )
    note = await api.call("POST", f"{path}/notes", {"text": "call the carrier"}, scope=Scope.WRITE)
    assert (reply.status, note.status) == (201, 201)
    shown = (await api.call("GET", path)).json
    by_id = {entry["id"]: entry for entry in shown["timeline"]}
    assert by_id[reply.json["interaction_id"]]["direction"] == "out"
    assert by_id[note.json["interaction_id"]]["direction"] == "internal"

    given = await api.call("POST", f"{path}/assign", {"agent_id": ann}, scope=Scope.WRITE)
    assert (given.status, given.json["assignee_id"]) == (200, ann)
    mine = await api.call(
        "GET", f"/tickets?scope=mine&agent_id={ann}&status=open&status=pending", scope=Scope.READ
    )
    assert [one["number"] for one in mine.json["items"]] == [number]
    back = await api.call("POST", f"{path}/assign", {"agent_id": None}, scope=Scope.WRITE)
    assert (back.status, back.json["assignee_id"]) == (200, None)
    unknown = await api.call("POST", f"{path}/assign", {"agent_id": 10**15}, scope=Scope.WRITE)
    assert unknown.status in (404, 409)

    closed = await api.call("POST", f"{path}/status", {"status": "closed"}, scope=Scope.WRITE)
    assert (closed.status, closed.json["status"]) == (200, "closed")
    assert (await api.call("GET", "/tickets")).json["items"] == []


async def test_a_repeated_note_is_one_note(api: Api) -> None:
    number = (await api.call("POST", "/interactions", letter())).json["ticket"]
    headers = {"Idempotency-Key": "note-1"}
    path = f"/tickets/{number}/notes"
    first = await api.call("POST", path, {"text": "once"}, headers=headers)
    second = await api.call("POST", path, {"text": "once"}, headers=headers)
    assert (first.status, first.json) == (second.status, second.json)
    assert (await api.call("POST", path, {"text": "twice"}, headers=headers)).json[
        "code"
    ] == "idempotency_key_reused"
    replies = await api.call("POST", f"/tickets/{number}/replies", {"text": "once"}, headers=headers)
    assert replies.json["code"] == "idempotency_key_reused", "the same key on another path is another request"
    timeline = (await api.call("GET", f"/tickets/{number}")).json["timeline"]
    assert [entry["text"] for entry in timeline if entry["kind"] == "note"] == ["once"]


async def test_a_reply_to_an_older_state_is_stopped(api: Api) -> None:
    number = (await api.call("POST", "/interactions", letter())).json["ticket"]
    reply = await api.call("POST", f"/tickets/{number}/replies", {"text": "x", "expected_seq": 0})
    assert (reply.status, reply.json["code"]) == (409, "changed_meanwhile")
    assert reply.json["current_seq"] >= 1


async def test_presence_is_set_and_listed(api: Api) -> None:
    ann = await add_agent(
        api.ctx, login="ann", name="Ann", password="correct horse battery", languages=("en", "zh")
    )
    set_to = await api.call("POST", f"/agents/{ann}/presence", {"presence": "online"}, scope=Scope.WRITE)
    assert (set_to.status, set_to.json["presence"]) == (200, "online")
    listed = await api.call("GET", "/agents", scope=Scope.READ)
    assert [(one["login"], one["presence"]) for one in listed.json["items"]] == [("ann", "online")]
    assert b"password" not in listed.body
    for unknown in ("999", str(10**25), "x"):
        assert (await api.call("POST", f"/agents/{unknown}/presence", {"presence": "away"})).status == 404


async def test_customers_are_listed_and_their_timeline_pages(api: Api) -> None:
    for n in range(5):
        headers = {"Idempotency-Key": f"n{n}"}
        sender = {"name": "李雷", "identities": [{"kind": "external", "value": "crm-7", "verified": True}]}
        await api.call(
            "POST", "/interactions", letter(f"第{n}封", sender=sender, thread_key="k"), headers=headers
        )
    customers = (await api.call("GET", "/customers?query=李", scope=Scope.READ)).json["items"]
    assert {one["name"] for one in customers} == {"李雷"}
    texts: list[str] = []
    for customer in customers:
        cursor = ""
        while True:
            page = (await api.call("GET", f"/customers/{customer['id']}/timeline?limit=2{cursor}")).json
            texts += [entry["text"] for entry in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
    assert sorted(texts) == [f"第{n}封" for n in range(5)]
    customer = customers[0]
    by_id, by_code = [
        (await api.call("GET", f"/customers/{name}/timeline")).json
        for name in (customer["id"], customer["code"])
    ]
    assert by_code == by_id and by_code["items"]
    wrong_digit = customer["code"][:-1] + str((int(customer["code"][-1]) + 1) % 10)
    for nobody in ("999999", "C-10", wrong_digit, "C-", "x", "T-10019", str(10**25)):
        assert (await api.call("GET", f"/customers/{nobody}/timeline")).status == 404, nobody


async def test_pages_of_tickets_go_to_the_end_without_a_repeat(api: Api) -> None:
    for n in range(7):
        sender = {"name": f"C{n}", "identities": [{"kind": "email", "value": f"c{n}@example.com"}]}
        await api.call("POST", "/interactions", letter(sender=sender, thread_key=f"t{n}"))
    seen: list[str] = []
    path: str | None = "/tickets?limit=3"
    while path:
        page = (await api.call("GET", path)).json
        seen += [one["number"] for one in page["items"]]
        path = f"/tickets?limit=3&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize(
    "number", ["T-10018", "10018", "C-10019", "nonsense", "1", "T-" + "9" * 60, "%00", "..%2F1"]
)
async def test_a_number_that_cannot_be_is_told_in_a_sentence(api: Api, number: str) -> None:
    reply = await api.call("GET", f"/tickets/{number}")
    assert reply.status == 404
    assert len(reply.json["detail"]) > 20


async def test_queues_are_listed(api: Api) -> None:
    await api.call("POST", "/interactions", letter())
    queues = (await api.call("GET", "/queues", scope=Scope.READ)).json["items"]
    assert sum(queue["open"] for queue in queues) == 1


async def test_quarantine_is_shown_downloaded_replayed_and_discarded(api: Api) -> None:
    await api.call("POST", "/interactions", letter())

    async def seed(c: Connection) -> None:
        await c.execute(
            "INSERT INTO inbound_raw (channel_id, external_key, content, received_at, state, error) "
            "SELECT id, 'bad-' || n, '\\x00ff', now(), 'quarantined', 'not a letter' "
            "FROM channel, generate_series(1, 2) n WHERE name = 'api'"
        )

    await api.ctx.database.run(seed)
    items = (await api.call("GET", "/quarantine", scope=Scope.READ)).json["items"]
    assert [item["error"] for item in items] == ["not a letter"] * 2
    content = await api.call("GET", items[0]["content_url"].removeprefix(PREFIX))
    assert content.body == b"\x00\xff"
    assert (await api.call("POST", f"/quarantine/{items[0]['id']}/replay")).status == 204
    assert (await api.call("POST", f"/quarantine/{items[1]['id']}/discard")).status == 204
    left = [item["id"] for item in (await api.call("GET", "/quarantine")).json["items"]]
    assert items[1]["id"] not in left
    assert (await api.call("POST", f"/quarantine/{BIG}/replay")).status == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=1e9", "limit"),
        ("scope=every", "scope"),
        ("scope=mine", "agent_id"),
        ("status=open,gone", "status.1"),
        ("sort=password_hash", "sort"),
        ("cursor=abc", "cursor"),
        ("queue=%00", "queue"),
        ("agent_id=99999999999999999999", "agent_id"),
        ("limit=1&limit=2", "limit"),
    ],
)
async def test_a_wrong_query_names_its_field(api: Api, query: str, field: str) -> None:
    reply = await api.call("GET", f"/tickets?{query}")
    assert reply.status == 422
    assert [error["field"] for error in reply.json["errors"]] == [field]


@pytest.mark.parametrize("queue", ["' OR 1=1 --", "%", "\u202e", "%ED%A0%80", "\\"])
async def test_a_queue_of_any_spelling_is_only_a_name(api: Api, queue: str) -> None:
    assert (await api.call("GET", f"/tickets?queue={queue}")).json["items"] == []


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"text": "\\ud800"}', {}, 400),
        (b'{"a":' + b"[" * 5000, {}, 400),
        (b"[]", {}, 422),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
        (b"{}", {"Idempotency-Key": "x" * 201}, 422),
        (b'{"sender":{"identities":[{"kind":"email","value":"a\\u0000"}]},"text":"x"}', {}, 422),
    ],
)
async def test_a_bad_body_is_the_callers_fault_and_nothing_is_kept(
    api: Api, body: bytes, headers: dict[str, str], status: int
) -> None:
    reply = await api.call("POST", "/interactions", body, headers=headers)
    assert reply.status == status, reply.body
    assert await _count(api.ctx.database, "inbound_raw") == 0


async def test_a_body_over_the_limit_is_413_also_when_its_length_is_not_told(api: Api) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b" " * 65536

    headers = {"Authorization": f"Bearer {api.keys[Scope.ADMIN]}", "Content-Type": "application/json"}
    for data in (io.BytesIO(b" " * 2_000_000), endless()):
        async with api.session.post(
            f"{PREFIX}/tickets/T-10019/notes", data=data, headers=headers
        ) as response:
            assert response.status == 413
            assert (await response.json(content_type="application/problem+json"))["code"] == "too_large"


async def test_other_paths_and_methods_are_told_as_problems(api: Api) -> None:
    assert (await api.call("GET", "/nothing")).status == 404
    wrong = await api.call("PUT", "/tickets/T-10019/notes")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")


async def test_the_document_and_its_page_need_no_key(api: Api) -> None:
    document = await api.call("GET", "/openapi.json", scope=None)
    assert document.json == json.loads(json.dumps(DOCUMENT))
    english = await api.call("GET", "/docs", scope=None)
    chinese = await api.call("GET", "/docs", scope=None, headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert b"Hand in something a customer said" in english.body
    assert "提交客户发来的内容".encode() in chinese.body
    assert "'unsafe-inline'" not in english.headers["Content-Security-Policy"]


async def test_an_absent_database_is_503_with_when_to_come_back(api: Api) -> None:
    await api.call("GET", "/queues")
    await api.ctx.database.close()
    for method, path, body in (("GET", "/tickets", None), ("POST", "/interactions", letter())):
        reply = await api.call(method, path, body)
        assert (reply.status, reply.json["code"]) == (503, "database_unavailable")
        assert int(reply.headers["Retry-After"]) >= 1


async def test_a_revoked_key_is_refused_within_five_seconds(api: Api) -> None:
    assert (await api.call("GET", "/queues", scope=Scope.READ)).status == 200

    async def revoke(c: Connection) -> None:
        await c.execute("UPDATE api_key SET revoked_at = now() WHERE name = 'test-read'")

    assert keyring.REMEMBERED_SECONDS < 5
    await api.ctx.database.run(revoke)
    async with asyncio.timeout(5):
        # Nothing to await: a key is only remembered until it is too old, however often it is shown meanwhile.
        while (await api.call("GET", "/queues", scope=Scope.READ)).status != 401:
            await asyncio.sleep(0.1)


async def test_unknown_keys_are_few_and_slow_nobody_who_has_a_good_one(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def look(ctx: Context, key: str) -> Actor | None:
        asked.append(key)
        return await actor_of_key(ctx, key)

    monkeypatch.setattr(keyring, "actor_of_key", look)
    monkeypatch.setattr(keyring, "Doorstep", partial(Doorstep, clock=lambda: 0.0))
    async with serving(ctx) as api:

        async def status(key: str) -> int:
            reply = await api.call("GET", "/queues", scope=None, headers={"Authorization": f"Bearer {key}"})
            assert reply.status != 429 or reply.headers["Retry-After"] == "1"
            return reply.status

        good, most = api.keys[Scope.READ], keyring.MOST_UNKNOWN
        together = await asyncio.gather(*(status(api.keys[Scope.ADMIN]) for _ in range(2 * most)))
        assert set(together) == {200}, "one look-up for all of them"
        monkeypatch.setattr(keyring, "REMEMBERED_SECONDS", -1.0)
        assert await status(good) == 200
        asked.clear()
        assert [await status(f"chk_{n}") for n in range(most + 5)] == [401] * most + [429] * 5
        assert len(asked) == most, "who is refused costs no look-up"
        assert await status(good) == 200
        await ctx.database.run(lambda c: c.execute("UPDATE api_key SET revoked_at = now()"))
        assert [await status(good) for _ in range(2)] == [401, 429], "then it is unknown like any other"


@pytest.mark.parametrize(
    ("framing", "sent"),
    [
        ("Content-Length: 500", b'{"text": "half'),
        ("Transfer-Encoding: chunked", b'5\r\n{"te\r\n'),
        ("Transfer-Encoding: chunked", b"zz\r\nnonsense\r\n"),
    ],
)
async def test_half_a_body_is_no_fault_and_keeps_nothing(api: Api, framing: str, sent: bytes) -> None:
    url = api.session._base_url
    assert url is not None
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = (
        f"POST {PREFIX}/interactions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.keys[Scope.ADMIN]}\r\n"
    )
    writer.write(f"{head}Content-Type: application/json\r\n{framing}\r\n\r\n".encode() + sent)
    await writer.drain()
    with capture_logs() as logged:
        assert (await api.call("GET", "/queues")).status == 200  # by now the half one is being read
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert not answer or answer.split(b" ")[1].startswith(b"4"), answer
    assert await _count(api.ctx.database, "inbound_raw") == 0
    assert "api.fault" not in [entry["event"] for entry in logged]
