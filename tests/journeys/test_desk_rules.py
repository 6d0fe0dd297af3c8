"""The rules on the desk: looked at by everybody, changed in drafts by those who lead, published as versions."""

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator, Mapping
from html import unescape
from typing import Any

import pytest
from aiohttp import FormData

from hub.actions.context import Context
from hub.actions.floor.route import drain
from hub.actions.people.change_agent import AgentChange, change_agent
from hub.actions.people.staff import set_preferences
from hub.actions.rules.rule_drafts import see_rules
from hub.actions.rules.rulebook import as_document, change_rules
from hub.actions.rules.try_rules import last_trial
from hub.model.people import HUB, Actor, Role
from hub.web.desk.rules.forms import automation, calendar, general, queue, rule
from routing.rules import RoutingRules
from storage import automation as runs
from storage import rule_drafts, views
from tests.fakes.desk import Answer, Desk, customer_writes, serving_desk, words_of

HUB_LEADS = Actor(name="Ann Berg", role=Role.SUPERVISOR)
LATE = {
    "name": "late",
    "on": ["opened"],
    "when": {"kind": ["complaint"]},
    "then": [{"add_tags": ["angry"]}],
}


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


PAGES = (
    "", "/queues", "/queues/complaints", "/routing", "/routing/key%20account", "/general", "/calendars", "/calendars/office",
    "/targets", "/targets/complaint", "/automation", "/draft", "/versions/1", "/new/queues", "/new/routing", "/new/calendars",
    "/new/targets", "/new/automation", "/preview/target", "/draft/trial",
)  # fmt: skip


async def send(desk: Desk, path: str, fields: Mapping[str, Any], **headers: Any) -> Answer:
    """As a browser sends a form: every value of every name."""
    form = FormData([(name, value) for name, values in fields.items() for value in values])
    return await desk.post(f"/desk/rules{path}", form, **headers)  # type: ignore[arg-type]


async def agent_id(desk: Desk, login: str = "ann") -> int:
    return next(one.id for one in await desk.ctx.database.read(views.list_agents) if one.login == login)


async def draft(desk: Desk) -> RoutingRules:
    return (await see_rules(desk.ctx, await agent_id(desk))).rules


async def colleague_publishes(desk: Desk, **sections: Any) -> int:
    document = {**as_document(desk.ctx.rules), **sections}
    return await change_rules(
        desk.ctx, document=document, base_version=desk.ctx.rulebook.version, actor=HUB, note="theirs"
    )


def shown(answer: Answer) -> str:
    return unescape(words_of(answer.text))


def beside(answer: Answer, name: str) -> str:
    """What is said beside a field."""
    found = re.search(rf'id="t-{re.escape(name)}">(.*?)</p>', answer.text, re.DOTALL)
    assert found is not None, name
    return unescape(words_of(found[1])).strip()


@pytest.mark.parametrize("login", ["ann", "lin"])
async def test_every_page_can_be_looked_at_by_everybody(desk: Desk, login: str) -> None:
    await desk.log_in(login)
    for page in PAGES:
        answer = await desk.get(f"/desk/rules{page}")
        assert answer.status == 200, (page, answer.text[:500])
    assert (await desk.get("/desk/rules/queues/nowhere")).status == 404
    assert (await desk.get("/desk/rules/nothing")).status == 404
    assert (await desk.get("/desk/rules/versions/99")).status == 404


async def test_only_those_who_lead_change_anything(desk: Desk) -> None:
    await desk.log_in("lin")
    for path in (
        "/queues/complaints", "/queues/complaints/remove", "/routing/complaint/move", "/new/queues", "/general", "/upload",
        "/draft/publish", "/draft/discard", "/draft/rebase", "/draft/trial", "/versions/1/restore",
        "/automation/late/switch", "/automation/late/resume",
    ):  # fmt: skip
        assert (await send(desk, path, {})).status == 403, path
    page = await desk.get("/desk/rules/queues/complaints")
    assert '<fieldset class="plain" disabled>' in page.text
    assert "存入我的修改" not in page.text


async def test_several_edits_become_one_version(desk: Desk) -> None:
    await desk.log_in()
    complaints, rules = desk.ctx.rules.queue[0], desk.ctx.rules
    fields = {**queue.fields_of(complaints), "hand_out": ["offer"], "offer_seconds": ["45"]}
    assert (await send(desk, "/queues/complaints", fields)).headers["Location"] == "/desk/rules/queues"
    fields = {**general.fields_of(rules), "skills": [*rules.skills, "warranty", ""]}
    assert (await send(desk, "/general", fields)).status == 303
    assert desk.ctx.rules == rules
    assert "You have 2 unpublished changes" in shown(await desk.get("/desk/rules/queues"))

    page = shown(await desk.get("/desk/rules/draft"))
    assert "Queue “Complaints” Time to accept an offer given at once becomes 45 sec" in page
    assert "Skills with warranty" in page

    assert (await send(desk, "/draft/publish", {"note": ["Offers"]})).headers["Location"] == "/desk/rules"
    assert desk.ctx.rules.queue[0].offer_seconds == 45
    assert "warranty" in desk.ctx.rules.skills
    page = shown(await desk.get("/desk/rules"))
    assert "Version 2 is in use · Ann Berg" in page
    assert "Offers" in page
    assert "unpublished" not in page.replace("becomes your unpublished changes", "")


async def test_what_is_changed_back_is_no_change(desk: Desk) -> None:
    await desk.log_in()
    fields = queue.fields_of(desk.ctx.rules.queue[0])
    await send(desk, "/queues/complaints", {**fields, "stick_hours": ["1"]})
    assert (await see_rules(desk.ctx, await agent_id(desk))).changes
    await send(desk, "/queues/complaints", fields)
    me = await agent_id(desk)
    assert await desk.ctx.database.read(lambda c: rule_drafts.draft(c, me)) is None
    assert "You have no unpublished changes." in shown(await desk.get("/desk/rules/draft"))
    await send(desk, "/queues/complaints", {**fields, "stick_hours": ["1"]})
    assert (await send(desk, "/draft/discard", {})).status == 303
    assert "You have no unpublished changes." in shown(await desk.get("/desk/rules/draft"))


async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(desk: Desk) -> None:
    await desk.log_in()
    await set_preferences(desk.ctx, agent_id=await agent_id(desk), locale="zh_CN")
    fields = {
        **queue.fields_of(desk.ctx.rules.queue[0]),
        "title_zh": ["新投诉"],
        "stick_hours": ["very long"],
        "relax.after": ["", "0"],
        "relax.drop": ["levels", "skills"],
    }
    answer = await send(desk, "/queues/complaints", fields)
    assert answer.status == 422
    assert beside(answer, "stick_hours") == "请填写整数。"
    assert beside(answer, "relax.after-0") == "不能小于 1。"
    assert 'value="very long"' in answer.text
    assert 'value="新投诉"' in answer.text
    assert 'aria-describedby="h-stick_hours t-stick_hours" aria-invalid="true"' in answer.text
    assert (await see_rules(desk.ctx, await agent_id(desk))).changes == ()


async def test_a_new_queue_gets_its_short_name_from_its_title(desk: Desk) -> None:
    await desk.log_in()
    fields = {**queue.new(), "title_en": ["After-sales service"], "title_zh": ["售后"]}
    assert (await send(desk, "/new/queues", fields)).status == 303
    assert (await send(desk, "/new/queues", {**fields, "title_en": ["售后"]})).status == 303
    assert [one.name for one in (await draft(desk)).queue][-2:] == ["after-sales-service", "queue"]
    again = await send(desk, "/new/queues", {**fields, "name": ["queue"]})
    assert beside(again, "name") == "There is another one called “queue”."
    # What it is called in rules stays, whatever is sent.
    fields = {**fields, "name": ["other"], "title_en": ["Repairs"]}
    assert (await send(desk, "/queues/after-sales-service", fields)).status == 303
    made = next(one for one in (await draft(desk)).queue if one.name == "after-sales-service")
    assert made.title_en == "Repairs"


async def test_what_others_speak_of_stays(desk: Desk) -> None:
    await desk.log_in()
    answer = await send(desk, "/queues/feedback/remove", {})
    assert answer.status == 422
    assert "The routing rule “feedback” sends tickets to “feedback”: change that first." in shown(answer)
    answer = await send(desk, "/calendars/office/remove", {})
    assert "The service target “usual” goes by the calendar “office”: change that first." in shown(answer)
    assert (await send(desk, "/routing/feedback/remove", {})).status == 303
    assert (await send(desk, "/queues/feedback/remove", {})).status == 303
    assert "feedback" not in [one.name for one in (await draft(desk)).queue]
    assert (await send(desk, "/queues/feedback/remove", {})).status == 404


async def test_somebodys_shifts_stay(desk: Desk) -> None:
    await desk.log_in()
    fields = {**calendar.new(), "title_en": ["Late"], "title_zh": ["晚班"]}
    await send(desk, "/new/calendars", fields)
    await send(desk, "/draft/publish", {})
    lin, change = await agent_id(desk, "lin"), AgentChange(calendar="late")
    await change_agent(desk.ctx, agent_id=lin, change=change, actor=HUB_LEADS)
    answer = await send(desk, "/calendars/late/remove", {})
    assert answer.status == 422
    assert "These are the shifts of 小林: give them others first." in shown(answer)
    change = AgentChange(calendar="")
    await change_agent(desk.ctx, agent_id=lin, change=change, actor=HUB_LEADS)
    assert (await send(desk, "/calendars/late/remove", {})).status == 303


async def test_a_queue_with_work_stays_also_when_it_came_meanwhile(desk: Desk) -> None:
    await desk.log_in()
    await send(desk, "/routing/feedback/remove", {})
    await send(desk, "/queues/feedback/remove", {})
    await customer_writes(desk.ctx, "Everything was great, thank you so much, well done!", subject="Thanks")
    answer = await send(desk, "/draft/publish", {"note": ["kept"]})
    assert answer.status == 422
    said = "There is still work in queues that would go: feedback (1). Move those tickets first."
    assert said in shown(answer)
    assert 'value="kept"' in answer.text
    assert desk.ctx.rulebook.version == 1
    await send(desk, "/draft/discard", {})
    await send(desk, "/routing/feedback/remove", {})
    answer = await send(desk, "/queues/feedback/remove", {})
    assert "There is still work in queues that would go: Feedback (1)." in shown(answer)


async def test_rules_are_moved_put_in_and_taken_out(desk: Desk) -> None:
    await desk.log_in()
    before = [one.name for one in desk.ctx.rules.rule]
    assert (await send(desk, f"/routing/{before[1]}/move", {"to": ["up"]})).status == 303
    assert (await send(desk, f"/routing/{before[-1]}/move", {"to": ["down"]})).status == 303
    moved = [before[1], before[0], *before[2:]]
    assert [one.name for one in (await draft(desk)).rule] == moved
    fields = {
        **rule.new(),
        "name": ["50% / gold?"],
        "place": ["2"],
        "when.subject": ["refund\r\n退款\r\n"],
        "when.hint.key": ["tier", "tier", ""],
        "when.hint.value": ["gold", "platinum", ""],
        "then.skills.name": ["billing", ""],
        "then.skills.level": ["3", "1"],
    }
    assert (await send(desk, "/new/routing", fields)).status == 303
    made = (await draft(desk)).rule[2]
    assert (made.name, made.when.subject, made.then.skills) == (
        "50% / gold?",
        ("refund", "退款"),
        {"billing": 3},
    )
    page = await desk.get("/desk/rules/routing")
    assert "Hint: tier = gold, platinum" in shown(page)
    found = re.search(r'href="(/desk/rules/routing/50[^"]+)"', page.text)
    assert found is not None
    form = await desk.get(unescape(found[1]))
    assert form.status == 200
    assert 'value="50% / gold?"' in form.text
    assert (await desk.post(unescape(found[1]) + "/remove", {})).status == 303
    assert [one.name for one in (await draft(desk)).rule] == moved
    assert (await send(desk, "/queues/complaints/move", {"to": ["up"]})).status == 404


async def test_a_calendar_is_seen_before_it_is_kept(desk: Desk) -> None:
    await desk.log_in()
    fields = {
        **calendar.new(),
        "title_en": ["Night"],
        "title_zh": ["夜班"],
        "monday.from": ["9", "２２"],
        "monday.to": ["12", "6"],
        "country": ["CN"],
        "other.day": ["2027-01-04"],
        "other.as": ["shut"],
        "other.hours": [""],
    }
    page = await send(desk, "/preview/calendar", fields)
    assert page.status == 200
    assert "09:00–12:00, 22:00–06:00" in shown(page)
    nothing = await send(desk, "/preview/calendar", {**fields, "zone": ["nowhere"]})
    assert "Shown as soon as the hours above can be used." in shown(nothing)
    assert (await send(desk, "/new/calendars", fields)).status == 303
    made = (await draft(desk)).calendar[-1]
    assert made.name == "night"
    assert isinstance(made.hours, Mapping)
    assert made.hours["monday"] == ("09:00-12:00", "22:00-06:00")


async def test_what_would_be_promised(desk: Desk) -> None:
    await desk.log_in()
    page = shown(await desk.get("/desk/rules/preview/target?kind=feedback&channel_kind=email&key_account=no"))
    assert "It would go to Feedback, priority Low." in page
    assert "12 hr (Office hours), by “feedback”" in page
    page = shown(await desk.get("/desk/rules/targets?kind=nonsense"))
    assert "45 min (Office hours), by “key account complains”" not in page  # urgent comes before it
    assert "30 min (Round the clock), by “urgent”" in page
    assert "Solution: 27 hr (3 working days)" in page


async def test_automation_is_written_switched_and_let_run_again(desk: Desk) -> None:
    await desk.log_in()
    fields = {
        **automation.new(),
        "name": ["late"],
        "on": ["sla_breached"],
        "then.do": ["notify=overseers", "notify=assignee", ""],
        "then.text": ["Late", "Late", ""],
    }
    assert (await send(desk, "/new/automation", fields)).status == 303
    made = (await draft(desk)).automation[0]
    assert made.then[0].notify == ("overseers", "assignee")
    assert (await send(desk, "/automation/late/switch", {})).status == 303
    assert "switched off" in shown(await desk.get("/desk/rules/automation"))
    assert not (await draft(desk)).automation[0].enabled
    wrong = await send(desk, "/automation/late", {**fields, "then.do": ["note"], "then.text": [" "]})
    assert beside(wrong, "then-0") == "Write the note."

    await send(desk, "/draft/publish", {})
    code = await customer_writes(desk.ctx, "Where is my parcel?")
    ticket = await desk.ctx.database.read(lambda c: views.get_ticket(c, code))
    assert ticket is not None
    await desk.ctx.database.run(lambda c: runs.stop(c, "late", "too_often", ticket.id))
    assert f"it went round in circles on ticket T-{code}" in shown(await desk.get("/desk/rules/automation"))
    assert (await send(desk, "/automation/late/resume", {})).status == 303
    assert "round in circles" not in shown(await desk.get("/desk/rules/automation"))


async def test_two_people_who_changed_other_things(desk: Desk) -> None:
    await desk.log_in()
    fields = {**queue.fields_of(desk.ctx.rules.queue[0]), "stick_hours": ["5"]}
    await send(desk, "/queues/complaints", fields)
    await colleague_publishes(desk, skills=["billing", "delivery", "technical", "account", "product", "new"])
    assert "Somebody has published since" in shown(await desk.get("/desk/rules"))
    # Publishing all the same leads to what overlaps.
    assert (await send(desk, "/draft/publish", {})).headers["Location"] == "/desk/rules/draft"
    page = shown(await desk.get("/desk/rules/draft"))
    assert "You changed other things than they did" in page
    assert "Skills with new" in page
    assert (await send(desk, "/draft/rebase", {"newest": ["2"]})).status == 303
    assert (await send(desk, "/draft/publish", {})).headers["Location"] == "/desk/rules"
    assert desk.ctx.rulebook.version == 3
    assert desk.ctx.rules.queue[0].stick_hours == 5
    assert "new" in desk.ctx.rules.skills


async def test_two_people_who_changed_the_same(desk: Desk) -> None:
    await desk.log_in()
    await send(desk, "/routing/feedback/remove", {})
    fields = {**queue.fields_of(desk.ctx.rules.queue[0]), "stick_hours": ["5"]}
    await send(desk, "/queues/complaints", fields)
    rules = as_document(desk.ctx.rules)["rule"]
    queues = [dict(one) for one in as_document(desk.ctx.rules)["queue"]]
    queues[0]["stick_hours"] = 9
    await colleague_publishes(desk, rule=rules[1:], queue=queues)
    page = await desk.get("/desk/rules/draft")
    assert "Both of you changed: Routing rule" in shown(page)
    assert "Both of you changed: Queue “Complaints”" in shown(page)
    answer = await send(desk, "/draft/rebase", {"newest": ["2"], "keep:rule": ["theirs"]})
    assert answer.status == 422
    assert "Say for each of these whose change counts." in shown(answer)
    chosen = {"keep:rule": ["theirs"], "keep:queue/complaints": ["mine"]}
    assert (await send(desk, "/draft/rebase", {"newest": ["1"], **chosen})).status == 422
    assert (await send(desk, "/draft/rebase", {"newest": ["2"], **chosen})).status == 303
    now = await draft(desk)
    assert len(now.rule) == len(rules) - 1
    assert "feedback" in [one.name for one in now.rule]
    assert now.queue[0].stick_hours == 5


async def test_changes_that_do_not_go_together_are_told(desk: Desk) -> None:
    """They took a skill away, I began to ask for it: two sections, no overlap, and yet nothing that could be used."""
    await desk.log_in()
    fields = {
        **rule.new(),
        "name": ["mine"],
        "then.skills.name": ["product"],
        "then.skills.level": ["1"],
    }
    await send(desk, "/new/routing", fields)
    await colleague_publishes(desk, skills=["billing"])
    answer = await send(desk, "/draft/rebase", {"newest": ["2"]})
    assert answer.status == 422
    assert (
        "The two do not go together. The routing rule “mine” asks for the skill “product”: change that first."
        in shown(answer)
    )


async def test_as_a_file_and_back(desk: Desk) -> None:
    await desk.log_in()
    file = await desk.get("/desk/rules/export")
    assert file.headers["Content-Disposition"].startswith('attachment; filename="contact-hub-rules-v1.toml"')
    document = tomllib.loads(file.text)
    assert RoutingRules.model_validate(document) == desk.ctx.rules

    async def upload(text: str) -> Answer:
        form = FormData()
        form.add_field("file", text.encode(), filename="rules.toml")
        return await desk.post("/desk/rules/upload", form)  # type: ignore[arg-type]

    assert (await upload(file.text)).status == 303
    assert "You have no unpublished changes." in shown(await desk.get("/desk/rules/draft"))
    changed = file.text.replace('default_queue = "enquiries"', 'default_queue = "service"')
    assert (await upload(changed)).status == 303
    page = shown(await desk.get("/desk/rules/draft"))
    assert "Where everything else goes Enquiries becomes Service requests" in page
    mine = await desk.get("/desk/rules/export?draft=1")
    assert tomllib.loads(mine.text)["default_queue"] == "service"
    assert tomllib.loads((await desk.get("/desk/rules/export?version=1")).text) == document

    wrong = await upload(file.text.replace('priority = "high"', 'priority = "huge"', 1))
    assert wrong.status == 422
    assert "Choose one of the list." in shown(wrong)
    assert "TOML" in shown(await upload("[["))
    assert (await desk.post("/desk/rules/upload", {})).status == 422
    assert (await draft(desk)).default_queue == "service"


async def test_back_to_an_older_version(desk: Desk) -> None:
    await desk.log_in()
    await colleague_publishes(desk, default_queue="service")
    page = await desk.get("/desk/rules/versions/1")
    assert "Where everything else goes Service requests becomes Enquiries" in shown(page)
    late = await send(desk, "/versions/1/restore", {"base": ["1"], "note": [""]})
    assert late.status == 422
    assert "Somebody has changed the rules meanwhile." in shown(late)
    answer = await send(desk, "/versions/1/restore", {"base": ["2"], "note": ["It was better"]})
    assert answer.headers["Location"] == "/desk/rules"
    assert (desk.ctx.rulebook.version, desk.ctx.rules.default_queue) == (3, "enquiries")
    page = await desk.get("/desk/rules")
    assert "back to version 1" in shown(page)
    assert "It was better" in shown(page)
    assert "It says the same as the rules in use." in shown(await desk.get("/desk/rules/versions/1"))


async def tried(desk: Desk) -> str:
    """What the trial says once it is over."""
    async with asyncio.timeout(30):
        while True:
            page = await desk.get("/desk/rules/draft/trial")
            if "hx-trigger" not in page.text:
                return shown(page)
            await asyncio.sleep(0.05)


async def test_a_draft_is_tried_on_what_happened(desk: Desk) -> None:
    await desk.log_in()
    code = await customer_writes(desk.ctx, "The kettle leaks, I am very disappointed!", subject="Kettle")
    await customer_writes(desk.ctx, "How do I get an invoice?", subject="Invoice", thread="chen")
    await drain(desk.ctx)
    fields = {**rule.new(), "name": ["kettles"], "when.subject": ["kettle"], "then.queue": ["service"]}
    await send(desk, "/new/routing", fields)
    await send(desk, "/new/automation", automation.fields_of(RoutingRules.model_validate(
        {**as_document(desk.ctx.rules), "automation": [LATE]}
    ).automation[0]))  # fmt: skip
    answer = await desk.post("/desk/rules/draft/trial", {}, **{"HX-Request": "true"})
    assert answer.status == 200
    page = await tried(desk)
    assert "1 ticket would have gone elsewhere of 2 in the last 30 days." in page
    assert f"T-{code} Kettle Queue Complaints becomes Service requests" in page
    assert "kettles 0 1" in page
    assert "late 1 1" in page
    row = await last_trial(desk.ctx, await agent_id(desk))
    assert row is not None
    assert (row.done, row.total) == (2, 2)
    assert desk.ctx.rulebook.version == 1
    await send(desk, "/routing/kettles/remove", {})
    assert "You have changed the rules since." in await tried(desk)


async def test_a_trial_that_went_with_its_hub_is_told(desk: Desk) -> None:
    await desk.log_in()
    assert (await desk.post("/desk/rules/draft/trial", {})).status == 303
    await tried(desk)
    await desk.ctx.database.run(
        lambda c: c.execute(
            "UPDATE rule_trial SET result = NULL, told_at = clock_timestamp() - interval '1 minute'"
        )
    )
    assert "It was cut off when a hub was restarted." in await tried(desk)
