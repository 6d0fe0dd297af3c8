"""Which ticket a message belongs to: evidence in its order of strength, and who may use it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.adapter import RawItem
from channels.registry import load_kinds
from hub.actions.arrivals import Arrival, Read, lock_keys, storable, understand
from hub.actions.match import (
    Candidate,
    Candidates,
    Match,
    ThreadRule,
    Why,
    choose_ticket,
    gather,
    new_identities,
)
from hub.model.interactions import (
    Automatic,
    BounceReport,
    Identity,
    IdentityKind,
    InboundInteraction,
    InteractionKind,
    Outcome,
    RecipientReport,
    Sender,
    ThreadHints,
)
from hub.model.tickets import TicketStatus
from hub.model.tokens import claimed_ticket, read_thread, sign_thread

SECRET = b"k" * 32
KINDS = load_kinds()
LI, EVIL = "li@example.cn", "evil@x.example"


def _said(who: str = LI, *, verified: bool = True, kind: str = "email", **more: Any) -> tuple[Arrival, Read]:
    thread = {key: more.pop(key) for key in ("tokens", "references", "key", "passed_on") if key in more}
    interaction = InboundInteraction(
        kind=InteractionKind.MESSAGE,
        sender=Sender(name="", identities=(Identity(kind=IdentityKind.EMAIL, value=who, verified=verified),)),
        text="Hello",
        thread=ThreadHints(**thread),
        **more,
    )
    item = RawItem(external_key="1", content=b"", received_at=datetime(2026, 11, 25, tzinfo=UTC))
    read = understand(interaction)
    return Arrival(channel_id=3, channel="c", kind=KINDS[kind], item=item, read=read), read


def _ticket(number: int, *people: str, status: str = "open") -> Candidate:
    return Candidate(ticket_id=number, status=TicketStatus(status), people=frozenset(people))


def _choose(said: tuple[Arrival, Read], found: Candidates) -> Match:
    return choose_ticket(SECRET, *said, gather(*said), found)


TOKEN = sign_thread(SECRET, 7, LI)
OURS = {("id", "7"): _ticket(7, f"email:{LI}")}


def test_a_token_is_good_for_the_one_it_was_signed_for() -> None:
    assert _choose(_said(tokens=(TOKEN,)), OURS) == Match(ticket_id=7, rule=ThreadRule.TOKEN)
    assert _choose(_said(tokens=(TOKEN.upper(),)), OURS).ticket_id == 7


@pytest.mark.parametrize(
    "said",
    [
        _said(EVIL, tokens=(TOKEN,)),
        _said(LI, verified=False, tokens=(TOKEN,)),
        _said(tokens=("t7z" + "0" * 26,)),
        _said(tokens=(sign_thread(b"x" * 32, 7, LI),)),
        _said(tokens=(TOKEN[:-1],)),
        _said(tokens=(TOKEN + "0",)),
    ],
    ids=["stranger", "claim", "guessed", "another key", "cut", "longer"],
)
def test_any_other_token_is_refused_and_that_is_known(said: tuple[Arrival, Read]) -> None:
    assert _choose(said, OURS) == Match(ticket_id=None, rule=ThreadRule.NONE, refused=True)


@pytest.mark.parametrize(
    "token", ["", "t", "tz", "t7", "x7z1", "t-7z1", "t７z1", "t" + "9" * 30 + "z1", "t7z"]
)
def test_what_is_no_token_names_no_ticket_or_opens_none(token: str) -> None:
    assert read_thread(SECRET, token, LI) is None
    number = claimed_ticket(token)
    assert number is None or 0 <= number < 2**63


def test_a_token_of_one_ticket_does_not_open_another() -> None:
    moved = TOKEN.replace("t7z", "t8z")
    found = {("id", "8"): _ticket(8, f"email:{LI}")}
    assert _choose(_said(tokens=(moved,)), found).ticket_id is None


def test_a_cited_letter_counts_for_those_who_may_speak() -> None:
    found = {("ref", "mail m@x"): _ticket(7, f"email:{LI}", "email:wang@example.cn")}
    assert _choose(_said(references=("m@x",)), found) == Match(ticket_id=7, rule=ThreadRule.REFERENCE)
    assert _choose(_said("wang@example.cn", references=("m@x",)), found).ticket_id == 7
    assert _choose(_said(EVIL, references=("m@x",)), found).refused
    assert _choose(_said(LI, verified=False, references=("m@x",)), found).refused
    # Only where the channel carries Message-IDs at all.
    assert _choose(_said(kind="telegram", references=("m@x",)), found).ticket_id is None


def test_a_number_counts_for_those_who_may_speak_and_only_in_letters() -> None:
    found = {("code", "10019"): _ticket(7, f"email:{LI}")}
    for subject in ("Re: x [T-10019]", "T10019", "(T-10019)"):
        assert _choose(_said(subject=subject), found) == Match(ticket_id=7, rule=ThreadRule.NUMBER)
    for subject in ("T-10018", "10019", "AT-10019", "T-100190", "x" * 500 + "T-10019"):
        assert _choose(_said(subject=subject), found) == Match(ticket_id=None, rule=ThreadRule.NONE)
    assert _choose(_said(EVIL, subject="T-10019"), found).refused
    assert _choose(_said(kind="webchat", subject="T-10019"), found).ticket_id is None


def test_a_conversation_of_the_channel_needs_no_other_proof() -> None:
    found = {("ref", "channel:3 chat.5"): _ticket(7)}
    said = _said(EVIL, verified=False, kind="telegram", key="chat.5")
    assert _choose(said, found) == Match(ticket_id=7, rule=ThreadRule.CONVERSATION)


def test_a_report_goes_to_the_letter_it_is_about() -> None:
    found = {("sent", "m@us"): _ticket(7, f"email:{LI}")}
    report = {"bounce": BounceReport(original_message_id="m@us")}
    assert _choose(_said(EVIL, automatic=Automatic.BOUNCE, **report), found).rule is ThreadRule.REPORT
    assert _choose(_said(EVIL, automatic=Automatic.DELAYED, **report), found).rule is ThreadRule.REPORT
    assert _choose(_said(EVIL, **report), found).ticket_id is None


def test_stronger_evidence_goes_first_and_a_closed_ticket_is_passed_over() -> None:
    found = {
        ("id", "7"): _ticket(7, f"email:{LI}"),
        ("ref", "mail near@x"): _ticket(8, f"email:{LI}"),
        ("ref", "mail far@x"): _ticket(9, f"email:{LI}"),
        ("code", "10019"): _ticket(10, f"email:{LI}"),
    }
    said = _said(tokens=(TOKEN,), references=("near@x", "far@x"), subject="T-10019")
    for closed in (("id", "7"), ("ref", "mail near@x"), ("ref", "mail far@x"), ("code", "10019")):
        assert _choose(said, found).ticket_id == found[closed].ticket_id
        found[closed] = _ticket(found[closed].ticket_id, f"email:{LI}", status="closed")
    assert _choose(said, found) == Match(ticket_id=None, rule=ThreadRule.NONE)


@pytest.mark.parametrize("status", ["open", "pending", "resolved"])
def test_every_ticket_but_a_closed_one_goes_on(status: str) -> None:
    assert _choose(_said(tokens=(TOKEN,)), {("id", "7"): _ticket(7, status=status)}).ticket_id == 7


def test_what_was_refused_does_not_hide_what_is_good() -> None:
    found = {**OURS, ("ref", "mail mine@x"): _ticket(8, f"email:{EVIL}")}
    match = _choose(_said(EVIL, tokens=(TOKEN,), references=("mine@x",)), found)
    assert (match.ticket_id, match.refused) == (8, False)


def test_new_identities_are_told_once() -> None:
    one, two = (
        Identity(kind=IdentityKind.EMAIL, value=value, verified=True) for value in ("a@x.cn", "b@x.cn")
    )
    assert new_identities({("email", "a@x.cn", True)}, [one, two, two]) == [("email", "b@x.cn", True)]


def test_one_person_and_one_conversation_have_the_same_locks_whoever_asks() -> None:
    first, second = _said(kind="telegram", key="chat.5")[0], _said(kind="telegram", key="chat.5")[0]
    assert lock_keys(first) == lock_keys(second) and len(set(lock_keys(first))) == 2
    assert set(lock_keys(first)) & set(lock_keys(_said(kind="email")[0]))
    assert not set(lock_keys(first)) & set(lock_keys(_said(EVIL)[0]))


def test_what_postgres_keeps_in_no_text_is_replaced() -> None:
    given = {"a\x00": ["\udcff", 1, None, {"b": ("\x00",)}], "c": "您好"}
    assert storable(given) == {"a\ufffd": ["\ufffd", 1, None, {"b": ["\ufffd"]}], "c": "您好"}


# ── who may speak, what was moved, what is passed on ─────────────────────────────────────────────────────────────────
def test_a_member_may_speak_as_a_guest_and_who_was_only_copied_may_not() -> None:
    member = replace(_ticket(7, f"email:{LI}"), members={"email:wang@example.cn"}, copied={f"email:{EVIL}"})
    found = {("ref", "mail m@x"): member, ("code", "10019"): member}
    for said in ({"references": ("m@x",)}, {"subject": "T-10019"}):
        match = _choose(_said("wang@example.cn", **said), found)
        assert (match.ticket_id, match.guest) == (7, True)
        assert not _choose(_said(LI, **said), found).guest
        refused = _choose(_said(EVIL, **said), found)
        assert (refused.ticket_id, refused.refused, refused.links) == (None, True, ((7, Why.REFUSED),))


def test_what_is_cited_comes_after_what_is_known_and_before_the_number() -> None:
    found = {
        ("ref", "mail near@x"): _ticket(7, f"email:{LI}"),
        ("cited", f"mine@x {LI}"): _ticket(8, f"email:{LI}"),
        ("code", "10019"): _ticket(9, f"email:{LI}"),
    }
    said = _said(references=("near@x",), subject="T-10019", external_id="mine@x")
    assert _choose(said, found).ticket_id == 7
    del found["ref", "mail near@x"]
    assert _choose(said, found) == Match(ticket_id=8, rule=ThreadRule.CITED)
    del found["cited", f"mine@x {LI}"]
    assert _choose(said, found).rule is ThreadRule.NUMBER


def test_empty_ids_are_no_evidence() -> None:
    arrival, read = _said(references=("", ""), external_id="")
    evidence = gather(arrival, read)
    assert (evidence.refs, evidence.cited, evidence.sent) == ((), (), ())


def test_a_token_leads_to_where_its_letter_was_moved() -> None:
    moved = replace(_ticket(8, "email:other@x.cn"), moved_from=7)
    found = {**OURS, ("ref", "mail ours@us"): moved}
    assert _choose(_said(tokens=(TOKEN,), references=("ours@us",)), found) == Match(
        ticket_id=8, rule=ThreadRule.TOKEN
    )
    # Only for the one it was signed for, and only from the ticket it was signed for.
    assert _choose(_said(EVIL, tokens=(TOKEN,), references=("ours@us",)), found).ticket_id is None
    found["ref", "mail ours@us"] = replace(moved, moved_from=9)
    assert _choose(_said(tokens=(TOKEN,), references=("ours@us",)), found).ticket_id == 7


def test_what_is_passed_on_to_another_inbox_joins_nothing_there() -> None:
    elsewhere = replace(_ticket(7, f"email:{LI}"), channel_id=4, channel_kind="email")
    found = {("ref", "mail m@x"): elsewhere, ("id", "7"): elsewhere}
    for said in ({"references": ("m@x",)}, {"tokens": (TOKEN,)}):
        match = _choose(_said(passed_on=True, **said), found)
        assert (match.ticket_id, match.links, match.refused) == (None, ((7, Why.FORWARDED),), False)
        assert _choose(_said(**said), found).ticket_id == 7
        here = {key: replace(one, channel_id=3) for key, one in found.items()}
        assert _choose(_said(passed_on=True, **said), here).ticket_id == 7


def test_a_letter_that_cites_two_tickets_joins_one_and_names_the_other() -> None:
    found = {
        ("ref", "mail a@x"): _ticket(7, f"email:{LI}"),
        ("ref", "mail b@x"): _ticket(8, f"email:{LI}"),
        ("ref", "mail c@x"): _ticket(9, f"email:{EVIL}"),
    }
    match = _choose(_said(references=("a@x", "b@x", "c@x")), found)
    assert (match.ticket_id, match.links) == (7, ((8, Why.ALSO),))


def test_a_report_by_our_token_is_for_the_one_who_did_not_get_it() -> None:
    failed = RecipientReport(address=LI, outcome=Outcome.FAILED)
    report = {"automatic": Automatic.BOUNCE, "tokens": (TOKEN,)}
    fits = _choose(_said("mailer-daemon@x.cn", bounce=BounceReport(recipients=(failed,)), **report), OURS)
    assert (fits.ticket_id, fits.rule) == (7, ThreadRule.REPORT)
    other = replace(failed, address=EVIL)
    assert (
        _choose(
            _said("mailer-daemon@x.cn", bounce=BounceReport(recipients=(other,)), **report), OURS
        ).ticket_id
        is None
    )
