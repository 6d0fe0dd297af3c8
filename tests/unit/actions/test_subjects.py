"""What a ticket is called that a message without a subject opens."""

import pytest

from hub.actions.arrivals import FIRST_WORDS, subject
from hub.model.interactions import Identity, IdentityKind, InboundInteraction, InteractionKind, Sender


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("Where is my order?", "Where is my order?"),
        ("  Where\n is   my order?  ", "Where is my order?"),
        ("word " * 30, "word " * 15 + "word…"),
        ("字" * 200, "字" * FIRST_WORDS + "…"),
        ("x" * FIRST_WORDS, "x" * FIRST_WORDS),
        ("我的订单，" * 30, "我的订单，" * 15 + "我的订单…"),
    ],
)
def test_first_words(text: str, called: str) -> None:
    assert subject(_said(text)) == called


def _said(text: str) -> InboundInteraction:
    somebody = Identity(kind=IdentityKind.VISITOR, value="v1", verified=True)
    return InboundInteraction(
        kind=InteractionKind.MESSAGE, sender=Sender(name="", identities=(somebody,)), text=text
    )
