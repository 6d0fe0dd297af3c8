"""What an administrator says about one chat. Validation only."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from channels.doors import checked_origins

_LEAST_SECRET = 32
"""Characters: a key is at least as long as the hash (RFC 7518 3.2)."""


class WebchatSettings(BaseModel):
    """One chat. `colour` (#rrggbb) is that of the button and of the visitor's own messages, made readable in both themes.
    `allowed_origins`: sites that may show it in a frame. `ask_first`: whether name and e-mail address are asked for before the
    first message. `away_en`, `away_zh`: what is said outside the hours, in the place of the usual words. `go_on_by`: the mail
    channel by which a conversation goes on when its visitor has left; empty: none. `go_on_minutes` after they left, what they
    have not seen goes there. `resolve_minutes` after they left, a conversation that was answered is resolved; empty: it is not.
    `rating_seconds` after a conversation is resolved its visitor is asked how they liked it, where `ask_rating`.
    `identity_secret` signs who a visitor is (JWT, HS256). `keep_days`: for so long a browser that stays away finds its
    conversation again.

    `most_files` of `most_file_mb` megabytes in one message, where `uploads`; `address_mb` from one address within an hour.
    `most_sockets`: visitors at once on one hub process. `burst` messages may come at once from one page, then
    `messages_per_minute`. `address_opens`: pages that are opened, and `address_messages`: messages, from one address within ten
    minutes, on all hubs. `line_seconds`: how long a visitor's line may take over one frame before it is cut."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title_en: str = "Chat with us"
    title_zh: str = "在线客服"
    greeting_en: str = "Hello. Write to us here; a member of our staff answers."
    greeting_zh: str = "您好，请在这里留言，我们的客服人员会回复您。"
    away_en: str = ""
    away_zh: str = ""
    language: Literal["en", "zh_CN"] = "en"
    colour: str = Field(default="#0b6b4f", pattern="^#[0-9a-fA-F]{6}$")
    theme: Literal["auto", "light", "dark"] = "auto"
    position: Literal["right", "left"] = "right"
    allowed_origins: tuple[str, ...] = ()
    ask_first: Literal["no", "optional", "needed"] = "no"
    go_on_by: str = Field(default="", max_length=40)
    go_on_minutes: float = Field(default=3, gt=0, le=1440)
    resolve_minutes: float | None = Field(default=None, gt=0, le=43_200)
    ask_rating: bool = True
    rating_seconds: float = Field(default=5, ge=0, le=86_400)
    identity_secret: SecretStr = SecretStr("")
    keep_days: int = Field(default=30, ge=1, le=400)
    uploads: bool = True
    most_files: int = Field(default=5, ge=1, le=20)
    most_file_mb: int = Field(default=10, ge=1, le=25)
    address_mb: int = Field(default=200, ge=1, le=10_000)
    most_sockets: int = Field(default=2000, ge=1, le=100_000)
    burst: int = Field(default=10, ge=1, le=1000)
    messages_per_minute: float = Field(default=30, gt=0, le=6000)
    address_opens: int = Field(default=600, ge=1, le=1_000_000)
    address_messages: int = Field(default=600, ge=1, le=10_000_000)
    line_seconds: float = Field(default=10, gt=0, le=120)

    @field_validator("allowed_origins")
    @classmethod
    def _are_sites(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return checked_origins(value)

    @field_validator("identity_secret")
    @classmethod
    def _is_long(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < _LEAST_SECRET:
            raise ValueError("must be at least 32 characters of chance")
        return value

    @property
    def rating(self) -> float | None:
        """Seconds after which it is asked how the visitor liked it; None: it is not."""
        return self.rating_seconds if self.ask_rating else None
