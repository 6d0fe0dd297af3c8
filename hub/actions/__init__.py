"""Every write: each verb opens its transaction, writes, announces."""
