"""Who somebody can be chosen from, wherever the desk asks for a colleague."""

from hub.web.desk.say.words import PRESENCES
from storage import views
from storage.database import Connection
from storage.views import AgentRow


async def colleagues(connection: Connection) -> list[AgentRow]:
    """Everybody who works here, those who are here first, then by name."""
    order = {presence: place for place, presence in enumerate(PRESENCES)}
    found = [one for one in await views.list_agents(connection) if one.active]
    return sorted(found, key=lambda one: order[one.presence])
