"""Copies of the whole installation: made (`take`), compared and put back (`put_back`); a ledger that came along (`rejoin`)."""
