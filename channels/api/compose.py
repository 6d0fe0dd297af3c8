"""The body and the headers of an answer that is posted to another program. Pure.

Signed as https://www.standardwebhooks.com describes. The id stays the same over all attempts, so that the
receiver can tell a repetition.
"""

import base64
import hashlib
import hmac
from datetime import datetime

import orjson

from hub.model.interactions import OutboundInteraction


def compose_answer(channel: str, message: OutboundInteraction) -> bytes:
    """The JSON body; the same bytes at every attempt."""
    return orjson.dumps(
        {
            "type": "reply",
            "channel": channel,
            "interaction_id": str(message.interaction_id),
            "ticket": message.ticket_code,
            "address": message.address,
            "recipient_name": message.recipient_name,
            "author_name": message.author_name,
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
            "queued_at": message.queued_at.isoformat(),
            "automatic": message.automatic,
            "attachments": [
                {
                    "filename": file.filename,
                    "content_type": file.content_type,
                    "data_base64": base64.b64encode(file.data).decode("ascii"),
                }
                for file in message.attachments
            ],
        }
    )


def sign(body: bytes, message_id: str, at: datetime, key: bytes) -> dict[str, str]:
    """The headers of one attempt, made at `at`."""
    seconds = str(int(at.timestamp()))
    digest = hmac.new(key, b".".join((message_id.encode(), seconds.encode(), body)), hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode('ascii')}",
    }
