"""What an administrator says about one inbox. Validation only; no connection is made here."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

Security = Literal["tls", "starttls", "none"]


class EmailSettings(BaseModel):
    """One inbox: where its letters are read (IMAP) and through whom they leave (SMTP).

    `own_addresses` are aliases of `address`; letters from them are our own. `authserv_id` is the name
    under which our own
    mail server writes Authentication-Results; empty means that none is believed. Times are seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str
    display_name: str = ""
    imap_host: str
    imap_port: int = Field(default=993, ge=1, le=65535)
    imap_security: Security = "tls"
    imap_user: str = ""
    imap_password: SecretStr = SecretStr("")
    folder: str = Field(default="INBOX", min_length=1)
    smtp_host: str
    smtp_port: int = Field(default=465, ge=1, le=65535)
    smtp_security: Security = "tls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    own_addresses: tuple[str, ...] = ()
    authserv_id: str = ""
    poll_seconds: float = Field(default=30, gt=0, le=3600)
    idle_seconds: float = Field(default=300, gt=0, le=1740, description="RFC 2177 allows at most 29 minutes")
    timeout_seconds: float = Field(default=30, gt=0, le=600)

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        return _checked(value)

    @field_validator("own_addresses")
    @classmethod
    def _aliases(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_checked(v) for v in value)

    @field_validator(
        "display_name", "folder", "imap_user", "smtp_user", "authserv_id", "imap_host", "smtp_host"
    )
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("must be one line without control characters")
        return value.strip()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.imap_host or not self.smtp_host:
            raise ValueError("imap_host and smtp_host must name a server")
        if self.smtp_user and not self.smtp_password.get_secret_value():
            raise ValueError("smtp_user is given without smtp_password")
        return self

    def is_own(self, address: str) -> bool:
        """Whether an address is this inbox's, an alias, or either with a plus-tag."""
        local, _, domain = address.lower().rpartition("@")
        bare = f"{local.partition('+')[0]}@{domain}"
        return bare in {a.lower() for a in (self.address, *self.own_addresses)}


def _checked(value: str) -> str:
    local, _, domain = value.strip().rpartition("@")
    good = (
        local and domain and value.isascii() and value.isprintable() and "." in domain
    ) or domain == "localhost"
    if not good or any(c in value for c in ' <>,;:"()\\') or "+" in local:
        raise ValueError(
            "must be a plain address such as support@shop.example, without a name and without a plus-tag"
        )
    return value.strip().lower()
