"""What an administrator may say about a loopback channel. Validation only."""

from pydantic import BaseModel, ConfigDict


class LoopbackSettings(BaseModel):
    """`password` is there to be wrong: an adapter's check() must tell credentials that do not work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    password: str = "open"  # noqa: S105 - there is nothing behind it
