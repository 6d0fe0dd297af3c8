"""What becomes of a conversation whose visitor may have left, whenever it is looked at."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from channels.adapter import Parting
from hub.actions.chat.decide import Decision, decide
from storage.chat import DueChat, UnseenLine

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
GO_ON = Parting(go_on_by="support", go_on_seconds=180)
ENDS = replace(GO_ON, resolve_seconds=600)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def chat(
    *, here: bool = False, away: float | None = None, heard: float | None = None, **more: object
) -> DueChat:
    usual = DueChat(
        channel_id=1,
        thread_key="session.x",
        channel="chat",
        ticket_id=1,
        code=1,
        status="open",
        language="en",
        last_out_at=None,
        mail="li@x.example",
        returned=False,
        seen_line=0,
        mailed_line=0,
        away_since=None if away is None else ago(away),
        here=here,
        heard_at=None if heard is None else ago(heard),
        now=NOW,
    )
    return replace(usual, **more)  # type: ignore[arg-type]


def said(minutes: float) -> UnseenLine:
    return UnseenLine(
        id=7, gone=True, text="Yes.", author_name="Ann", created_at=ago(minutes), bytes=0, files=[]
    )


def test_what_was_not_seen_goes_a_while_after_they_left() -> None:
    assert decide(chat(away=3), [said(5)], GO_ON, can_mail=True).mail
    early = decide(chat(away=2), [said(5)], GO_ON, can_mail=True)
    assert early == Decision(look_at=NOW + timedelta(minutes=1), away_since=ago(2))


def test_an_answer_that_came_later_waits_for_more_of_its_kind() -> None:
    """Whoever answers in three lines writes one letter."""
    found = decide(chat(away=60), [said(1), said(0)], GO_ON, can_mail=True)
    assert found == Decision(look_at=NOW + timedelta(minutes=2), away_since=ago(60))


def test_nothing_goes_to_who_is_here_unless_the_page_lies_there_for_long() -> None:
    found = decide(chat(here=True, away=60), [said(10)], GO_ON, can_mail=True)
    assert found == Decision(look_at=NOW + timedelta(minutes=1))
    assert decide(chat(here=True), [said(30)], GO_ON, can_mail=True).mail


def test_who_vanished_left_when_they_were_heard_last() -> None:
    assert decide(chat(heard=4), [said(9)], GO_ON, can_mail=True).mail
    # After a crash of the database nothing of that is known: they are given the whole time.
    found = decide(chat(), [said(60)], GO_ON, can_mail=True)
    assert found == Decision(look_at=NOW + timedelta(minutes=3), away_since=NOW)


def test_without_a_way_nothing_is_looked_for() -> None:
    assert decide(chat(away=60), [said(60)], GO_ON, can_mail=False) == Decision(away_since=ago(60))
    assert decide(chat(away=60), [], GO_ON, can_mail=True) == Decision(away_since=ago(60))


def test_a_conversation_ends_when_it_was_answered_and_left() -> None:
    answered = {"status": "pending", "last_out_at": ago(12)}
    assert decide(chat(away=11, **answered), [], ENDS, can_mail=True).resolve
    assert not decide(chat(away=9, **answered), [], ENDS, can_mail=True).resolve
    assert not decide(chat(away=60, status="pending", last_out_at=ago(9)), [], ENDS, can_mail=True).resolve
    assert not decide(chat(away=60), [], ENDS, can_mail=True).resolve, "nobody answered"
    assert not decide(chat(away=60, **answered), [], GO_ON, can_mail=True).resolve, "it is off"
    found = decide(chat(here=True, **answered), [], ENDS, can_mail=True)
    assert found == Decision(look_at=NOW + timedelta(minutes=1)), "a page that dies says nothing"


def test_what_was_not_seen_goes_before_it_ends() -> None:
    found = decide(
        chat(away=60, status="pending", last_out_at=ago(1)),
        [said(1)],
        replace(ENDS, resolve_seconds=30),
        can_mail=True,
    )
    assert (found.mail, found.resolve) == (False, False)
    assert found.look_at == NOW + timedelta(minutes=2)
