"""Macros: several acts on a ticket at once."""
