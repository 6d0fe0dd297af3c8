"""Members of staff: one in full, a new one, changes, members of a queue, a new password, hand-over."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hub.actions.failures import NotPossible
from hub.actions.people.change_agent import (
    AgentChange,
    change_agent,
    get_agent,
    reset_password,
    set_members,
)
from hub.actions.people.hand_over import hand_over_all
from hub.actions.people.roles import MOST_NAME
from hub.actions.people.staff import MOST_CAPACITY, MOST_LIVE, add_agent
from hub.model.people import Role
from hub.web.api.operations import Answer, Call
from hub.web.api.people import path_id
from hub.web.api.problems import wrong_field
from hub.web.api.requests import RowId
from storage.agents import AgentDetails

_FIELDS = {
    "bad_login": "login", "bad_name": "name", "weak_password": "password", "common_password": "password",
    "telling_password": "password", "leaked_password": "password", "unknown_queue": "queues",
    "unknown_skill": "skills", "bad_level": "skills", "unknown_language": "languages", "unknown_calendar": "calendar",
    "bad_role": "role",
}  # fmt: skip
"""Which field is at fault, by the code of the refusal."""

_Name = Annotated[str, Field(min_length=1, max_length=100, description="as customers see it")]
_Languages = Annotated[list[str], Field(max_length=50, description="codes that the routing rules offer")]
_Skills = Annotated[
    dict[str, Annotated[int, Field(ge=1, le=5)]],
    Field(description="skills of the routing rules with levels, all of them: 1 is learning, 5 is expert"),
]
_Queues = Annotated[list[str], Field(max_length=500, description="names; none: every queue")]
_Capacity = Annotated[int, Field(ge=0, le=MOST_CAPACITY, description="units of work that can be put aside")]
_Live = Annotated[int, Field(ge=0, le=MOST_LIVE, description="live conversations at once")]
_Calendar = Annotated[str, Field(max_length=100, description="shifts, a calendar of the rules; empty: none")]
_Locale = Literal["en", "zh_CN"]
_Role = Annotated[
    str,
    Field(min_length=1, max_length=MOST_NAME, description="agent, supervisor, admin or one that was made"),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewAgent(_Body):
    """A member of staff who may log in."""

    login: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    name: _Name
    password: Annotated[
        str,
        StringConstraints(min_length=10, max_length=256),
        Field(
            description="none that others would try soon, and without the login, the name or our own domains"
        ),
    ]
    role: _Role = Role.AGENT
    languages: _Languages = []
    skills: _Skills = {}
    queues: _Queues = []
    capacity: _Capacity = 8
    live_capacity: _Live = 3
    calendar: _Calendar = ""
    locale: _Locale = "en"


class AgentPatch(_Body):
    """What is to be different; what is left out stays. `version` is the one that was looked at: refused (409) if there is a
    newer one. `active: false` ends every session, and what the agent has goes back to its queues."""

    version: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None
    name: _Name | None = None
    role: _Role | None = None
    languages: _Languages | None = None
    skills: _Skills | None = None
    queues: _Queues | None = None
    capacity: _Capacity | None = None
    live_capacity: _Live | None = None
    calendar: _Calendar | None = None
    locale: _Locale | None = None
    active: bool | None = None


class MembersRequest(_Body):
    """Logins of the members of a queue by name: these, and nobody else."""

    members: Annotated[list[str], Field(max_length=2000)]


class HandOverRequest(_Body):
    """Who gets the tickets; null: back to their queues."""

    to: RowId | None


class AgentInFull(BaseModel):
    """`queues` empty: works on every queue. `version` counts the changes that people made."""

    id: int
    login: str
    name: str
    role: str
    locale: str
    languages: list[str]
    skills: dict[str, int]
    capacity: int
    load: int
    live_capacity: int
    live_load: int
    calendar: str
    queues: list[str]
    presence: str
    active: bool
    version: int

    @classmethod
    def of(cls, agent: AgentDetails) -> "AgentInFull":
        return cls(**{name: getattr(agent, name) for name in cls.model_fields})


class MembersChanged(BaseModel):
    """Everybody whose queues are different now."""

    items: list[AgentInFull]


class NewPassword(BaseModel):
    """Shown this once. For three days it opens the page on which the agent chooses one of their own."""

    password: str


class HandedOver(BaseModel):
    tickets: int
    tasks: int


async def show_agent(call: Call) -> Answer:
    """One agent in full."""
    return Answer(document=AgentInFull.of(await get_agent(call.ctx, path_id(call, "agent"))))


async def post_agent(call: Call) -> Answer:
    """A new agent."""
    body: NewAgent = call.body
    try:
        made = await add_agent(call.ctx, **body.model_dump(), actor=call.actor)
    except NotPossible as failure:
        raise _of_field(failure) from failure
    return Answer(status=201, document=AgentInFull.of(await get_agent(call.ctx, made)))


async def patch_agent(call: Call) -> Answer:
    """Change an agent."""
    body: AgentPatch = call.body
    change = AgentChange(**body.model_dump(exclude={"version"}))
    try:
        agent = await change_agent(
            call.ctx, agent_id=path_id(call, "agent"), change=change, actor=call.actor, version=body.version
        )
    except NotPossible as failure:
        raise _of_field(failure) from failure
    return Answer(document=AgentInFull.of(agent))


async def post_password(call: Call) -> Answer:
    """A new password."""
    password = await reset_password(call.ctx, agent_id=path_id(call, "agent"), actor=call.actor)
    return Answer(document=NewPassword(password=password))


async def post_hand_over(call: Call) -> Answer:
    """Everything that an agent has, to another one or back to the queues."""
    body: HandOverRequest = call.body
    agent = path_id(call, "agent")
    handed = await hand_over_all(call.ctx, from_agent=agent, to_agent=body.to, actor=call.actor)
    return Answer(document=HandedOver(tickets=handed.tickets, tasks=handed.tasks))


async def put_members(call: Call) -> Answer:
    """Who works on a queue by name."""
    body: MembersRequest = call.body
    changed = await set_members(call.ctx, queue=call.params["name"], logins=body.members, actor=call.actor)
    return Answer(document=MembersChanged(items=[AgentInFull.of(one) for one in changed]))


def _of_field(failure: NotPossible) -> Exception:
    field = _FIELDS.get(failure.code)
    return failure if field is None else wrong_field(field, str(failure))
