"""Work that a ticket asks of a department, or that somebody has to do without one."""

from enum import StrEnum


class TaskState(StrEnum):
    """open: nobody has begun. doing: somebody has it. done and dropped: over, until somebody opens it again."""

    OPEN = "open"
    DOING = "doing"
    DONE = "done"
    DROPPED = "dropped"

    @property
    def lives(self) -> bool:
        return self in (TaskState.OPEN, TaskState.DOING)


class TaskStep(StrEnum):
    """What was done to a task."""

    MADE = "made"
    TAKEN = "taken"
    GIVEN = "given"
    PUT_BACK = "put_back"
    CHANGED = "changed"
    COMMENTED = "commented"
    DONE = "done"
    DROPPED = "dropped"
    REOPENED = "reopened"
