"""Who has which ticket, and who is there: routing wired to the database."""
