"""What all runs with faults share."""

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_LEFT = "unclosed connection <asyncpg"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Faults end connections at every moment, also while the driver makes one: what it has by then is left to the collector,
    which says so, now or in a later test."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(f"ignore:{_LEFT}:ResourceWarning"))


@pytest.fixture(autouse=True)
def nothing_left_to_others() -> Iterator[None]:
    """What this test has left is collected before the next one."""
    yield
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", _LEFT, ResourceWarning)
        gc.collect()
