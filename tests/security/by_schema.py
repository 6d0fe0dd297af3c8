"""Runs schemathesis against a served hub, as its command line does, with every check on."""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.security.target import Target

CONFIG = Path(__file__).parent / "schemathesis.toml"
_RUN = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"


async def attack_by_schema(target: Target, *, options: Sequence[str], there: bool = True) -> tuple[int, str]:
    """Its exit code and what it says. `there`: the parameters of an address name something that there is; else they are
    made up like everything else."""
    names = ", ".join(f'"path.{name}" = "{value}"' for name, value in target.names.items()) if there else ""
    with tempfile.TemporaryDirectory(prefix="hub-schema-") as folder:
        config = Path(folder) / "schemathesis.toml"
        config.write_text(f"parameters = {{ {names} }}\n{CONFIG.read_text('utf-8')}", "utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _RUN, "--config-file", str(config),
            "run", f"{target.url}/api/v1/openapi.json",
            "--header", f"Authorization: {target.bearer()['Authorization']}",
            "--checks", "all", "--no-color", "--continue-on-failure", *options,
            cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode(errors="replace")
