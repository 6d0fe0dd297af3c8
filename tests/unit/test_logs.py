"""What logs must not tell, and how they tell the rest."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from hub.logs import masked, set_up_logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Logs go here; afterwards everything is as it was."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    out = io.StringIO()
    yield out
    root.handlers[:] = before
    root.setLevel(level)
    logging.raiseExceptions = True
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("from lihua.wang@mail.example", "from l…@mail.example"),
        ("a+tag@localhost wrote", "a…@localhost wrote"),
        ("postgresql://hub:opensesame@db/hub", "postgresql://hub:***@db/hub"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("key chk_AbC123-xyz_9 used", "key chk_*** used"),
        (
            "POST https://api.telegram.org/bot123456:AAEabcdefghijklmnop/getMe",
            "POST https://api.telegram.org/bot123456:***/getMe",
        ),
        ("token 700000001:sandbox-bot-token-that", "token 700000001:***"),
        ("host=x password=opensesame port=1", "host=x password=*** port=1"),
        ("at 12:30:45 in T-10019, 127.0.0.1:8080", "at 12:30:45 in T-10019, 127.0.0.1:8080"),
        ("见 wang@mail.example。", "见 w…@mail.example。"),
    ],
)
def test_secrets_and_addresses_are_masked(said: str, told: str) -> None:
    assert masked(said) == told


def test_masking_long_texts_takes_no_time() -> None:
    for piece in ("a", "a.", "@", "a@", "://", "bot1", "1:"):
        masked(piece * 200_000)


def test_a_line_is_one_json_object_and_masked_throughout(stream: io.StringIO) -> None:
    set_up_logs("info", stream=stream)
    log = structlog.stdlib.get_logger("hub.somewhere")
    log.info("letter.kept", to="ada@letters.example", many=["bob@x.example", {"deep": "chk_abcdefgh"}], n=3)
    log.debug("too.much")
    try:
        raise ValueError("cannot log in as carol@x.example")
    except ValueError:
        log.exception("it.failed", password="opensesame")
    logging.getLogger("httpx").info("GET /bot1:token")
    logging.getLogger("aiohttp").warning("who is %s", "dave@x.example")
    first, second, third = map(json.loads, stream.getvalue().splitlines())
    assert first["to"] == "a…@letters.example"
    assert first["many"] == ["b…@x.example", {"deep": "chk_***"}] and first["n"] == 3
    assert (first["level"], first["logger"], first["event"]) == ("info", "hub.somewhere", "letter.kept")
    assert first["timestamp"].endswith("Z")
    assert "ValueError: cannot log in as c…@x.example" in second["exception"]
    assert second["password"] == "***"
    assert third["event"] == "who is d…@x.example"


def test_a_full_disk_under_the_log_stops_nothing(stream: io.StringIO) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    set_up_logs("info", stream=Full())
    structlog.stdlib.get_logger("hub").info("still.here")
