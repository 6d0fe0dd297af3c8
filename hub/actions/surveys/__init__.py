"""How customers liked it: what they are asked (`definition`, `keep`), when and where (`invite`, `letter`), what they say
(`question`, `answer`, `buttons`), what comes of a low score (`follow_up`), and what it all adds up to (`report`)."""

from hub.actions.surveys.question import Question, question_of

__all__ = ["Question", "question_of"]
