"""A Dovecot of our own: IMAP with and without TLS, and the SASL that Postfix asks. Written for the configuration of 2.3."""

import base64
import contextlib
import hmac
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.fakes.processes import free_port

VERSION = "2.3"
"""The configuration changed with 2.4 in nearly every line."""


TOKEN_KEY = b"signs the access tokens that this server takes"


def access_token(address: str, *, seconds: int = 3600) -> str:
    """A token as a provider hands it out (RFC 7519), which opens that mailbox."""
    head = {"alg": "HS256", "typ": "JWT"}
    claims = {
        "email": address,
        "sub": address,
        "iat": int(time.time()) - 60,
        "exp": int(time.time()) + seconds,
    }
    signed = b".".join(_in_words(json.dumps(part).encode()) for part in (head, claims))
    return b".".join((signed, _in_words(hmac.digest(TOKEN_KEY, signed, "sha256")))).decode()


def _in_words(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class Dovecot:
    """One instance below `folder`; mailboxes are Maildirs in folder/mail/<address>, owned by `owner` (uid, gid)."""

    def __init__(self, folder: Path, users: dict[str, str], owner: tuple[int, int]) -> None:
        self.folder = folder
        self.imap_port, self.imaps_port, self.sasl_port = free_port(), free_port(), free_port()
        self.log = folder / "dovecot.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = owner
        self._users = users

    def start(self) -> None:
        """Begin. Raises where the installed version is one that this configuration is not for."""
        program = shutil.which("dovecot", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        assert program is not None, "Dovecot is not installed: bash tests/install_servers.sh"
        version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
        found = re.match(r"\d+\.\d+", version)
        assert found is not None
        assert found.group() == VERSION, (
            f"Dovecot {version.strip()} is installed; tests/real_mail/dovecot.py has the configuration of {VERSION}."
        )
        configuration = self.folder / "dovecot.conf"
        configuration.write_text(self._configuration(), "utf-8")
        (self.folder / "users").write_text(
            "".join(f"{address}:{{PLAIN}}{password}\n" for address, password in self._users.items()), "utf-8"
        )
        (self.folder / "tokens.conf").write_text(
            f"introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={self.folder}/keys/\n",
            "utf-8",
        )
        key = self.folder / "keys" / "default" / "HS256" / "default"
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_bytes(base64.b64encode(TOKEN_KEY))
        self._process = subprocess.Popen([program, "-F", "-c", str(configuration)])

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def crash(self) -> None:
        """As when the machine fails: every connection is cut at once."""
        assert self._process is not None
        master = self._process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text("ascii").split()
        for pid in (master, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)

    def sessions(self) -> int:
        """How often somebody has logged in to IMAP."""
        return self.log.read_text("utf-8").count("imap-login: Info: Login: user=")

    def maildir(self, address: str) -> Path:
        return self.folder / "mail" / address

    def _configuration(self) -> str:
        here, (uid, gid) = self.folder, self._owner
        return f"""\
base_dir = {here}/run
state_dir = {here}/state
log_path = {self.log}
listen = 127.0.0.1
protocols = imap
ssl = yes
ssl_cert = <{here}/ca.pem
ssl_key = <{here}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_username_chars =
auth_failure_delay = 0
mail_location = maildir:{here}/mail/%u
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = passwd-file
  args = {here}/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {here}/tokens.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={here}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.imap_port}
  }}
  inet_listener imaps {{
    port = {self.imaps_port}
    ssl = yes
  }}
}}
# Whoever gives a wrong password would wait longer each time.
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  inet_listener sasl {{
    port = {self.sasl_port}
  }}
}}
"""
