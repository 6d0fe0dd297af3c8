"""How much of a letter is read at all. Only numbers and the two exceptions that speak of them."""

MAX_RAW = 35 * 1024 * 1024
"""Bytes of a whole letter."""
MAX_HEADER_BLOCK = 256 * 1024
"""Bytes of the headers of one part; the rest of them is not read."""
MAX_HEADER = 32 * 1024
"""Bytes of one header; the rest of it is not read."""
MAX_HEADERS = 4000
MAX_PART_HEADERS = 100
"""Of one part inside a letter."""
MAX_PARTS = 500
MAX_DEPTH = 30
MAX_HTML = 2 * 1024 * 1024
"""Characters of HTML that are turned into text or cleaned."""
MAX_HTML_DEPTH = 500
MAX_HTML_ELEMENTS = 15_000
MAX_ENTITIES = 50_000
"""Beyond any of these the tags of HTML are simply taken away, for its tree builders are quadratic."""
MAX_FLOWED = 2_000_000
"""Characters of text whose wrapped lines are joined."""
MAX_ADDRESSES = 1000
MAX_REFERENCES = 200
MAX_QUOTE_TEXT = 400_000
"""Characters in which quoted history is looked for."""


class TooManyParts(Exception):
    """The structure of a letter exceeds MAX_PARTS or MAX_DEPTH; its headers can still be read."""
