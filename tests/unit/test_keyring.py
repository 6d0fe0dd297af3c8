"""Several keys of one installation: what any of them made is believed, new things are made with the first."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from altcha import Challenge, Payload, solve_challenge
from pydantic import SecretStr

from channels.webchat.sessions import make_token, new_seat, read_token
from channels.webform.passes import is_trial, make_pass, make_trial, read_pass
from channels.webform.proof import new_challenge, read_proof
from hub.actions.vault import seal, unseal
from hub.model.keyring import Keyring, every_key
from hub.model.tokens import read_start, read_thread, sign_start, sign_thread
from hub.settings import Settings, WrongSetting, secret_of
from hub.web.desk.letters.pictures import Picture, read_picture, sign_picture

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
OLD, NEW, FOREIGN = (letter * 32 for letter in (b"o", b"n", b"f"))
PICTURE = Picture(agent_id=7, address="https://x.example/p.gif")
SEAT = new_seat()


def _made(key: bytes) -> dict[str, Any]:
    return {
        "thread": sign_thread(key, 42, "li@example.cn"),
        "start": sign_start(key, 42),
        "pass": make_pass(key, "shop", UUID(int=7), NOW),
        "trial": make_trial(key, "shop", NOW),
        "chat": make_token(key, "shop", SEAT, NOW, days=3),
        "picture": sign_picture(key, PICTURE, NOW),
        "sealed": seal(key, "shop", "oauth2", b"grant"),
    }


def _believed(secret: bytes, made: dict[str, Any]) -> dict[str, bool]:
    try:
        opened = unseal(secret, "shop", "oauth2", made["sealed"]) == b"grant"
    except ValueError:
        opened = False
    return {
        "thread": read_thread(secret, made["thread"], "li@example.cn") == 42,
        "start": read_start(secret, made["start"]) == 42,
        "pass": read_pass(secret, "shop", made["pass"], NOW) is not None,
        "trial": is_trial(secret, "shop", made["trial"], NOW),
        "chat": read_token(secret, "shop", made["chat"], NOW) == SEAT,
        "picture": read_picture(secret, made["picture"], NOW) == PICTURE,
        "sealed": opened,
    }


@pytest.mark.parametrize(
    ("maker", "reader", "good"),
    [
        (OLD, Keyring(NEW, [OLD]), True),
        (NEW, Keyring(OLD, [NEW]), True),
        (Keyring(NEW, [OLD]), NEW, True),
        (Keyring(NEW, [OLD]), Keyring(OLD, [NEW]), True),
        (Keyring(NEW, [OLD]), OLD, False),
        (OLD, NEW, False),
        (FOREIGN, Keyring(NEW, [OLD]), False),
    ],
    ids=["old", "new early", "made with the first", "both", "old alone", "other", "foreign"],
)
def test_what_any_known_key_made_is_believed_and_the_first_one_makes(
    maker: bytes, reader: bytes, good: bool
) -> None:
    assert set(_believed(reader, _made(maker)).values()) == {good}


def test_work_that_was_asked_for_with_the_other_key_counts() -> None:
    asked = Challenge.from_dict(orjson.loads(new_challenge(OLD, "shop", datetime.now(UTC))))
    solution = solve_challenge(asked)
    assert solution is not None
    value = Payload(challenge=asked, solution=solution).to_base64()
    assert read_proof(Keyring(NEW, [OLD]), "shop", value) is not None
    assert read_proof(NEW, "shop", value) is None


def test_a_seal_names_its_key_while_there_are_two_and_stays_bound_to_its_place() -> None:
    ring = Keyring(NEW, [OLD])
    sealed = seal(ring, "shop", "oauth2", b"x")
    assert sealed[:1] == b"\x02" and seal(NEW, "shop", "oauth2", b"x")[:1] == b"\x01"
    for channel, key, value in (
        ("other", "oauth2", sealed),
        ("shop", "else", sealed),
        ("shop", "oauth2", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        ("shop", "oauth2", sealed[:9]),
        ("shop", "oauth2", b"\x02"),
        ("shop", "oauth2", b""),
        ("shop", "oauth2", b"\x03" + sealed[1:]),
    ):
        with pytest.raises(ValueError, match="sealed"):
            unseal(ring, channel, key, value)


def test_no_key_is_shown_by_whoever_prints_it() -> None:
    ring = Keyring(NEW, [OLD])
    for said in (repr(ring), str(ring), f"{ring}", repr({"secret": ring})):
        assert "nnnn" not in said and "oooo" not in said
    assert every_key(ring) == (NEW, OLD) and ring == NEW


def test_keys_come_from_the_settings_or_line_by_line_from_the_file(tmp_path: Path) -> None:
    given = Settings(
        data_dir=tmp_path, secret_key=SecretStr("n" * 32), other_secret_keys=[SecretStr("o" * 32)]
    )
    assert every_key(secret_of(given)) == (NEW, OLD)
    made = secret_of(Settings(data_dir=tmp_path))
    assert len(made) == 64 and made.others == ()
    path = tmp_path / "secret.key"
    path.write_bytes(NEW + b"\n" + OLD + b"\n")
    assert every_key(secret_of(Settings(data_dir=tmp_path))) == (NEW, OLD)
    with pytest.raises(WrongSetting, match="other_secret_keys"):
        secret_of(Settings(data_dir=tmp_path, other_secret_keys=[SecretStr("short")]))
