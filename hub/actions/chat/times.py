"""How long what is said of a visitor counts."""

PAGE_SECONDS = 50.0
"""A page says every 20 s that it is open; one that was not heard for so long is gone."""
TYPING_SECONDS = 8.0
HIDDEN_SECONDS = 1800.0
"""A page that lies open behind others for so long, while an answer waits in it, is as good as closed."""
LOOK_SECONDS = 60.0
"""A page that dies says nothing: what depends on it is looked at so often."""
KEY_SECONDS = 7 * 86_400.0
"""For so long a link in a letter opens the conversation."""
