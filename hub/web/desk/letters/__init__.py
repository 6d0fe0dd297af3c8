"""A letter as its sender made it: cleaned, caged, and without a word to anybody that it was opened."""
