"""Routing: pure decisions about tickets. No I/O; the clock is an argument."""
