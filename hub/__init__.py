"""Words and people come in by web, time and channels by workers, and one wiring knows every concrete class."""
