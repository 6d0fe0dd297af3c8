"""Live conversations at the desk."""
