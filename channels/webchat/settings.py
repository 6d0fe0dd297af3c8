"""What an administrator says about one chat. Validation only."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from channels.doors import checked_origins


class WebchatSettings(BaseModel):
    """One chat. `allowed_origins`: sites that may show it in a frame. `most_sockets`: visitors at once on one
    hub process. `burst` messages may come at once from one socket, then `messages_per_minute`.
    `line_seconds`: how long a visitor's line may take over one frame before it is cut."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title_en: str = "Chat with us"
    title_zh: str = "在线客服"
    greeting_en: str = "Hello. Write to us here; a member of our staff answers."
    greeting_zh: str = "您好，请在这里留言，我们的客服人员会回复您。"
    language: Literal["en", "zh_CN"] = "en"
    allowed_origins: tuple[str, ...] = ()
    most_sockets: int = Field(default=2000, ge=1, le=100_000)
    burst: int = Field(default=10, ge=1, le=1000)
    messages_per_minute: float = Field(default=30, gt=0, le=6000)
    line_seconds: float = Field(default=10, gt=0, le=120)

    @field_validator("allowed_origins")
    @classmethod
    def _are_sites(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return checked_origins(value)
