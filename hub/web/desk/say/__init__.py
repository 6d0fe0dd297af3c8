"""How the desk speaks: languages, what codes are called, templates."""
