"""Settings that somebody else puts there as files: systemd's credentials, the secrets of containers, the agent of a vault.

A file is called as the setting is in the environment, HUB_SECRET_KEY or HUB_DATABASE__DSN, and holds its value.
"""

from collections.abc import Mapping
from pathlib import Path

FOLDERS = ("HUB_SECRETS_DIR", "CREDENTIALS_DIRECTORY")
"""Where the environment names the folder: ours first, then that of systemd (systemd.exec(5), LoadCredential=)."""
MOST_BYTES = 64 * 1024


def read_secret_files(environment: Mapping[str, str]) -> dict[str, str]:
    """Values by the names of their files, in capitals; the end of the last line is not a part of one. Files that are called
    otherwise are somebody else's. Raises OSError where a folder or file cannot be read, ValueError where a file is no text or
    too long."""
    found: dict[str, str] = {}
    for folder in reversed(FOLDERS):
        if not environment.get(folder):
            continue
        for path in sorted(Path(environment[folder]).iterdir()):
            if path.name.upper().startswith("HUB_") and path.is_file():
                found[path.name.upper()] = _text_of(path)
    return found


def _text_of(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected text in UTF-8") from error
    if len(data) > MOST_BYTES or "\x00" in text:
        raise ValueError(f"{path}: expected a setting of at most {MOST_BYTES} bytes")
    return text.removesuffix("\n").removesuffix("\r")
