"""An answer after it was queued: taken back, or sent once more."""

from hub.actions.answers.recall import cancel_reply, send_again
from hub.web.api.answers import MailboxAnswer, WithdrawnAnswer
from hub.web.api.operations import Answer, Call
from hub.web.api.people import path_id


async def post_cancel(call: Call) -> Answer:
    """Keep an answer from leaving; what it said comes back."""
    gone = await cancel_reply(call.ctx, interaction_id=path_id(call, "reply"), actor=call.actor)
    return Answer(
        document=WithdrawnAnswer(
            text=gone.text,
            cc=[MailboxAnswer(address=one.address, name=one.name) for one in gone.cc],
            bcc=[MailboxAnswer(address=one.address, name=one.name) for one in gone.bcc],
            inbox=gone.inbox,
        )
    )


async def post_again(call: Call) -> Answer:
    """Let a failed or uncertain answer leave once more, the very same letter."""
    await send_again(call.ctx, interaction_id=path_id(call, "reply"), actor=call.actor)
    return Answer(status=204)
