"""Loops that time and channels need."""
