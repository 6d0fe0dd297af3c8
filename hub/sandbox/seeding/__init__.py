"""A large installation's past, made up: customers, their tickets over two years, and what was said in each."""
