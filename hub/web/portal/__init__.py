"""The customer's own page: whoever shows that an address is theirs sees their cases there. It works without scripts."""
