"""What the command line says: to people in their language, about trouble with a way out, and the exit codes."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console

from hub.actions.failures import ActionFailure
from hub.settings import WrongSetting
from storage.database import DatabaseUnavailable

FAILED = 1
WRONG_SETTING = 2

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def locale_of(environ: Mapping[str, str] = os.environ) -> str:
    """`zh_CN` or `en`: the first of LC_ALL, LC_MESSAGES and LANG that is set decides."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "zh_CN" if environ[name].lower().startswith("zh") else "en"
    return "en"


def say(en: str, zh: str) -> str:
    """The text in the language of whoever runs the command."""
    return zh if locale_of() == "zh_CN" else en


@contextmanager
def telling_trouble() -> Iterator[None]:
    """Tell what is wrong in words and end with a code; a fault of ours still shows its trace."""
    try:
        yield
    except WrongSetting as error:
        for line in str(error).splitlines():
            err.print(f"{say('Wrong setting', '设置有误')}: {line}", style="red", markup=False)
        raise SystemExit(WRONG_SETTING) from error
    except DatabaseUnavailable as error:
        err.print(
            f"{say('The database does not answer', '数据库没有响应')}: {error}", style="red", markup=False
        )
        err.print(
            say(
                "Check database.dsn (HUB_DATABASE__DSN); `contact-hub doctor` looks closer.",
                "请检查 database.dsn（HUB_DATABASE__DSN）；运行 `contact-hub doctor` 可进一步检查。",
            ),
            markup=False,
        )
        raise SystemExit(FAILED) from error
    except ActionFailure as error:
        err.print(str(error), style="red", markup=False)
        raise SystemExit(FAILED) from error


def fail(en: str, zh: str) -> SystemExit:
    """Say why it is not done; raise what this returns."""
    err.print(say(en, zh), style="red", markup=False)
    return SystemExit(FAILED)


def is_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty()
