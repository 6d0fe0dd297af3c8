"""The JSON API under /api/v1: a table of operations, served and described from the same models."""
