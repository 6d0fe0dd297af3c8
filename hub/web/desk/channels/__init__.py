"""Channels at the desk: how each is, trying one, and setting one up."""
