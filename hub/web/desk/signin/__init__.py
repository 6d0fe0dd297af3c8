"""The login page, the second step, and the page on which agents see to their own signing in."""
