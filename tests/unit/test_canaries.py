"""What watches the log of every test notices a secret wherever it is said, and lets pass what the hub masks itself."""

import logging

import pytest
import structlog

from tests.canaries import FIXED, leaks, watching, written
from tests.fakes import scene
from tests.fakes.visitor import IDENTITY_SECRET

log = structlog.get_logger("hub.somewhere")


def _in_a_trace() -> None:
    try:
        raise ValueError(scene.PASSWORD)
    except ValueError:
        log.exception("it.broke")


@pytest.mark.parametrize(
    "tell",
    [
        lambda: log.info("kept", said=written("where is my blue parcel")),
        lambda: log.info("kept", deep={"one": [scene.SECRET.decode()]}),
        lambda: log.info("kept", where="/follow/N3p_eUfhxW4zkA-0q5bYdTqk8sVw2RmJcLgXoHiZ9aE"),
        lambda: logging.getLogger("a.library").warning("trying %s", scene.PASSWORD),
        _in_a_trace,
    ],
    ids=["text", "key", "link", "library", "trace"],
)
def test_a_secret_in_the_log_is_noticed(tell: object) -> None:
    assert callable(tell)
    with pytest.raises(AssertionError, match="in the log"), watching():
        tell()


def test_what_is_masked_or_no_secret_is_not() -> None:
    with watching():
        log.info("kept", header="Bearer abcdefghijkl", key="chk_abcdefghijklmnop", to="li@mail.example")
        log.info(
            "kept", token="N3p_eUfhxW4zkA-0q5bYdTqk8sVw2RmJcLgXoHiZ9aE", sha256="0a" * 32, said=written("Hi")
        )


def test_the_secrets_that_are_looked_for_are_those_that_the_fixtures_have() -> None:
    bot = scene.CHANNELS["bot"]["token"].partition(":")[2]
    assert {scene.PASSWORD, scene.SECRET.decode(), scene.SECRET.hex(), bot, IDENTITY_SECRET} <= set(FIXED)
    assert leaks(f"x {bot} y") == [bot]
