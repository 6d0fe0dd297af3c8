"""What whoever runs the hub asks it: alive, ready, how is it doing. Real server, real Postgres."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from prometheus_client.parser import text_string_to_metric_families

from hub.actions.context import Context
from hub.actions.people.keys import create_api_key
from hub.model.people import Scope
from hub.web.ops import ops_routes
from storage.database import Connection


@asynccontextmanager
async def _running(ctx: Context, reasons: Mapping[str, str]) -> AsyncIterator[ClientSession]:
    async def ready() -> Mapping[str, str]:
        return reasons

    app = web.Application()
    app.add_routes(ops_routes(ctx, ready))
    server = TestServer(app)
    await server.start_server()
    try:
        async with ClientSession(server.make_url("/")) as session:
            yield session
    finally:
        await server.close()


async def test_a_sound_hub_is_alive_and_ready(ctx: Context) -> None:
    async with _running(ctx, {}) as session:
        for path in ("/healthz", "/readyz"):
            async with session.get(path) as response:
                assert response.status == 200
                assert response.headers["Cache-Control"] == "no-store"


async def test_a_hub_that_shuts_down_is_alive_and_not_ready(ctx: Context) -> None:
    async with _running(ctx, {"shutting_down": "finishing what was begun"}) as session:
        async with session.get("/readyz") as response:
            assert response.status == 503
            assert (await response.json())["reasons"] == {"shutting_down": "finishing what was begun"}
        async with session.get("/healthz") as response:
            assert response.status == 200


async def test_a_missing_migration_is_named(ctx: Context) -> None:
    async def forget(c: Connection) -> None:
        await c.execute("DELETE FROM _pogo_migration WHERE migration_id LIKE '0001%'")

    await ctx.database.run(forget)
    async with _running(ctx, {}) as session, session.get("/readyz") as response:
        assert response.status == 503
        assert "0001_timeline" in (await response.json())["reasons"]["schema"]


async def test_an_absent_database_makes_it_unready_and_leaves_it_alive(ctx: Context) -> None:
    await ctx.database.close()
    async with _running(ctx, {}) as session:
        async with session.get("/readyz") as response:
            assert response.status == 503
            assert "database" in (await response.json())["reasons"]
        async with session.get("/healthz") as response:
            assert response.status == 200
        async with session.get("/metrics") as response:
            assert response.status == 200
            assert "hub_database_up 0.0" in await response.text()


async def test_whoever_was_let_in_before_hears_that_the_database_is_away(ctx: Context) -> None:
    admin = await create_api_key(ctx, name="admin", scopes=[Scope.ADMIN])
    reader = await create_api_key(ctx, name="reader", scopes=[Scope.READ])
    later = await create_api_key(ctx, name="later", scopes=[Scope.ADMIN])

    async def scrape(session: ClientSession, key: str) -> tuple[int, str]:
        headers = {"X-Forwarded-For": "203.0.113.9", "Authorization": f"Bearer {key}"}
        async with session.get("/metrics", headers=headers) as response:
            return response.status, await response.text()

    async with _running(ctx, {}) as session:
        assert (await scrape(session, admin))[0] == 200
        assert (await scrape(session, reader))[0] == 403
        await ctx.database.close()
        async with asyncio.timeout(10):  # until what was looked up before is looked up again
            while True:
                status, text = await scrape(session, admin)
                assert status == 200
                if "hub_database_up 0.0" in text:
                    break
        assert "hub_quarantined" not in text
        assert (await scrape(session, reader))[0] == 403
        assert (await scrape(session, later))[0] == 503


async def test_metrics_tell_what_waits_and_name_no_person(ctx: Context) -> None:
    async def seed(c: Connection) -> None:
        await c.execute(
            """
            INSERT INTO channel (name, kind, state) VALUES ('seeded-inbox', 'email', 'down');
            INSERT INTO queue (name, title_en, title_zh) VALUES ('seeded', 'S', 'S');
            INSERT INTO customer (name) VALUES ('Canary Customer');
            INSERT INTO identity (customer_id, kind, value, verified)
                SELECT id, 'email', 'canary@example.com', true FROM customer WHERE name = 'Canary Customer';
            INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, waiting_since)
                SELECT cu.id, ch.id, 'canary subject', 'enquiry', q.id, now() - interval '90 seconds'
                FROM customer cu, channel ch, queue q WHERE ch.name = 'seeded-inbox' AND q.name = 'seeded';
            INSERT INTO outbox (ticket_id, interaction_id, channel_id, message, state)
                SELECT id, 1, channel_id, '{}', 'uncertain' FROM ticket;
            INSERT INTO inbound_raw (channel_id, external_key, content, received_at, state)
                SELECT id, 'k', 'x', now(), 'quarantined' FROM channel WHERE name = 'seeded-inbox';
            """
        )

    await ctx.database.run(seed)
    async with _running(ctx, {}) as session, session.get("/metrics") as response:
        assert response.status == 200
        text = await response.text()
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["hub_database_up",] == 1
    assert found["hub_quarantined",] == 1
    assert 89 < found["hub_ticket_oldest_seconds",] < 120
    assert found["hub_outbox_replies", ("state", "uncertain")] == 1
    assert found["hub_outbox_replies", ("state", "queued")] == 0
    assert found["hub_accepted_total", ("channel", "seeded-inbox")] == 0
    assert found["hub_sent_copies_total", ("channel", "seeded-inbox"), ("outcome", "failed")] == 0
    assert found["hub_channel_up", ("channel", "seeded-inbox"), ("kind", "email"), ("state", "down")] == 1
    assert found["hub_loop_lag_seconds",] < 1
    assert "anary" not in text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_metrics_behind_a_proxy_need_a_key_of_scope_admin(ctx: Context, header: str) -> None:
    reader = await create_api_key(ctx, name="reader", scopes=[Scope.READ])
    admin = await create_api_key(ctx, name="admin", scopes=[Scope.ADMIN])
    async with _running(ctx, {}) as session:
        for key, status in ((None, 401), ("guess", 401), (reader, 403), (admin, 200)):
            headers = {header: "203.0.113.9"} | ({"Authorization": f"Bearer {key}"} if key else {})
            async with session.get("/metrics", headers=headers) as response:
                assert response.status == status
