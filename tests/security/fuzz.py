"""`make fuzz`: the attacks of the tests, for as long as one likes, from another seed each time.

Half of the time letters of the shelf, updates, frames, forms and bodies are spoilt and read; in the other half the pages of
staff are asked with strings of attackers in whatever they read, and schemathesis attacks a served hub by its own document, with
addresses that exist and with made-up ones. Whatever is found is printed with its seed, and kept under fuzz-findings/ so that it
can become a test.
"""

import argparse
import asyncio
import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from channels.adapter import CannotTranslate
from channels.registry import load_kinds
from channels.webchat.frames import BadFrame, read_frame
from hub.actions.context import close_context, open_context
from hub.actions.installation import set_up
from hub.settings import Settings
from routing.rules import load_rules
from storage.database import Database
from storage.embedded import embedded_postgres
from storage.migrate import migrate
from tests.conftest import RULES, SECRET
from tests.security import by_desk
from tests.security.by_schema import attack_by_schema
from tests.security.spoil import BAD, spoil
from tests.security.target import Target, a_target
from tests.security.test_schema import SQL
from tests.security.test_untrusted_bytes import (
    API,
    BODY,
    CHATTED,
    FORMS,
    FRAMES,
    UPDATES,
    WEBCHAT,
    WEBFORM,
    _read_update,
    _translate,
)
from tests.unit.email.test_limits import SECONDS, SHELF, mutate, parse_to_dict

FINDINGS = Path(__file__).parents[2] / "fuzz-findings"
REFUSALS = (CannotTranslate, BadFrame)


def read_spoilt(seconds: float, seed: int) -> list[str]:
    """What was found, one line each."""
    chance, found, tried = random.Random(seed), [], 0
    shelf = [path.read_bytes() for path in sorted(SHELF.glob("*.eml"))]
    readers: tuple[tuple[str, tuple[Any, ...], Callable[[bytes], Any]], ...] = (
        ("update", UPDATES, _read_update),
        ("frame", FRAMES, read_frame),
        ("form", FORMS, _translate(WEBFORM)),
        ("chat", (CHATTED,), _translate(WEBCHAT)),
        ("program", (BODY,), _translate(API)),
    )
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name, samples, read in readers:
            found += _try(name, spoil(chance.choice(samples), chance), read)
        found += _try("letter", mutate(chance.choice(shelf), shelf, chance), parse_to_dict)
        tried += 1
    print(f"spoilt: {tried} rounds of {len(readers) + 1} kinds, {len(found)} findings, seed {seed}")
    return found


def _try(name: str, data: bytes, read: Callable[[bytes], Any]) -> list[str]:
    began = time.process_time()
    try:
        read(data)
    except REFUSALS:
        return []
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return [_keep(name, data, repr(error)[:300])]
    took = time.process_time() - began
    return [_keep(name, data, f"took {took:.1f} s")] if took > SECONDS else []


def _keep(name: str, data: bytes, why: str) -> str:
    FINDINGS.mkdir(exist_ok=True)
    path = FINDINGS / f"{name}-{hashlib.sha256(data).hexdigest()[:16]}"
    path.write_bytes(data)
    return f"{path}: {why}"


async def attack_api(dsn: str, seconds: float, seed: int) -> list[str]:
    """What schemathesis found, in its own words."""
    database = await Database.open(dsn, max_size=10)
    await migrate(database)
    rules = load_rules(RULES.read_bytes())
    ctx = open_context(database, Settings(channels={}), secret=SECRET, rules=rules, kinds=load_kinds())
    await set_up(ctx)
    found = []
    try:
        async with a_target(ctx) as target:
            # First, while the agent who asks for the pages is still let in.
            found += await attack_desk(target, seconds / 4, seed)
            for there in (True, False):
                # What was made in one step is asked for in the next; not where every address names the same thing.
                chance = "fuzzing" if there else "fuzzing,stateful"
                # Every edge of every field takes as long as it takes; chance as long as it is given.
                for phases in (
                    ("--phases", "coverage"),
                    ("--phases", chance, "--max-time", str(max(1, int(seconds / 2)))),
                ):
                    options = (*phases, "--seed", str(seed), "--max-examples", "50")
                    code, said = await attack_by_schema(target, options=options, there=there)
                    print(said[said.find("Test Phases:") :])
                    if code:
                        told = "schemathesis found something"
                        found.append(_tell(f"schema-{seed}-{there}-{phases[1]}", said, told))
    finally:
        await close_context(ctx)
        await database.close()
    return found


async def attack_desk(target: Target, seconds: float, seed: int) -> list[str]:
    """Strings of attackers in all that the pages of staff read, round after round; what broke one of them."""
    chance, found, tried = random.Random(seed), [], 0
    await target.desk.log_in("ada")
    until = time.monotonic() + seconds
    strings = tuple(one for one in (*SQL, *BAD) if len(one) < 300)  # an address has a most
    while time.monotonic() < until:
        for attack in by_desk.attacks(target, strings, chance, many=1):
            tried += 1
            status, said = await by_desk.answered(target, attack)
            if status >= 500:
                found.append(_tell(f"desk-{seed}-{tried}", f"{attack}\n{status}\n{said}", f"{status}"))
    print(f"desk: {tried} requests, {len(found)} findings, seed {seed}")
    return found


def _tell(name: str, said: str, what: str) -> str:
    FINDINGS.mkdir(exist_ok=True)
    path = FINDINGS / f"{name}.txt"
    path.write_text(said, "utf-8")
    return f"{path}: {what}"


def main() -> int:
    """0 where nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    asked = parser.parse_args()
    found = read_spoilt(asked.minutes * 30, asked.seed)
    with tempfile.TemporaryDirectory(prefix="hub-fuzz-") as folder:
        Path(folder).chmod(0o755)
        with embedded_postgres(Path(folder) / "postgres") as dsn:
            found += asyncio.run(attack_api(dsn, asked.minutes * 30, asked.seed))
    print("\n".join(found) or "Nothing was found.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
