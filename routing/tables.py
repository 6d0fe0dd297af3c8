"""What the tables of config/routing.toml share: unknown keys are refused, words have a length."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from hub.model.tickets import Priority


def _priority(value: object) -> object:
    if isinstance(value, str):
        try:
            return Priority[value.upper()]
        except KeyError:
            raise ValueError(f"expected one of low, normal, high, urgent; got {value!r}") from None
    return value


PriorityName = Annotated[
    Priority,
    BeforeValidator(_priority),
    PlainSerializer(lambda one: Priority(one).name.lower(), return_type=str),
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Word = Annotated[str, Field(min_length=1, max_length=80)]
Words = tuple[Word, ...]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)
