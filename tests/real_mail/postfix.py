"""A Postfix of our own: takes letters on one port, from everybody for its domains and from who logs in for all, and delivers
into the Maildirs that Dovecot shows."""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.fakes.processes import free_port
from tests.real_mail.dovecot import Dovecot

_PATH = "/usr/sbin:/usr/bin:/usr/local/sbin"
NOWHERE = "elsewhere.example"
"""A domain that refuses everybody after the letter has been taken: its report comes back."""
LATER = "later.example"
"""A domain that is never reached, so that the letter is said to be delayed."""


BUSY = "busy@customer.example"
"""Whom it does not take a letter for now."""
REFUSED = "refused@customer.example"
"""Whom it takes no letter for."""


class Postfix:
    """One instance below `folder`. Recipients are not checked before delivery, so that failures are reported by letter."""

    def __init__(self, folder: Path, users: dict[str, str], owner: tuple[int, int], dovecot: Dovecot) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "postfix.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = owner
        self._users = users
        self._dovecot = dovecot

    def start(self) -> None:
        assert os.geteuid() == 0, "Postfix' master process needs root."
        program = shutil.which("postfix", path=_PATH)
        assert program is not None, "Postfix is not installed: bash tests/install_servers.sh"
        for name in ("conf", "spool", "lib"):
            (self.folder / name).mkdir(exist_ok=True)
        # Its tools write to the log themselves while the process that gathers it is not up.
        self.log.touch()
        for name in ("lib", self.log.name):
            shutil.chown(self.folder / name, "postfix")
        (self.folder / "conf" / "main.cf").write_text(self._main(), "utf-8")
        (self.folder / "conf" / "master.cf").write_text(self._master(), "utf-8")
        (self.folder / "conf" / "mailboxes").write_text(
            "".join(f"{address} {address}/\n" for address in self._users), "utf-8"
        )
        (self.folder / "conf" / "access").write_text(
            f"{BUSY} 450 4.2.1 come back later\n{REFUSED} 550 5.7.1 not to them\n", "utf-8"
        )
        (self.folder / "conf" / "transports").write_text(
            f"{NOWHERE} error:5.1.1 nobody here by that name\n{LATER} retry:4.4.1 the line is down\n", "utf-8"
        )
        self._process = subprocess.Popen(
            [program, "-c", str(self.folder / "conf"), "start-fg"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        """End it. The process that was started only waits for the master, which is told by its number."""
        if self._process is None:
            return
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((self.folder / "spool" / "pid" / "master.pid").read_text()), signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def forget(self) -> None:
        """Throw away what waits in the queue."""
        program = shutil.which("postsuper", path=_PATH)
        assert program is not None
        done = subprocess.run(
            [program, "-c", str(self.folder / "conf"), "-d", "ALL"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def _main(self) -> str:
        here, (uid, gid) = self.folder, self._owner
        domains = sorted({address.rpartition("@")[2] for address in self._users})
        return f"""\
compatibility_level = 3.6
queue_directory = {here}/spool
data_directory = {here}/lib
maillog_file = {self.log}
maillog_file_prefixes = {here.parent}
myhostname = mx.there.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.2/32
smtp_dns_support_level = disabled
default_transport = error:5.1.2 no such domain here
transport_maps = texthash:{here}/conf/transports
virtual_mailbox_domains = {" ".join(domains)}
virtual_mailbox_base = {self._dovecot.folder}/mail
virtual_mailbox_maps = texthash:{here}/conf/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
recipient_delimiter = +
smtpd_reject_unlisted_recipient = no
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{self._dovecot.sasl_port}
smtpd_recipient_restrictions = check_recipient_access texthash:{here}/conf/access
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_tls_cert_file = {self._dovecot.folder}/ca.pem
smtpd_tls_key_file = {self._dovecot.folder}/key.pem
smtpd_tls_security_level = may
# Without Dovecot nobody can log in, so that its process ends at once and is begun again only after this.
service_throttle_time = 1s
delay_warning_time = 1s
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
confirm_delay_cleared = no
smtputf8_enable = yes
"""

    def _master(self) -> str:
        return f"""\
127.0.0.1:{self.port} inet n - n - - smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
