"""What an administrator says about one bot. Validation only; no connection is made here."""

import re

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class TelegramSettings(BaseModel):
    """One bot. `base_url` and `base_file_url` are for a Bot API server of one's own
    (https://core.telegram.org/bots/api#using-a-local-bot-api-server); the token is appended to both.

    `webhook` true: Telegram calls the hub, which must then be reachable by https; false: the hub asks. `ask_rating`: when a
    ticket is resolved, its customer is asked how they liked it, `rating_after_minutes` later unless it was reopened.
    Other times are seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretStr
    base_url: str = "https://api.telegram.org/bot"
    base_file_url: str = "https://api.telegram.org/file/bot"
    webhook: bool = False
    ask_rating: bool = True
    rating_after_minutes: float = Field(default=1, ge=0, le=1440)
    poll_seconds: int = Field(default=25, ge=1, le=50)
    timeout_seconds: float = Field(default=30, gt=0, le=600)

    @field_validator("token")
    @classmethod
    def _is_a_token(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"\d{1,20}:[A-Za-z0-9_-]{3,100}", value.get_secret_value()):
            raise ValueError("expected what @BotFather gave, such as 123456789:AAE…")
        return value

    @field_validator("base_url", "base_file_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value

    @property
    def bot_id(self) -> int:
        """The bot's own Telegram id, which is the public part of its token."""
        return int(self.token.get_secret_value().partition(":")[0])
