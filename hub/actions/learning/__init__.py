"""What people say a ticket is, and what is learned from that."""
