"""The knowledge base at the desk: read, written, offered while somebody answers."""
