"""What a macro does, and how a run went, in words."""

from collections.abc import Mapping, Sequence

from hub.actions.macros.run import Ran, Undone
from hub.model.macros import ME, NOBODY, Acts
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.words import FAILURES, PRIORITIES, STATUSES

SNOOZES: Mapping[str, str] = {
    "hour": N_("In one hour"),
    "afternoon": N_("This afternoon"),
    "tomorrow": N_("Tomorrow morning"),
    "monday": N_("Monday"),
    "written": N_("Until the customer writes"),
}
ACTS: Mapping[str, str] = {
    "reply": N_("reply"),
    "note": N_("note"),
    "tags": N_("tags"),
    "priority": N_("priority"),
    "queue": N_("queue"),
    "status": N_("status"),
    "assign": N_("assignment"),
    "snooze": N_("snooze"),
}


def say_changes(
    voice: Voice, acts: Acts, *, agents: Mapping[int, str], queues: Mapping[str, str]
) -> list[str]:
    """The second half, one sentence for each act. `agents` and `queues`: what they are called."""
    say, said = voice.say, []
    if acts.add_tags:
        said.append(say(N_("Tags on: %(tags)s"), tags=", ".join(acts.add_tags)))
    if acts.remove_tags:
        said.append(say(N_("Tags off: %(tags)s"), tags=", ".join(acts.remove_tags)))
    if acts.priority:
        said.append(say(N_("Priority: %(name)s"), name=say(PRIORITIES[acts.priority])))
    if acts.queue:
        said.append(say(N_("To the queue %(name)s"), name=queues.get(acts.queue, acts.queue)))
    if acts.assign == ME:
        said.append(say(N_("Assign to whoever runs it")))
    elif acts.assign == NOBODY:
        said.append(say(N_("Back to the queue")))
    elif acts.assign:
        said.append(say(N_("Assign to %(name)s"), name=agents.get(int(acts.assign), "?")))
    if acts.status:
        said.append(say(N_("Status: %(name)s"), name=say(STATUSES[acts.status])))
    if acts.snooze:
        said.append(say(N_("Snooze: %(when)s"), when=say(SNOOZES[acts.snooze])))
    return said


def say_ran(voice: Voice, name: str, ran: Ran) -> str:
    """What the toast says."""
    if not ran.did and not ran.failed:
        return voice.say(N_("“%(name)s”: everything was so already."), name=name)
    did = voice.say(N_("“%(name)s” ran: %(acts)s."), name=name, acts=_acts(voice, ran.did))
    if not ran.failed:
        return did
    return f"{did if ran.did else ''} {_not_done(voice, ran.failed)}".strip()


def say_undone(voice: Voice, undone: Undone) -> str:
    """What the toast says after it was pressed."""
    did = voice.say(N_("Undone: %(acts)s."), acts=_acts(voice, undone.did)) if undone.did else ""
    if not undone.failed:
        return did or voice.say(N_("Undone."))
    stays = voice.say(N_("What stays: %(acts)s."), acts=_why(voice, undone.failed))
    return f"{did} {stays}".strip()


def _not_done(voice: Voice, failed: Mapping[str, str]) -> str:
    return voice.say(N_("Not done: %(acts)s."), acts=_why(voice, failed))


def _acts(voice: Voice, acts: Sequence[str]) -> str:
    return voice.say(N_(", ")).join(voice.say(ACTS[one]) for one in acts)


def _why(voice: Voice, failed: Mapping[str, str]) -> str:
    told = (
        f"{voice.say(ACTS[act])} – {voice.say(FAILURES.get(code, FAILURES['failed'])).rstrip('.。')}"
        for act, code in failed.items()
    )
    return voice.say(N_("; ")).join(told)
