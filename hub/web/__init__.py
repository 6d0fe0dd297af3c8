"""The desk, the public doors, the JSON API."""
