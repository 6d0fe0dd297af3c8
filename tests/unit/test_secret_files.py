"""Secrets that come as files: systemd's credentials, a container's secrets, a vault's agent."""

from pathlib import Path

import pytest

from hub.secret_files import FOLDERS, read_secret_files
from hub.settings import Settings, WrongSetting, read_settings, secret_of

KEY = "k" * 40


@pytest.fixture(autouse=True)
def _nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in FOLDERS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("named_by", FOLDERS)
def test_settings_are_taken_from_files_that_are_called_like_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named_by: str
) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv(named_by, str(folder))
    (folder / "HUB_SECRET_KEY").write_text(f"{KEY}\n")
    (folder / "hub_web__oidc__client_secret").write_text("from a file")
    (folder / "HUB_CHANNELS__SUPPORT__IMAP_PASSWORD").write_text(" with blanks ")
    (folder / "HUB_WEB__PORT").write_text("8123\n")
    (folder / "somebody-elses").write_bytes(b"\xff\x00")
    config = tmp_path / "hub.toml"
    config.write_text(
        'secret_key = "in the file of settings, and long enough"\n[channels.support]\nkind = "email"\n'
    )
    monkeypatch.setenv("HUB_WEB__PORT", "8200")
    settings = read_settings(config)
    assert bytes(secret_of(settings)) == KEY.encode()
    assert settings.web.oidc.client_secret is not None
    assert settings.web.oidc.client_secret.get_secret_value() == "from a file"
    assert settings.channels == {"support": {"kind": "email", "imap_password": " with blanks "}}
    assert settings.web.port == 8200, "what the environment says goes before"
    monkeypatch.delenv(named_by)
    assert read_settings(config).web.oidc.client_secret is None, "and nothing of it is remembered"
    assert Settings().channels == {}, "nor of the file of settings"


def test_what_is_wrong_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HUB_SECRETS_DIR", str(tmp_path))
    path = tmp_path / "HUB_SECRT_KEY"
    path.write_text(KEY)
    with pytest.raises(WrongSetting, match=r"HUB_SECRT_KEY \(file of secrets\): there is no such setting"):
        read_settings()
    path.unlink()
    for content in (b"\xff\xfe", b"a\x00b", b"x" * 70_000):
        (tmp_path / "HUB_SECRET_KEY").write_bytes(content)
        with pytest.raises(WrongSetting, match=r"HUB_SECRET_KEY: expected") as refused:
            read_settings()
        assert "xxx" not in str(refused.value)
    monkeypatch.setenv("HUB_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(WrongSetting, match="nowhere"):
        read_settings()


def test_our_own_folder_goes_before_that_of_systemd(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "HUB_SECRET_KEY").write_text(name)
    named = dict(zip(FOLDERS, (str(tmp_path / "ours"), str(tmp_path / "theirs")), strict=True))
    assert read_secret_files(named) == {"HUB_SECRET_KEY": "ours"}
