"""What customers are asked after a resolution (`invite`) and what they say (`answer`)."""
