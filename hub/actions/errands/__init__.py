"""Tasks, notices and calls to other programs."""
