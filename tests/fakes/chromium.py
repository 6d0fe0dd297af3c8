"""The browser that tests drive: which program it is, and what shows how long its pages wait."""

import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that there is. The shell is the same engine without the windows: it opens a page with half the work."""
PAUSES = """
window.pauses = [];
Math.random = () => 0.9;
const later = window.setTimeout;
window.setTimeout = (act, pause, ...more) => {
  window.pauses.push(Math.round(pause));
  return later(act, pause, ...more);
};
"""
"""To run in a page: chance is always 0.9, and `pauses` has the milliseconds of everything that is done later."""


def find_chromium() -> str | None:
    """Its path; None where there is none (tests/install_browser.sh)."""
    return next((path for path in map(shutil.which, NAMES) if path), None)
