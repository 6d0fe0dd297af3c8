"""What of docs/asvs.csv follows from the code, and what SECURITY.md tells of it: made here, never by hand.

`python -m tests.security.asvs` writes both anew; tests/house/test_asvs.py compares. By hand stand what a requirement asks for,
how it stands, and where that is seen. From here come two columns. `attacks`: those of docs/assurance.md whose row names one of
the same tests. `figures`: what the code itself says, as it runs with its own settings: how many addresses ask for what, what a
guess of a password costs, when a session ends. A figure says how much or which; whether that is enough stands in `status`.
"""

import base64
import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from channels.doors import COMMON_HEADERS, Asks
from channels.registry import load_kinds
from channels.webchat.identity import ALGORITHMS as OF_SITES
from hub.actions.context import Context, open_context
from hub.actions.people import passwords
from hub.actions.people.sessions import IDLE_SECONDS, LONGEST_SECONDS
from hub.actions.portal.enter import CODE_SECONDS, MOST_TRIES
from hub.actions.signin.by_password import MOST_TRIES_A_LOGIN, MOST_TRIES_A_PEER, MOST_TRIES_AN_ACCOUNT
from hub.actions.signin.company.provider import ALGORITHMS as OF_THE_COMPANY
from hub.actions.signin.enter import MOST_SESSIONS
from hub.actions.signin.recovery import CODES
from hub.actions.signin.second import FRESH_SECONDS
from hub.actions.signin.tokens import new_token
from hub.actions.signin.totp import DRIFT_STEPS, STEP_SECONDS
from hub.actions.signin.tries import WINDOW_SECONDS
from hub.model.audit import AuditKind
from hub.model.people import Scope
from hub.model.permissions import BUILT_IN, Permission
from hub.settings import Settings
from hub.web.api.table import OPERATIONS
from hub.web.app import make_app
from hub.web.bodies import MOST_BODY
from hub.web.desk import cookies as of_desk
from hub.web.desk.visit import POLICY as OF_DESK
from hub.web.doors import ChannelDoors, guard_of
from hub.web.help import answers as of_help
from hub.web.portal import answers as of_portal
from routing.rules import load_rules
from storage.database import Database
from tests.security.bill_of_materials import bill
from tests.security.payloads import payloads

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "asvs.csv"
ASSURANCE = ROOT / "docs" / "assurance.md"
SECURITY = ROOT / "SECURITY.md"
STATUSES = ("met", "partly", "not met", "deployment", "not applicable")
MADE = ("attacks", "figures")
COLUMNS = ("id", "level", "what", "status", "where", *MADE)
_ATTACK = re.compile(r"(?m)^\| (S\d+) \|(.+)$")
_TEST = re.compile(r"`(tests/[a-z_/]+\.py::test_[a-z0-9_]+)`")
_TOLD = re.compile(r"(<!-- made by tests/security/asvs\.py -->\n).*?(\n<!-- as far as here -->)", re.DOTALL)
_ASKS = {
    "permission": "a permission of the desk",
    "agent": "somebody who works here",
    "scope": "a key with a scope",
    f"open:{Asks.LINK}": "a link",
    f"open:{Asks.SESSION}": "a session",
    f"open:{Asks.SIGNATURE}": "a signature",
    f"open:{Asks.MACHINE}": "this machine",
    f"open:{Asks.NOTHING}": "nothing",
}
"""Guards of hub.web.doors, in words."""
_HOUR, _MINUTE = 3600, 60


def make_table() -> str:
    """docs/asvs.csv as it should be: what stands there by hand, and the columns made anew. Raises KeyError where a figure is of
    a requirement that is not in it."""
    rows = read_table()
    attacks, made = _attacks_by_test(ASSURANCE.read_text("utf-8")), figures()
    if lost := made.keys() - {row["id"] for row in rows}:
        raise KeyError(f"there is no row for {sorted(lost)}")
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        tried = {attack for place in row["where"].split() for attack in attacks[place]}
        by_number = sorted(tried, key=lambda one: int(one[1:]))
        writer.writerow({**row, "attacks": " ".join(by_number), "figures": made.get(row["id"], "")})
    return out.getvalue()


def make_security() -> str:
    """SECURITY.md with the count as the table has it."""
    rows = read_table()
    count = Counter(row["status"] for row in rows)
    numbers = ", ".join(f"{count[one]} {one}" for one in STATUSES)
    partly = ", ".join(row["id"] for row in rows if row["status"] == "partly")
    said = f"{numbers}. Partly: {partly or 'none'}."
    text, found = _TOLD.subn(lambda around: around[1] + said + around[2], SECURITY.read_text("utf-8"))
    if found != 1:
        raise ValueError("SECURITY.md has not one place for the count")
    return text


def read_table() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def figures() -> dict[str, str]:
    """What the code says of a requirement, by its number."""
    made: dict[str, str] = {}
    for part in _PARTS:
        made |= part()
    return made


def _attacks_by_test(text: str) -> Mapping[str, set[str]]:
    """The attacks whose rows name a test, by the test as the tables write it."""
    found = defaultdict[str, set[str]](set)
    for attack, row in _ATTACK.findall(text):
        for test in _TEST.findall(row):
            found[test].add(attack)
    return found


def a_hub() -> Context:
    """One that is reached by https, has no channels, and never asks its database anything."""
    return open_context(
        Database(cast("Any", None), ""),
        Settings.model_validate({"channels": {}, "web": {"public_url": "https://help.shop.example"}}),
        secret=b"a key of thirty-two bytes or more",
        rules=load_rules((ROOT / "config" / "routing.toml").read_bytes()),
        kinds=load_kinds(),
    )


def guards(ctx: Context) -> Iterator[str]:
    """Of each address of the hub itself, without the doors of channels: who may come in (hub.web.doors)."""
    for route in make_app(ctx, ChannelDoors(), _ready).router.routes():
        if route.method not in ("HEAD", "*"):
            yield guard_of(route.handler)


async def _ready() -> dict[str, str]:
    return {}


def _of_addresses() -> dict[str, str]:
    kinds = Counter(
        guard if guard.startswith("open:") else guard.partition(":")[0] for guard in guards(a_hub())
    )
    asked = ", ".join(f"{kinds[kind]} {_ASKS[kind]}" for kind in sorted(kinds, key=list(_ASKS).index))
    guarded = kinds.total() - kinds[f"open:{Asks.NOTHING}"] - kinds[f"open:{Asks.MACHINE}"]
    return {
        "V7.2.1": f"{guarded} addresses, and those of channels, are asked by whoever shows nothing",
        "V8.1.1": f"{len(Permission)} permissions: {_of_roles()}; {len(Scope)} scopes of keys",
        "V8.2.1": f"{kinds.total()} addresses, beside those of channels, ask for: {asked}",
        "V8.3.1": f"{kinds['permission']} addresses are asked without their permission, {kinds['scope']} without their scope",
    }


def _of_roles() -> str:
    return ", ".join(f"{name} {len(allowed)}" for name, allowed in BUILT_IN.items())


def _of_cookies() -> dict[str, str]:
    ctx, answer = a_hub(), web.Response()
    of_desk.keep_session(answer, ctx.settings, "x")
    for name in (of_desk.STEP, of_desk.JOURNEY, of_desk.KNOWN, of_desk.CONSENT):
        of_desk.keep_cookie(answer, ctx.settings, name, "x")
    for name in (of_portal.SESSION, of_portal.BROWSER, of_portal.DEVICE, of_portal.LANGUAGE):
        of_portal.keep_cookie(answer, ctx, name, "x")
    of_help.keep_visitor(answer, ctx, "x")
    all_of_them = list(answer.cookies.values())
    of = f"of {len(all_of_them)} cookies"
    sites = Counter(one["samesite"] for one in all_of_them)
    ours = [
        one
        for one in all_of_them
        if one.key.startswith("__Host-") and one["path"] == "/" and not one["domain"]
    ]
    return {
        "V3.3.1": f"{sum(bool(one['secure']) for one in all_of_them)} {of}",
        "V3.3.2": ", ".join(f"{many} {site}" for site, many in sorted(sites.items())),
        "V3.3.3": f"{len(ours)} {of}",
        "V3.3.4": f"{sum(bool(one['httponly']) for one in all_of_them)} {of}",
    }


def _of_answers() -> dict[str, str]:
    return {
        "V3.4.3": f"desk: {OF_DESK}. Customers: {of_portal.POLICY}",
        "V3.4.4": COMMON_HEADERS["X-Content-Type-Options"],
        "V3.4.5": COMMON_HEADERS["Referrer-Policy"],
        "V5.2.1": f"{MOST_BODY // 2**20} MiB a request",
    }


def _of_signing_in() -> dict[str, str]:
    hasher = passwords.HASHER
    return {
        "V6.2.1": f"{passwords.SHORTEST} characters",
        "V6.2.9": f"{passwords.LONGEST} characters",
        "V6.3.1": f"in {WINDOW_SECONDS / _MINUTE:.0f} minutes {MOST_TRIES_A_LOGIN} for a login from one address, "
        f"{MOST_TRIES_A_PEER} from one address, {MOST_TRIES_AN_ACCOUNT} for a login from all unknown browsers",
        "V6.5.1": f"{CODES} recovery codes",
        "V6.5.5": f"an app's code: {STEP_SECONDS} seconds, and {DRIFT_STEPS} step before and after; one by letter: "
        f"{CODE_SECONDS / _MINUTE:.0f} minutes",
        "V6.6.3": f"{MOST_TRIES} tries",
        "V7.1.2": f"{MOST_SESSIONS} sessions",
        "V7.3.1": f"{IDLE_SECONDS / _HOUR:.0f} hours",
        "V7.3.2": f"{LONGEST_SECONDS / _HOUR / 24:.0f} days",
        "V7.5.1": f"after {FRESH_SECONDS / _MINUTE:.0f} minutes",
        "V11.4.2": f"argon2{hasher.type.name.lower()}, {hasher.memory_cost // 1024} MiB, {hasher.time_cost} passes, "
        f"{hasher.parallelism} lanes",
    }


def _of_secrets() -> dict[str, str]:
    bits = 8 * len(base64.urlsafe_b64decode(new_token() + "="))
    return {
        "V7.2.3": f"{bits} bits",
        "V9.1.2": f"the company's sign-in: {' '.join(OF_THE_COMPANY)}; sites with a chat: {' '.join(OF_SITES)}",
    }


def _of_libraries() -> dict[str, str]:
    pinned = {str(one["name"]).lower(): str(one["version"]) for one in bill()["components"]}

    def named(*names: str) -> str:
        return ", ".join(f"{name} {pinned[name]}" for name in names)

    return {
        "V1.3.1": f"{named('nh3')}; {len(payloads(''))} pieces of HTML are tried",
        "V1.3.5": named("markdown-it-py", "nh3"),
        "V1.3.7": named("python-liquid"),
        "V11.2.1": named("argon2-cffi", "cryptography", "joserfc", "pyotp", "webauthn"),
        "V15.1.2": f"{len(pinned)} packages are pinned, those of the tests among them",
    }


def _of_operations() -> dict[str, str]:
    return {
        "V2.2.1": f"{len(OPERATIONS)} operations, each tried with what its document says and with what it does not",
        "V16.2.1": f"{len(AuditKind)} kinds of acts",
    }


_PARTS: tuple[Callable[[], dict[str, str]], ...] = (
    _of_addresses,
    _of_cookies,
    _of_answers,
    _of_signing_in,
    _of_secrets,
    _of_libraries,
    _of_operations,
)


if __name__ == "__main__":
    TABLE.write_text(make_table(), "utf-8")
    SECURITY.write_text(make_security(), "utf-8")
