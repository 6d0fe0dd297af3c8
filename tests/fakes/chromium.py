"""The browser that tests drive: which program it is."""

import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that there is. The shell is the same engine without the windows: it opens a page with half the work."""


def find_chromium() -> str | None:
    """Its path; None where there is none (tests/install_browser.sh)."""
    return next((path for path in map(shutil.which, NAMES) if path), None)
