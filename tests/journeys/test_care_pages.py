"""What a customer is to the company, said at the desk in both languages and by a program."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.context import Context
from hub.model.codes import CUSTOMER, show_code
from tests.fakes.desk import CHANNELS, Desk, customer_writes, serving_desk
from tests.fakes.scene import a_hub, one, say
from tests.journeys.test_api import serving


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx, CHANNELS) as desk:
        yield desk


async def _code(ctx: Context) -> str:
    return show_code(CUSTOMER, int(await one(ctx, "SELECT code FROM customer")))


async def test_at_the_desk(desk: Desk) -> None:
    await customer_writes(desk.ctx, "Hello, a question")
    code = await _code(desk.ctx)
    await desk.log_in("ann")
    page = await desk.get(f"/desk/customers/{code}/care")
    assert page.status == 200 and "Looked after by" in page.text
    owner = await one(desk.ctx, "SELECT id FROM agent WHERE login = 'lin'")
    form = {"key_account": "yes", "segment": "金牌", "owner": str(owner)}
    saved = await desk.post(f"/desk/customers/{code}/care", form)
    assert saved.status == 303 and saved.headers["Location"] == f"/desk/customers/{code}"
    shown = (await desk.get(f"/desk/customers/{code}")).text
    assert "金牌" in shown and "Key account" in shown
    long = await desk.post(f"/desk/customers/{code}/care", {"segment": "x" * 41})
    assert long.status == 200 and "A segment has 40 characters at the most." in long.text
    assert (await desk.get("/desk/customers/C-1/care")).status == 404
    await desk.post("/desk/logout")
    await desk.log_in("lin")
    again = (await desk.get(f"/desk/customers/{code}/care")).text
    assert "专属负责人" in again and f'value="{owner}" selected' in again and 'value="金牌"' in again


async def test_by_a_program(database_dsn: str) -> None:
    async with a_hub(database_dsn) as hub, serving(hub) as api:
        await say(hub, text="Hello", who=[("email", "li@example.cn", True)])
        path = f"/customers/{await _code(hub)}"
        changed = await api.call("PATCH", path, {"segment": "gold", "key_account": True})
        assert (changed.status, changed.json["segment"], changed.json["key_account"]) == (200, "gold", True)
        kept = await api.call("PATCH", path, {"key_account": False})
        assert (kept.json["segment"], kept.json["key_account"]) == ("gold", False)
        nobody = await api.call("PATCH", path, {"owner": 999})
        assert nobody.status == 404
        assert (await api.call("PATCH", "/customers/C-1", {"segment": "x"})).status == 404
