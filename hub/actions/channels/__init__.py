"""Channels as administrators see them: those of the file and those that are set up at the desk, how they are, and trying one."""
