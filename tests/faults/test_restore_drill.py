"""F75, F31: a copy is put back on another server, a hub starts there, every file is what it was, and nothing leaves twice."""

import base64
import hashlib
import random
from pathlib import Path

import aiohttp
import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.people.keys import create_api_key
from hub.model.codes import TICKET, show_code
from hub.model.interactions import OutboundAttachment
from hub.model.people import Scope
from tests.conftest import at_database
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import serving
from tests.fakes.scene import SECRET, SYSTEM, a_hub, one, rows, say, ticket
from tests.faults.cluster import copied_cluster
from tests.journeys.command import command

CHANNELS = {"api": {"kind": "api"}}
SIZES = (1, 8_191, 70_000, 3_000_000)


@pytest.mark.timeout(200)
async def test_everything_comes_back_on_another_server_and_what_was_on_its_way_waits_for_a_person(
    database_dsn: str, tmp_path: Path
) -> None:
    dice = random.Random(75)
    files = {f"{size}.bin": dice.randbytes(size) for size in SIZES}
    files["the same again.bin"] = files["70000.bin"]
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    words = "说明 – 1"
    async with a_hub(database_dsn) as ctx:
        kept = await say(
            ctx,
            who=[("email", "li@example.com", True)],
            text="坏了",
            reply_address="li@example.com",
            files=[("收据.txt", words)],
        )
        code = (await ticket(ctx, kept))["code"]
        attached = [
            OutboundAttachment(filename=name, content_type="application/octet-stream", data=data)
            for name, data in files.items()
        ]
        await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="Here they are.", attachments=attached)
        key = await create_api_key(ctx, name="t", scopes=[Scope.READ, Scope.INGEST])
    sums["收据.txt"] = hashlib.sha256(words.encode()).hexdigest()

    def env(dsn: str) -> dict[str, str]:
        return {"HUB_DATABASE__DSN": dsn, "HUB_SECRET_KEY": SECRET.decode()}

    copied = await command("backup", "copy", cwd=tmp_path, env=env(database_dsn))
    assert copied.code == 0, copied.said
    assert {path.name for path in (tmp_path / "copy").iterdir()} == {"manifest.json", "database.dump"}
    assert (await command("restore", "copy", "--check", cwd=tmp_path)).code == 0
    with copied_cluster(tmp_path) as server:
        await server.say("CREATE DATABASE there TEMPLATE template0")
        there = at_database(server.dsn, "there")
        restored = await command("restore", "copy", cwd=tmp_path, env=env(there))
        assert restored.code == 0, restored.said
        assert "each table and each file was compared" in restored.out
        assert show_code(TICKET, code) in restored.out, "whose reply is in doubt"
        async with (
            serving(tmp_path / "hub", there, CHANNELS, secret=SECRET.decode()) as hub,
            aiohttp.ClientSession(f"{hub.url}/", headers={"Authorization": f"Bearer {key}"}) as client,
        ):
            async with client.get(f"/api/v1/tickets/{show_code(TICKET, code)}") as answer:
                timeline = (await answer.json())["timeline"]
            found = {}
            for file in (file for entry in timeline for file in entry["attachments"]):
                async with client.get(file["url"]) as answer:
                    assert answer.status == 200
                    found[file["filename"]] = hashlib.sha256(await answer.read()).hexdigest()
            assert found == sums
            assert [entry["text"] for entry in timeline] == ["坏了", "Here they are."]
            # It is not only to be looked at: work goes on there.
            more = {
                "sender": {"identities": [{"kind": "external", "value": "p"}]}, "text": "Afterwards",
                "attachments": [{"filename": "a", "content_type": "text/plain", "data_base64": _as_text(b"new")}],
            }  # fmt: skip
            async with client.post("/api/v1/interactions", json=more) as answer:
                assert answer.status == 201, await answer.text()
        async with a_hub(there) as ctx:
            (reply,) = await rows(ctx, "SELECT state, error FROM outbox")
            assert reply["state"] == "uncertain" and "may have been sent" in reply["error"]
            assert await one(ctx, "SELECT count(*) FROM blob WHERE sha256(data) <> sha256") == 0
            assert await one(ctx, "SELECT count(*) FROM blob") == len(set(sums.values())) + 1
            await assert_invariants(ctx.database)


def _as_text(data: bytes) -> str:
    return base64.b64encode(data).decode()
