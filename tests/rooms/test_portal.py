"""The customer's own page over a real database: signing in, what is seen of a case, answering, settling, links in letters,
what agents see of it."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape

import pytest

from channels.portal.translate import pack
from hub.actions.answers.recall import cancel_reply
from hub.actions.answers.reply import queue_reply
from hub.actions.cases.merge import merge_tickets
from hub.actions.housekeeping import tidy
from hub.actions.note import add_note
from hub.actions.people.staff import add_agent
from hub.actions.portal.device import GOOD_FOR
from hub.actions.privacy.forget import anonymise_customer
from hub.actions.receive import accept_items
from hub.actions.space import Space
from hub.actions.status import change_status
from hub.actions.surveys.definition import PRESETS, Kind
from hub.actions.surveys.invite import ask_rating
from hub.actions.surveys.keep import add_survey, switch_survey
from hub.model.codes import CUSTOMER, TICKET, read_code, show_code
from hub.model.interactions import Mailbox
from hub.model.people import Actor, Role
from hub.settings import Scanner, Settings
from storage.database import Database
from tests.fakes.invariants import assert_invariants
from tests.fakes.portal import CHANNELS, LI, MEI, House, a_house, link_in, serving
from tests.fakes.scene import MAIL, PASSWORD, SYSTEM, one, rows, say
from tests.rooms.test_retention import where_it_stands

ADMIN = Actor(name="Ada", role=Role.ADMIN)
OTHER = "li@private.example"


@pytest.fixture
async def house(database_dsn: str) -> AsyncIterator[House]:
    async with a_house(database_dsn) as opened:
        yield opened
        await assert_invariants(opened.ctx.database, by_hand=True)


async def settle(house: House, number: str, status: str) -> None:
    await change_status(house.ctx, ticket_code=read_code(TICKET, number), status=status, actor=SYSTEM)


async def said(house: House, text: str) -> dict[str, object]:
    """The entry of these words."""
    (found,) = await rows(
        house.ctx,
        """SELECT i.id, i.thread_rule, i.thread_key, i.author_name, t.code, t.status, c.kind FROM interaction i
           JOIN ticket t ON t.id = i.ticket_id JOIN channel c ON c.id = i.channel_id WHERE i.text = $1""",
        text,
    )
    return found


# ── seeing and answering ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_whoever_owns_an_address_sees_their_cases_and_answers(house: House) -> None:
    number = await house.writes(LI, "Where is my parcel?", subject="Parcel")
    await house.answer(number, "It is on its way.")
    async with house.browser() as li:
        entered = await house.enter(li, LI)
        assert (entered.status, entered.goes_to) == (303, "/portal")
        listed = (await li.get("/portal")).text
        assert (
            "Parcel" in listed and number in listed and LI in listed and "Waiting for your answer" in listed
        )
        case = (await li.get(f"/portal/{number}")).text
        assert "Where is my parcel?" in case and "It is on its way." in case
        again = case
        for _ in range(2):
            sent = await li.say(number, "It has not come.", page=again, files={"photo.txt": b"a picture"})
            assert (sent.status, sent.goes_to) == (303, f"/portal/{number}#last")
        case = (await li.get(f"/portal/{number}")).text
        assert case.count("It has not come.") == 1, "pressing twice is saying it once"
        assert "In progress" in case
        token = re.search(r"/portal/files/\w+", case)
        assert token
        file = await li.get(token[0])
        assert file.body == b"a picture" and file.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in file.headers["Content-Security-Policy"]
    entry = await said(house, "It has not come.")
    assert (entry["status"], entry["thread_rule"], entry["kind"]) == ("open", "token", "portal")
    assert await one(
        house.ctx, "SELECT external_key LIKE 'portal.%' FROM inbound_raw ORDER BY id DESC LIMIT 1"
    )


async def test_a_file_that_cannot_be_looked_into_now_is_there_later(house: House) -> None:
    away = house.ctx.settings.model_copy(update={"scanner": Scanner(address="tcp://127.0.0.1:1")})
    async with serving(replace(house.ctx, settings=away)) as hub, hub.browser() as li:
        number = await hub.writes(LI)
        await hub.enter(li, LI)
        page = (await li.get(f"/portal/{number}")).text
        await li.say(number, "A photo", page=page, files={"photo.txt": b"a picture"})
        token = re.search(r"/portal/files/\w+", (await li.get(f"/portal/{number}")).text)
        assert token
        refused = await li.get(token[0])
        assert refused.status == 503 and refused.headers["Retry-After"] and b"a picture" not in refused.body
        for state, status in (("infected", 404), ("clean", 200)):
            await one(hub.ctx, "UPDATE file_scan SET state = $1, found = 'X' RETURNING 1", state)
            assert (await li.get(token[0])).status == status


async def test_our_answer_to_it_goes_to_the_address_that_wrote_by_letter(house: House) -> None:
    """Also where the case came by another way, or another address of theirs is on the ticket."""
    number = await house.writes(OTHER)
    customer = (await house.ticket(number))["customer_id"]
    await one(
        house.ctx,
        "INSERT INTO identity (customer_id, kind, value, verified) VALUES ($1, 'email', $2, true) RETURNING 1",
        customer,
        LI,
    )
    async with house.browser() as li:
        await house.enter(li, LI)
        case = (await li.get(f"/portal/{number}")).text
        assert "Where is my parcel?" not in case, (
            "what was written from another address is not shown to this one"
        )
        await li.say(number, "I have another address now.")
        entry = await house.answer(number, "We know.")
        assert (await one(house.ctx, "SELECT message FROM outbox WHERE interaction_id = $1", entry))[
            "address"
        ] == LI
        assert "We know." in (await li.get(f"/portal/{number}")).text


async def test_what_is_written_to_a_closed_case_opens_one_that_belongs_to_it(house: House) -> None:
    number = await house.writes(LI, subject="Parcel")
    await house.answer(number, "Here: {}".format(f"{house.ctx.public_url}/portal/{number}"))
    letter = await one(house.ctx, "SELECT message->>'text' FROM outbox")
    await settle(house, number, "closed")
    async with house.browser() as li:
        await li.post(link_in(letter))
        assert "This case is closed." in (await li.get(f"/portal/{number}")).text
        sent = await li.say(number, "It broke again.")
        newer = sent.goes_to.removeprefix("/portal/").partition("#")[0]
        assert newer != number and "It broke again." in (await li.get(f"/portal/{newer}")).text
        assert (await li.get(f"/portal/{number}")).status == 404, "the link goes on with the newer one"
    row = await house.ticket(newer)
    assert row["subject"] == "Parcel" and row["reply_address"] == LI
    assert await one(house.ctx, "SELECT why FROM ticket_link") == "closed"
    # In the newer one the same conversation goes on.
    await house.answer(newer, "Send it in.")


async def test_other_words_from_the_same_page_are_another_message(house: House) -> None:
    """Whoever goes back and writes once more, in a page that the browser had kept."""
    number = await house.writes(LI)
    async with house.browser() as li:
        await house.enter(li, LI)
        page = (await li.get(f"/portal/{number}")).text
        for text in ("One thing.", "One thing.", "And another."):
            await li.say(number, text, page=page)
        case = (await li.get(f"/portal/{number}")).text
    assert (case.count("One thing."), case.count("And another.")) == (1, 1)


async def test_what_was_typed_while_the_session_ended_is_not_lost(house: House) -> None:
    """It is shown again, whoever asks and whether there is such a case or not; sent from there, it is said once."""
    number = await house.writes(LI)
    async with house.browser() as li:
        await house.enter(li, LI)
        page = (await li.get(f"/portal/{number}")).text
        await li.post("/portal/out")
        kept = await li.say(number, "A long <story>.", page=page)
        assert (
            kept.status == 403 and "A long &lt;story&gt;." in kept.text and "You are signed out" in kept.text
        )
        assert f'href="/portal?to={number}"' in kept.text
        await house.enter(li, LI)
        for _ in range(2):
            assert (await li.say(number, "A long <story>.", page=kept.text)).status == 303
        assert (await li.get(f"/portal/{number}")).text.count("A long &lt;story&gt;.") == 1
        await li.post("/portal/out")
        assert (await li.say(number, "", page=page)).goes_to == f"/portal?to={number}", "nothing to keep"


async def test_what_is_written_while_space_is_short_is_shown_again(house: House) -> None:
    number = await house.writes(LI)
    short = Space(house.ctx.database, Settings(space={"reserve_mb": 10_000_000}))  # type: ignore[arg-type]
    async with serving(replace(house.ctx, space=short)) as full, house.browser() as li:
        await house.enter(li, LI)
        page = (await li.get(f"/portal/{number}")).text
        li.url = full.url
        kept = await li.say(number, "Many words.", page=page)
        assert kept.status == 503 and "Many words." in kept.text


async def test_what_is_written_while_the_database_is_away_is_shown_again(
    house: House, database_dsn: str
) -> None:
    number = await house.writes(LI)
    gone = await Database.open(database_dsn)
    await gone.close()
    async with serving(replace(house.ctx, database=gone)) as lost, house.browser() as li:
        await house.enter(li, LI)
        page = (await li.get(f"/portal/{number}")).text
        li.url = lost.url
        kept = await li.say(number, "Many words.", page=page)
        assert kept.status == 503 and "Many words." in kept.text and "Your text is still here" in kept.text
        assert "Not just now" in (await li.get("/portal")).text
        li.url = house.url
        assert (await li.say(number, "Many words.", page=kept.text)).status == 303


async def test_who_is_not_signed_in_uses_up_nothing_of_those_who_are(house: House) -> None:
    """What all write together has a bound; whoever likes could reach it from outside."""
    number = await house.writes(LI)
    async with house.browser() as stranger:
        await stranger.post(f"/portal/{number}/more", {"text": "Nothing"})
    counted = await rows(house.ctx, "SELECT key FROM rate_limit WHERE key LIKE 'form:/portal%'")
    assert counted and not [row for row in counted if row["key"].startswith("form:/portal:")]


async def test_the_other_language_is_a_page_that_there_is(house: House) -> None:
    """Also after something was refused, and without forgetting where somebody wanted to go."""
    number = await house.writes(LI)
    async with house.browser() as li:
        assert f'href="/portal?to={number}&amp;lang=zh_CN"' in (await li.get(f"/portal?to={number}")).text
        await house.enter(li, LI)
        refused = await li.post(f"/portal/{number}/more", {"text": "From elsewhere"})
        assert refused.status == 422 and f'href="/portal/{number}?lang=zh_CN"' in refused.text


async def test_a_case_that_was_merged_is_found_where_it_is_now(house: House) -> None:
    first, second = await house.writes(LI, "One"), await house.writes(LI, "Two")
    await merge_tickets(
        house.ctx, ticket_code=read_code(TICKET, first), into_code=read_code(TICKET, second), actor=SYSTEM
    )
    async with house.browser() as li:
        await house.enter(li, LI)
        listed = (await li.get("/portal")).text
        assert f"/portal/{second}" in listed and f"/portal/{first}" not in listed
        case = (await li.get(f"/portal/{first}")).text
        assert "One" in case and "Two" in case and f"{second} ·" in case


async def test_page_by_page_in_work_and_done(house: House) -> None:
    numbers = [await house.writes(LI, f"Matter {n}", subject=f"Matter {n}") for n in range(23)]
    await settle(house, numbers[0], "resolved")
    async with house.browser() as li:
        await house.enter(li, LI)
        listed = (await li.get("/portal")).text
        assert [n in listed for n in (numbers[22], numbers[3], numbers[2])] == [True, True, False]
        older = re.search(r'href="(/portal\?before=[^"]+)"', listed)
        assert older
        rest = (await li.get(older[1])).text
        assert [n in rest for n in (numbers[2], numbers[0], numbers[3])] == [True, True, False]
        done = (await li.get("/portal?state=done")).text
        assert numbers[0] in done and numbers[1] not in done
        odd = (await li.get("/portal?before=99999999999999999999&state=%27")).text
        assert numbers[22] in odd


async def test_who_they_are_to_us_is_theirs_to_say(house: House) -> None:
    number = await house.writes(LI)
    async with house.browser() as li:
        await house.enter(li, LI)
        assert (await li.post("/portal/profile", {"name": "Li Wei", "language": "zh_CN"})).status == 303
        assert (await li.post("/portal/profile", {"name": " ", "language": "zh_CN"})).status == 422
        page = await li.get("/portal/profile")
        assert 'lang="zh-CN"' in page.text and "Li Wei" in page.text and "个人资料" in page.text
        await li.say(number, "你好")
    kept = await rows(house.ctx, "SELECT name, language FROM customer")
    assert kept == [{"name": "Li Wei", "language": "zh"}]
    assert (await said(house, "你好"))["author_name"] == "Li Wei"


async def test_how_they_liked_it_is_asked_on_their_page_too(house: House) -> None:
    number = await house.writes(LI)
    async with house.browser() as li:
        await house.enter(li, LI)
        await settle(house, number, "closed")
        sent = await li.say(number, "And another thing.")
        newer = sent.goes_to.removeprefix("/portal/").partition("#")[0]
        await settle(house, newer, "resolved")
        survey = await add_survey(house.ctx, said=PRESETS[Kind.CSAT].model_dump(mode="json"), actor=ADMIN)
        await switch_survey(house.ctx, survey_id=survey, active=True, actor=ADMIN)
        ticket_id = (await house.ticket(newer))["id"]
        await house.ctx.database.run(lambda c: ask_rating(house.ctx, c, ticket_id))
        case = (await li.get(f"/portal/{newer}")).text
        assert 'id="rating"' in case
        assert (await li.post(f"/portal/{newer}/rating", {"score": "4"})).status == 303
        assert (await li.post(f"/portal/{newer}/rating", {"score": "99"})).status == 409
        assert (await li.post(f"/portal/{number}/rating", {"score": "4"})).status == 409
        assert "You answered: 4." in (await li.get(f"/portal/{newer}")).text
    assert await one(house.ctx, "SELECT score FROM survey_invitation") == 4


# ── what is shown of a case ──────────────────────────────────────────────────────────────────────────────────────────
async def test_only_what_was_written_from_and_to_the_address_is_shown(house: House) -> None:
    number = await house.writes(LI, "Mine", subject="Parcel")
    code = read_code(TICKET, number)
    await add_note(house.ctx, ticket_code=code, actor=SYSTEM, text="CANARY note")
    waiting = await queue_reply(house.ctx, ticket_code=code, actor=SYSTEM, text="CANARY not left yet")
    async with house.browser() as li:
        await house.enter(li, LI)
        case = (await li.get(f"/portal/{number}")).text
        assert "Mine" in case and "CANARY" not in case
        await cancel_reply(house.ctx, interaction_id=waiting, actor=SYSTEM)
        # An entry of a customer's ticket that somebody else wrote, or that only claims to be theirs.
        ticket = await house.ticket(number)
        for details in (
            {"sender": {"address": MEI}},
            {"sender": {"address": LI}, "sender_check": "fail"},
            {"sender": {"address": MEI}, "sender_check": "fail", "cc": [{"address": LI}]},
        ):
            await one(
                house.ctx,
                """INSERT INTO interaction (ticket_id, seq, customer_id, kind, direction, text, details)
                   VALUES ($1, 99, $2, 'message', 'in', 'CANARY of others', $3) RETURNING id""",
                ticket["id"], ticket["customer_id"], details,
            )  # fmt: skip
        case = (await li.get(f"/portal/{number}")).text
        assert "Mine" in case and "CANARY" not in case
        # One of somebody else's that was sent to her too: not our staff's, though its writer gave no name.
        await one(
            house.ctx,
            """UPDATE interaction SET text = 'To both', details = $1
               WHERE id = (SELECT max(id) FROM interaction WHERE seq = 99) RETURNING id""",
            {"sender": {"address": MEI}, "cc": [{"address": LI}]},
        )
        case = (await li.get(f"/portal/{number}")).text
        assert "To both" in case and MEI in case and "Our staff" not in case
    await one(house.ctx, "DELETE FROM interaction WHERE seq = 99 RETURNING id")


async def test_a_case_of_another_channel_is_listed_and_its_words_are_not_shown(house: House) -> None:
    kept = await say(
        house.ctx,
        text="CANARY of a chat",
        subject="CANARY",
        who=[("email", LI, True)],
        reply_address="chat-1",
    )
    number = kept.ticket_code
    async with house.browser() as li:
        await house.enter(li, LI)
        listed, case = (await li.get("/portal")).text, (await li.get(f"/portal/{number}")).text
        assert number in listed and "CANARY" not in listed + case
        await li.say(number, "I am at my desk now.")
        entry = await queue_reply(
            house.ctx, ticket_code=read_code(TICKET, number), actor=SYSTEM, text="Here."
        )
    leaves = await rows(
        house.ctx,
        """SELECT c.kind, o.message->>'address' AS address FROM outbox o JOIN channel c ON c.id = o.channel_id
           WHERE o.interaction_id = $1""",
        entry,
    )
    assert leaves == [{"kind": "email", "address": LI}], (
        "who was heard on their page last is answered by letter"
    )
    await cancel_reply(house.ctx, interaction_id=entry, actor=SYSTEM)


async def test_what_was_typed_into_a_form_counts_once_we_wrote_there(house: House) -> None:
    """Docs: decision 0006. A claim finds nobody; the owner of the address answers our letter by their page, which proves it."""
    kept = await say(
        house.ctx,
        kind="form",
        text="I filled it in",
        who=[("email", LI, False)],
        fields={"email": "Li@Example.cn"},
        reply_address=LI,
    )
    number = kept.ticket_code
    async with house.browser() as li:
        await li.post("/portal", {"email": LI})
        assert await house.letters(LI) == [], (
            "nobody has shown that it is theirs, and we have not written there"
        )
        await house.answer(number, "Thank you.", way=f"mail:{LI}", confirmed=True)
        await house.enter(li, LI)
        case = (await li.get(f"/portal/{number}")).text
        assert "I filled it in" in case and "Thank you." in case
        assert "Yes, it is settled" not in case
        await li.say(number, "It was me.")
        assert "Yes, it is settled" in (await li.get(f"/portal/{number}")).text
    assert (await said(house, "It was me."))["code"] == read_code(TICKET, number)
    assert await one(house.ctx, "SELECT count(*) FROM identity WHERE value = $1 AND verified", LI) == 1


# ── signing in ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_code_is_good_once_in_one_browser_and_for_few_tries(house: House) -> None:
    await house.writes(LI)
    async with house.browser() as li, house.browser() as thief:
        await li.post("/portal", {"email": LI})
        code = await house.code(LI)
        assert (await thief.post("/portal/code", {"code": code})).status == 422, (
            "another browser asked for it"
        )
        held = "; ".join(f"{one.key}={one.value}" for one in li.session.cookie_jar)
        assert (await li.post("/portal/code", {"code": f"{code[:3]} {code[3:]}"})).status == 303
        assert (await thief.post("/portal/code", {"code": code}, Cookie=held)).status == 422, "used"
    async with house.browser() as li:
        await li.post("/portal", {"email": LI})
        code = await house.code(LI)
        wrong = "000000" if code != "000000" else "111111"
        for _ in range(5):
            assert (await li.post("/portal/code", {"code": wrong})).status == 422
        assert (await li.post("/portal/code", {"code": code})).status == 422, "five tries were enough"
    async with house.browser("198.51.100.7") as li:
        await li.post("/portal", {"email": LI})
        await one(house.ctx, "UPDATE portal_code SET expires_at = now() RETURNING 1")
        assert (await li.post("/portal/code", {"code": await house.code(LI)})).status == 422, "too old"
        assert await one(house.ctx, "SELECT min(length(code_hash)) FROM portal_code") == 32
    await tidy(house.ctx)
    assert await one(house.ctx, "SELECT count(*) FROM portal_code WHERE expires_at <= now()") == 0


async def test_the_link_beside_the_code_opens_everything_once_by_a_button(house: House) -> None:
    number = await house.writes(LI)
    async with house.browser() as asked, house.browser() as phone:
        await asked.post("/portal", {"email": LI})
        link = await house.link(LI)
        shown = await phone.get(link)
        assert shown.status == 200 and "l•••@•••.cn" in shown.text and LI not in shown.text
        assert (await phone.get("/portal")).text.count(number) == 0, "looking opens nothing"
        assert (await phone.post(link)).goes_to == "/portal"
        assert number in (await phone.get("/portal")).text
        assert (await asked.post(link)).status == 404, "once"


async def test_where_somebody_wanted_to_go_is_where_they_come(house: House) -> None:
    number = await house.writes(LI)
    async with house.browser() as li:
        sent_away = await li.get(f"/portal/{number}")
        assert sent_away.goes_to == f"/portal?to={number}"
        door = await li.get(sent_away.goes_to)
        assert f'action="/portal?to={number}"' in door.text
        asked = await li.post(f"/portal?to={number}", {"email": LI})
        assert asked.goes_to == f"/portal/code?to={number}"
        wide = "".join(chr(ord(digit) + 0xFEE0) for digit in await house.code(LI))
        entered = await li.post(asked.goes_to, {"code": wide})  # as Chinese keyboards write digits
        assert entered.goes_to == f"/portal/{number}"
        for bad in ("//evil.example", "T-1", "javascript:1", "..%2Fdesk"):
            assert (await li.post(f"/portal?to={bad}", {"email": LI})).goes_to in ("/portal/code", "")


async def test_signing_out_here_and_everywhere(house: House) -> None:
    number = await house.writes(LI)
    await house.answer(number, f"See {house.ctx.public_url}/portal/{number}")
    link = link_in(await one(house.ctx, "SELECT message->>'text' FROM outbox"))
    async with house.browser() as one_of_them, house.browser("198.51.100.7") as other, house.browser() as mei:
        await house.writes(MEI)
        await house.enter(mei, MEI)
        await house.enter(one_of_them, LI)
        await house.enter(other, LI)
        await one_of_them.post("/portal/out")
        assert (await one_of_them.get(f"/portal/{number}")).status == 303
        assert (await other.get(f"/portal/{number}")).status == 200
        await house.enter(one_of_them, LI)
        await other.post("/portal/out-everywhere")
        for browser in (one_of_them, other):
            assert (await browser.get(f"/portal/{number}")).status == 303
        assert (await other.post(link)).status == 404, "links that were sent are worthless too"
        assert (await mei.get("/portal/profile")).status == 200, "of nobody else"


async def test_a_session_ends_by_itself(house: House) -> None:
    number = await house.writes(LI)
    async with house.browser() as li:
        for change in ("seen_at = now() - interval '25 hours'", "expires_at = now()"):
            await house.enter(li, LI)
            assert (await li.get(f"/portal/{number}")).status == 200
            await one(house.ctx, f"UPDATE portal_session SET {change} RETURNING 1")
            assert (await li.get(f"/portal/{number}")).status == 303
        await house.enter(li, LI)
        await li.post("/portal/out-everywhere")
    assert await one(house.ctx, "SELECT count(*) FROM portal_device_end") == 1
    await one(
        house.ctx, "UPDATE portal_device_end SET at = at - make_interval(secs => $1) RETURNING 1", GOOD_FOR
    )
    await tidy(house.ctx)
    for table in ("portal_session", "portal_device_end"):
        assert await one(house.ctx, f"SELECT count(*) FROM {table}") == 0, table


async def test_without_such_a_page_there_is_none(database_dsn: str) -> None:
    async with a_house(database_dsn, {"plain": {"kind": "plain"}}) as house, house.browser() as li:
        for path in ("/portal", "/portal/code", "/portal/T-10019", "/portal/go/x"):
            assert (await li.get(path)).status == 404


# ── links in letters ─────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_letter_has_a_key_for_its_case_and_the_timeline_has_none(house: House) -> None:
    number, other = await house.writes(LI, "One"), await house.writes(LI, "Two")
    plain = f"{house.ctx.public_url}/portal/{number}"
    await house.answer(number, f"Look: {plain}. And {house.ctx.public_url}/portal/{other}")
    text = await one(house.ctx, "SELECT message->>'text' FROM outbox")
    assert plain not in text and f"/portal/{other}" in text
    assert await one(house.ctx, "SELECT count(*) FROM interaction WHERE text LIKE '%/portal/go/%'") == 0
    async with house.browser() as passed_on:
        assert (await passed_on.post(link_in(text))).goes_to == f"/portal/{number}"
        assert "One" in (await passed_on.get(f"/portal/{number}")).text
        listed = (await passed_on.get("/portal")).text
        assert number in listed and other not in listed
        assert (await passed_on.get(f"/portal/{other}")).status == 404, "a letter opens what it is about"
        # To see all, the owner of the address is asked; whoever has the letter alone gets no further.
        assert (await passed_on.post("/portal")).goes_to == "/portal/code"
        assert len(await house.letters(LI)) == 1
        await passed_on.post("/portal/code", {"code": await house.code(LI)})
        assert other in (await passed_on.get("/portal")).text


async def test_the_link_of_a_case_lists_it_however_old_and_wherever_it_is_now(house: House) -> None:
    number = await house.writes(LI, "The oldest")
    await house.answer(number, f"See {house.ctx.public_url}/portal/{number}")
    link = link_in(await one(house.ctx, "SELECT message->>'text' FROM outbox"))
    newer = [await house.writes(LI, f"Matter {n}") for n in range(22)]
    async with house.browser() as li:
        await li.post(link)
        assert f'href="/portal/{number}"' in (await li.get("/portal")).text
        await merge_tickets(
            house.ctx,
            ticket_code=read_code(TICKET, number),
            into_code=read_code(TICKET, newer[0]),
            actor=SYSTEM,
        )
        listed = (await li.get("/portal")).text
        assert f'href="/portal/{newer[0]}"' in listed and newer[1] not in listed


async def test_whoever_is_signed_in_stays_so_when_they_follow_a_link(house: House) -> None:
    number, other = await house.writes(LI), await house.writes(LI)
    await house.answer(number, f"See {house.ctx.public_url}/portal/{number}")
    link = link_in(await one(house.ctx, "SELECT message->>'text' FROM outbox"))
    async with house.browser() as li, house.browser() as mei:
        await house.enter(li, LI)
        assert (await li.get(link)).goes_to == f"/portal/{number}"
        assert other in (await li.get("/portal")).text
        await house.writes(MEI)
        await house.enter(mei, MEI)
        assert "Press the button" in (await mei.get(link)).text, "it is not hers"


async def test_a_key_that_a_customer_quotes_is_on_nobodys_timeline(house: House) -> None:
    number = await house.writes(LI)
    await house.answer(number, f"See {house.ctx.public_url}/portal/{number}")
    link = house.ctx.public_url + link_in(await one(house.ctx, "SELECT message->>'text' FROM outbox"))
    message_id = await one(house.ctx, "SELECT message->>'message_id' FROM outbox")
    await house.writes(LI, f"{link} does not work.\n\n> See {link}\n> Ann", answers=message_id)
    key = link.rpartition("/")[2]
    for what in ("text", "full_text", "html"):
        assert (
            await one(house.ctx, f"SELECT count(*) FROM interaction WHERE {what} LIKE '%' || $1 || '%'", key)
            == 0
        )
    preview = (await house.ticket(number))["last_preview"]
    assert preview.startswith(f"{house.ctx.public_url}/portal does not work.")


async def test_a_letter_with_copies_or_taken_back_has_no_key(house: House) -> None:
    number = await house.writes(LI)
    code, plain = read_code(TICKET, number), f"{house.ctx.public_url}/portal/{number}"
    entry = await queue_reply(
        house.ctx, ticket_code=code, actor=SYSTEM, text=f"See {plain}", cc=[Mailbox(address=MEI)]
    )
    assert plain in await one(
        house.ctx, "SELECT message->>'text' FROM outbox WHERE interaction_id = $1", entry
    )
    await cancel_reply(house.ctx, interaction_id=entry, actor=SYSTEM)
    entry = await queue_reply(house.ctx, ticket_code=code, actor=SYSTEM, text=f"See {plain}")
    gone = await cancel_reply(house.ctx, interaction_id=entry, actor=SYSTEM)
    assert gone.text == f"See {plain}"


async def test_whoever_is_told_a_number_is_told_where_the_case_is(database_dsn: str) -> None:
    """The plain address, good for whoever signs in: a letter that anybody may provoke carries no key."""
    async with a_house(database_dsn, {**CHANNELS, "support": {**MAIL, "acknowledge": True}}) as house:
        number = await house.writes(LI)
        text = await one(house.ctx, "SELECT message->>'text' FROM outbox")
        assert text.endswith(f"How your case stands:\n{house.ctx.public_url}/portal/{number}")
        await house.leave()
        async with house.browser() as li:
            await house.enter(li, LI)
            assert "Thank you for writing" not in (await li.get(f"/portal/{number}")).text


# ── what agents see, what is forgotten ───────────────────────────────────────────────────────────────────────────────
async def test_agents_see_that_it_came_by_the_customers_page(house: House) -> None:
    number = await house.writes(LI)
    await add_agent(house.ctx, login="ann", name="Ann", password=PASSWORD, languages=("en", "zh"))
    async with house.browser() as li, house.browser() as ann:
        await house.enter(li, LI)
        await li.say(number, "By my page.")
        await li.post(f"/portal/{number}/settled")
        assert (await ann.post("/desk/login", {"login": "ann", "password": PASSWORD})).status == 303
        desk = unescape((await ann.get(f"/desk/tickets/{number}?scope=all")).text)
    entry = desk[desk.index("By my page.") - 2500 : desk.index("By my page.")]
    assert "Customer's own page · own" in entry and "icons.svg#portal" in entry
    assert "The customer says on their page that it is settled." in desk


async def test_an_item_is_read_the_same_from_the_journal_again(house: House) -> None:
    number = await house.writes(LI)
    async with house.browser() as li:
        await house.enter(li, LI)
        await li.say(number, "Once.")
    raw = (await rows(house.ctx, "SELECT * FROM inbound_raw ORDER BY id DESC LIMIT 1"))[0]
    item = pack({}, [], external_key=raw["external_key"], received_at=raw["received_at"], meta={})
    (kept,) = await accept_items(house.ctx, "own", [item])
    assert kept.duplicate and kept.ticket_code == number


async def test_nothing_of_it_is_left_of_somebody_who_is_forgotten(house: House) -> None:
    number = await house.writes(LI)
    customer = await one(house.ctx, "SELECT code FROM customer")
    async with house.browser() as li:
        await house.enter(li, LI)
        await li.post("/portal/out-everywhere")
        await house.enter(li, LI)
        await li.post("/portal", {"email": LI})
        await house.answer(number, f"See {house.ctx.public_url}/portal/{number}")
        await settle(house, number, "closed")
        await anonymise_customer(
            house.ctx, customer_code=customer, typed=show_code(CUSTOMER, customer), actor=ADMIN
        )
        assert (await li.get(f"/portal/{number}")).status == 303
    # Counters, which the database forgets by itself, and letters that are on their way.
    assert set(await where_it_stands(house.ctx, LI)) <= {"rate_limit", "side_letter"}
