"""Words that people and rules put on tickets. One spelling each: without case, width and double spaces."""

import unicodedata

COLOURS = ("", "green", "blue", "amber", "red", "grey")
"""How a tag may look; "" is as they come."""
MOST_TAG = 40
_MOST_TYPED = 10 * MOST_TAG
"""Before it is brought into its form, which for very much would take minutes."""
MOST_TAGS = 30
"""On one ticket."""


def clean_tag(text: str) -> str:
    """The tag as it is kept. Raises ValueError for none, and for what is no word on one line.

    >>> clean_tag("  Late  Parcel "), clean_tag("ＶＩＰ")
    ('late parcel', 'vip')
    """
    tag = " ".join(unicodedata.normalize("NFKC", text).casefold().split()) if len(text) <= _MOST_TYPED else ""
    if not tag or len(tag) > MOST_TAG:
        raise ValueError(f"expected a tag of 1 to {MOST_TAG} characters; got {text[:80]!r}")
    if "," in tag or any(unicodedata.category(one)[0] == "C" for one in tag):
        raise ValueError(f"expected a tag without commas and control characters; got {text[:80]!r}")
    return tag
