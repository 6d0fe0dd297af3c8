import os
import pytest
from channels.webchat import visitor
from tests.rooms.test_sync import *  # noqa

@pytest.fixture(autouse=True)
def broken(house, monkeypatch):
    if os.environ["HOW"] == "chat":
        monkeypatch.setattr(visitor, "_LOOK_BACK", 0)
