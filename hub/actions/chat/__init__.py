"""What the hub does for a visitor who sits before a chat, and when they leave."""
