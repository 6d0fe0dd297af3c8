"""Customers and organisations at the desk."""
