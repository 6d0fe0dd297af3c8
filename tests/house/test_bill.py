"""What is installed can be named: each pinned package, with the licence that it says it has."""

import re

from tests.house.test_assurance import ROOT
from tests.security.bill_of_materials import bill

ABANDONED = {"bleach", "pycrypto", "python-jose", "passlib", "aioredis", "toml"}
"""Nobody mends these any more."""
FREE = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software|MPL|Mozilla|LGPL|Lesser|Unlicense|Zlib|HPND|Public Domain|CNRI",
    re.IGNORECASE,
)


def test_the_bill_of_materials_names_what_is_pinned() -> None:
    components = {one["name"]: one for one in bill()["components"]}
    needed = re.findall(r'(?m)^    "([A-Za-z0-9_.-]+)[>=]', (ROOT / "pyproject.toml").read_text("utf-8"))
    pinned = {name.lower().replace("_", "-") for name in components}
    assert {name.lower().replace("_", "-") for name in needed} - {"contact-hub"} <= pinned
    assert pinned & ABANDONED == set()
    said = {
        name: one["licenses"][0]["license"]["name"] for name, one in components.items() if "licenses" in one
    }
    assert {name: text for name, text in said.items() if not FREE.search(text)} == {}
    assert len(said) > len(components) * 0.8
