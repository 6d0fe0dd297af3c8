"""The knowledge base: articles are written, published, found, offered and judged by those who read them."""
