"""What bytes say: charsets as declared and as meant, encoded words, parameters."""
