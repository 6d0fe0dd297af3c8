"""The pure parts of the chat: tokens, what a site signs, colours, what a message becomes."""

import base64
import hashlib
import hmac
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.adapter import FileOfLine, RawItem, Standing, TranscriptLine
from channels.webchat import sayings
from channels.webchat.colours import contrast, shades, theme_css
from channels.webchat.crowd import Crowd, Full
from channels.webchat.frames import Said
from channels.webchat.identity import BadIdentity, Person, read_identity
from channels.webchat.pack import SentFile, pack
from channels.webchat.sessions import (
    make_token,
    new_seat,
    other_seat,
    read_token,
    revoked,
    session_in,
    thread_key,
)
from channels.webchat.settings import WebchatSettings
from channels.webchat.translate import translate
from hub.model.interactions import IdentityKind
from tests.fakes.visitor import IDENTITY_SECRET, statement

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SECRET = b"s" * 32
HELLO = Said(client_id="c1", text="hello", name="Li", email="typed@example.cn")


def test_s52_tokens_are_bound_long_different_and_come_to_an_end() -> None:
    person = Person(subject="customer-7", name="李雷", email="li@example.cn")
    seat = new_seat(person)
    token = make_token(SECRET, "shop", seat, NOW, days=30)
    assert read_token(SECRET, "shop", token, NOW + timedelta(days=29)) == seat
    assert read_token(SECRET, "shop", token, NOW + timedelta(days=30)) is None
    assert read_token(SECRET, "other", token, NOW) is None
    assert read_token(b"t" * 32, "shop", token, NOW) is None
    head, body, signature = token.split(".")
    other = base64.urlsafe_b64encode(
        orjson.dumps({"sid": new_seat().session, "jti": "x", "exp": 2**33})
    ).decode()
    for forged in (f"{head}.{other.rstrip('=')}.{signature}", f"{head}.{body}.", f"{head}.{body}"):
        assert read_token(SECRET, "shop", forged, NOW) is None
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    assert read_token(SECRET, "shop", f"{unsigned}.{body}.", NOW) is None
    # Two devices, one conversation; each token is given back by itself, and neither stands in what is kept of that.
    second = other_seat(seat.session, 2**60, NOW + timedelta(days=30))
    assert read_token(SECRET, "shop", make_token(SECRET, "shop", second, NOW, days=30), NOW) == second
    assert second.session == seat.session and revoked(second) != revoked(seat)
    assert seat.mark not in revoked(seat) and len(base64.urlsafe_b64decode(seat.mark)) * 8 >= 128
    assert len({new_seat().session for _ in range(50)}) == 50


def test_a_token_of_an_earlier_release_opens_what_it_opened() -> None:
    assert read_token(SECRET, "shop", "A" * 32 + ".22e6b9a4fd2b2f6a8dd0d6f8f5e3a7a4", NOW) is None
    made = "A" * 32 + "." + hmac.new(SECRET, b"chat:shop:" + b"A" * 32, hashlib.sha256).hexdigest()[:32]
    seat = read_token(SECRET, "shop", made, NOW)
    assert seat is not None and seat.session == hashlib.sha256(made.encode()).hexdigest()
    assert read_token(SECRET, "other", made, NOW) is None


def test_only_keys_of_conversations_name_one() -> None:
    session = new_seat().session
    assert session_in(thread_key(session)) == session
    for other in ("", session, "session.", "session.X", "chat.5", f"session.{session}0"):
        assert session_in(other) == ""


def test_whom_the_site_names() -> None:
    said = statement(now=NOW, name=" 李\n雷 ", email="Li@Example.cn")
    person = read_identity(IDENTITY_SECRET, "shop", said, NOW)
    assert person == Person(subject="customer-7", name="李 雷", email="li@example.cn")
    assert (
        read_identity(IDENTITY_SECRET, "shop", statement(now=NOW, aud=["a", "shop"]), NOW).subject
        == "customer-7"
    )


@pytest.mark.parametrize(
    "said",
    [
        statement(now=NOW, secret="another secret of the same length, or longer"),
        statement(now=NOW, algorithm="HS512"),
        statement(now=NOW, minutes=None),
        statement(now=NOW, minutes=-2),
        statement(now=NOW, minutes=24 * 60 + 5),
        statement(None, now=NOW),
        statement("", now=NOW),
        statement("x" * 201, now=NOW),
        statement(now=NOW, aud="other"),
        statement(now=NOW, sub=7),
        statement(now=NOW, nbf=int(NOW.timestamp()) + 600),
        base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=") + "." + statement(now=NOW).split(".")[1] + ".",
        "x",
        "é.é.é",
        "a" * 5000,
    ],
    ids=[
        "key", "algorithm", "no end", "over", "too long", "nobody", "empty", "long name", "other chat", "number", "not yet",
        "unsigned", "rubbish", "letters", "huge",
    ],
)  # fmt: skip
def test_what_a_site_did_not_sign_so_is_not_believed(said: str) -> None:
    with pytest.raises(BadIdentity):
        read_identity(IDENTITY_SECRET, "shop", said, NOW)


@pytest.mark.parametrize(
    "header", [b'{"alg":"HS256","crit":1}', b"[" * 2900, b"[]", b"1", b'{"alg":["HS256"]}', b"\xff"]
)
def test_s88_a_strange_header_is_no_more_than_a_wrong_token(header: bytes) -> None:
    token = base64.urlsafe_b64encode(header).decode().rstrip("=") + ".e30.AA"
    assert read_token(SECRET, "shop", token, NOW) is None
    with pytest.raises(BadIdentity):
        read_identity(IDENTITY_SECRET, "shop", token, NOW)


def test_s90_one_network_does_not_take_every_place() -> None:
    crowd = Crowd(1000)
    with ExitStack() as held:
        for _ in range(250):
            held.enter_context(crowd.place("203.0.113.9"))
        with pytest.raises(Full):
            held.enter_context(crowd.place("203.0.113.9"))
        held.enter_context(crowd.place("203.0.113.10"))
    with crowd.place("203.0.113.9"):
        pass


def test_without_a_secret_nobody_is_named() -> None:
    with pytest.raises(BadIdentity, match="identity_secret"):
        read_identity("", "shop", statement(now=NOW), NOW)
    with pytest.raises(ValueError, match="32 characters"):
        WebchatSettings.model_validate({"identity_secret": "short"})


@given(st.text())
def test_no_other_text_names_anybody(value: str) -> None:
    with pytest.raises(BadIdentity):
        read_identity(IDENTITY_SECRET, "shop", value, NOW)


def _arrived(person: Person | None, files: tuple[SentFile, ...] = ()) -> RawItem:
    return pack(HELLO, new_seat(person), received_at=NOW, meta={}, files=files)


def test_the_signature_proves_the_sites_own_id_and_nothing_else() -> None:
    item = _arrived(Person(subject="customer-7", name="李雷", email="li@example.cn"))
    sender = translate(item, WebchatSettings()).sender
    assert sender.name == "李雷"
    assert [(one.kind, one.verified) for one in sender.identities] == [
        (IdentityKind.EXTERNAL, True),
        (IdentityKind.VISITOR, True),
        (IdentityKind.EMAIL, False),
    ]
    assert sender.identities[0].value == "customer-7"
    anonymous = translate(_arrived(None), WebchatSettings()).sender
    assert [one.kind for one in anonymous.identities] == [IdentityKind.VISITOR, IdentityKind.EMAIL]


def test_files_come_along_and_may_come_alone() -> None:
    file = SentFile(filename="../../壶\u202egnp.exe", content_type="image/png; x=y", data=b"\x89PNG")
    item = pack(
        Said(client_id="c2", text="", name="", email=""), new_seat(), received_at=NOW, meta={}, files=(file,)
    )
    (kept,) = translate(item, WebchatSettings()).attachments
    assert (kept.filename, kept.content_type, kept.data) == ("壶gnp.exe", "image/png", b"\x89PNG")


@given(st.integers(0, 0xFFFFFF), st.sampled_from(["light", "dark"]))
def test_any_colour_can_be_read(colour: int, theme: str) -> None:
    chosen = shades(f"#{colour:06x}", theme)
    grounds = {"light": ("#ffffff", "#f3f5f3"), "dark": ("#1b211e", "#232a27")}[theme]
    pairs = [("accent", one) for one in grounds] + [("accent", chosen["on-accent"])]
    for name, other in pairs:
        one, two = (tuple(bytes.fromhex(value[1:])) for value in (chosen[name], other))
        assert contrast(one, two) >= 4.5  # type: ignore[arg-type]


def test_a_theme_is_the_visitors_or_the_sites() -> None:
    assert "prefers-color-scheme" in theme_css("#0b6b4f", "auto")
    assert "prefers-color-scheme" not in theme_css("#0b6b4f", "dark")


def test_what_a_page_is_told() -> None:
    line = TranscriptLine(
        id=2**60,
        mine=False,
        author="Ann",
        text="here",
        at=NOW,
        files=(FileOfLine(number=1, name="a.png", bytes=7, picture=True),),
    )
    standing = Standing(reference="T-1", serving=False, opens_at=NOW, place=2, least=60.0, most=120.0)
    told = orjson.loads(sayings.as_text(sayings.welcome("token", [line], standing)))
    assert told["lines"][0]["id"] == str(2**60)
    assert told["lines"][0]["files"] == [{"number": 1, "name": "a.png", "bytes": 7, "picture": True}]
    assert told["standing"]["digest"] == sayings.digest(standing) != sayings.digest(Standing())
    assert told["standing"]["opens_at"] == "2026-11-24T09:30:00+00:00"
