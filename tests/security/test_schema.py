"""The API attacked by its own document: what schemathesis makes of it (seeded and short; `make fuzz` has the long run), and
strings of attackers in every field that the document names."""

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import hub.web.desk
from hub.actions.context import Context
from hub.web.api.openapi import make_document
from hub.web.api.operations import PREFIX
from hub.web.api.table import OPERATIONS
from tests.security import by_desk
from tests.security.by_schema import attack_by_schema
from tests.security.conftest import PostgresLog
from tests.security.target import Target, a_target

DOCUMENT = make_document(OPERATIONS)
POLYGLOT = (
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=alert() )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/</scRipt/--!>"
    "\\x3csVg/<sVg/oNloAd=alert()//>\\x3e{{7*7}}{%raw%}${7*7}%s{0.__class__}"
)
SQL = (
    "' OR '1'='1", "1; DROP TABLE ticket;--", "') UNION SELECT password_hash FROM agent--", "$1", "a'||pg_sleep(5)||'",
    "%", "_", "\\", "a & | ! ( b <-> :*", "{\"$ne\": null}", "$.a[*]?(@ like_regex \"(\")", "-1", "9" * 40, "1e400",
    "id desc, (select 1)", "\u0000", "\ud7ff\uffff", "2026-11-26'::timestamptz", "../../etc/passwd", "${jndi:ldap://x}",
)  # fmt: skip


@pytest.fixture
async def target(ctx: Context) -> AsyncIterator[Target]:
    async with a_target(ctx) as target:
        yield target


async def test_schemathesis_finds_nothing(target: Target) -> None:
    options = ("--phases", "fuzzing", "--max-examples", "3", "--seed", "20261126", "--request-timeout", "30")
    code, said = await attack_by_schema(target, options=options)
    assert code == 0, said[-8000:]
    assert [int(one) for one in re.findall(r"Selected: (\d+)", said)] == [len(OPERATIONS)], said[:2000]


FITTING: dict[str, Any] = {
    "channel": "shop", "queue": "enquiries", "way": "", "inbox": "", "address": "someone@mail.example", "calendar": "",
    "url": "https://program.example/hook", "add": ["seen"], "entries": ["1"], "entry": "1", "members": ["ann"],
    "customer": "C-10019", "step": "comment", "acts": {"note": "words"}, "values": {"size": "x"}, "priority": 2,
    "value": "someone@mail.example", "password": "correct horse battery",
}  # fmt: skip
"""What these fields want, so that the whole is taken and its texts are looked at."""


def sample(schema: dict[str, Any], depth: int = 0) -> Any:
    """Something small that fits: what is needed, and every text that may be there."""
    if "$ref" in schema:
        return sample(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]], depth)
    for name in ("const", "default"):
        if schema.get(name) not in (None, "", [], {}):
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    for name in ("anyOf", "oneOf"):
        if name in schema:
            return sample(next((one for one in schema[name] if one.get("type") != "null"), {}), depth)
    if "allOf" in schema:
        return sample(schema["allOf"][0], depth)
    match schema.get("type"):
        case "object":
            needed = schema.get("required", ())
            fields = schema.get("properties", {})
            return {
                name: FITTING.get(name, sample(one, depth + 1))
                for name, one in fields.items()
                if name in needed or name in FITTING or (depth < 2 and _is_text(one))
            }
        case "array":
            return [sample(schema.get("items", {}), depth + 1)] if depth < 3 else []
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return True
        case "string" if schema.get("format") == "date-time":
            return "2026-12-01T09:00:00Z"
        case "string":
            return schema["examples"][0] if "examples" in schema else "x" * max(1, schema.get("minLength", 1))
    return {}


def _is_text(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "string" and not {"enum", "format", "const"} & schema.keys()


def _named(schema: dict[str, Any]) -> set[str]:
    """The fields that a body may have at its top."""
    if "$ref" in schema:
        return _named(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return set(schema.get("properties", ()))


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each text in it."""
    if isinstance(value, str):
        yield way
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*way, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*way, number))


def changed(value: Any, way: tuple[Any, ...], instead: Any) -> Any:
    """The same with something else at the end of the way."""
    if not way:
        return instead
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[way[0]] = changed(copy[way[0]], way[1:], instead)
    return copy


def address(operation: Any, target: Target) -> str:
    return PREFIX + re.sub(r"{(\w+)}", lambda part: target.names[part[1]], operation.path)


async def ask(target: Target, method: str, path: str, **more: Any) -> tuple[int, bytes]:
    headers = {**target.bearer(), **more.pop("headers", {})}
    async with target.desk.session.request(method, target.url + path, headers=headers, **more) as answer:
        return answer.status, await answer.read()


async def post(target: Target, operation: Any, body: Any) -> int:
    path = address(operation, target)
    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    status, said = await ask(
        target, operation.method, path, data=raw, headers={"Content-Type": "application/json"}
    )
    assert status < 500, (operation.name, body, said)
    return status


async def test_s54_s55_no_string_of_an_attacker_reaches_the_language_of_the_database(
    target: Target, postgres_log: PostgresLog
) -> None:
    """Each parameter of each address, filters, cursors and orders among them; then each text of each body."""
    wrong: list[Any] = []
    asked = 0

    async def look(operation: Any, path: str, query: dict[str, str]) -> None:
        nonlocal asked
        asked += 1
        status, said = await ask(target, "GET", path, params=query)
        if status >= 500:
            wrong.append((operation.name, path, query, status, said))

    for operation in OPERATIONS:
        described = DOCUMENT["paths"][PREFIX + operation.path][operation.method.lower()]
        if operation.method == "GET":
            needed = {
                "since": "2026-11-01T00:00:00Z",
                "ticket": target.names["number"],
                "q": "parcel",
                "version": "1",
            }
            usual = {
                one["name"]: needed.get(one["name"], "1")
                for one in described["parameters"]
                if one["in"] == "query" and one["required"]
            }
            for one in described["parameters"]:
                if one["in"] == "query":
                    await asyncio.gather(
                        *(
                            look(operation, address(operation, target), {**usual, one["name"]: bad})
                            for bad in SQL
                        )
                    )
            # What the document does not know is refused, not passed on.
            for name in (
                "sort",
                "order",
                "order_by",
                "direction",
                "password_hash",
                "fields",
                "select",
                "where",
            ):
                status, _ = await ask(
                    target, "GET", address(operation, target), params={**usual, name: "password_hash"}
                )
                if operation.query is not None and status not in (404, 422):
                    wrong.append((operation.name, name, status))
        for name in re.findall(r"{(\w+)}", operation.path):
            for bad in ("'--", "1%20OR%201=1", "%00", "$1", "9" * 40, "%ff", "%F0%9F%92%A9"):
                path = PREFIX + re.sub(
                    r"{(\w+)}",
                    lambda part, at=name, now=bad: now if part[1] == at else target.names[part[1]],
                    operation.path,
                )
                status, said = await ask(target, operation.method, path, json={} if operation.body else None)
                if status >= 500:
                    wrong.append((operation.name, path, status, said))
    assert wrong == [], "\n".join(map(str, wrong))
    assert asked > 500
    assert postgres_log.syntax_errors() == []


async def test_s54_s55_nor_does_any_that_the_desk_reads(target: Target, postgres_log: PostgresLog) -> None:
    """Filters, orders, ranges, cursors, forms and parts of addresses of every page, those of channels among them."""
    await target.desk.log_in("ada")
    wrong, asked = [], 0
    for attack in by_desk.attacks(target, SQL, random.Random(55), many=1):
        asked += 1
        status, said = await by_desk.answered(target, attack)
        if status >= 500:
            wrong.append((attack, status, said[-200:]))
    no_language = by_desk.Asked("POST", "/desk/templates/preview", {"body": "x", "language": "1e400"})
    nothing = by_desk.Asked("POST", target.filled("/desk/tickets/{code}/sort"), {"queue": "\x00"})
    for asked_wrongly in (no_language, nothing):
        assert (await by_desk.answered(target, asked_wrongly))[0] == 409
    assert wrong == [], "\n".join(map(str, wrong))
    assert asked > 600
    assert postgres_log.syntax_errors() == []


def test_s55_the_desk_reads_forms_and_addresses_in_one_place_only() -> None:
    """The one that leaves out what Postgres takes no text with."""
    raw = re.compile(r"\.post\(\)|request\.query\b|\.query_string|\.rel_url")
    desk = Path(hub.web.desk.__file__ or "").parent
    readers = {str(one.relative_to(desk)) for one in desk.rglob("*.py") if raw.search(one.read_text("utf-8"))}
    assert readers == {"typed.py"}


async def test_s27_s47_s55_every_text_of_every_body_is_a_text_and_nothing_else_is_taken(
    target: Target, postgres_log: PostgresLog
) -> None:
    """A polyglot in each text that the document names, then the pages that show them; and fields that nobody offers."""
    kept = 0
    for operation in OPERATIONS:
        if operation.body is None:
            continue
        content = DOCUMENT["paths"][PREFIX + operation.path][operation.method.lower()]["requestBody"][
            "content"
        ]
        schema = content["application/json"]["schema"]
        body, offered = sample(schema), _named(schema)
        for extra in ({"role": "admin"}, {"is_admin": True}, {"id": 1}, {"__proto__": {"x": 1}}):
            if not extra.keys() & offered:
                assert await post(target, operation, {**body, **extra}) in (404, 409, 422), (
                    operation.name,
                    extra,
                )
        for way in places(body):
            for bad in (POLYGLOT, POLYGLOT[:40], "=1+1<sVg/oNloAd=alert()//>", "".join(SQL)[:200]):
                kept += await post(target, operation, changed(body, way, bad)) < 300
    assert kept > 60
    assert postgres_log.syntax_errors() == []
    await target.desk.log_in("ada")
    shown = 0
    for page in PAGES:
        answer = await target.desk.get(page.format_map(target.names))
        assert answer.status == 200, page
        assert "<svg/onload" not in answer.text.lower() and "</script/--!>" not in answer.text.lower(), page
        shown += "oNloAd" in answer.text
    assert shown > 8, "none of these pages shows what was kept"


PAGES = (
    "/desk", "/desk?scope=all", "/desk/tickets/{number}", "/desk/customers", "/desk/customers/{customer}",
    "/desk/organisations", "/desk/tasks", "/desk/incidents", "/desk/templates", "/desk/macros", "/desk/tags", "/desk/fields",
    "/desk/webhooks", "/desk/staff", "/desk/audit", "/desk/knowledge", "/desk/roles", "/desk/keys", "/desk/queues",
    "/desk/rules", "/desk/system", "/desk/search?q=onload", "/help/en",
)  # fmt: skip
