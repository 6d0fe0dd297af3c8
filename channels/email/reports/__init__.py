"""What machines write: delivery reports, automatic answers, lists."""
