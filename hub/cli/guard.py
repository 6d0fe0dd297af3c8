"""Whether the packages that share our names with others are really ours. Imports none of them."""

from importlib.util import find_spec
from pathlib import Path

import hub

NAMES = ("channels", "routing", "storage")


def find_intruder(names: tuple[str, ...] = NAMES) -> str:
    """A sentence that names the package which lies elsewhere than `hub`, or is missing; "" when all is well."""
    home = Path(hub.__file__).resolve().parent.parent
    for name in names:
        spec = find_spec(name)
        if spec is None:
            return f"The package {name} of contact-hub is missing beside {home / 'hub'}: install contact-hub again."
        place = Path(spec.origin or next(iter(spec.submodule_search_locations or ()), "")).resolve()
        if home not in place.parents or place.relative_to(home).parts[0] not in (name, f"{name}.py"):
            return (
                f"Another package called {name} stands in the way: {place}. contact-hub's own lies in {home}. "
                "Uninstall the other one, or install contact-hub in a virtual environment of its own."
            )
    return ""
