"""The hub's past under other rules and with other staff."""
