"""What is new in a letter: without the history below it and the signature under it."""
