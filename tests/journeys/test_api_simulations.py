"""Simulations over the JSON API."""

import asyncio

from hub.actions.context import Context
from hub.actions.simulation.simulate import answer_next
from hub.model.people import Scope
from tests.fakes.bygone import a_few_days
from tests.fakes.scene import a_hub
from tests.journeys.test_api import serving


async def test_a_question_is_asked_answered_and_read(database_dsn: str) -> None:
    async with a_hub(database_dsn) as ctx:
        await a_few_days(ctx, days=1)
        async with serving(ctx) as api:
            body = {"days": 2, "seeds": "1-2", "staff": {"add": [{"like": "li"}]}}
            asked = await api.call("POST", "/simulations", body, scope=Scope.ADMIN)
            assert (asked.status, asked.json["state"], asked.json["progress"]) == (201, "waiting", 0.0)
            number = asked.json["id"]
            await answer_next(ctx, asyncio.Event())
            read = await api.call("GET", f"/simulations/{number}", scope=Scope.ADMIN)
            assert (read.status, read.json["state"]) == (200, "done")
            assert read.json["result"]["before"]["errands"] == 32
            assert read.json["question"]["staff"] == {"add": [{"like": "li"}]}
            assert (await api.call("POST", f"/simulations/{number}/cancel", scope=Scope.ADMIN)).status == 204
            assert (await api.call("GET", f"/simulations/{number}", scope=Scope.ADMIN)).json[
                "state"
            ] == "done"


async def test_what_cannot_be_asked_and_who_may_not_ask(ctx: Context) -> None:
    async with serving(ctx) as api:
        wrong = {"days": 2, "staff": {"sick": [{"name": "nobody"}]}}
        refused = await api.call("POST", "/simulations", wrong, scope=Scope.ADMIN)
        assert (refused.status, refused.json["code"]) == (422, "invalid")
        assert "There is no agent nobody." in refused.json["detail"]
        assert (await api.call("POST", "/simulations", {"load": 9.0}, scope=Scope.ADMIN)).status == 422
        assert (await api.call("POST", "/simulations", {}, scope=Scope.WRITE)).status == 403
        for unknown in ("7", "none", "9" * 30):
            reply = await api.call("GET", f"/simulations/{unknown}", scope=Scope.ADMIN)
            assert (reply.status, reply.json["code"]) == (404, "not_found")
