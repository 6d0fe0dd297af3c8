"""What customers read where something went wrong."""
