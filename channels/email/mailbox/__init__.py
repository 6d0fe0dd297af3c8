"""Hearing a mailbox over IMAP."""
