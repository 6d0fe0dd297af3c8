"""What an administrator says about one program that speaks for customers. Validation only."""

import base64
import binascii
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_PREFIX = "whsec_"


class ApiSettings(BaseModel):
    """`callback_url`: where answers are posted; empty: this channel cannot answer. `callback_secret` signs
    them (https://www.standardwebhooks.com: whsec_ and 24 to 64 bytes in base64). Times are seconds.
    `phone_region` (ISO 3166) is where phone numbers without a country code are meant to be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    callback_url: str = ""
    callback_secret: SecretStr = SecretStr("")
    timeout_seconds: float = Field(default=20, gt=0, le=300)
    phone_region: str = Field(default="CN", pattern="^[A-Z]{2}$")

    @field_validator("callback_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value

    @field_validator("callback_secret")
    @classmethod
    def _is_a_secret(cls, value: SecretStr) -> SecretStr:
        given = value.get_secret_value()
        if given:
            _decoded(given)
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.callback_url and not self.callback_secret.get_secret_value():
            raise ValueError("callback_url is given without callback_secret")
        return self

    def signing_key(self) -> bytes:
        """The bytes behind `callback_secret`."""
        return _decoded(self.callback_secret.get_secret_value())


def _decoded(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(_PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError("expected whsec_ followed by 24 to 64 bytes in base64")
    return key
