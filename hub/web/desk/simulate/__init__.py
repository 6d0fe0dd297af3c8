"""Simulations at the desk: asking, watching, reading and comparing what came of them."""
