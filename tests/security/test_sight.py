"""Whoever sees the tickets of their queues alone asks every address of the desk for what belongs to another queue: none answers
with a word of it, and none does anything to it. The addresses are those of the route table, so a new one is asked as well."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from hub.actions.answers.schedule import schedule_reply
from hub.actions.cases.incidents import add_incident
from hub.actions.cases.tell_everybody import preview_update, tell_next, write_update
from hub.actions.context import Context
from hub.actions.customers.organisations import add_organisation
from hub.actions.errands.ledger_notices import tell_of_ledger
from hub.actions.errands.tasks import new_task
from hub.actions.floor.assign import assign_ticket
from hub.actions.lists.bulk import Order, change_many
from hub.actions.note import add_note
from hub.actions.people.change_agent import AgentChange, change_agent
from hub.actions.people.roles import add_role
from hub.actions.search.index import index_some
from hub.model.codes import CUSTOMER, INCIDENT, ORGANISATION, TASK, TICKET, read_code, show_code
from hub.model.interactions import OutboundAttachment
from hub.model.people import HUB, Actor, Role
from hub.model.permissions import Permission, Sight
from hub.web.desk.routes import desk_routes
from storage.change_customers import OrganisationSaid
from tests.fakes.desk import Desk, customer_writes, serving_desk, words_of
from tests.fakes.scene import one, rows

ADMIN = Actor(name="Ada", role=Role.ADMIN)
HERE, THERE = "enquiries", "complaints"
SECRET = re.compile(r"zinnober|quendel|perlgras|mistel|hafnium", re.IGNORECASE)
"""Words that stand in the other queue's things alone: said, called, a company, a task, a file."""

SPEAKS_OF_EVERYTHING = {
    # What these show is of all queues: docs/roles.md says that a role with a narrow sight should not have them.
    "/desk/audit", "/desk/audit/export", "/desk/system", "/desk/fragments/system", "/desk/floor", "/desk/fragments/floor",
    "/desk/queues", "/desk/fragments/queues",
}  # fmt: skip


NOBODYS = 99999999992
"""A number with its check digit, which nothing here has."""
OF_THE_HOUSE = re.compile(r"/desk/(fragments/)?incidents/{incident}(?!.*{ticket})")
"""Incidents are known to all who work on them, whatever tickets they touch; those are looked for above."""

OF_TICKET = "ticket_id = (SELECT id FROM ticket WHERE code = $1)"
MANAGES = re.compile(
    r"/desk/(log|security|staff|roles|keys|retention|webhooks|channels(?!/{name}/close-test)|fields|rules|simulate"
    r"|classification(?!/confirm)|quarantine|system|mailboxes|start|tags)"
)
"""Addresses that change the installation, and name nothing of a ticket's."""


LOOKED_THROUGH = ("/desk/search", "/desk/fragments/search/jump", "/desk/customers", "/desk/organisations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`mine`: a ticket in sight, as it is called. `values`: what is put in place of each part of an address; `own`: the same
    where it is one's own, of a customer who has something out of sight too."""

    mine: str
    other: str
    values: Mapping[str, str]
    own: Mapping[str, str]
    ids: Mapping[str, str]

    @property
    def number(self) -> int:
        return int(self.mine.removeprefix("T-"))

    @property
    def hidden(self) -> int:
        return int(self.other.removeprefix("T-"))


@pytest.fixture
async def scene(ctx: Context) -> Any:
    async with serving_desk(ctx) as desk:
        await add_role(
            desk.ctx,
            name="Narrow",
            permissions=frozenset(Permission),
            sight=Sight.QUEUES,
            based_on="agent",
            actor=ADMIN,
        )
        lin = await one(desk.ctx, "SELECT id FROM agent WHERE login = 'lin'")
        await change_agent(
            desk.ctx, agent_id=lin, change=AgentChange(role="Narrow", queues=[HERE]), actor=ADMIN
        )
        await desk.log_in("lin")
        yield desk, await _set(desk)


async def _set(desk: Desk) -> Scene:
    ctx = desk.ctx
    file = [{"filename": "hafnium.txt", "content_type": "text/plain", "data_base64": "SGFmbml1bQ=="}]
    mine = await customer_writes(ctx, "plain words", thread="one", name="One")
    other = await customer_writes(
        ctx, "Zinnober words", subject="Zinnober", thread="quendel", name="Quendel", attachments=file
    )
    # Of the customer whom one sees: what stands beside their ticket, and on their page.
    beside = await customer_writes(
        ctx, "Zinnober", subject="Zinnober", thread="one", name="One", thread_key="two"
    )
    for code, queue in ((mine, HERE), (other, THERE), (beside, THERE)):
        await one(
            ctx,
            "UPDATE ticket SET queue_id = (SELECT id FROM queue WHERE name = $2) WHERE code = $1 RETURNING 1",
            code,
            queue,
        )
    ann = await one(ctx, "SELECT id FROM agent WHERE login = 'ann'")
    await assign_ticket(ctx, ticket_code=other, agent_id=ann, actor=HUB)
    note = await add_note(ctx, ticket_code=other, actor=HUB, text="Zinnober, for colleagues")
    house = await add_organisation(ctx, said=OrganisationSaid(name="Perlgras", note="Perlgras"), actor=ADMIN)
    customer = await one(ctx, "SELECT customer_id FROM ticket WHERE code = $1", other)
    await one(
        ctx,
        "UPDATE customer SET note = 'Quendel pays late', organisation_id = (SELECT id FROM organisation WHERE code = $2)"
        " WHERE id = $1 RETURNING 1",
        customer,
        house,
    )
    task = await new_task(ctx, title="Mistel", text="Mistel", ticket_code=other, queue=THERE, actor=HUB)
    lin = await one(ctx, "SELECT id FROM agent WHERE login = 'lin'")
    own_task = await new_task(ctx, title="Sweep", assignee_id=lin, actor=HUB)
    whose = await one(
        ctx, "SELECT c.code FROM customer c JOIN ticket t ON t.customer_id = c.id WHERE t.code = $1", mine
    )
    await new_task(ctx, title="Hafnium", customer_code=whose, queue=THERE, actor=HUB)
    for code, comment in ((mine, "Friendly"), (other, "Mistel"), (beside, "Mistel")):
        await _rate(ctx, code, comment)
    incident = await add_incident(ctx, title="Down", actor=HUB, ticket_codes=[other])
    waits = await schedule_reply(
        ctx,
        ticket_code=other,
        actor=Actor(name="Ann", agent_id=ann),
        send_at=datetime.now(UTC) + timedelta(hours=1),
        text="Zinnober later",
        attachments=(OutboundAttachment(filename="hafnium.txt", content_type="text/plain", data=b"H"),),
    )
    done = await change_many(
        ctx,
        ticket_codes=[other],
        order=Order(what="tags", value={"add": ["later"]}),
        actor=Actor(name="Ann", agent_id=ann, role=Role.SUPERVISOR),
    )
    assert done.bulk_id is not None
    while await index_some(ctx):
        pass
    ids = {
        "entry": await one(ctx, f"SELECT min(id) FROM interaction WHERE {OF_TICKET}", other),
        "note": note,
        "scheduled": waits,
        "bulk": done.bulk_id,
        "token": await one(ctx, f"SELECT token FROM attachment WHERE {OF_TICKET}", other),
        "draft_token": await one(ctx, "SELECT token FROM draft_file WHERE scheduled_id = $1", waits),
        "identity": await one(ctx, "SELECT min(id) FROM identity WHERE customer_id = $1", customer),
    }  # fmt: skip
    number = show_code(CUSTOMER, await one(ctx, "SELECT code FROM customer WHERE id = $1", customer))
    return Scene(
        mine=show_code(TICKET, mine),
        other=show_code(TICKET, other),
        values={
            "ticket": show_code(TICKET, other),
            "customer": number,
            "task": show_code(TASK, task),
            "incident": show_code(INCIDENT, incident),
            "organisation": show_code(ORGANISATION, house),
        },
        own={"customer": show_code(CUSTOMER, whose), "task": show_code(TASK, own_task)},
        ids={name: str(value) for name, value in ids.items()},
    )


async def _rate(ctx: Context, code: int, comment: str) -> None:
    await one(
        ctx,
        """INSERT INTO survey_invitation (ticket_id, resolution, kind, channel_id, address, token_hash, expires_at, answered_at,
                                          score, comment, customer_id)
           SELECT id, 1, 'csat', channel_id, '', sha256(code::text::bytea), clock_timestamp(), clock_timestamp(), 2, $2,
                  customer_id
           FROM ticket WHERE code = $1 RETURNING 1""",
        code,
        comment,
    )


def _addresses(route: str, scene: Scene) -> Iterator[str]:
    """The route with the other queue's things in its places; where it names a ticket or a customer and something of theirs,
    also with one's own ticket and the other's thing. Of tasks also one's own: what is asked of it may name the other's
    ticket."""
    owners = [scene.other]
    if "/customers/{code}" in route or "/customers/" in route:
        owners = [scene.values["customer"]]
    elif "{code}" in route and route.count("{") > 1:
        owners.append(scene.mine)
    ids = {"{id}": _ids(route, scene), "{token}": [scene.ids["token"], scene.ids["draft_token"]]}
    wanted = next((ids[part] for part in ids if part in route), [""])
    for owner in owners:
        for given in wanted:
            address = route.replace("{code}", owner).replace("{id}", given).replace("{token}", given)
            for name in ("incident", "organisation", "ticket"):
                address = address.replace(f"{{{name}}}", scene.values[name])
            other = scene.values["customer"] if "customers" in route or "conflicts" in route else scene.other
            address = address.replace("{other}", other).replace("{one}", scene.values["customer"])
            for name, usual in (
                ("mode", "reply"),
                ("about", "ticket"),
                ("what", "merge"),
                ("step", "comment"),
            ):
                address = address.replace(f"{{{name}}}", usual)
            tasks = [scene.values["task"], scene.own["task"]] if "{task}" in address else [""]
            yield from (address.replace("{task}", task) for task in tasks)


def _ids(route: str, scene: Scene) -> list[str]:
    for part, name in (
        ("scheduled", "scheduled"),
        ("bulk", "bulk"),
        ("identities", "identity"),
    ):
        if f"/{part}/" in route:
            return [scene.ids[name]]
    return [scene.ids["entry"], scene.ids["note"]]


def _form(scene: Scene) -> dict[str, str]:
    """What any form may hold, of the other queue's things."""
    return {
        "ticket": scene.other, "tickets": scene.other, "to": scene.other, "into": scene.other, "other": scene.other,
        "customer": scene.values["customer"], "incident": scene.values["incident"],
        "organisation": scene.values["organisation"],
        "entry": scene.ids["entry"], "file": scene.ids["draft_token"], "what": "tag", "add": "seen", "tag": "later",
        "text": "x", "text_en": "x", "title": "x", "name": "x", "state": "open", "status": "closed", "version": "1", "seq": "1",
        "key": "k", "mode": "reply", "kind": "complaint", "queue": HERE, "on": "yes", "q": "zinnober", "with_claimed": "yes",
        "scope": "all", "rows": "200", "shown": "ticket",
    }  # fmt: skip


_THEIRS = {
    "ticket": "x.code = $1",
    "event": "x.ticket_id = t.id",
    "interaction": "x.ticket_id = t.id",
    "customer": "x.id = t.customer_id",
    "identity": "x.customer_id = t.customer_id",
    "organisation": "x.id = (SELECT organisation_id FROM customer WHERE id = t.customer_id)",
    "scheduled_reply": "x.ticket_id = t.id",
    "draft_file": "x.ticket_id = t.id",
    "task": "x.ticket_id = t.id",
    "ticket_follower": "x.ticket_id = t.id",
    "incident_ticket": "x.ticket_id = t.id",
    "outbox": "x.ticket_id = t.id",
}
THEIRS = "\nUNION ALL ".join(
    f"SELECT to_jsonb(x)::text AS row FROM {table} x, ticket t WHERE t.code = $1 AND {which}"
    for table, which in _THEIRS.items()
)


async def _of_the_other(desk: Desk, scene: Scene) -> set[str]:
    """Every row that is theirs, as it stands."""
    return {row["row"] for row in await rows(desk.ctx, THEIRS, scene.hidden)}


async def test_no_address_answers_with_a_word_of_what_is_out_of_sight(scene: tuple[Desk, Scene]) -> None:
    desk, here = scene
    assert (await desk.get(f"/desk/tickets/{here.mine}")).status == 200
    named = f"?{urlencode(_form(here))}"
    looks = ("?q=quendel", "?q=perlgras", "?q=zinnober&in=messages")
    asked, told = await _told_of(desk, here, ("", named), looks)
    assert told == [], "\n".join(map(str, told))
    assert asked > 150
    # Whoever sees all is told at these very addresses: they are right ones, and the words do stand there.
    await desk.log_in("ann")
    _, told = await _told_of(desk, here, ("",), looks)
    assert all(status < 500 for _, _, status, _ in told)
    assert len({route for route, *_ in told}) > 20, "\n".join(map(str, told))


async def _told_of(
    desk: Desk, here: Scene, queries: tuple[str, ...], looks: tuple[str, ...]
) -> tuple[int, list[tuple[str, str, int, str]]]:
    """How many addresses were asked, and of those that broke or told a word of the other queue's: the route, the address, the
    status and what stood around it. `looks`: what the addresses that look things up are asked besides."""
    asked, told = 0, []
    own = replace(here, other=here.mine, values={**here.values, **here.own})
    for route in desk_routes(desk.ctx):
        everything = route.path in SPEAKS_OF_EVERYTHING or "{channel}" in route.path
        if route.method != "GET" or everything or ("{" in route.path and MANAGES.match(route.path)):
            continue
        for address in dict.fromkeys((*_addresses(route.path, here), *_addresses(route.path, own))):
            for query in (*queries, *(looks if address in LOOKED_THROUGH else ())):
                answer = await desk.get(address + query)
                asked += 1
                # What was typed is shown again as it was typed.
                body = re.sub(r"zinnober|quendel|perlgras", "", answer.text) if query else answer.text
                if answer.status >= 500 or SECRET.search(body):
                    told.append((route.path, address + query, answer.status, _around(body)))
    return asked, told


async def test_no_address_does_anything_to_what_is_out_of_sight(scene: tuple[Desk, Scene]) -> None:
    desk, here = scene
    done = await _done_to(desk, here)
    assert done == [], "\n".join(map(str, done))
    # Whoever sees all does something by the same forms.
    await desk.log_in("ann")
    done = await _done_to(desk, here)
    assert all(status < 500 for _, _, status, *_ in done)
    assert len({route for route, *_ in done}) > 20, "\n".join(map(str, done))


async def _done_to(desk: Desk, here: Scene) -> list[tuple[str, str, int, str, list[str]]]:
    """Of the addresses that broke, told a word or changed something of the other queue's: the route, the address, the status,
    what stood around it and what became of it."""
    before = await _of_the_other(desk, here)
    named = f"?{urlencode(_form(here))}"
    done = []
    for route in desk_routes(desk.ctx):
        if route.method != "POST" or MANAGES.match(route.path):
            continue
        addresses = dict.fromkeys(_addresses(route.path, here))
        for address in (each + query for each in addresses for query in ("", named)):
            answer = await desk.post(address, _form(here))
            words = SECRET.search(answer.text.replace("zinnober", ""))
            now = await _of_the_other(desk, here)
            if answer.status >= 500 or words or now != before:
                done.append(
                    (route.path, address, answer.status, _around(answer.text), sorted(now - before)[:2])
                )
            before = now
    return done


async def test_what_is_out_of_sight_is_answered_like_what_never_was(scene: tuple[Desk, Scene]) -> None:
    """No address, asked or posted to, lets a number that there is be told from one that there is not."""
    desk, here = scene
    never = replace(
        here,
        other=f"T-{NOBODYS}",
        values={name: f"{one.partition('-')[0]}-{NOBODYS}" for name, one in here.values.items()},
        ids={name: "f" * 64 if "token" in name else "999999999" for name in here.ids},
    )
    asked, told = 0, []
    for route in desk_routes(desk.ctx):
        everything = route.path in SPEAKS_OF_EVERYTHING or "{channel}" in route.path
        if everything or "{" not in route.path or MANAGES.match(route.path) or OF_THE_HOUSE.match(route.path):
            continue
        for hidden, unknown in zip(_addresses(route.path, here), _addresses(route.path, never), strict=True):
            for named in (False, True):
                if hidden == unknown and not named:
                    continue
                said = [
                    await _says(desk, route.method, hidden, here, named=named),
                    await _says(desk, route.method, unknown, never, named=named),
                ]
                asked += 1
                if said[0] != said[1]:
                    told.append((route.method, hidden, named, *said))
    assert told == [], "\n".join(map(str, told))
    assert asked > 120


async def _says(desk: Desk, method: str, address: str, of: Scene, *, named: bool) -> tuple[int, str, str]:
    """Status, where it leads, and its words, without the numbers that were asked for. `named`: behind the question mark too."""
    address += f"?{urlencode(_form(of))}" if named else ""
    # A short one is no more than a count.
    asked_for = [each for each in (of.other, *of.values.values(), *of.ids.values()) if len(each) > 3]
    answer = await (desk.get(address) if method == "GET" else desk.post(address, _form(of)))
    words = [
        words_of(answer.text),
        answer.headers.get("Location", "") + answer.headers.get("HX-Redirect", ""),
    ]
    for one_of_them in sorted(asked_for, key=len, reverse=True):
        words = [text.replace(one_of_them, "…") for text in words]
    return answer.status, words[1], words[0][:300]


def _around(text: str) -> str:
    found = SECRET.search(text)
    return text[max(0, found.start() - 80) : found.end() + 40] if found else text[:120]


async def test_an_update_is_written_on_tickets_in_sight_alone(scene: tuple[Desk, Scene]) -> None:
    desk, here = scene
    narrow = await _narrow(desk)
    code = await add_incident(desk.ctx, title="Slow", actor=HUB, ticket_codes=[here.number, here.hidden])
    preview = await preview_update(desk.ctx, incident_code=code, actor=narrow)
    assert (preview.told, preview.skipped) == (1, {"out_of_sight": 1})
    await write_update(desk.ctx, incident_code=code, key="k", text_en="Mended.", actor=narrow)
    while await tell_next(desk.ctx):
        pass
    told = await rows(desk.ctx, "SELECT t.code FROM outbox o JOIN ticket t ON t.id = o.ticket_id")
    assert [row["code"] for row in told] == [here.number]


async def test_whoever_is_named_on_a_ticket_out_of_their_sight_is_not_told_and_the_writer_is(
    scene: tuple[Desk, Scene],
) -> None:
    desk, here = scene
    lin = await _narrow(desk)
    await desk.log_in("ann")
    answer = await desk.post(f"/desk/tickets/{here.other}/notes", {"text": "@lin, the Zinnober is here"})
    assert answer.status == 200 and "小林" in answer.text and "Cannot see this ticket" in answer.text
    answer = await desk.post(f"/desk/tickets/{here.mine}/notes", {"text": "@lin, and this one"})
    assert "Cannot see this ticket" not in answer.text
    while await tell_of_ledger(desk.ctx):
        pass
    told = await rows(
        desk.ctx,
        "SELECT t.code FROM notice n JOIN ticket t ON t.id = n.ticket_id WHERE agent_id = $1",
        lin.agent_id,
    )
    assert [row["code"] for row in told] == [here.number]
    followed = await rows(desk.ctx, "SELECT ticket_id FROM ticket_follower WHERE agent_id = $1", lin.agent_id)
    assert len(followed) == 1


async def test_a_task_that_one_is_given_says_nothing_of_a_ticket_out_of_sight(
    scene: tuple[Desk, Scene],
) -> None:
    desk, here = scene
    lin = await _narrow(desk)
    task = await new_task(
        desk.ctx, title="Look at the depot", ticket_code=here.hidden, assignee_id=lin.agent_id, actor=HUB
    )
    for address in (f"/desk/tasks/{show_code(TASK, task)}", "/desk/tasks"):
        page = (await desk.get(address)).text
        assert "Look at the depot" in page and here.other not in page and not SECRET.search(page)


async def test_of_a_customer_in_sight_what_is_out_of_it_is_not_shown(scene: tuple[Desk, Scene]) -> None:
    """Ratings and tasks that belong to no ticket: those that there are for the reader are."""
    desk, here = scene
    page = (await desk.get(f"/desk/tickets/{here.mine}")).text
    assert "Friendly" in page and not SECRET.search(page)
    whose = read_code(CUSTOMER, here.own["customer"])
    lin = await _narrow(desk)
    await new_task(desk.ctx, title="Of my queue", customer_code=whose, queue=HERE, actor=HUB)
    await new_task(desk.ctx, title="Given to me", customer_code=whose, assignee_id=lin.agent_id, actor=HUB)
    await new_task(desk.ctx, title="Asked by me", customer_code=whose, queue=THERE, actor=lin)
    await new_task(desk.ctx, title="On my ticket", ticket_code=here.number, queue=THERE, actor=HUB)
    beside = await one(
        desk.ctx, "SELECT code FROM ticket WHERE subject = 'Zinnober' AND code <> $1", here.hidden
    )
    await new_task(desk.ctx, title="Quendel", ticket_code=beside, assignee_id=lin.agent_id, actor=HUB)
    page = (await desk.get(f"/desk/customers/{here.own['customer']}")).text
    for title in ("Of my queue", "Given to me", "Asked by me", "On my ticket"):
        assert title in page, title
    assert not SECRET.search(page)


async def _narrow(desk: Desk) -> Actor:
    lin = await one(desk.ctx, "SELECT id FROM agent WHERE login = 'lin'")
    return Actor(
        name="Lin", agent_id=lin, role="Narrow", permissions=frozenset(Permission), sight=Sight.QUEUES
    )
