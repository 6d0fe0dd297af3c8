"""Pages of help for customers: what is public of the knowledge base, and nothing else. They work without scripts."""
