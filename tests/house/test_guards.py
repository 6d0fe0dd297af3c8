"""Every address of the desk names its guard, and every permission that a template asks for is one."""

import re
from pathlib import Path

import pytest

from hub.actions.context import Context
from hub.model.permissions import BUILT_IN, Permission, Sight
from hub.web.desk.routes import desk_routes
from hub.web.desk.say.roles import GROUPS, PERMISSIONS, SIGHTS

TEMPLATES = Path(__file__).parents[2] / "hub" / "web" / "templates"

DOORS = {
    # Before anybody is known, or with a proof of its own: style, signing in and one's own sign-in, the socket, signed pictures.
    r"/desk/static/.*",
    r"/desk/log(in|out).*",
    r"/desk/security/.*",
    r"/desk/live",
    r"/desk/pictures/.*",
}


def test_every_address_of_the_desk_names_its_guard(ctx: Context) -> None:
    unguarded = [
        f"{route.method} {route.path}"
        for route in desk_routes(ctx)
        if not hasattr(route.handler, "needs") and not any(re.fullmatch(door, route.path) for door in DOORS)
    ]
    assert unguarded == []


def test_what_everybody_may_do_is_nothing_that_manages_anything(ctx: Context) -> None:
    """Addresses that only whoever manages something should reach, by how they are called."""
    managing = r"/desk/(staff|roles|keys|audit|retention|webhooks|channels|fields|rules|simulate|classification|quarantine).*"
    everybodys = [
        f"{route.method} {route.path}"
        for route in desk_routes(ctx)
        if re.fullmatch(managing, route.path)
        and getattr(route.handler, "needs", None)
        in (None, *(BUILT_IN["agent"] if route.method == "POST" else ()))
    ]
    # A preview changes nothing: it is read by whoever may read the rules.
    assert everybodys == ["POST /desk/rules/preview/calendar"]


def test_templates_ask_for_permissions_that_there_are() -> None:
    asked = {
        (path.name, name)
        for path in sorted(TEMPLATES.glob("*.html"))
        for name in re.findall(r"""visit\.may\(["'](\w+)["']\)""", path.read_text("utf-8"))
    }
    assert asked
    assert [one for one in asked if one[1] not in set(Permission)] == []


def test_every_permission_and_sight_has_words_and_a_place_in_the_matrix() -> None:
    grouped = [one for _, group in GROUPS for one in group]
    assert sorted(grouped) == sorted(Permission) and set(PERMISSIONS) == set(Permission)
    assert set(SIGHTS) == set(Sight)


@pytest.mark.parametrize(("less", "more"), [("agent", "supervisor"), ("supervisor", "admin")])
def test_who_leads_may_do_what_those_may_whom_they_lead(less: str, more: str) -> None:
    assert BUILT_IN[less] < BUILT_IN[more]
    assert BUILT_IN["admin"] == frozenset(Permission)
