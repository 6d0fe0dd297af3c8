"""Who is refused something for lack of a permission stands in the log, once a request (hub.web.refusals)."""

from typing import Any

from aiohttp import ClientSession
from structlog.testing import capture_logs

from hub.actions.context import Context
from hub.actions.people.keys import create_api_key
from hub.model.people import Scope
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
