"""Logs: one JSON object a line on standard error, or plain lines where a person looks on. Secrets and addresses are masked.

Everything goes through here, the libraries' own logs too: a bot token is part of every address that httpx tells of.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_OURS = ("hub", "channels", "routing", "storage")
_CHATTY = ("mail.log", "pogo_core")
"""Libraries that warn of what is in order; only their errors are told."""
_DEEPEST = 6

_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(\b[a-z][a-z0-9+.-]{1,30}://[^\s:/@]{0,200}):[^\s/@]{1,300}@"), r"\1:***@"),
    (re.compile(r"(?i)\b(bearer|basic) +[a-z0-9+/._~=-]{6,}"), r"\1 ***"),
    (re.compile(r"\b(chk_|whsec_)[A-Za-z0-9+/_=-]{6,}"), r"\1***"),
    (re.compile(r"(bot\d{1,20}|\b\d{5,20}):[A-Za-z0-9_-]{16,}"), r"\1:***"),
    (re.compile(r"(?i)\b(password|secret|token)=[^\s&,;]+"), r"\1=***"),
    (
        re.compile(r"([\w!#$%&'+=?^`{|}~-])[\w.!#$%&'+=?^`{|}~-]{0,63}@(?=[A-Za-z0-9-]{1,63}\.|localhost\b)"),
        r"\1…@",
    ),
)
_SECRET_KEYS = re.compile(r"(?i)(password|secret|token|authorization|cookie|api_key)$")


def set_up_logs(level: str, *, stream: TextIO | None = None) -> None:
    """Send all logs to `stream` (default: standard error). `level` holds for our own; libraries speak from warning on."""
    out = stream or sys.stderr
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=_last(out.isatty()))
    )
    logging.raiseExceptions = False  # a full disk under the log must not stop what is logged
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)


def _last(for_people: bool) -> list[Processor]:
    drop = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    trace = structlog.processors.format_exc_info
    if for_people:
        return [drop, trace, mask, structlog.dev.ConsoleRenderer(pad_event_to=28)]
    return [drop, trace, mask, structlog.processors.JSONRenderer(serializer=_as_json)]


def _as_json(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take the local part of mail addresses, keys, bot tokens and passwords out of everything that is said."""
    return {key: "***" if _SECRET_KEYS.search(key) else _masked(value) for key, value in event.items()}


def masked(text: str) -> str:
    """The same for one text."""
    for pattern, instead in _MASKS:
        text = pattern.sub(instead, text)
    return text


def _masked(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return masked(value)
    if depth >= _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): _masked(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(inner, depth + 1) for inner in value]
    if isinstance(value, (int, float, bool)) or value is None:
        return value
    return masked(str(value))
