"""Customers and organisations: what is known of them, changed by hand; two that are one."""
