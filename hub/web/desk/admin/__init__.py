"""Pages of those who run the hub: roles, keys of programs, the audit trail, how long what is kept."""
