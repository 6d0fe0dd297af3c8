"""A loopback world with real protocols: what make run and the tests talk to."""
