"""Handing letters to a relay, and the copy that is kept."""
