"""How long what is kept, what is never taken away, and what a customer can ask for: everything of theirs, or nothing."""
