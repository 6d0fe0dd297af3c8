"""Automation rules at work: what they look at, what they do, what stops them. `routing.automation` decides which ones hold."""
