"""The address that a login is held against."""

from ipaddress import ip_network

import pytest

from hub.settings import Settings
from hub.web.peers import peer_of, read_proxies

PROXIES = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"))


@pytest.mark.parametrize(
    ("remote", "forwarded", "peer"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["6.6.6.6"], "203.0.113.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["6.6.6.6, 203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        ("127.0.0.1", ["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["10.1.1.1"], "10.1.1.1"),
        ("", ["6.6.6.6"], ""),
    ],
)
def test_the_last_stranger_in_the_chain_counts(remote: str, forwarded: list[str], peer: str) -> None:
    assert peer_of(remote, forwarded, PROXIES) == peer


def test_nobody_is_trusted_who_is_not_named() -> None:
    assert peer_of("127.0.0.1", ["203.0.113.9"], read_proxies(Settings(channels={}))) == "127.0.0.1"
