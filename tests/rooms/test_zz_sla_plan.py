import asyncio, time
from tests.rooms.test_targets import *
async def test_plan(ctx: Context) -> None:
    ids=[]
    t=time.perf_counter()
    for _ in range(20): ids += await some_tickets(ctx, 1000)
    print("open 20000", time.perf_counter()-t)
    await ctx.database.run(lambda c: c.execute("ANALYZE"))
    from storage.targets import SQL
    for q,a in (("due","500"),("promised_by_older_rules","(select fingerprint from sla_rules), 500"),("clocks","'{1,2,3}'"),("segments","'{1,2,3}'")):
        async def w(c):
            await c.execute("PREPARE q AS "+SQL[q])
            fp = await c.fetchval("select fingerprint from sla_rules")
            aa=a.replace("(select fingerprint from sla_rules)", f"'{fp}'")
            r= await c.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) EXECUTE q({aa})")
            await c.execute("DEALLOCATE q")
            return r
        print(q); print("\n".join(x[0] for x in await ctx.database.run(w)))
    await ctx.database.run(lambda c: c.execute("UPDATE sla_clock SET next_at = next_at - interval '55 minutes', warn_at = warn_at - interval '55 minutes', due_at = due_at - interval '55 minutes', since=since - interval '55 minutes', started_at=started_at - interval '55 minutes' WHERE ticket_id < 3000"))
    t=time.perf_counter(); n=0
    while (k:=await fire_due(ctx)): n+=k
    print("fired", n, time.perf_counter()-t)
