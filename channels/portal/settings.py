"""What an administrator may say about the customer's own page. Validation only."""

from pydantic import BaseModel, ConfigDict, Field


class PortalSettings(BaseModel):
    """`title_en`, `title_zh`: what the page is called. `codes_by`: the mail channel that sends codes; empty: the first one
    that can send. `forms`: by which forms customers may begin something new; empty: by all. `contact`: an address for whoever
    wants their data deleted; empty: that of the mail channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title_en: str = Field(default="My requests", max_length=80)
    title_zh: str = Field(default="我的服务", max_length=80)
    codes_by: str = Field(default="", max_length=40)
    forms: tuple[str, ...] = ()
    contact: str = Field(default="", max_length=320)
    most_files: int = Field(default=5, ge=0, le=20)
    most_file_mb: int = Field(default=10, ge=1, le=25)
    address_posts: int = Field(default=30, ge=1, le=10_000)
