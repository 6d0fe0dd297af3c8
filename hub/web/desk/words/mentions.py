"""Colleagues by name: who can be named, whether a reply names one, who follows a ticket."""

from aiohttp import web

from hub.actions.errands.follow import follow_ticket, followers_of
from hub.actions.errands.mentions import find_mentions
from hub.web.desk.say.keys import sought
from hub.web.desk.say.language import N_
from hub.web.desk.say.words import PRESENCES
from hub.web.desk.tickets.colleagues import colleagues
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit
from storage import notices
from storage.database import Connection


async def show_mentions(visit: Visit) -> web.StreamResponse:
    """What mention.js offers: colleagues, those who are here first, then the teams of queues."""
    agents = await visit.ctx.database.read(colleagues)
    queues = await visit.ctx.database.read(notices.queues)
    say = visit.voice.say
    people = [
        {
            "word": one.login,
            "title": one.name,
            "beside": f"@{one.login} · {say(PRESENCES[one.presence])}",
            "presence": one.presence,
            "search": sought(f"{one.login} {one.name}"),
        }
        for one in agents
        if one.id != visit.agent.id
    ]
    team = say(N_("Team"))
    teams = [
        {
            "word": queue.name,
            "title": queue.title_zh if visit.voice.chinese else queue.title_en,
            "beside": f"@{queue.name} · {team}",
            "presence": "",
            "search": sought(f"{queue.name} {queue.title_en} {queue.title_zh}"),
        }
        for queue in queues
    ]
    document = {
        "label": say(N_("Colleagues")),
        "some": say(N_("%(num)s colleagues. Arrows choose, Enter inserts, Esc closes."), num="{n}"),
        "colleagues": people + teams,
    }
    return web.json_response(document, headers={"Cache-Control": "no-store"})


async def post_mentioned(visit: Visit) -> web.StreamResponse:
    """The question that a reply raises which names a colleague; nothing (204) for one that does not."""
    text = str((await visit.form()).get("text", ""))[:100_000]

    async def look(connection: Connection) -> list[str]:
        staff, queues = await notices.staff(connection), await notices.queues(connection)
        named = find_mentions(text, staff, queues)
        people = {one.id: one.name for one in staff}
        teams = {one.id: one.title_zh if visit.voice.chinese else one.title_en for one in queues}
        return [*(people[one] for one in named.agents), *(teams[one] for one in named.queues)]

    names = await visit.ctx.database.read(look)
    if not names:
        return web.Response(status=204, headers={"Cache-Control": "no-store"})
    return visit.page("_mentioned.html", names=names)


async def post_follow(visit: Visit) -> web.StreamResponse:
    """Begin or end."""
    code = ticket_code(visit.request.match_info["code"])
    on = (await visit.form()).get("on") == "yes"
    await follow_ticket(visit.ctx, ticket_code=code, agent_id=visit.agent.id, on=on)
    followers = await followers_of(visit.ctx, code)
    return visit.page("_followers.html", number=visit.request.match_info["code"], followers=followers)
