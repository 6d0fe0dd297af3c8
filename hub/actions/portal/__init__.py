"""The customer's own page: how somebody shows that an address is theirs (`enter`, `links`), and what they may see and do
there (`look`, `act`)."""
