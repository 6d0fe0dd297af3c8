"""From an agent's words to what has left: composing, the outbox, delivery."""
