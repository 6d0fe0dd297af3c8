"""For changes in which None would take something away: leave it as it is."""

from enum import Enum
from typing import Literal


class Keep(Enum):
    KEEP = "keep"


KEEP: Literal[Keep.KEEP] = Keep.KEEP
