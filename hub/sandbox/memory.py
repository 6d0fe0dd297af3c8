"""What the sandbox remembers between two starts: which stories are told, who has answered, and chat sessions.

One small JSON file, written whole and moved into place, so that a stop in the middle leaves the old one.
"""

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson


@dataclass(slots=True, kw_only=True)
class Memory:
    """`told` and `answered` hold story keys; `chats` maps a story key to the widget's session token.
    `started`: mailbox and Telegram numbers of the last start began at it; it must only grow."""

    path: Path
    started: int = 0
    told: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    chats: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Memory":
        """Raises ValueError, naming the file, when it is not ours to read."""
        if not path.exists():
            return cls(path=path)
        try:
            return cls(path=path, **orjson.loads(path.read_bytes()))
        except (orjson.JSONDecodeError, TypeError) as error:
            raise ValueError(f"{path} is damaged ({error}); remove it and the sandbox starts anew") from error

    def save(self) -> None:
        kept = asdict(self)
        del kept["path"]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        # A chat's token lets whoever has it read that chat.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(kept, option=orjson.OPT_INDENT_2))
        draft.replace(self.path)

    def note_told(self, key: str) -> None:
        self.told.append(key)
        self.save()

    def note_answered(self, key: str) -> None:
        self.answered.append(key)
        self.save()

    def note_chat(self, key: str, session: str) -> None:
        self.chats[key] = session
        self.save()
