"""What agents say again and again: canned replies, macros, colleagues by name."""
