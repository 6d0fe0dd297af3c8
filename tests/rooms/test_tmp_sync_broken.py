import os
import pytest
from hub.actions import feed as feeding
from hub.web.desk import live
from tests.rooms.test_sync import *  # noqa

@pytest.fixture(autouse=True)
def broken(monkeypatch):
    how = os.environ["HOW"]
    if how == "gap":
        real = feeding.Feed.replay
        async def replay(self, cursor):
            return (await real(self, cursor))[1:]
        monkeypatch.setattr(feeding.Feed, "replay", replay)
    if how == "double":
        real = live._Line._tell_missed
        async def missed(self, cursor):
            await real(self, cursor)
            return set()
        monkeypatch.setattr(live._Line, "_tell_missed", missed)
    if how == "reload":
        real = feeding.Feed.replay
        async def replay(self, cursor):
            try:
                return await real(self, cursor)
            except feeding.TooFarBehind:
                return []
        monkeypatch.setattr(feeding.Feed, "replay", replay)
