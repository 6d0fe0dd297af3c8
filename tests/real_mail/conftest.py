"""One Dovecot and one Postfix for all tests of this folder; each test finds empty mailboxes."""

from collections.abc import Iterator

import pytest

from tests.real_mail.servers import MailServers, mail_servers


@pytest.fixture(scope="session")
def running_servers() -> Iterator[MailServers]:
    with mail_servers() as servers:
        yield servers


@pytest.fixture
def mail(running_servers: MailServers) -> MailServers:
    running_servers.clear()
    return running_servers
