"""Notices, tasks, and calls to other programs, at the desk."""
