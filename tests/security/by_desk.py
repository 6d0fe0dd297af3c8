"""Every address of the desk and of the channels, with strings of attackers in whatever its code reads: parameters, fields of
forms, parts of the address. What it reads is found in the code itself, so that a new field is tried as well."""

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

from tests.security.target import Target, path_of

_NAME = re.compile(r"[a-z][a-z_:]{0,29}")
_READS = {"get", "getall", "getone", "number", "_number", "text", "_text", "read", "whole"}
DOORS = {"hub.web.desk.visit", "hub.web.desk.signin.own"}
PARTS = ("'--", "1%20OR%201=1", "$1", "9" * 40, "%ff", "%F0%9F%92%A9", "-1", "T-0")
BEGINS = ("/desk", "/forms/", "/chat/", "/telegram/")
LEAVES = ("/desk/logout", "/desk/security/sessions", "/desk/live", "/desk/login", "/portal")


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    fields: dict[str, str]


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
    """Modules of the web side and of channels that this one imports from, but for those that only say something."""
    found = {node.module or "" for node in ast.walk(_tree(module)) if isinstance(node, ast.ImportFrom)}
    return frozenset(
        one for one in found if one.startswith(("hub.web.desk.", "channels.")) and ".say." not in one
    )


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


def addresses(target: Target) -> Iterator[tuple[str, str, frozenset[str]]]:
    """(method, pattern, names that it reads) of each."""
    for route in target.routes():
        pattern = path_of(route)
        if route.method in ("GET", "POST") and pattern.startswith(BEGINS) and not pattern.startswith(LEAVES):
            yield route.method, pattern, reads(route.handler)


def attacks(target: Target, strings: tuple[str, ...], chance: random.Random, many: int) -> Iterator[Asked]:
    """For each address, `many` times: one string in all that it reads, another in one of them, one in each part of it."""
    for method, pattern, names in addresses(target):
        path = target.filled(pattern)
        for _ in range(many):
            if names:
                for bad in ("a\x00b", chance.choice(strings)):
                    yield Asked(method, path, dict.fromkeys(sorted(names), bad))
                yield Asked(method, path, {chance.choice(sorted(names)): chance.choice(strings)})
            for part in re.findall(r"{(\w+)[^}]*}", pattern):
                for bad in ("%00", chance.choice(PARTS)):
                    yield Asked(method, target.filled(pattern, instead=bad, at=part), {})


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
