"""Every address of the desk, with strings of attackers in whatever its code reads: parameters, fields of forms, parts of the
address. What it reads is found in the code itself, so that a new field is tried as well."""

import ast
import inspect
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hub.actions.context import Context
from hub.web.app import make_app
from hub.web.doors import ChannelDoors
from tests.security.target import Target

_NAME = re.compile(r"[a-z][a-z_:]{0,29}")
_READS = {"get", "getall", "getone", "number", "_number", "text", "_text", "read", "whole"}
DOORS = {"hub.web.desk.visit", "hub.web.desk.signin.own"}
PARTS = ("'--", "1%20OR%201=1", "$1", "9" * 40, "%ff", "%F0%9F%92%A9", "-1", "T-0")
LEAVES = ("/desk/logout", "/desk/security/sessions", "/desk/live", "/desk/login", "/portal")


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    fields: dict[str, str]


async def _ready() -> dict[str, str]:
    return {}


def reads(handler: Any) -> frozenset[str]:
    """The names that the module of a handler, behind whatever door it stands, and those it takes from may ask for."""
    own = set(_modules(handler, set())) - DOORS
    every = own.union(*(_taken_from(module) for module in own)) - DOORS
    return frozenset().union(*(_names_in(module) for module in every))


def _modules(handler: Any, seen: set[int]) -> Iterator[str]:
    function = inspect.unwrap(getattr(handler, "__func__", handler))
    if id(function) in seen or not inspect.isfunction(function):
        return
    seen.add(id(function))
    yield function.__module__
    for value in inspect.getclosurevars(function).nonlocals.values():
        yield from _modules(value, seen)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(Path(sys.modules[module].__file__ or "").read_text("utf-8"))


@cache
def _taken_from(module: str) -> frozenset[str]:
    """Modules of the web side that this one imports from, but for those that only say something."""
    found = {node.module or "" for node in ast.walk(_tree(module)) if isinstance(node, ast.ImportFrom)}
    return frozenset(one for one in found if one.startswith("hub.web.desk.") and ".say." not in one)


@cache
def _names_in(module: str) -> frozenset[str]:
    found = set()
    for node in ast.walk(_tree(module)):
        named: list[ast.expr] = []
        if isinstance(node, ast.Call):
            function = node.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            named = list(node.args) if called in _READS else []
        elif isinstance(node, ast.Compare | ast.For | ast.comprehension):
            named = [*ast.walk(node.left if isinstance(node, ast.Compare) else node.iter)]  # type: ignore[list-item]
        elif isinstance(node, ast.Subscript):
            named = [node.slice]
        found |= {
            one.value
            for one in named
            if isinstance(one, ast.Constant) and isinstance(one.value, str) and _NAME.fullmatch(one.value)
        }
    return frozenset(found)


def addresses(ctx: Context, target: Target) -> Iterator[tuple[str, str, frozenset[str]]]:
    """(method, pattern, names that it reads) of each."""
    application = make_app(ctx, ChannelDoors(), _ready)
    for route in application.router.routes():
        pattern = route.resource.canonical if route.resource is not None else ""
        if route.method in ("GET", "POST") and pattern.startswith("/desk") and not pattern.startswith(LEAVES):
            yield route.method, pattern, reads(route.handler)


def filled(pattern: str, names: dict[str, str], *, instead: str = "", at: str = "") -> str:
    """The pattern with things that there are in its places, and `instead` at one of them."""
    code = names.get("customer" if "/customers/" in pattern else "number", "1")

    def fill(part: re.Match[str]) -> str:
        name = part[1]
        return instead if name == at else code if name == "code" else names.get(name, "1")

    return re.sub(r"{(\w+)[^}]*}", fill, pattern)


def attacks(
    ctx: Context, target: Target, strings: tuple[str, ...], chance: random.Random, many: int
) -> Iterator[Asked]:
    """For each address, `many` times: one string in all that it reads, another in one of them, one in each part of it."""
    for method, pattern, names in addresses(ctx, target):
        path = filled(pattern, target.names)
        for _ in range(many):
            if names:
                for bad in ("a\x00b", chance.choice(strings)):
                    yield Asked(method, path, dict.fromkeys(sorted(names), bad))
                yield Asked(method, path, {chance.choice(sorted(names)): chance.choice(strings)})
            for part in re.findall(r"{(\w+)[^}]*}", pattern):
                for bad in ("%00", chance.choice(PARTS)):
                    yield Asked(method, filled(pattern, target.names, instead=bad, at=part), {})


async def answered(target: Target, asked: Asked) -> tuple[int, str]:
    desk = target.desk
    headers = {"Origin": desk.url, "HX-Request": "true"}
    given: Any = asked.fields or None
    more = {"params": given} if asked.method == "GET" else {"data": given}
    address = desk.url + asked.path
    async with desk.session.request(
        asked.method, address, headers=headers, allow_redirects=False, **more
    ) as answer:
        return answer.status, (await answer.read()).decode("utf-8", "replace")
