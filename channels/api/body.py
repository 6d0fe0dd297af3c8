"""The body of POST /api/v1/interactions: what a program must and may say about something a customer said.

The same model checks the request at the door, reads the journalled bytes again in `translate`, and is
described in the OpenAPI document. Values only: no I/O.
"""

import base64
import binascii
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from hub.model.interactions import IdentityKind

MOST_TEXT = 200_000
MOST_HTML = 2_000_000
MOST_FILES = 20


def _decode(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be a text in base64 (RFC 4648, section 4)")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("must be base64 (RFC 4648, section 4) without line breaks") from error


FileBytes = Annotated[
    bytes, BeforeValidator(_decode), WithJsonSchema({"type": "string", "contentEncoding": "base64"})
]
"""Bytes of a file, base64 on the wire."""

Filename = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f/\\]+$")]

ContentType = Annotated[
    str, StringConstraints(max_length=127, pattern=r"^[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+$")
]

_FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ApiIdentity(_Body):
    """One way the customer is known."""

    kind: IdentityKind
    value: Annotated[str, StringConstraints(min_length=1, max_length=320, pattern=r"\S")]
    verified: Annotated[
        bool,
        Field(
            description="you have proof that this is the customer's own; joins timelines. "
            "Needs an API key with the scope ingest or admin"
        ),
    ] = False


class ApiSender(_Body):
    """Who wrote. The customer is looked up by the first identity."""

    name: Annotated[str, StringConstraints(max_length=200)] = ""
    identities: Annotated[list[ApiIdentity], Field(min_length=1, max_length=10)]


class ApiAttachment(_Body):
    filename: Filename
    content_type: ContentType = "application/octet-stream"
    data_base64: FileBytes


class ApiInteraction(_Body):
    """Something a customer said, heard by another program."""

    channel: Annotated[
        str | None,
        Field(max_length=40, description="name of a channel of kind api; needed when there are several"),
    ] = None
    sender: ApiSender
    text: Annotated[str, StringConstraints(max_length=MOST_TEXT)] = ""
    subject: Annotated[str, StringConstraints(max_length=998)] = ""
    html: Annotated[str, StringConstraints(max_length=MOST_HTML)] = ""
    thread_key: Annotated[
        str, Field(max_length=200, description="the same for everything that belongs to one conversation")
    ] = ""
    external_id: Annotated[str, Field(max_length=200, description="what your system calls this message")] = ""
    occurred_at: AwareDatetime | None = None
    hints: Annotated[
        dict[
            Literal["kind", "queue", "priority", "skill", "language"],
            Annotated[str, StringConstraints(max_length=100)],
        ],
        Field(description="what you know about where it belongs; routing may use it"),
    ] = {}
    fields: Annotated[
        dict[_FieldName, Annotated[str, StringConstraints(max_length=10_000)]], Field(max_length=100)
    ] = {}
    attachments: Annotated[list[ApiAttachment], Field(max_length=MOST_FILES)] = []
    reply_address: Annotated[
        str, Field(max_length=500, description="where an answer goes, in your own terms")
    ] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.text.strip() or self.html or self.fields or self.attachments):
            raise ValueError("says nothing: give text, html, fields or attachments")
        return self
