"""The ticket list's own pages and pieces: views, what is done to many at once, what is put off, who looks on."""
