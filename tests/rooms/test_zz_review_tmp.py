import asyncio, os, time
from tests.rooms.test_gathering import *  # noqa
from tests.rooms.test_gathering import picture, hubs
from hub.actions.gather import _put_together
from storage.gathering import SQL

async def test_big(hubs):
    ctx, _ = hubs
    for name in ("due", "next_due"):
        for r in await rows(ctx, "EXPLAIN " + SQL[name].replace("$1","1::float8").replace("$2","5::float8").replace("$3","'{1}'")): print(list(r.values())[0])
    for place in range(10):
        t=time.monotonic()
        await accept_items(ctx, "bot", [picture(1, place, data=os.urandom(19_500_000))])
        print("accept", place, round(time.monotonic()-t,2))
    worst = 0.0
    async def beat():
        nonlocal worst
        while True:
            t=time.monotonic(); await asyncio.sleep(0.01); worst=max(worst, time.monotonic()-t)
    b=asyncio.create_task(beat())
    t=time.monotonic()
    try:
        print("gathered", await gather_due(ctx, quiet_seconds=0))
    except Exception as e:
        print("FAILED", type(e), str(e)[:300])
    print("seconds", round(time.monotonic()-t,2), "blocked", round(worst,2))
    b.cancel()
    print(await rows(ctx, "SELECT count(*), state FROM inbound_raw GROUP BY 2"), await rows(ctx, "SELECT count(*) FROM attachment"))
