"""Who is refused something for lack of a permission stands in the log, once a request (hub.web.refusals)."""

from typing import Any

from aiohttp import ClientSession
from structlog.testing import capture_logs

from hub.actions.context import Context
from hub.actions.people.keys import create_api_key
from hub.model.people import Scope
from hub.web.note_refused import MOST_REMEMBERED, Heard
from storage import agents
from tests.fakes.desk import customer_writes, serving_desk
from tests.journeys.test_desk_staff import FORM

PIECES = ("agent", "api_key_name", "method", "path", "needs", "peer")


def refused(logged: list[Any]) -> list[tuple[Any, ...]]:
    told = [entry for entry in logged if entry["event"] == "access.refused"]
    assert all(entry["log_level"] == "warning" for entry in told)
    return [tuple(entry[name] for name in PIECES) for entry in told]


async def test_the_desk_writes_down_whom_an_address_an_action_or_their_sight_refuses(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        ann, lin = [
            await ctx.database.read(lambda c, login=login: agents.id_of_login(c, login))
            for login in ("ann", "lin")
        ]
        code = await customer_writes(desk.ctx, "Where is my parcel?")
        await desk.log_in("lin")
        with capture_logs() as logged:
            assert (await desk.get("/desk/staff?q=somebody")).status == 403
            assert (await desk.get(f"/desk/tickets/T-{code}")).status == 200
        assert refused(logged) == [(lin, None, "GET", "/desk/staff", "manage_staff", "127.0.0.1")]
        assert "somebody" not in str(logged)

        await ctx.database.run(
            lambda c: c.execute("INSERT INTO role (name, permissions, sight) VALUES ('narrow', '{}', 'own')")
        )
        await ctx.database.run(lambda c: c.execute("UPDATE agent SET role = 'narrow' WHERE login = 'lin'"))
        with capture_logs() as logged:
            assert (await desk.get(f"/desk/tickets/T-{code}")).status == 404
        assert refused(logged) == [(lin, None, "GET", "/desk/tickets/{code}", "sight", "127.0.0.1")]

        await desk.log_in("ann")
        with capture_logs() as logged:
            # The page tells it itself, beside the form.
            form = {**FORM, "name": "Eve Canary", "login": "eve", "role": "admin"}
            assert (await desk.post("/desk/staff", form)).status == 409
            assert (await desk.post("/desk/staff", {**form, "role": "agent", "name": ""})).status == 409
        assert refused(logged) == [(ann, None, "POST", "/desk/staff", "not_allowed", "127.0.0.1")]
        assert "Canary" not in str(logged)


async def test_what_is_refused_for_what_was_sent_is_written_down_once_a_minute(ctx: Context) -> None:
    """Wrong fields, a key that is none, a form of another site: that it was, from where, and never what."""
    async with serving_desk(ctx) as desk:
        key = await create_api_key(desk.ctx, name="erp", scopes=[Scope.WRITE])
        who = {"Authorization": f"Bearer {key}"}
        await desk.log_in("lin")
        with capture_logs() as logged:
            for _ in range(3):
                async with desk.session.post(
                    f"{desk.url}/api/v1/tasks", json={"Canary": "Canary"}, headers=who
                ) as answer:
                    assert answer.status == 422
            async with desk.session.get(
                f"{desk.url}/api/v1/tickets", headers={"Authorization": "Bearer Canary"}
            ) as answer:
                assert answer.status == 401
            assert (
                await desk.post("/desk/tasks", {"title": "Canary"}, origin="https://canary.example")
            ).status == 403
            assert (await desk.get("/desk/tickets/T-99999999992")).status == 404
        told = [entry for entry in logged if entry["event"] == "request.refused"]
        assert [(entry["status"], entry["method"], entry["path"], entry["peer"]) for entry in told] == [
            (422, "POST", "/api/v1/tasks", "127.0.0.1"),
            (401, "GET", "/api/v1/tickets", "127.0.0.1"),
            (403, "POST", "/desk/tasks", "127.0.0.1"),
        ]
        assert "canary" not in str(logged).lower()


def test_a_flood_writes_one_line_and_then_how_many_there_were() -> None:
    now = [100.0]
    heard = Heard(lambda: now[0])
    assert [heard.again("a", 429) for _ in range(4)] == [0, None, None, None]
    assert heard.again("b", 429) == 0, "somebody else is not hidden by it"
    now[0] += 60
    assert [heard.again("a", 429) for _ in range(2)] == [3, None]
    for n in range(MOST_REMEMBERED + 10):
        heard.again(n, 422)
    assert len(heard._heard) == MOST_REMEMBERED


async def test_the_api_writes_down_which_key_was_refused_what(ctx: Context) -> None:
    async with serving_desk(ctx) as desk, ClientSession() as session:
        key = await create_api_key(desk.ctx, name="erp", scopes=[Scope.READ])
        who = {"Authorization": f"Bearer {key}"}
        with capture_logs() as logged:
            async with session.post(f"{desk.url}/api/v1/agents", json={"login": "x"}, headers=who) as answer:
                assert answer.status == 403
            async with session.get(f"{desk.url}/api/v1/queues", headers=who) as answer:
                assert answer.status == 200
            async with session.get(
                f"{desk.url}/metrics", headers={**who, "X-Forwarded-For": "1.2.3.4"}
            ) as answer:
                assert answer.status == 403
        assert refused(logged) == [
            (None, "erp", "POST", "/api/v1/agents", "admin", "127.0.0.1"),
            (None, "erp", "GET", "/metrics", "admin", "127.0.0.1"),
        ]
        assert key not in str(logged)
