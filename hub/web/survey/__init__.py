"""The page on which a customer says how they liked it, without signing in and without scripts."""
