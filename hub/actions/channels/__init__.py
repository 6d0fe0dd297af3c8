"""Channels as administrators see them: those of the file and those of the desk, how they are, and trying one."""
