"""Every setting of the hub: config/hub.toml first, then HUB_* from files of secrets, then from the environment. Unknown keys
are refused.

A channel's own table is checked by its kind (channels.registry), not here.
"""

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from hub.model.keyring import Keyring
from hub.secret_files import read_secret_files


class WrongSetting(Exception):
    """The hub must not start like this. The text names the key and says what was expected."""


_HOST = r"(?:\[[^\]/]*\]|[^:\[\]/?#@,]*)(?::\d*)?"
_DSN = re.compile(rf"postgres(?:ql)?://(?:[^/?#]*@)?{_HOST}(?:,{_HOST})*(?:[/?].*)?")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")


def is_channel_name(name: str) -> bool:
    """Whether a channel may be called so: its name stands in addresses."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name) is not None


class Database(_Table):
    dsn: SecretStr | None = Field(default=None, description="empty: the embedded Postgres under data_dir")
    pool_size: int = Field(default=10, ge=2, le=100)

    @field_validator("dsn")
    @classmethod
    def _is_a_dsn(cls, value: SecretStr | None) -> SecretStr | None:
        # The text itself is not repeated: it may hold a password.
        if value is not None and value.get_secret_value() and not _DSN.fullmatch(value.get_secret_value()):
            raise ValueError("must be like postgresql://user:password@host:5432/database")
        return value


class Oidc(_Table):
    """The company's own sign-in (OpenID Connect). Without `issuer` there is none."""

    issuer: str = ""
    client_id: str = ""
    client_secret: SecretStr | None = None
    label_en: str = "Log in with the company account"
    label_zh: str = "使用公司账号登录"
    scope: str = "openid profile email"
    login_claim: str = "email"
    allowed_domains: list[str] = []
    link_existing: bool = False
    auto_create: bool = False
    auto_create_role: Literal["agent", "supervisor"] = "agent"
    own_second_step: bool = False

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        # Over plain http anybody on the way could answer in the provider's place.
        if value and not re.match(r"https://[^/]|http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)", value):
            raise ValueError("must start with https://")
        return value

    @field_validator("allowed_domains")
    @classmethod
    def _are_domains(cls, value: list[str]) -> list[str]:
        for one in value:
            if not one or "@" in one or one != one.strip():
                raise ValueError(f"{one!r}: expected a domain such as shop.example")
        return [one.lower() for one in value]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.issuer and not self.client_id:
            raise ValueError("client_id is missing: the provider gives it when the hub is registered there")
        if "openid" not in self.scope.split():
            raise ValueError("scope must hold openid")
        return self


class Web(_Table):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = Field(
        default="", description="how customers and staff reach the hub; empty: host and port"
    )
    trusted_proxies: list[str] = []
    picture_networks: list[str] = []
    visitor_requests: int = Field(default=1200, ge=10, le=1_000_000)
    visitor_lines: int = Field(default=200, ge=2, le=100_000)
    most_lines: int = Field(default=4000, ge=10, le=200_000)
    oidc: Oidc = Oidc()

    @field_validator("public_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("trusted_proxies", "picture_networks")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        for one in value:
            try:
                ipaddress.ip_network(one, strict=False)
            except ValueError as error:
                raise ValueError(f"must be addresses or networks; {error}") from error
        return value


class Tickets(_Table):
    close_resolved_after_days: float = Field(default=7, gt=0)


class Delivery(_Table):
    give_up_after_hours: float = Field(default=48, gt=0)
    undo_seconds: float = Field(default=10, ge=0, le=600)


class Classification(_Table):
    learn_after_corrections: int = Field(default=25, ge=0, le=10_000, description="0: never by itself")


class Passwords(_Table):
    """What agents may not choose, beside what the hub knows by itself."""

    house_words: list[str] = []
    leaked_file: Path | None = None
    leaked_url: str = ""
    leaked_url_private: bool = False

    @field_validator("house_words")
    @classmethod
    def _are_words(cls, value: list[str]) -> list[str]:
        for one in value:
            if sum(c.isalnum() for c in one) < (4 if one.isascii() else 2):
                raise ValueError(f"{one!r}: expected four letters or digits, or two Chinese characters")
        return value

    @field_validator("leaked_file")
    @classmethod
    def _is_there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value

    @field_validator("leaked_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")


class Scanner(_Table):
    """clamd, which looks into files. Without `address` nobody does."""

    address: str = ""
    within_seconds: float = Field(default=60, gt=0, le=600)
    most_mb: float = Field(default=25, gt=0, le=4000)

    @field_validator("address")
    @classmethod
    def _is_a_place(cls, value: str) -> str:
        found = re.fullmatch(r"unix:/.+|tcp://(?:\[[0-9a-fA-F:.]+\]|[^:/\[\]@]+):([0-9]{1,5})", value)
        if value and not (found and 0 < int(found[1] or 1) < 65_536):
            raise ValueError("must be like unix:/run/clamav/clamd.ctl or tcp://127.0.0.1:3310")
        return value

    @property
    def socket(self) -> str:
        """The path of its Unix socket; "" where it listens on TCP."""
        return self.address.removeprefix("unix:") if self.address.startswith("unix:") else ""

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.address.removeprefix("tcp://").rpartition(":")
        return host.strip("[]"), int(port)


class Webhooks(_Table):
    allow_private: bool = False


class Space(_Table):
    """Below this much free space in data_dir, or above this size of the database, public doors take nothing."""

    reserve_mb: int = Field(default=500, ge=0, le=10_000_000)
    database_gb: float = Field(default=0, ge=0, le=1_000_000, description="0: no bound")


class DeskChannels(_Table):
    allow_private: bool = False
    offer_loopback: bool = False


class Settings(BaseSettings):
    """All of it. `read_settings` is the way to get one."""

    model_config = SettingsConfigDict(
        env_prefix="HUB_", env_nested_delimiter="__", extra="forbid", validate_default=True
    )

    data_dir: Path = Path("var")
    secret_key: SecretStr | None = Field(default=None, description="empty: made once in data_dir/secret.key")
    other_secret_keys: list[SecretStr] = Field(
        default=[], description="while the key is changed: believed, and makes nothing"
    )
    log_level: str = "info"
    routing_rules: Path | None = Field(
        default=None, description="empty: config/routing.toml, else the rules that come with the package"
    )
    database: Database = Database()
    web: Web = Web()
    tickets: Tickets = Tickets()
    delivery: Delivery = Delivery()
    classification: Classification = Classification()
    passwords: Passwords = Passwords()
    scanner: Scanner = Scanner()
    webhooks: Webhooks = Webhooks()
    space: Space = Space()
    desk_channels: DeskChannels = DeskChannels()
    channels: dict[str, dict[str, Any]] = {}

    @field_validator("log_level")
    @classmethod
    def _is_a_level(cls, value: str) -> str:
        if value not in ("debug", "info", "warning", "error"):
            raise ValueError("must be debug, info, warning or error")
        return value

    @field_validator("channels")
    @classmethod
    def _are_named(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name, table in value.items():
            if not is_channel_name(name):
                raise ValueError(f"{name!r}: a channel's name takes letters, digits, - and _, 40 at the most")
            if not isinstance(table.get("kind"), str):
                raise ValueError(
                    f"{name}: kind is missing (email, webform, webchat, telegram, api, portal, loopback)"
                )
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        files = EnvSettingsSource(settings_cls)
        files.env_vars = {name.lower(): value for name, value in _files.items()}
        return init_settings, env_settings, files, TomlConfigSettingsSource(settings_cls, _toml_path)


_toml_path: Path | None = None
_files: Mapping[str, str] = {}

_NO_SETTINGS = {"HUB_CONFIG", "HUB_AGENT_PASSWORD", "HUB_CRASH_AT", "HUB_SECRETS_DIR"}
"""What else may be said in the environment under our prefix: options of commands, and where the fault tests stop."""


def read_settings(path: Path | None = None, **given: Any) -> Settings:
    """Read `path` (default: config/hub.toml where there is one), files of secrets and the environment.

    Raises WrongSetting: one line for each wrong key, with what was expected.
    """
    global _toml_path, _files
    if path is not None and not path.is_file():
        raise WrongSetting(f"{path}: there is no such file")
    default = Path("config/hub.toml")
    try:
        _toml_path = path or (default if default.is_file() else None)
        _files = _secrets()
        return _read(given)
    finally:  # whoever makes settings by themselves gets what they say, and not what was read here
        _toml_path, _files = None, {}


def _secrets() -> Mapping[str, str]:
    try:
        return read_secret_files(os.environ)
    except (OSError, ValueError) as error:
        raise WrongSetting(f"A file of secrets cannot be read: {error}") from error


def _read(given: Mapping[str, Any]) -> Settings:
    for where, names in (("environment", os.environ), ("file of secrets", _files)):
        if unknown := sorted(name for name in names if _is_unknown(name.upper())):
            raise WrongSetting("\n".join(f"{name} ({where}): there is no such setting" for name in unknown))
    try:
        return Settings(**given)
    except ValidationError as error:
        raise WrongSetting("\n".join(_explain(error))) from error
    except ValueError as error:  # TOML that cannot be read
        raise WrongSetting(f"{_toml_path}: {error}") from error


def _is_unknown(name: str) -> bool:
    """The library overlooks a misspelt HUB_* name; a hub that starts without what was meant is worse than none."""
    first = name.removeprefix("HUB_").partition("__")[0].lower()
    return name.startswith("HUB_") and name not in _NO_SETTINGS and first not in Settings.model_fields


def explain_validation(where: str, error: ValidationError) -> str:
    """The same sentences for a channel's own table."""
    return "\n".join(f"{where}.{line}" for line in _explain(error))


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for one in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in one["loc"]) or "settings"
        wanted = "there is no such setting" if one["type"] == "extra_forbidden" else one["msg"]
        lines.append(f"{key}: {wanted}")
    return lines


def secret_of(settings: Settings) -> Keyring:
    """The key that signs threads, sessions and forms: `secret_key`, or the file data_dir/secret.key, made when absent. Further
    lines of the file are other keys that are believed, as `other_secret_keys` are. Raises WrongSetting.

    Every hub of one installation needs the same keys; storage keeps fingerprints and the start compares them.
    """
    others = [one.get_secret_value().encode() for one in settings.other_secret_keys]
    if any(len(one) < 32 for one in others):
        raise WrongSetting("other_secret_keys: expected at least 32 characters in each")
    if settings.secret_key is not None and settings.secret_key.get_secret_value():
        key = settings.secret_key.get_secret_value().encode()
        if len(key) < 32:
            raise WrongSetting("secret_key: expected at least 32 characters")
        return Keyring(key, others)
    path = settings.data_dir / "secret.key"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _make_key(path)
    lines = [line.strip() for line in path.read_bytes().splitlines()]
    first, *more = [line for line in lines if line] or [b""]
    if any(len(line) < 32 for line in (first, *more)):
        raise WrongSetting(f"secret_key: expected at least 32 characters in each line of {path}")
    return Keyring(first, [*more, *others])


def _make_key(path: Path) -> None:
    """Whole or not at all, and once: several hubs may begin in one folder at the same moment."""
    written = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(written, path)
    except FileExistsError:
        written.unlink()
    except OSError:  # a file system without hard links
        written.replace(path)
    else:
        written.unlink()
