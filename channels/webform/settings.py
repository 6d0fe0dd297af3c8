"""What an administrator says about one form. Validation only."""

from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from channels.doors import checked_origins
from channels.webform.fields import FormDefinition
from channels.webform.presets import usual

Choice = Literal["complaint", "feedback", "enquiry", "request"]


class WebformSettings(BaseModel):
    """One form. `form`: its fields, built at the desk; without it they are the usual ones. `ticket_kind`: what every post of it
    is, so the page does not ask; empty: the customer chooses. `allowed_origins`: sites that may post to it and show it in a
    frame. `fill_in_seconds`: who is faster is asked to press the button again. `proof`: when the visitor's browser has to do a
    piece of work before a post is taken. `address_posts`: from one address within ten minutes; `busy_posts`: to the form within
    a minute, above which proof is asked for, and above ten times of which nobody is taken without it. `address_mb`: files
    from one address within an hour; `hour_mb`: from all together. A post has 32 MB of them at the most, however many are
    allowed. `confirm_by`: the mail channel that tells whoever left an address their number; empty: nobody is written to.
    `phone_region` (ISO 3166) is where numbers without country code are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title_en: str = "Write to us"
    title_zh: str = "联系我们"
    intro_en: str = "Tell us what happened or what you need. We answer by e-mail or telephone."
    intro_zh: str = "请告诉我们发生了什么，或者您需要什么。我们会通过邮件或电话回复您。"
    form: FormDefinition | None = None
    ticket_kind: Choice | Literal[""] = ""
    language: Literal["en", "zh_CN"] = "en"
    allowed_origins: tuple[str, ...] = ()
    fill_in_seconds: float = Field(default=2, ge=0, le=60)
    proof: Literal["auto", "always", "never"] = "auto"
    address_posts: int = Field(default=30, ge=1, le=10_000)
    busy_posts: int = Field(default=60, ge=1, le=10_000)
    address_mb: int = Field(default=300, ge=1, le=10_000)
    hour_mb: int = Field(default=3000, ge=1, le=1_000_000)
    most_files: int = Field(default=5, ge=0, le=20)
    most_file_mb: int = Field(default=10, ge=1, le=25)
    confirm_by: str = Field(default="", max_length=40)
    phone_region: str = Field(default="CN", pattern="^[A-Z]{2}$")

    @field_validator("allowed_origins")
    @classmethod
    def _are_sites(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return checked_origins(value)

    @cached_property
    def asks(self) -> FormDefinition:
        """The form as it is shown."""
        return self.form or usual(self.ticket_kind, files=self.most_files > 0)
