"""What an administrator says about one form. Validation only."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from channels.doors import checked_origins

Choice = Literal["complaint", "feedback", "enquiry", "request"]
CHOICES: tuple[Choice, ...] = ("enquiry", "feedback", "complaint", "request")


class WebformSettings(BaseModel):
    """One form. `ticket_kind`: what every post of it is, so the page does not ask; empty: the customer chooses.
    `allowed_origins`: sites that may post to it and show it in a frame. `fill_in_seconds`: who is faster is
    asked to press the button again. `phone_region` (ISO 3166) is where numbers without country code are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title_en: str = "Write to us"
    title_zh: str = "联系我们"
    intro_en: str = "Tell us what happened or what you need. We answer by e-mail or telephone."
    intro_zh: str = "请告诉我们发生了什么，或者您需要什么。我们会通过邮件或电话回复您。"
    ticket_kind: Choice | Literal[""] = ""
    language: Literal["en", "zh_CN"] = "en"
    allowed_origins: tuple[str, ...] = ()
    fill_in_seconds: float = Field(default=2, ge=0, le=60)
    most_files: int = Field(default=5, ge=0, le=20)
    most_file_mb: int = Field(default=10, ge=1, le=25)
    phone_region: str = Field(default="CN", pattern="^[A-Z]{2}$")

    @field_validator("allowed_origins")
    @classmethod
    def _are_sites(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return checked_origins(value)
