"""What another program is told, and how it knows that it was us. Pure.

Headers and signature are those of answers to programs (channels.api.compose): https://www.standardwebhooks.com, for which
receivers find libraries in most languages.
"""

import base64
import secrets
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from channels.api.compose import sign

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every such secret begins with
_SECRET_BYTES = 32


class TicketFacts(BaseModel):
    """The ticket as it was when the event happened. Codes and names of the house; nothing that a customer said."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(description="as people say it: T-10019")
    customer: str = Field(description="the customer's number: C-10024")
    key_account: bool
    queue: str
    kind: str = Field(description="complaint, feedback, enquiry or request")
    priority: str = Field(description="low, normal, high or urgent")
    status: str = Field(description="open, pending, resolved or closed")
    language: str = Field(description="of the customer's words: en, zh …; empty where it is not known")
    channel: str
    channel_kind: str
    assignee: str | None = Field(description="the agent's login; null while nobody has it")
    created_at: datetime
    updated_at: datetime = Field(
        description="when something happened to it last; that an answer set out or arrived is none of it"
    )
    waiting_since: datetime | None = Field(description="since when the customer waits for us")
    due_at: datetime | None = Field(description="the next moment that was promised to the customer")


class CallData(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rule: str = Field(description="the name of the rule that called; empty where none did")
    ticket: TicketFacts | None


class CallBody(BaseModel):
    """The body of every call."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="what happened: rule.ran, test …")
    timestamp: datetime = Field(description="when it happened")
    data: CallData


def new_secret() -> str:
    """Shown once, to whoever adds the endpoint."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers_of(secret: str, handle: UUID, at: datetime, body: bytes) -> dict[str, str]:
    """`handle` is the same each time a call is repeated; `at` is the moment of this attempt."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return {"content-type": "application/json", **sign(body, name_of(handle), at, key)}


def name_of(handle: UUID) -> str:
    """As the other side knows the call."""
    return f"call_{handle.hex}"
