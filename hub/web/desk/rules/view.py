"""What every page of the rules shows: the rules as this person sees them, their draft, and the words for it."""

from dataclasses import dataclass

from aiohttp import web

from hub.actions.rules.rule_drafts import Desk, see_rules
from hub.web.desk.rules.forms.fields import Fields
from hub.web.desk.rules.sections import SECTIONS
from hub.web.desk.say.rule_words import RuleWords
from hub.web.desk.typed import read_form
from hub.web.desk.visit import Visit
from storage import views
from storage.views import AgentRow

RULES = "/desk/rules"
UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`desk`: the rules with this person's draft; `words`: how to tell them; `agents`: everybody, by name."""

    desk: Desk
    words: RuleWords
    agents: tuple[AgentRow, ...]


async def see(visit: Visit) -> Seen:
    """The rules, for this person."""
    desk = await see_rules(visit.ctx, visit.agent.id)
    agents = tuple(await visit.ctx.database.read(views.list_agents))
    words = RuleWords(voice=visit.voice, rules=desk.rules, agents={one.login: one.name for one in agents})
    return Seen(desk=desk, words=words, agents=agents)


def show(visit: Visit, seen: Seen, template: str, *, status: int = 200, **context: object) -> web.Response:
    """A page of the rules."""
    response = visit.page(
        template,
        section="rules",
        desk=seen.desk,
        rules=seen.desk.rules,
        words=seen.words,
        sections=SECTIONS,
        **context,
    )
    response.set_status(status)
    return response


async def posted(request: web.Request) -> Fields:
    """The fields of the form that came. Files are no fields."""
    form = await read_form(request)
    return {name: [str(value) for value in form.getall(name) if isinstance(value, str)] for name in form}
