"""What a letter is made of: headers, the tree of parts, body, files, and the formats that hide them."""
