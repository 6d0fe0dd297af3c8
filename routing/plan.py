"""How far the engine looks ahead when it weighs what people's time is worth. Numbers only, in minutes."""

EVERY = 30.0
"""How often prices of skills are found anew."""
AHEAD = 120.0
"""Work that is expected later than this does not count yet."""
HERE = 0.85
"""The share of their paid time that people are at their desks."""
