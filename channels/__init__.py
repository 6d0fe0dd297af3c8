"""Channels: one closed room per kind; each turns its outside into the normal form and back."""
