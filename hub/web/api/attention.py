"""What programs do in the name of agents: who listens to a conversation, the end of wrapping up, the end of their sessions."""

from datetime import datetime

from pydantic import BaseModel

from hub.actions.cases.listen import listen_in, stop_listening
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.wrap_up import end_wrap_up
from hub.actions.people.sight import actor_of
from hub.actions.signin.of_others import end_sessions_of
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from hub.model.permissions import Permission
from hub.web.api.answers import AgentAnswer
from hub.web.api.operations import Answer, Call
from hub.web.api.people import path_id
from hub.web.api.tickets import ticket_code
from storage import listening, views, work
from storage.database import Connection
from storage.views import AgentRow


class ListenerAnswer(BaseModel):
    agent_id: int
    name: str
    since: datetime


class ListenerList(BaseModel):
    """Who listens to the conversation now; the colleague who has it sees them, the customer does not."""

    items: list[ListenerAnswer]


async def get_listeners(call: Call) -> Answer:
    """Who is there."""
    return Answer(document=await _listeners(call))


async def put_listener(call: Call) -> Answer:
    """An agent listens from now on."""
    await listen_in(call.ctx, ticket_code=ticket_code(call), actor=await _listener(call))
    return Answer(document=await _listeners(call))


async def delete_listener(call: Call) -> Answer:
    """They listen no more."""
    await stop_listening(call.ctx, ticket_code=ticket_code(call), actor=await _listener(call))
    return Answer(status=204)


async def post_wrap_up(call: Call) -> Answer:
    """Their conversation is wrapped up; the next one may come."""
    row = await _agent(call)
    await end_wrap_up(call.ctx, agent_id=row.id, actor=call.actor)
    return Answer(document=AgentAnswer.of(await _agent(call)))


async def delete_sessions(call: Call) -> Answer:
    """Wherever they are signed in, they are out."""
    await end_sessions_of(call.ctx, agent_id=path_id(call, "agent"), actor=call.actor)
    return Answer(status=204)


async def _listeners(call: Call) -> ListenerList:
    code = ticket_code(call)

    async def read(connection: Connection) -> ListenerList:
        found = await work.peek(connection, code)
        if found is None:
            raise NotFound(f"There is no ticket {show_code(TICKET, code)}.")
        rows = await listening.listeners(connection, found[0])
        return ListenerList(
            items=[ListenerAnswer(agent_id=one.agent_id, name=one.name, since=one.since) for one in rows]
        )

    return await call.ctx.database.read(read)


async def _listener(call: Call) -> Actor:
    """The agent, with what their role allows: a program lends nobody more. Raises NotFound, NotPossible (not_allowed)."""
    row = await _agent(call)
    actor = await call.ctx.database.read(lambda c: actor_of(c, row))
    if not actor.may(Permission.LISTEN_IN):
        raise NotPossible("Their role does not listen in.", code="not_allowed")
    return actor


async def _agent(call: Call) -> AgentRow:
    agent_id = path_id(call, "agent")
    for row in await call.ctx.database.read(views.list_agents):
        if row.id == agent_id and row.active:
            return row
    raise NotFound(f"There is no agent {agent_id}.")
