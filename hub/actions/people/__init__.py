"""Members of staff, programs and customers as what they are to the company."""
