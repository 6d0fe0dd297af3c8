"""Lists of tickets: saved views, what is put off, what is done to many at once, who looks on."""
