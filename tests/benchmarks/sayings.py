"""What customers say in the benchmarks: the same in every run, by seed."""

import random

import orjson

_OPENINGS = (
    ("en", "The kettle I bought from you broke after two days and I want my money back."),
    ("zh", "你好，我的订单三天没有物流更新了，请帮我查一下现在到哪里了，谢谢！"),
    ("en", "Could you tell me your opening hours, and whether the shop is open on Sunday?"),
    ("zh", "你们的客服很耐心，问题当天就解决了，特此表扬。"),
    ("zh", "收到的盖碗是碎的，我非常失望，要求退款或者重新寄一套。"),
    ("en", "Please send a technician: the dishwasher leaks and the door does not close any more."),
)
_MORE = (
    " The order number is {number}.",
    " 订单号 {number}。",
    " I wrote about it last week already; the number is {number}.",
)


def saying(seed: int) -> tuple[str, str]:
    """(subject, text)"""
    draw = random.Random(seed)
    language, opening = draw.choice(_OPENINGS)
    number = f"TW-{draw.randrange(10_000, 99_999)}"
    text = opening + draw.choice(_MORE).format(number=number)
    return (f"Order {number}" if language == "en" else f"订单 {number}"), text


def api_body(seed: int, *, reply_address: str = "") -> bytes:
    """A body of POST /api/v1/interactions by a customer of its own."""
    subject, text = saying(seed)
    return orjson.dumps(
        {
            "sender": {
                "name": f"Customer {seed}",
                "identities": [{"kind": "email", "value": f"customer{seed}@mail.example"}],
            },
            "subject": subject,
            "text": text,
            "reply_address": reply_address,
        }
    )
