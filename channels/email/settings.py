"""What an administrator says about one inbox. Validation only; no connection is made here."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from channels.email.accounts.presets import ADVICE, INTRODUCES_ITSELF, Preset, fill_in

Security = Literal["tls", "starttls", "none"]
AfterReading = Literal["seen", "keep", "move"]


class EmailSettings(BaseModel):
    """One inbox: where its letters are read (IMAP) and through whom they leave (SMTP).

    `preset` names a provider and fills in what is not said. `imap_user` and `smtp_user` name the mailbox; with `auth =
    "oauth2"` the person who authorised the hub may be another (a shared mailbox). Letters are taken from `folders` and
    `junk_folders`, in the first of which the server tells of new ones at once; at the very first sight of a folder only those
    of the last `take_days` are taken (0: all). `own_addresses` are aliases of `address`; letters from them are our own.
    `authserv_id` is the name under which our own mail server writes Authentication-Results; empty means that none is believed.
    `plus_addresses`: name+tag@… reaches this mailbox. `sent_folder` gets a copy of what leaves ("": none is made).
    Letters that one person sends within `burst_minutes` go on one ticket. `acknowledge`: whoever opens a ticket is told its
    number. `staff_addresses` (me@shop.example, or @shop.example for all there) are colleagues, who pass letters on.
    Times are seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: Preset | Literal[""] = ""
    address: str
    display_name: str = ""
    imap_host: str
    imap_port: int = Field(default=993, ge=1, le=65535)
    imap_security: Security = "tls"
    imap_user: str = ""
    imap_password: SecretStr = SecretStr("")
    folders: tuple[str, ...] = Field(default=("INBOX",), min_length=1, max_length=50)
    junk_folders: tuple[str, ...] = Field(default=(), max_length=10)
    take_days: int = Field(default=0, ge=0, le=36500)
    after_reading: AfterReading = "seen"
    done_folder: str = "Done"
    count_hour: int = Field(
        default=3, ge=0, le=23, description="local; when mailbox and journal are compared"
    )
    smtp_host: str
    smtp_port: int = Field(default=465, ge=1, le=65535)
    smtp_security: Security = "tls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    own_addresses: tuple[str, ...] = ()
    authserv_id: str = ""
    plus_addresses: bool = True
    sent_folder: str = ""
    signature: str = Field(default="", max_length=2000, description="below answers of agents who have none")
    quote_history: bool = Field(
        default=True, description="the customer's last letter stands below the answer"
    )
    return_path_tokens: bool = Field(default=False, description="reports come to an address for each letter")
    auth: Literal["password", "oauth2"] = "password"
    oauth_provider: Literal["google", "microsoft", "custom"] = "custom"
    oauth_tenant: str = Field(
        default="common", pattern=r"^[A-Za-z0-9.-]+$", description="Microsoft's directory"
    )
    oauth_client_id: str = ""
    oauth_client_secret: SecretStr = SecretStr("")
    oauth_refresh_token: SecretStr = SecretStr("")
    oauth_token_url: str = ""
    oauth_authorise_url: str = ""
    oauth_device_url: str = ""
    oauth_scope: str = ""
    burst_minutes: float = Field(default=10, ge=0, le=1440, description="0: every letter by itself")
    acknowledge: bool = False
    staff_addresses: tuple[str, ...] = ()
    poll_seconds: float = Field(default=20, gt=0, le=1740, description="RFC 2177 allows 29 minutes of IDLE")
    timeout_seconds: float = Field(default=30, gt=0, le=600)

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, table: Any) -> Any:
        return fill_in(table) if isinstance(table, Mapping) else table

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        return _checked(value)

    @field_validator("own_addresses")
    @classmethod
    def _aliases(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_checked(v) for v in value)

    @field_validator("staff_addresses")
    @classmethod
    def _staff(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            "@" + _checked(f"x{v}").partition("@")[2] if v.startswith("@") else _checked(v) for v in value
        )

    @field_validator("folders", "junk_folders")
    @classmethod
    def _folder_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(name and name.isprintable() for name in value) or len(set(value)) != len(value):
            raise ValueError("must be different names of folders, each one line")
        return value

    @field_validator("oauth_token_url", "oauth_authorise_url", "oauth_device_url")
    @classmethod
    def _addresses_of_endpoints(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise ValueError("must start with https://")
        return value

    @field_validator(
        "display_name", "imap_user", "smtp_user", "authserv_id", "imap_host", "smtp_host", "done_folder",
        "sent_folder", "oauth_client_id", "oauth_scope",
    )  # fmt: skip
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("must be one line without control characters")
        return value.strip()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.imap_host or not self.smtp_host:
            raise ValueError("imap_host and smtp_host must name a server")
        if self.auth == "oauth2":
            if not self.oauth_client_id:
                raise ValueError("oauth2 needs oauth_client_id, of the application that you registered there")
            if self.oauth_provider == "custom" and not self.oauth_token_url:
                raise ValueError("oauth2 needs oauth_provider (google, microsoft), or oauth_token_url")
        elif self.smtp_user and not self.smtp_password.get_secret_value():
            raise ValueError("smtp_user is given without smtp_password")
        watched = {*self.folders, *self.junk_folders}
        if len(watched) < len(self.folders) + len(self.junk_folders):
            raise ValueError("a folder is in folders and in junk_folders")
        if self.after_reading == "move" and (not self.done_folder or self.done_folder in watched):
            raise ValueError("done_folder must be another folder than those that are read")
        return self

    @property
    def mailbox_user(self) -> str:
        """Who logs in to IMAP."""
        return self.imap_user or self.address

    @property
    def introduces_itself(self) -> bool:
        """Whether the server wants IMAP's ID although it may not say so."""
        return self.preset in INTRODUCES_ITSELF

    @property
    def login_advice(self) -> str:
        """What a person whose login was refused should know of this provider; "" where nothing is known."""
        return ADVICE.get(self.preset, "")

    def is_own(self, address: str) -> bool:
        """Whether an address is this inbox's, an alias, or either with a plus-tag."""
        local, _, domain = address.lower().rpartition("@")
        bare = f"{local.partition('+')[0]}@{domain}"
        return bare in {a.lower() for a in (self.address, *self.own_addresses)}

    def is_staff(self, address: str) -> bool:
        """Whether a colleague writes from there."""
        lower = address.lower()
        return lower in self.staff_addresses or f"@{lower.rpartition('@')[2]}" in self.staff_addresses


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
