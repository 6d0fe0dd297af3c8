"""What reading takes is there before the first letter's time begins."""

import subprocess
import sys

_READ = """
import sys
from datetime import UTC, datetime
from channels.adapter import CannotTranslate, RawItem
from channels.email import KIND
from channels.email.settings import EmailSettings
from tests.benchmarks.letters import gather
from tests.fakes.scene import MAIL

settings = EmailSettings.model_validate({key: value for key, value in MAIL.items() if key != "kind"})
KIND.get_ready()
ready = set(sys.modules)
for letter in gather(None, 20):
    try:
        KIND.translate(RawItem(external_key="x", content=letter, received_at=datetime.now(UTC)), settings)
    except CannotTranslate:
        continue
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - ready}))
"""


def test_no_letter_waits_for_an_import_but_those_with_calendars() -> None:
    """Reading has two seconds for a letter; to import its parser takes one on a quiet machine."""
    ran = subprocess.run([sys.executable, "-c", _READ], capture_output=True, text=True, check=True)
    late = set(ran.stdout.split())
    assert "icalendar" in late, "the shelf has no letter with a calendar any more"
    assert not late & {"channels", "hub", "routing", "inscriptis", "lxml"}, late
