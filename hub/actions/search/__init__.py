"""Finding things: what they are found by, what somebody asks for, and the pages of what was found."""
