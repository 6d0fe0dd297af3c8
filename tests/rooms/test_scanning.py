"""Files are looked into for viruses: after their message was kept, again when the scanner was away, and before anybody opens
them."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from hub.actions.chat.lounge import HubLounge
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.installation import set_up
from hub.actions.people.keys import create_api_key
from hub.actions.quarantine import read_raw_anyway
from hub.actions.scanning.clamd import ScanBroken, ScannerAway, ScanState, Verdict, read_answer, scan, version
from hub.actions.scanning.look import MOST_TRIES, scan_next
from hub.cli.check_safety import check_safety
from hub.cli.checks import State
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor, Scope
from hub.model.permissions import Permission
from hub.settings import Passwords, Scanner, Settings
from hub.workers.scanning import scan_files
from tests.fakes.clamd import NAME, VIRUS, serving_clamd
from tests.fakes.desk import Desk, customer_writes, serving_desk
from tests.fakes.processes import until
from tests.fakes.scene import one, rows

BAD = b"\x89PNG\r\n\x1a\n" + VIRUS
"""It would be shown as a picture."""
NOBODY = "tcp://127.0.0.1:1"


def attached(**files: bytes) -> list[dict[str, str]]:
    return [
        {
            "filename": f"{name}.png",
            "content_type": "image/png",
            "data_base64": base64.b64encode(data).decode(),
        }
        for name, data in files.items()
    ]


@asynccontextmanager
async def a_desk(ctx: Context, address: str) -> AsyncIterator[Desk]:
    async with serving_desk(ctx, scanner=Scanner(address=address, within_seconds=30)) as desk:
        yield desk


async def states(ctx: Context) -> dict[str, str]:
    found = await rows(
        ctx, "SELECT a.filename, s.state FROM attachment a LEFT JOIN file_scan s ON s.sha256 = a.sha256"
    )
    return {row["filename"]: row["state"] for row in found}


async def make_due(ctx: Context) -> None:
    await rows(ctx, "UPDATE file_scan SET due_at = clock_timestamp()")


async def scan_all(ctx: Context) -> None:
    while await scan_next(ctx):
        pass


async def tokens(ctx: Context) -> dict[str, str]:
    return {
        row["filename"]: row["token"] for row in await rows(ctx, "SELECT filename, token FROM attachment")
    }


@pytest.mark.parametrize("by", ["socket", "port"])
async def test_it_is_asked_in_pieces_by_either_way_and_says_what_it_found(tmp_path: Path, by: str) -> None:
    async with serving_clamd(tmp_path if by == "socket" else None) as clamd:
        scanner = Scanner(address=clamd.address, most_mb=1)
        assert (await version(scanner)).startswith("ClamAV 1.4")
        assert await scan(scanner, b"x" * 150_000) == Verdict(ScanState.CLEAN)
        assert sum(clamd.pieces) == 150_000 and max(clamd.pieces) <= 65_536
        assert await scan(scanner, b"") == Verdict(ScanState.CLEAN)
        assert await scan(scanner, b"y" * 70_000 + VIRUS) == Verdict(ScanState.INFECTED, NAME)
        asked = clamd.asked
        assert (await scan(scanner, b"z" * 1024 * 1024 + b"z")).state is ScanState.UNSCANNABLE
        assert clamd.asked == asked
        clamd.most = 100_000
        assert (await scan(scanner, b"z" * 900_000)).state is ScanState.UNSCANNABLE
        for said in ("", "stream: Can't allocate memory ERROR", "nonsense"):
            clamd.says = said
            with pytest.raises(ScanBroken):
                await scan(scanner, b"x")
    with pytest.raises(ScannerAway):
        await scan(scanner, b"x")


async def test_one_that_does_not_answer_in_time_is_given_up() -> None:
    async with serving_clamd() as clamd:
        clamd.let_in.clear()
        with pytest.raises(ScanBroken, match="in time"):
            await scan(Scanner(address=clamd.address, within_seconds=0.2), b"x")
        clamd.let_in.set()


def test_what_a_virus_is_called_is_printable_and_short() -> None:
    assert read_answer("stream: a\x1b[2J" + "b" * 500 + " FOUND").found.isprintable()
    assert len(read_answer("stream: " + "b" * 500 + " FOUND").found) == 200


async def test_what_arrives_is_looked_into_and_the_screens_are_told(ctx: Context) -> None:
    async with serving_clamd() as clamd, a_desk(ctx, clamd.address) as desk:
        hub = desk.ctx
        code = await customer_writes(hub, "two", attachments=attached(good=b"good", bad=BAD))
        assert await states(hub) == {"good.png": "waiting", "bad.png": "waiting"}
        await desk.log_in("lin")
        shown = await desk.get(f"/desk/tickets/{show_code(TICKET, code)}")
        assert "正在扫描病毒" in shown.text
        halt = asyncio.Event()
        working = asyncio.create_task(scan_files(hub, halt, lambda: None))

        async def settled() -> bool:
            return "waiting" not in (await states(hub)).values()

        await until(settled, seconds=30, what="both looked into")
        halt.set()
        hub.listener.wake("hub_files")
        await working
        assert await states(hub) == {"good.png": "clean", "bad.png": "infected"}
        told = await rows(hub, "SELECT ticket_id, data FROM event WHERE kind = 'file_checked'")
        assert len(told) == 2 and {row["ticket_id"] for row in told} == {
            await one(hub, "SELECT id FROM ticket")
        }
        shown = await desk.get(f"/desk/tickets/{show_code(TICKET, code)}")
        assert f"病毒：{NAME}" in shown.text and "正在扫描" not in shown.text and "仍要打开" not in shown.text
        asked = clamd.asked
        await customer_writes(hub, "the same again", attachments=attached(again=BAD))
        await scan_all(hub)
        assert (await states(hub))["again.png"] == "infected" and clamd.asked == asked, "known by its bytes"


async def test_of_a_file_that_is_everywhere_the_newest_open_tickets_are_told(ctx: Context) -> None:
    async with serving_clamd() as clamd, a_desk(ctx, clamd.address) as desk:
        for n in range(53):
            await customer_writes(desk.ctx, "our logo", thread=f"c{n}", attachments=attached(logo=b"logo"))
        ids = [row["id"] for row in await rows(desk.ctx, "SELECT id FROM ticket ORDER BY id")]
        await rows(
            desk.ctx, "UPDATE ticket SET status = 'closed', resolved_at = now() WHERE id = $1", ids[50]
        )
        await scan_all(desk.ctx)
        told = await rows(desk.ctx, "SELECT ticket_id FROM event WHERE kind = 'file_checked' ORDER BY id")
        assert [row["ticket_id"] for row in told] == [*ids[2:50], *ids[51:]]


async def test_what_nobody_asked_about_is_ended_too_where_it_breaks_off(ctx: Context) -> None:
    """A file from before the scanner."""
    async with serving_clamd() as clamd, a_desk(ctx, clamd.address) as desk:
        code = await customer_writes(desk.ctx, "old", attachments=attached(old=b"old"))
        await rows(desk.ctx, "DELETE FROM file_scan")
        await desk.log_in("ann")
        path = f"/desk/attachments/{(await tokens(desk.ctx))['old.png']}"
        page = f"/desk/tickets/{show_code(TICKET, code)}"
        assert f'{path}" download>' not in (await desk.get(page)).text, "it may be a page that says no"
        clamd.says = ""
        assert (await desk.get(path)).status == 409
        for _ in range(MOST_TRIES):
            assert await states(desk.ctx) == {"old.png": "waiting"}
            await make_due(desk.ctx)
            assert await scan_next(desk.ctx)
        assert await states(desk.ctx) == {"old.png": "unscannable"}
        assert (await desk.get(path)).text == "old"
        assert f'{path}" download>' in (await desk.get(page)).text


async def test_a_scanner_that_is_away_delays_no_message_and_is_asked_again(ctx: Context) -> None:
    async with a_desk(ctx, NOBODY) as desk:
        await customer_writes(desk.ctx, "a file", attachments=attached(bad=BAD, good=b"good"))
        assert await one(desk.ctx, "SELECT text FROM interaction") == "a file"
        halt = asyncio.Event()
        with capture_logs() as said:
            working = asyncio.create_task(scan_files(desk.ctx, halt, lambda: None))

            async def told() -> bool:
                return any(entry["event"] == "scanner.away" for entry in said)

            await until(told, seconds=30, what="told that it is away")
            halt.set()
            desk.ctx.listener.wake("hub_files")
            await working
        assert set((await states(desk.ctx)).values()) == {"waiting"}
        async with serving_clamd() as clamd:
            back = replace(
                desk.ctx,
                settings=desk.ctx.settings.model_copy(update={"scanner": Scanner(address=clamd.address)}),
            )
            await make_due(back)
            await scan_all(back)
            assert await states(back) == {"bad.png": "infected", "good.png": "clean"}


async def test_one_over_which_it_breaks_off_again_and_again_is_said_to_be_unknown(ctx: Context) -> None:
    async with serving_clamd() as clamd, a_desk(ctx, clamd.address) as desk:
        await customer_writes(desk.ctx, "odd", attachments=attached(odd=b"odd"))
        clamd.says = ""
        for _ in range(MOST_TRIES):
            assert (await states(desk.ctx))["odd.png"] == "waiting"
            await make_due(desk.ctx)
            assert await scan_next(desk.ctx)
        assert await states(desk.ctx) == {"odd.png": "unscannable"}
        await desk.log_in("lin")
        token = (await tokens(desk.ctx))["odd.png"]
        assert (await desk.get(f"/desk/attachments/{token}")).status == 200
        (code,) = await rows(desk.ctx, "SELECT code FROM ticket")
        shown = await desk.get(f"/desk/tickets/{show_code(TICKET, code['code'])}")
        assert "无法扫描病毒" in shown.text


async def test_nobody_opens_what_was_not_looked_into_or_holds_a_virus(ctx: Context) -> None:
    async with serving_clamd() as clamd, a_desk(ctx, clamd.address) as desk, ClientSession() as program:
        hub = desk.ctx
        await customer_writes(hub, "two", attachments=attached(good=b"good", bad=BAD))
        at = {name: f"/desk/attachments/{token}" for name, token in (await tokens(hub)).items()}
        key = await create_api_key(hub, name="erp", scopes=[Scope.READ])
        api = {name: f"{desk.url}{path.replace('/desk', '/api/v1')}" for name, path in at.items()}
        await desk.log_in("lin")
        # Nobody has looked yet: opening it is reason to.
        opened = await desk.get(at["good.png"])
        assert (opened.status, opened.text) == (200, "good")
        for path in (at["bad.png"], at["bad.png"] + "/picture"):
            refused = await desk.get(path)
            assert refused.status == 409 and "病毒扫描在该文件中发现威胁" in refused.text
            assert VIRUS.decode() not in refused.text
        assert await states(hub) == {"good.png": "clean", "bad.png": "infected"}
        async with program.get(api["bad.png"], headers={"Authorization": f"Bearer {key}"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (409, "file_infected")
        assert (await desk.post(at["bad.png"] + "/anyway")).status == 403
        await rows(hub, "UPDATE agent SET role = 'admin' WHERE login = 'ann'")
        await desk.log_in("ann")
        page = await desk.get(at["bad.png"])
        assert page.status == 409 and NAME in page.text and "Download it anyway" in page.text
        assert VIRUS.decode() not in page.text
        taken = await desk.post(at["bad.png"] + "/anyway")
        assert taken.status == 200 and VIRUS.decode() in taken.text
        assert taken.headers["Content-Disposition"].startswith("attachment")
        (kept,) = await rows(hub, "SELECT who, details FROM audit WHERE kind = 'file_opened_anyway'")
        assert kept["who"] == "Ann Berg" and NAME in str(kept["details"])
        # Nor do those who share a conversation.
        (line,) = await rows(
            hub, "SELECT i.id, thread_key, c.name FROM interaction i JOIN channel c ON c.id = i.channel_id"
        )
        lounge = HubLounge(hub, line["name"])
        good, bad = [await lounge.open_file(line["thread_key"], line["id"], n) for n in (1, 2)]
        assert good is not None and good.content == b"good" and bad is None


async def test_while_it_is_away_files_stay_shut_and_say_why(ctx: Context) -> None:
    async with a_desk(ctx, NOBODY) as desk:
        await customer_writes(desk.ctx, "one", attachments=attached(good=b"good"))
        token = (await tokens(desk.ctx))["good.png"]
        await desk.log_in("lin")
        refused = await desk.get(f"/desk/attachments/{token}")
        assert refused.status == 409 and "正在进行病毒扫描" in refused.text
        item = await one(desk.ctx, "SELECT id FROM inbound_raw")
        raw = f"/desk/quarantine/{item}/raw"
        assert (await desk.get(raw)).status == 409 and (await desk.post(raw + "/anyway")).status == 403
        for lacks in (Permission.SEE_RAW, Permission.OPEN_INFECTED):
            some = Actor(name="Eve", permissions=frozenset(Permission) - {lacks})
            with pytest.raises(NotPossible):
                await read_raw_anyway(desk.ctx, raw_id=item, actor=some)
        assert await rows(desk.ctx, "SELECT 1 FROM audit WHERE kind = 'raw_seen'") == [], "nobody saw it"
        # Who may is asked first, and what is in it is not said to be a virus.
        await rows(desk.ctx, "UPDATE agent SET role = 'admin' WHERE login = 'ann'")
        await desk.log_in("ann")
        for path in (f"/desk/attachments/{token}", raw):
            page = await desk.get(path)
            assert page.status == 409 and f'action="{path}/anyway"' in page.text
            assert (await desk.post(path + "/anyway")).status == 200
        kept = await rows(desk.ctx, "SELECT details FROM audit WHERE kind = 'file_opened_anyway'")
        assert [row["details"]["found"] for row in kept] == ["not looked into"] * 2
        trail = (await desk.get("/desk/audit")).text
        assert "File downloaded past the virus scanner" in trail and "not looked into" in trail
        assert await states(desk.ctx) == {"good.png": "waiting"}


async def test_without_a_scanner_nobody_is_asked_and_nothing_waits(ctx: Context, tmp_path: Path) -> None:
    async with serving_desk(ctx) as desk:
        await customer_writes(desk.ctx, "one", attachments=attached(bad=BAD))
        assert await states(desk.ctx) == {"bad.png": None}
        await rows(desk.ctx, "INSERT INTO file_scan (sha256) SELECT sha256 FROM blob")
        await set_up(desk.ctx)
        assert await states(desk.ctx) == {"bad.png": None}, "it is not said to be checked for ever"
        await desk.log_in("lin")
        token = (await tokens(desk.ctx))["bad.png"]
        assert (await desk.get(f"/desk/attachments/{token}")).status == 200
        (found,) = await rows(desk.ctx, "SELECT code FROM ticket")
        page = await desk.get(f"/desk/tickets/{show_code(TICKET, found['code'])}")
        assert f'/desk/attachments/{token}" download>' in page.text


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("unix:/run/clamav/clamd.ctl", True),
        ("tcp://[::1]:3310", True),
        ("tcp://clamav:3310", True),
        ("127.0.0.1:3310", False),
        ("unix:clamd.ctl", False),
        ("tcp://u@host:1", False),
        ("tcp://clamav:0", False),
        ("tcp://clamav:99999", False),
    ],
)
def test_where_it_stands_is_said_in_one_of_two_ways(address: str, good: bool) -> None:
    def read() -> Any:
        return Settings(scanner=Scanner(address=address)).scanner

    if good:
        assert read().socket or read().place[1] == 3310
    else:
        with pytest.raises(ValueError, match="must be like"):
            read()


async def test_doctor_asks_the_scanner_and_looks_into_the_list(tmp_path: Path) -> None:
    listed = tmp_path / "pwned.txt"
    listed.write_text("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:10\n")
    passwords = Passwords(leaked_file=listed)
    async with serving_clamd(tmp_path) as clamd:
        scanner = Scanner(address=clamd.address)
        findings = await check_safety(Settings(scanner=scanner, passwords=passwords))
    assert [one.state for one in findings] == [State.GOOD, State.GOOD] and "ClamAV" in findings[0].text
    listed.write_text("no list")
    findings = await check_safety(Settings(scanner=scanner, passwords=passwords))
    assert [one.state for one in findings] == [State.WRONG, State.WRONG]
    listed.write_text("6BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:10\n")
    assert [one.state for one in await check_safety(Settings(passwords=passwords))] == [State.WARNING]
