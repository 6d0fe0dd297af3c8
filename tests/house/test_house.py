"""The house itself: its floors, its names, what it ships, and what must not stand in it."""

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from pydantic import BaseModel

from channels.registry import load_kinds
from hub.cli.guard import NAMES, find_intruder
from hub.settings import Settings, read_settings
from routing.rules import load_rules

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("hub", *NAMES)
CONFIG = ROOT / "config" / "hub.toml"
_NOT_OURS = {
    ".git", ".venv", "var", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache",
    ".hypothesis", "htmlcov", "dist", "build", "node_modules", "vendor",
}  # fmt: skip


def files() -> Iterator[Path]:
    waiting = [ROOT]
    while waiting:
        for path in waiting.pop().iterdir():
            if path.name in _NOT_OURS:
                continue
            if path.is_dir():
                waiting.append(path)
            else:
                yield path


def test_the_floors_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_our_package_names_belong_to_us() -> None:
    owners = packages_distributions()
    for name in PACKAGES:
        # An editable installation lists only some of them; none may belong to anybody else.
        assert set(owners.get(name, ["contact-hub"])) == {"contact-hub"}
    assert find_intruder() == ""


def test_a_missing_package_is_named() -> None:
    assert "no_such_room" in find_intruder(("no_such_room",))


def test_config_holds_data_only() -> None:
    assert not list((ROOT / "config").rglob("*.py"))
    assert not (ROOT / "config" / "__init__.py").exists()


def test_the_settings_file_is_accepted_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings(CONFIG) == Settings()
    load_rules((ROOT / "config" / "routing.toml").read_bytes())


def test_the_settings_file_names_every_setting() -> None:
    text = CONFIG.read_text("utf-8")
    for table, names in {"": tuple(_plain(Settings)), **_tables(Settings)}.items():
        part = (
            text.partition("\n[")[0] if not table else text.partition(f"\n[{table}]")[2].partition("\n[")[0]
        )
        for name in names:
            assert re.search(rf"(?m)^(# )?{name} = ", part), f"{table}.{name} is not in config/hub.toml"


def test_the_settings_file_has_an_example_of_each_kind_that_its_kind_accepts() -> None:
    """The commented tables, with the comment marks taken off, name every setting of their kind and no other."""
    examples = re.findall(r"(?m)^# \[channels\.[^\]]+\]\n(?:# \w+ = .*\n)+", CONFIG.read_text("utf-8"))
    seen = set()
    for example in examples:
        (table,) = tomllib.loads(re.sub(r"(?m)^# ", "", example))["channels"].values()
        kind = load_kinds()[table.pop("kind")]
        # What a person must fill in is shown as "" or with an ellipsis, which some settings refuse.
        given = set(table)
        assert given <= set(kind.settings.model_fields)
        assert given >= set(kind.settings.model_fields) - {"kind"}, kind.kind
        seen.add(kind.kind)
    assert seen == set(load_kinds())


def test_the_examples_name_settings_that_exist() -> None:
    known = set(_plain(Settings)) | {
        f"{table}__{name}" for table, names in _tables(Settings).items() for name in names
    }
    for path in sorted((ROOT / "config" / "examples").iterdir()):
        for name in re.findall(r"\bHUB_([A-Z_]+?)\s*[=:]", path.read_text("utf-8")):
            lower = name.lower()
            # The file of settings is named to the commands, the password to Postgres.
            beside = lower.startswith("channels__") or lower in ("config", "database_password")
            assert lower in known or beside, f"{path}: HUB_{name}"
    nginx = (ROOT / "config" / "examples" / "nginx.conf").read_text()
    assert "Upgrade $http_upgrade" in nginx


@pytest.mark.parametrize(
    ("example", "setting"),
    [
        ("contact-hub.env", r"(?m)^(HUB_\w+)=(.*)$"),
        ("contact-hub.service", r"(?m)^Environment=(HUB_\w+)=(.*)$"),
        ("compose.yaml", r"(?m)^      (HUB_\w+): '?(.*?)'?$"),
    ],
)
def test_an_example_and_the_settings_file_as_they_come_make_valid_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, example: str, setting: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "config" / "examples" / example).read_text("utf-8")
    found = re.findall(setting, text[max(0, text.find("  hub: &hub")) :])
    assert found
    for name, value in found:
        monkeypatch.setenv(name, value.replace("${HUB_DATABASE_PASSWORD}", "a-password"))
    assert read_settings(CONFIG).channels == {}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_carries_everything_that_is_read_at_run_time(wheel: set[str]) -> None:
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert (
        len([name for name in expected if name.endswith((".sql", ".toml", ".html", ".css", ".js", ".po"))])
        > 30
    )
    assert expected <= wheel, expected - wheel
    for name in ("hub.toml", "routing.toml", "examples/nginx.conf", "examples/contact-hub.service"):
        assert f"hub/config_defaults/{name}" in wheel


def test_the_wheel_carries_nothing_else(wheel: set[str]) -> None:
    assert {name.partition("/")[0] for name in wheel if ".dist-info/" not in name} == set(PACKAGES)


def test_every_dependency_is_pinned_exactly_and_comes_from_nowhere_in_particular() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line) for line in lines if line)
    pinned = {_normal(line.partition("==")[0]) for line in lines}
    needed = _with_what_they_need({"contact-hub", "hatchling", "editables"}) - {"contact-hub"}
    assert needed <= pinned, needed - pinned


def test_nothing_of_the_machine_it_was_written_on_stands_in_the_tree() -> None:
    """Paths of one machine, and addresses of package servers."""
    forbidden = re.compile(
        "|".join(
            (r"(?<![\w.])/" + r"work/", r"(?<![\w.])/" + r"root/", r"(?<![\w.])/" + r"home/\w", "pypi" + r"\.org",
             "python" + "hosted", r"--(extra-)?index" + "-url", r"npm" + r"js\.org", "deb" + r"ian\.org")
        )
    )  # fmt: skip
    found = []
    for path in files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a picture, or a letter in another charset
        found += [f"{path.relative_to(ROOT)}: {hit[0]}" for hit in forbidden.finditer(text)]
    assert not found


def test_nothing_is_left_for_later() -> None:
    word = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    found = [
        str(path.relative_to(ROOT))
        for path in files()
        if path.suffix in (".py", ".js", ".html", ".sql", ".toml") and word.search(path.read_text("utf-8"))
    ]
    assert not found


def test_ci_runs_what_developers_run() -> None:
    script = ROOT / ".ci" / "run"
    assert "make test" in script.read_text()
    subprocess.run(["bash", "-n", script], check=True)
    subprocess.run(["bash", "-n", ROOT / "tests" / "install_browser.sh"], check=True)


def _with_what_they_need(names: set[str]) -> set[str]:
    """The distributions that are installed for these, all extras of our own included."""
    found: set[str] = set()
    waiting = [Requirement("contact-hub[dev]" if name == "contact-hub" else name) for name in names]
    while waiting:
        one = waiting.pop()
        name = _normal(one.name)
        seen = f"{name}[{','.join(sorted(one.extras))}]"
        if seen in found:
            continue
        found |= {name, seen}
        for line in requires(one.name) or ():
            deeper = Requirement(line)
            if deeper.marker is None or any(deeper.marker.evaluate({"extra": e}) for e in ("", *one.extras)):
                waiting.append(deeper)
    return {name for name in found if "[" not in name}


def _plain(model: type[BaseModel]) -> list[str]:
    return [
        name
        for name, field in model.model_fields.items()
        if not _is_table(field.annotation) and name != "channels"
    ]


def _tables(model: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, field in model.model_fields.items():
        if _is_table(field.annotation):
            found[name] = tuple(_plain(field.annotation))
            found |= {f"{name}.{inner}": names for inner, names in _tables(field.annotation).items()}
    return found


def _is_table(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
