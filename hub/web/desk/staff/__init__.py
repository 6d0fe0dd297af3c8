"""Members of staff at the desk of those who lead: their pages, their skills and queues as matrices."""
