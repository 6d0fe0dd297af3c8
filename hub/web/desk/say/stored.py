"""What the hub stored in English, known again: a sentence with gaps as the pattern of all that it may have become."""

import re
from collections.abc import Mapping


def as_stored(sentence: str, gaps: Mapping[str, str]) -> re.Pattern[str]:
    """`gaps`: what each %(name)s of the sentence may hold, as an expression."""
    parts = re.split(r"%\((\w+)\)s", sentence)
    made = [
        re.escape(part) if place % 2 == 0 else f"(?P<{part}>{gaps[part]})" for place, part in enumerate(parts)
    ]
    return re.compile("".join(made), re.DOTALL)
