"""What a chat can carry, as the adapter and the kind both say it."""

from channels.adapter import Capabilities

CAPABILITIES = Capabilities(attachments=True, push=True, repeatable=True, live=True)
