"""Mailboxes over the JSON API and in the metrics."""

from dataclasses import replace

from hub.actions.context import Context
from hub.actions.installation import channel_id, set_up
from hub.actions.mailboxes import mailbox_health
from hub.model.people import Scope
from hub.settings import Settings
from hub.web.ops import _read_figures
from storage import house, mailboxes
from storage.database import Connection
from tests.fakes.scene import MAIL
from tests.journeys.test_api import serving


async def with_mailbox(ctx: Context) -> Context:
    """A mailbox that has been heard and compared once; one of its folders is no longer in the settings."""
    here = replace(ctx, settings=Settings(channels={"support": MAIL, "echo": {"kind": "loopback"}}), memo={})
    await set_up(here)
    number = await channel_id(here, "support")

    async def work(connection: Connection) -> None:
        await house.write_bookmark(connection, number, "heard:INBOX", {"letters": 12, "junk": False})
        await house.write_bookmark(
            connection, number, "heard:垃圾邮件", {"error": "no such folder", "junk": True}
        )
        await house.write_bookmark(connection, number, "heard:Old", {"letters": 3, "junk": False})
        await connection.execute(
            "UPDATE bookmark SET written_at = clock_timestamp() - interval '2 hours' WHERE key = 'heard:Old'"
        )
        await mailboxes.add_counts(connection, number, [("INBOX", 12, 10, 2, 1, "it dropped")])

    await here.database.run(work)
    return here


async def test_mailboxes_are_listed_and_compared_on_request(ctx: Context) -> None:
    here = await with_mailbox(ctx)
    async with serving(here) as api:
        listed = await api.call("GET", "/mailboxes", scope=Scope.ADMIN)
        inbox, junk = listed.json["items"]
        assert (inbox["channel"], inbox["folder"], inbox["letters"], inbox["junk"]) == (
            "support",
            "INBOX",
            12,
            False,
        )
        last = inbox["last_count"]
        assert (last["on_server"], last["known"], last["missing"], last["fetched"]) == (12, 10, 2, 1)
        assert last["error"] == "it dropped"
        assert (junk["folder"], junk["junk"], junk["error"]) == ("垃圾邮件", True, "no such folder")
        assert junk["last_count"] is None
        assert (await api.call("POST", "/mailboxes/support/count", scope=Scope.ADMIN)).status == 204
        listed = await api.call("GET", "/mailboxes", scope=Scope.ADMIN)
        assert [one["count_wanted"] for one in listed.json["items"]] == [True, True]
        for channel in ("echo", "nowhere"):
            reply = await api.call("POST", f"/mailboxes/{channel}/count", scope=Scope.ADMIN)
            assert (reply.status, reply.json["code"]) == (404, "not_found")
    assert len(await mailbox_health(here)) == 2


async def test_the_metrics_tell_a_deaf_mailbox_and_missing_letters(ctx: Context) -> None:
    here = await with_mailbox(ctx)
    found = {
        (sample.name, sample.labels.get("channel"), sample.labels.get("folder")): sample.value
        for metric in await here.database.read(_read_figures)
        for sample in metric.samples
    }
    assert 0 <= found["hub_mailbox_heard_seconds", "support", "INBOX"] < 60
    assert found["hub_mailbox_missing", "support", "INBOX"] == 1
