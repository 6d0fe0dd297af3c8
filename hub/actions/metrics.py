"""Counters that actions turn. What the database can tell is not counted here: hub.web.ops asks it."""

from prometheus_client import Counter

ACCEPTED = Counter(
    "hub_accepted", "Items kept in the journal by this process, duplicates apart.", ["channel"]
)
"""Turn it with the number of new items after their commit: ACCEPTED.labels("support").inc(3)."""

SENT_COPIES = Counter(
    "hub_sent_copies", "Copies for folders of sent letters, by what became of them.", ["channel", "outcome"]
)
"""outcome: kept, failed."""

REFUSED = Counter(
    "hub_refused", "Requests and connections that were turned away at the door of this process.", ["why"]
)
"""why: visitor (too much from one address), lines (too many connections), space (too little is left), key (too many API keys
from one address that are unknown)."""
for _why in ("visitor", "lines", "space", "key"):
    REFUSED.labels(_why)
