"""The knowledge base in words."""

from collections.abc import Mapping

from hub.web.desk.say.language import N_

VISIBILITIES: Mapping[str, str] = {"internal": N_("Colleagues"), "public": N_("Customers and colleagues")}

STATES: Mapping[str, str] = {
    "published": N_("Published"),
    "draft": N_("Draft"),
    "translate": N_("Needs translation"),
    "archived": N_("Archived"),
}
"""What the list can be narrowed to."""
