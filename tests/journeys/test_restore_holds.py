"""What `contact-hub restore` keeps from leaving beside replies: each was due, or waited, when the copy was made."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from channels.adapter import ChannelAdapter
from hub.actions.automation.look import run_rules
from hub.actions.backup.hold_rules import quiet
from hub.actions.cases.incidents import add_incident
from hub.actions.cases.tell_everybody import tell_left_out, tell_next, write_update
from hub.actions.context import Context
from hub.actions.errands.webhooks import add_webhook
from hub.actions.ports import make_ports
from hub.actions.status import change_status
from hub.actions.timers import fire_due
from hub.model.codes import INCIDENT, TICKET, show_code
from routing.rules import load_rules
from storage import incidents
from tests.conftest import SECRET, at_database
from tests.fakes.automation import automated, other_rules, settle, time_passes
from tests.fakes.chat import CHAT, Visitor, left_unseen
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import MAIL, SYSTEM, a_hub, one, rows, ticket, write
from tests.fakes.sending import deliver_due, send_side_letters
from tests.fakes.surveys import PASSED, a_survey
from tests.journeys.command import Done, command

CHANNELS: dict[str, dict[str, Any]] = {**CHAT, "support": MAIL}
RULES = """
[[automation]]
name = "sorry"
after = 30
of = "unanswered"
then = [ { reply = "sorry" }, { webhook = "erp" }, { add_tags = ["late"] } ]

[[automation]]
name = "over"
after = 60
of = "pending"
then = [ { status = "resolved" } ]

[[automation]]
name = "at once"
on = ["opened"]
then = [ { reply = "sorry" } ]

[[automation]]
name = "at the end"
on = ["status_changed"]
when = { status = ["closed"] }
then = [ { webhook = "erp" } ]

[[automation]]
name = "in turn"
on = ["tag_added"]
then = [ { webhook = "erp" } ]
"""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, CHANNELS) as hub:
        yield hub


@pytest.fixture
async def empty_dsn(postgres: str, database_dsn: str) -> AsyncIterator[str]:
    """A database with nothing in it."""
    name = f"{database_dsn.partition('?')[0].rpartition('/')[2]}_held"
    server = await asyncpg.connect(postgres)
    await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield at_database(postgres, name)
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


async def _there_and_back(database_dsn: str, empty_dsn: str, tmp_path: Path, language: str = "C") -> Done:
    def env(dsn: str) -> dict[str, str]:
        told = {"HUB_DATABASE__DSN": dsn, "HUB_SECRET_KEY": SECRET.decode(), "LC_ALL": f"{language}.UTF-8"}
        return {**told, "HUB_CHANNELS": json.dumps(CHANNELS)}

    copied = await command("backup", "copy", cwd=tmp_path, env=env(database_dsn))
    assert copied.code == 0, copied.said
    done = await command("restore", "copy", cwd=tmp_path, env=env(empty_dsn))
    assert done.code == 0, done.said
    return done


def _adapter(ctx: Context, name: str) -> ChannelAdapter:
    configured = ctx.channel(name)
    return configured.kind.open(name, configured.settings, make_ports(ctx, name))


async def _all_loops(ctx: Context) -> None:
    """What a hub does by itself, until nothing is left to be done."""
    while await fire_due(ctx) + await run_rules(ctx) + await tell_next(ctx):
        pass


async def _leaves(ctx: Context) -> list[str]:
    """What would leave by itself."""
    found = """SELECT 'reply' AS what FROM outbox WHERE state IN ('queued', 'sending')
               UNION ALL SELECT 'call' FROM webhook_call WHERE state = 'queued'
               UNION ALL SELECT 'side letter' FROM side_letter WHERE state = 'queued' AND give_up_at > clock_timestamp()"""
    return [row["what"] for row in await rows(ctx, found)]


async def test_nobody_is_asked_again_whose_time_came_meanwhile(
    ctx: Context, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    await a_survey(ctx, minutes=30)
    opened = await ticket(ctx, await write(ctx, "li@example.cn", headers=PASSED))
    later = await ticket(ctx, await write(ctx, "wang@example.cn", headers=PASSED))
    for one_of in (opened, later):
        await change_status(ctx, ticket_code=one_of["code"], status="resolved", actor=SYSTEM)
    moved = "UPDATE timer SET due_at = due_at - interval '1 hour' WHERE ticket_id = $1 AND kind = 'ask_rating' RETURNING 1"
    assert await one(ctx, moved, opened["id"]) == 1
    done = await _there_and_back(database_dsn, empty_dsn, tmp_path)
    assert "about 1 tickets; nobody is asked" in done.out
    async with a_hub(empty_dsn, CHANNELS) as again:
        await _all_loops(again)
        assert await _leaves(again) == [] and await one(again, "SELECT count(*) FROM survey_invitation") == 0
        # Whose time has not come was not asked either.
        assert await one(again, moved, later["id"]) == 1
        await _all_loops(again)
        assert await one(again, "SELECT ticket_id FROM survey_invitation") == later["id"]
        await assert_invariants(again.database, by_hand=True)


async def test_lines_of_a_chat_do_not_go_by_letter_again(
    ctx: Context, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    opened = await left_unseen(ctx, Visitor(ctx, "li"), leaves=False)
    assert await deliver_due(ctx, {"chat": _adapter(ctx, "chat")}) == 1
    done = await _there_and_back(database_dsn, empty_dsn, tmp_path, "zh_CN")
    (told,) = (line for line in done.out.splitlines() if "在线聊天" in line)
    assert show_code(TICKET, opened["code"]) in told
    async with a_hub(empty_dsn, CHANNELS) as again:
        await _all_loops(again)
        assert await _leaves(again) == []
        await assert_invariants(again.database, by_hand=True)


async def test_customers_who_were_still_to_be_told_of_an_incident_wait_for_a_person(
    ctx: Context, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    found = [await ticket(ctx, await write(ctx, f"{who}@example.cn", "Down")) for who in ("li", "wang")]
    code = await add_incident(
        ctx, title="The shop is down", actor=SYSTEM, ticket_codes=[row["code"] for row in found]
    )
    update = await write_update(ctx, incident_code=code, key="k1", actor=SYSTEM, text_en="We are on it.")
    done = await _there_and_back(database_dsn, empty_dsn, tmp_path)
    (told,) = (line for line in done.out.splitlines() if "told of an incident" in line)
    assert told.startswith("2 customers") and show_code(INCIDENT, code) in told
    async with a_hub(empty_dsn, CHANNELS) as again:
        await _all_loops(again)
        assert await _leaves(again) == []
        (shown,) = await again.database.read(lambda c: incidents.faulty(c, 10))
        assert (shown.code, shown.customers) == (code, 2), "it stands on the System page"
        assert await tell_left_out(again, incident_code=code, update_id=update, actor=SYSTEM) == 2
        await _all_loops(again)
        assert await _leaves(again) == ["reply", "reply"]
        await assert_invariants(again.database, by_hand=True)


async def test_letters_with_codes_are_asked_for_again(
    ctx: Context, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    await one(
        ctx,
        """INSERT INTO side_letter (channel_id, message, give_up_at)
           SELECT id, '{"text": "123456"}', clock_timestamp() + interval '1 hour' FROM channel WHERE name = 'support'
           RETURNING id""",
    )
    done = await _there_and_back(database_dsn, empty_dsn, tmp_path)
    assert "1 letters with codes or links were not sent" in done.out
    async with a_hub(empty_dsn, CHANNELS) as again:
        assert await send_side_letters(again, _adapter(again, "support")) == 0
        assert await rows(again, "SELECT state, message FROM side_letter") == [
            {"state": "failed", "message": {}}
        ]


async def test_what_rules_would_have_sent_meanwhile_is_a_note_to_a_person(
    ctx: Context, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    """Waits that ended, entries that rules had not come to, what time itself did, and what follows from any of it."""
    await add_webhook(ctx, name="erp", url="https://erp.example/", actor=SYSTEM)
    await one(ctx, "INSERT INTO template (name, body) VALUES ('sorry', 'We are sorry.') RETURNING id")
    await other_rules(ctx, RULES.replace('on = ["opened"]', 'on = ["rated"]'))
    waits = await ticket(ctx, await write(ctx, "li@example.cn", headers=PASSED))
    pending = await ticket(ctx, await write(ctx, "wang@example.cn", headers=PASSED))
    await change_status(ctx, ticket_code=pending["code"], status="pending", actor=SYSTEM)
    closes = await ticket(ctx, await write(ctx, "sun@example.cn", headers=PASSED))
    await change_status(ctx, ticket_code=closes["code"], status="resolved", actor=SYSTEM)
    await settle(ctx)
    await time_passes(ctx, 90)
    assert (
        await one(
            ctx, "UPDATE timer SET due_at = clock_timestamp() WHERE kind = 'close_resolved' RETURNING 1"
        )
        == 1
    )
    await other_rules(ctx, RULES)
    fresh = await ticket(ctx, await write(ctx, "zhao@example.cn", headers=PASSED))
    assert await _leaves(ctx) == []
    done = await _there_and_back(database_dsn, empty_dsn, tmp_path)
    (told,) = (line for line in done.out.splitlines() if line.startswith("Rules that were due"))
    assert {show_code(TICKET, row["code"]) for row in (waits, pending, closes, fresh)} == set(
        told.split(": ")[1].split()
    )
    async with a_hub(empty_dsn, CHANNELS) as again:
        await _all_loops(again)
        await settle(again)
        assert await _leaves(again) == []
        notes = await rows(
            again, "SELECT ticket_id, text FROM interaction WHERE direction = 'internal' ORDER BY id"
        )

        def noted(row: dict[str, Any], words: str) -> int:
            return sum(words in one["text"] for one in notes if one["ticket_id"] == row["id"])

        assert noted(waits, "answer with the template sorry") == 1
        assert noted(waits, "call the webhook erp") == 2, "by the wait, and by the tag that it set"
        assert noted(pending, "将工单设为“已解决”") == 1
        assert noted(fresh, "answer with the template sorry") == 1 and len(notes) == 6
        assert noted(closes, "call the webhook erp") == 1
        assert await one(again, "SELECT tags FROM ticket WHERE id = $1", waits["id"]) == ["late"]
        for row, status in ((pending, "pending"), (closes, "closed")):
            assert await one(again, "SELECT status FROM ticket WHERE id = $1", row["id"]) == status
        # What happens from now on is answered.
        await write(again, "new@example.cn", headers=PASSED)
        await settle(again)
        assert await _leaves(again) == ["reply"]
        await assert_invariants(again.database, by_hand=True)


def test_quiet_rules_hold_for_the_same_tickets() -> None:
    rules = load_rules(automated(RULES + 'when = { kind = ["complaint"] }\n'))
    made = quiet(rules)
    assert not any(rule.leaves for rule in made.automation)
    assert made.automation[-1].when.uncertain is False, "it asked for certainty because it leaves something"
    assert [rule.when for rule in made.automation[:-1]] == [rule.when for rule in rules.automation[:-1]]
    assert [rule.name for rule in made.automation] == [rule.name for rule in rules.automation]
    assert made.policies.fingerprint == rules.policies.fingerprint
