"""Prints a bill of materials (CycloneDX 1.6, JSON) of what constraints.txt pins: name, version, licence, where it is kept.

`python -m tests.security.bill_of_materials > sbom.json`, or `make sbom`.
"""

import json
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"


def bill() -> dict[str, Any]:
    """The document. The licence is what the installed package says of itself; "" where it is not installed here."""
    pinned = [line.split("==") for line in CONSTRAINTS.read_text("utf-8").splitlines() if "==" in line]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "contact-hub", "bom-ref": "contact-hub"}},
        "components": [_component(name, version) for name, version in pinned],
    }


def _component(name: str, version: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    component: dict[str, Any] = {
        "type": "library",
        "name": name,
        "version": version,
        "purl": purl,
        "bom-ref": purl,
    }
    if licence := _licence(name):
        component["licenses"] = [{"license": {"name": licence}}]
    return component


def _licence(name: str) -> str:
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return ""
    said = [about.get("License-Expression") or about.get("License") or "", *about.get_all("Classifier", [])]
    named = [
        one.rpartition(" :: ")[2] for one in said if one and (one is said[0] or one.startswith("License ::"))
    ]
    return "; ".join(one.splitlines()[0][:80] for one in named)


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=1)
