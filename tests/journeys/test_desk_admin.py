"""Roles, keys, the audit trail and retention as an administrator works with them at the desk."""

import csv
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator

import pytest

from hub.actions.context import Context
from hub.actions.note import add_note
from hub.actions.people.audit import AuditFilter, list_acts
from hub.actions.people.keys import actor_of_key, create_api_key
from hub.actions.people.staff import add_agent
from hub.actions.status import change_status
from hub.model.codes import CUSTOMER, show_code
from hub.model.people import HUB, Role, Scope
from hub.model.permissions import BUILT_IN
from tests.fakes.desk import PASSWORD, Desk, customer_writes, serving_desk, words_of
from tests.fakes.scene import one


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    """Ada, an administrator, is logged in."""
    async with serving_desk(ctx) as desk:
        await add_agent(desk.ctx, login="ada", name="Ada Keller", password=PASSWORD, role=Role.ADMIN)
        await desk.log_in("ada")
        yield desk


async def acts(desk: Desk) -> list[str]:
    return [row.kind for row in await list_acts(desk.ctx, AuditFilter())]


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_role_is_made_given_changed_and_removed(desk: Desk) -> None:
    form = {"name": "Night shift", "based_on": "agent", "may": "answer", "sight": "own"}
    shown = await desk.get("/desk/roles/new?from=supervisor")
    assert shown.text.count(" checked") == len(BUILT_IN["supervisor"]) + 1  # and the sight
    assert (await desk.post("/desk/roles", form)).headers["Location"] == "/desk/roles?done=added"
    refused = await desk.post("/desk/roles", {**form, "name": "night SHIFT"})
    assert refused.status == 409 and "There is a role of this name already." in refused.text
    lin = await one(desk.ctx, "SELECT id FROM agent WHERE login = 'lin'")
    page = await desk.get(f"/desk/staff?agent={lin}")
    assert '<option value="Night shift">Night shift</option>' in page.text
    version = re.search(r'name="version" value="(\d+)"', page.text)
    assert version is not None
    sent = {
        "name": "小林", "locale": "zh_CN", "language": "zh", "capacity": "8", "live_capacity": "3", "where": "all",
        "version": version[1], "role": "Night shift",
    }  # fmt: skip
    assert (await desk.post(f"/desk/staff/{lin}", sent)).status == 303
    role = await desk.get("/desk/roles/Night%20shift")
    assert "小林" in role.text and 'value="answer" checked' in role.text
    answer = await desk.post("/desk/roles/Night%20shift/remove")
    assert answer.status == 409
    changed = {"name": "Nights", "sight": "queues", "version": "1"}
    assert (await desk.post("/desk/roles/Night%20shift", changed)).status == 303
    assert await one(desk.ctx, "SELECT role FROM agent WHERE id = $1", lin) == "Nights"
    stale = await desk.post("/desk/roles/Nights", changed)
    assert stale.status == 409 and "Somebody else has changed this role meanwhile" in stale.text
    assert (await desk.get("/desk/roles/nowhere")).status == 404
    await one(desk.ctx, "UPDATE agent SET role = 'agent' WHERE id = $1 RETURNING 1", lin)
    assert (await desk.post("/desk/roles/Nights/remove")).headers["Location"] == "/desk/roles?done=removed"
    assert [kind for kind in await acts(desk) if kind.startswith("role")] == [
        "role_removed",
        "role_changed",
        "role_added",
    ]


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_key_is_shown_once_renamed_given_an_end_and_revoked(desk: Desk) -> None:
    made = await desk.post("/desk/keys", {"name": "erp", "scope": "read", "until": "2099-01-31"})
    key = re.search(r"chk_[\w-]+", made.text)
    assert made.status == 200 and key is not None
    actor = await actor_of_key(desk.ctx, key[0])
    assert actor is not None and actor.scopes == {Scope.READ}
    page = await desk.get("/desk/keys")
    assert key[0] not in page.text and "made by Ada Keller" in page.text and "2099" in page.text
    for form, said in (
        ({"name": "erp", "scope": "read"}, "There is or was a key of this name"),
        ({"name": "x"}, "Choose what the key opens."),
        ({"name": "x", "scope": "read", "until": "2001-01-01"}, "This day is over already."),
        ({"name": "x", "scope": "read", "until": "soon"}, "This is no day and time."),
    ):
        refused = await desk.post("/desk/keys", form)
        assert refused.status == 409 and said in refused.text, form
    key_id = await one(desk.ctx, "SELECT id FROM api_key WHERE name = 'erp'")
    assert (
        await desk.post(f"/desk/keys/{key_id}", {"name": "erp-2", "version": "1", "until": ""})
    ).status == 303
    assert await one(desk.ctx, "SELECT expires_at IS NULL FROM api_key WHERE name = 'erp-2'")
    assert (await desk.post(f"/desk/keys/{key_id}", {"name": "erp-3", "version": "1"})).status == 409
    assert (await desk.post(f"/desk/keys/{key_id}/revoke", {"name": "erp-2"})).status == 303
    assert await actor_of_key(desk.ctx, key[0]) is None
    assert "Revoked" in (await desk.get("/desk/keys")).text
    assert [kind for kind in await acts(desk) if kind.startswith("key")] == [
        "key_revoked",
        "key_changed",
        "key_added",
    ]


async def test_a_key_past_its_end_opens_nothing(desk: Desk) -> None:
    key = await create_api_key(desk.ctx, name="short", scopes=[Scope.READ])
    assert await actor_of_key(desk.ctx, key) is not None
    await one(desk.ctx, "UPDATE api_key SET expires_at = now() - interval '1 second' RETURNING 1")
    assert await actor_of_key(desk.ctx, key) is None
    assert "Ended" in (await desk.get("/desk/keys")).text


# ── the audit trail ──────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_trail_is_read_filtered_checked_and_taken_along(desk: Desk) -> None:
    await desk.post("/desk/keys", {"name": "=cmd", "scope": "read"})
    await desk.post("/desk/keys", {"name": "erp", "scope": "read"})
    ada = await one(desk.ctx, "SELECT id FROM agent WHERE login = 'ada'")
    page = await desk.get("/desk/audit")
    assert "API key made" in page.text and "Ada Keller" in page.text
    assert (
        "Agent added" not in words_of((await desk.get("/desk/audit?kind=key_added")).text).split("Details")[1]
    )
    assert "erp" in (await desk.get(f"/desk/audit?agent={ada}")).text
    assert "No act fits these filters" in (await desk.get("/desk/audit?to=2001-01-01")).text
    for odd in (
        "agent=x",
        "kind=nothing",
        "from=soon",
        "before=-1",
        "before=99999999999999999999",
        "to=9999-12-31",
    ):
        assert (await desk.get(f"/desk/audit?{odd}")).status == 200, odd
    assert "all are as they were written" in (await desk.get("/desk/audit?check=1")).text
    file = await desk.get("/desk/audit/export?kind=key_added")
    assert file.headers["Content-Disposition"].startswith("attachment")
    head, *lines = list(csv.reader(io.StringIO(file.text.lstrip("\ufeff"))))
    assert head[:4] == ["id", "at", "kind", "who"] and [line[5] for line in lines] == ["erp"]
    assert (await acts(desk))[0] == "audit_exported"


async def test_what_a_spreadsheet_would_take_for_a_formula_is_text_in_the_file(desk: Desk) -> None:
    await desk.post("/desk/roles", {"name": '=HYPERLINK("http://evil")', "sight": "all"})
    lines = list(csv.reader(io.StringIO((await desk.get("/desk/audit/export?kind=role_added")).text)))
    assert lines[1][5] == '\'=HYPERLINK("http://evil")'


async def test_a_raw_item_that_was_looked_at_stands_in_the_trail(desk: Desk) -> None:
    raw = await one(desk.ctx, "SELECT max(id) FROM inbound_raw") or 0
    await customer_writes(desk.ctx, "Hello")
    raw = await one(desk.ctx, "SELECT max(id) FROM inbound_raw")
    assert (await desk.get(f"/desk/quarantine/{raw}/raw")).status == 200
    (act, *_) = await list_acts(desk.ctx, AuditFilter())
    assert (act.kind, act.subject, act.who) == ("raw_seen", str(raw), "Ada Keller")


# ── retention and one customer's data ────────────────────────────────────────────────────────────────────────────────
async def test_a_policy_is_looked_at_switched_on_and_off(desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Old words", subject="An old matter")
    await change_status(desk.ctx, ticket_code=code, status="closed", actor=HUB)
    await one(desk.ctx, "UPDATE ticket SET updated_at = now() - interval '2000 days' RETURNING 1")
    page = await desk.get("/desk/retention?look=messages&days=1095")
    assert "1 would go tonight." in page.text and "An old matter" in page.text
    assert "Nothing is that old." in (await desk.get("/desk/retention?look=messages&days=2555")).text
    for odd in ("look=messages&days=1", "look=messages&days=x", "look=messages"):
        assert (await desk.get(f"/desk/retention?{odd}")).status == 409, odd
    form = {"version": "1", "days": "1095", "depth": "words", "enabled": "1"}
    assert (await desk.post("/desk/retention/messages", form)).status == 303
    assert (await desk.post("/desk/retention/messages", form)).status == 409
    assert (await desk.post("/desk/retention/nothing", form)).status == 404
    assert "kept for 3 years" in (await desk.get("/desk/retention")).text
    assert (
        await desk.post("/desk/retention/messages", {**form, "version": "2", "enabled": "0"})
    ).status == 303
    assert (await acts(desk))[:2] == ["retention_changed", "retention_changed"]


async def test_everything_of_a_customer_is_taken_along_held_and_forgotten(desk: Desk) -> None:
    files = [
        {"filename": "a.txt", "content_type": "text/plain", "data_base64": data}
        for data in ("aGVsbG8=", "dmlydXM=")
    ]
    code = await customer_writes(
        desk.ctx, "The kettle leaks", subject="Kettle", name="Li Wei", attachments=files
    )
    await add_note(desk.ctx, ticket_code=code, actor=HUB, text="He called, too.")
    customer = await one(
        desk.ctx,
        "SELECT c.code FROM customer c JOIN ticket t ON t.customer_id = c.id WHERE t.code = $1",
        code,
    )
    await one(desk.ctx, "UPDATE attachment SET filename = '../../etc/passwd' RETURNING 1")
    infected = "INSERT INTO file_scan (sha256, state) SELECT sha256, 'infected' FROM blob WHERE data = $1 RETURNING 1"
    assert await one(desk.ctx, infected, b"virus")
    number = show_code(CUSTOMER, customer)
    page = f"/desk/customers/{number}"
    assert f'href="{page}/data"' in (await desk.get(page)).text
    async with desk.session.get(f"{desk.url}{page}/export") as response:
        assert response.headers["Content-Type"] == "application/zip"
        archive = zipfile.ZipFile(io.BytesIO(await response.read()))
    about = json.loads(archive.read("customer.json"))
    assert about["name"] == "Li Wei" and about["identities"][0]["value"] == "li@mail.example"
    ticket = json.loads(archive.read(f"tickets/T-{code}.json"))
    assert [entry["text"] for entry in ticket["entries"]] == ["The kettle leaks", "He called, too."]
    (file,) = [name for name in archive.namelist() if name.startswith("files/")]
    assert ".." not in file and file.count("/") == 1 and archive.read(file) == b"hello"
    assert ticket["entries"][0]["files"] == [file, {"filename": "../../etc/passwd", "withheld": True}]
    assert (await acts(desk))[0] == "customer_exported"

    assert (await desk.post(f"{page}/hold", {"reason": " "})).status == 409
    assert (await desk.post(f"{page}/hold", {"reason": "Case 12/26"})).status == 303
    assert "Case 12/26" in (await desk.get(f"{page}/data")).text
    assert "Case 12/26" in (await desk.get("/desk/retention")).text
    await change_status(desk.ctx, ticket_code=code, status="closed", actor=HUB)
    assert (await desk.post(f"{page}/anonymise", {"typed": number})).status == 409
    assert (await desk.post(f"{page}/hold/lift")).status == 303
    before = words_of((await desk.get(f"{page}/data")).text)
    for told in (
        f"Li Wei {number}",
        "Messages and notes 2",
        "Files 2 (10 bytes)",
        "Originals as they came in 1",
    ):
        assert told in before, told
    assert "This stays, and why" in before and "Drafts" not in before and "tickets of others" not in before
    wrong = await desk.post(f"{page}/anonymise", {"typed": "yes"})
    assert wrong.status == 409 and "Type it as it stands above" in wrong.text
    assert (await desk.post(f"{page}/anonymise", {"typed": number.lower()})).status == 303
    after = words_of((await desk.get(f"{page}/data")).text)
    assert "Anonymised on" in after and "Li Wei" not in after
    assert "kettle" not in (await desk.get(f"/desk/tickets/T-{code}")).text.lower()
    assert (await desk.get(page)).status == 200


async def test_programs_read_the_trail_and_the_roles_with_a_key_that_may(desk: Desk) -> None:
    keys = {
        scope: await create_api_key(desk.ctx, name=scope.value, scopes=[scope])
        for scope in (Scope.READ, Scope.ADMIN)
    }
    for path in ("/api/v1/audit", "/api/v1/roles"):
        assert (await desk.get(path, Authorization=f"Bearer {keys[Scope.READ]}")).status == 403, path
    allowed = {"Authorization": f"Bearer {keys[Scope.ADMIN]}"}
    page = json.loads((await desk.get("/api/v1/audit?kind=key_added&limit=1", **allowed)).text)
    assert [act["subject"] for act in page["items"]] == ["admin"] and page["next_cursor"]
    older = json.loads(
        (await desk.get(f"/api/v1/audit?kind=key_added&cursor={page['next_cursor']}", **allowed)).text
    )
    assert [act["subject"] for act in older["items"]] == ["read"]
    assert (await desk.get("/api/v1/audit?kind=nothing", **allowed)).status == 422
    roles = json.loads((await desk.get("/api/v1/roles", **allowed)).text)["items"]
    assert [(role["name"], role["built_in"]) for role in roles] == [
        ("agent", True), ("supervisor", True), ("admin", True),
    ]  # fmt: skip
