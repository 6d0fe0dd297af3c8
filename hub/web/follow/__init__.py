"""The page by which a customer follows a case, without signing in."""
