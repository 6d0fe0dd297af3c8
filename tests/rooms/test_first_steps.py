"""The first steps of a new house: each knows by itself whether it is done."""

from dataclasses import replace

import pytest

from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.first_steps import CARD, Step, first_steps, say_needed
from hub.actions.installation import report_channel
from hub.actions.people.staff import add_agent, set_password
from hub.actions.rules.rulebook import as_document, change_rules
from hub.model.people import Actor, Role
from hub.settings import Settings
from storage.database import Connection
from tests.fakes.desk import PASSWORD, Desk, customer_writes, serving_desk


async def _done(ctx: Context, actor: Actor) -> set[str]:
    return {one.step.value for one in (await first_steps(ctx, actor)).steps if one.done}


async def _admin(desk: Desk) -> Actor:
    number = await add_agent(desk.ctx, login="root", name="Rui", password=PASSWORD, role=Role.ADMIN)
    await desk.log_in("root")
    return Actor(name="Rui", agent_id=number, role=Role.ADMIN)


async def test_each_step_knows_from_the_database_that_it_is_done(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        root = await _admin(desk)
        assert await _done(desk.ctx, root) == {"colleagues"}  # Ann and 小林 are there
        await set_password(desk.ctx, login="root", password="another battery")
        await report_channel(desk.ctx, "shop", "up")
        assert await _done(desk.ctx, root) == {"colleagues", "password", "channel"}
        await customer_writes(desk.ctx, "Hello")
        assert "message" in await _done(desk.ctx, root)

        document = as_document(desk.ctx.rules)
        document["target"][0]["first_response"] = 7
        version = await change_rules(
            desk.ctx, document=document, base_version=desk.ctx.rulebook.version, actor=root
        )
        assert {"targets"} == await _done(desk.ctx, root) & {"targets", "hours"}
        document["queue"][0]["title_en"] = "Others"
        await change_rules(desk.ctx, document=document, base_version=version, actor=root)
        assert "hours" in await _done(desk.ctx, root)

        async def by_hand(c: Connection) -> None:
            await c.execute("INSERT INTO template (name, body) VALUES ('hours', 'We open at nine.')")
            await c.execute(
                "INSERT INTO passkey (agent_id, credential_id, public_key, sign_count, name) "
                "VALUES ($1, 'a', 'b', 0, 'phone')",
                root.agent_id,
            )

        await desk.ctx.database.run(by_hand)
        assert await _done(desk.ctx, root) == {one.value for one in Step} - {"address", "backup"}
        public = replace(
            desk.ctx,
            settings=Settings(channels={}, web={"public_url": "https://help.shop.example"}),  # type: ignore[arg-type]
        )
        assert "address" in await _done(public, root)


async def test_what_is_not_needed_here_is_not_asked_for_and_the_card_goes(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        root = await _admin(desk)
        before = (await first_steps(desk.ctx, root)).left
        assert "first steps left" in (await desk.get("/desk/fragments/start")).text
        answer = await desk.post("/desk/start/backup", {"needed": "0"})
        assert answer.status == 303
        assert (await first_steps(desk.ctx, root)).left == before - 1
        await desk.post("/desk/start/backup", {"needed": "1"})
        assert (await first_steps(desk.ctx, root)).left == before
        await say_needed(desk.ctx, key=CARD, needed=False, actor=root)
        assert (await desk.get("/desk/fragments/start")).text.strip() == ""
        with pytest.raises(NotFound):
            await say_needed(desk.ctx, key="dance", needed=False, actor=root)


async def test_only_who_may_do_them_sees_them(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        await desk.log_in("lin")
        assert (await desk.get("/desk/fragments/start")).text.strip() == ""
        for path in (
            "/desk/start",
            "/desk/channels",
            "/desk/channels/new/email",
            "/desk/tags",
            "/desk/fields",
        ):
            assert (await desk.get(path)).status == 403, path
        assert (await desk.post("/desk/channels/shop/probe")).status == 403
