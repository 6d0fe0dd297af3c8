"""Tickets at the desk: lists, one thread, writing into it, and what is done to it."""
