"""What docs/webhooks.md says that arrives, and how it is checked, is what is sent."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from hub.actions.errands.webhook_body import CallBody, headers_of, new_secret
from hub.actions.errands.webhooks import body_of
from storage.webhooks import CallFacts

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text("utf-8")


def _block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_schema_on_the_page_is_that_of_the_body() -> None:
    assert json.loads(_block("json")) == CallBody.model_json_schema()


def test_the_check_on_the_page_takes_ours_and_nothing_else() -> None:
    names: dict[str, Any] = {"Mapping": Mapping}
    exec("import base64, hashlib, hmac, time\n" + _block("python"), names)
    is_ours = names["is_ours"]
    empty: dict[str, Any] = dict.fromkeys(CallFacts.__slots__)
    facts = CallFacts(**{**empty, "now": datetime.now(UTC)})
    body, secret = body_of("test", "", facts).encode(), new_secret()
    headers = headers_of(secret, uuid4(), datetime.now(UTC), body)
    assert is_ours(secret, headers, body)
    assert not is_ours(secret, headers, body + b" ")
    assert not is_ours(new_secret(), headers, body)
    assert not is_ours(secret, {**headers, "webhook-id": "call_other"}, body)
    old = headers_of(secret, uuid4(), datetime(2026, 1, 1, tzinfo=UTC), body)
    assert not is_ours(secret, old, body)
