"""One agent at work: what they have, how their attention is shared, and when something will be done.

Live conversations go on together and slow each other down; what can be put aside gets the attention that they leave, one at a
time, and rests while they leave none. Nobody works while they are away.
"""

from dataclasses import dataclass, field

from hub.model.people import Presence
from routing.simulate.case import Errand, Habits, Worker
from routing.situation import AgentState, Needs, WaitingTicket
from routing.worth import pace_of

_NOTHING_LEFT = 1e-7


@dataclass(slots=True, eq=False)
class Fate:
    """What became of an errand. `answered`: when a live customer was joined, or the answer was sent."""

    errand: Errand
    ticket: WaitingTicket
    agent_id: int | None = None
    given: int = 0
    put_back: int = 0
    begun: float | None = None
    answered: float | None = None
    lost: bool = False
    done: bool = False


@dataclass(slots=True, eq=False)
class Offer:
    """A ticket on its way into an agent's hands; `open` until it is accepted or goes elsewhere."""

    fate: Fate
    person: "Person"
    open: bool = True


@dataclass(slots=True, eq=False)
class Person:
    """An agent during a run. `live` and `left`: minutes of work still to do, at usual pace. `tray`: accepted, not begun."""

    worker: Worker
    habits: Habits
    live: dict[int, float] = field(default_factory=dict)
    held: dict[int, Fate] = field(default_factory=dict)
    door: list[Fate] = field(default_factory=list)
    tray: list[Fate] = field(default_factory=list)
    current: Fate | None = None
    left: float = 0.0
    offers: list[Offer] = field(default_factory=list)
    on_shift: bool = False
    leaving: bool = False
    rest_wanted: float | None = None
    resting: bool = False
    absent: bool = False
    silent: bool = False
    wrapping_until: float = 0.0
    looked_at: float = 0.0
    came: float = 0.0
    idle_since: float = 0.0
    plan: int = 0
    worked: float = 0.0
    paid: float = 0.0
    overtime: float = 0.0
    shift_end: float = 0.0
    done: int = 0
    paces: dict[Needs, float] = field(default_factory=dict)

    # ── what they can be given ───────────────────────────────────────────────────────────────────────────────────────
    def takes_work(self, now: float) -> bool:
        """Whether they are given any."""
        return self._shown_ready and now >= self.wrapping_until

    def state(self, now: float) -> AgentState:
        """As the engine sees them."""
        worker = self.worker
        deferred = [*self.tray, *([self.current] if self.current is not None else [])]
        offered = [one.fate for one in self.offers]
        live_offers = sum(fate.ticket.live for fate in offered)
        asked = sum(fate.ticket.units for fate in offered if not fate.ticket.live)
        pressing = min((fate.ticket for fate in deferred), key=lambda ticket: ticket.due, default=None)
        return AgentState(
            id=worker.id,
            name=worker.name,
            presence=Presence.ONLINE if self._shown_ready else Presence.AWAY,
            capacity=worker.capacity,
            load=sum(fate.ticket.units for fate in deferred) + asked,
            idle_since=self.idle_since,
            live_capacity=worker.live_capacity,
            live_load=len(self.live) + len(self.door) + live_offers,
            languages=worker.languages,
            skills=worker.skills,
            queues=worker.queues,
            used=self.used(now),
            in_hand=pressing,
            wrapping_up=now < self.wrapping_until,
        )

    def used(self, now: float) -> float:
        """The share of their paid time that was work."""
        paid = self.paid + (now - self.came if self.on_shift else 0.0)
        return self.worked / max(paid, 1.0)

    @property
    def _shown_ready(self) -> bool:
        return self.on_shift and not (
            self.leaving or self.resting or self.silent or self.rest_wanted is not None
        )

    @property
    def empty_handed(self) -> bool:
        return not (self.live or self.door or self.tray or self.offers) and self.current is None

    @property
    def can_go(self) -> bool:
        """Nothing is begun or on its way: they may rest, or go home."""
        return not (self.absent or self.live or self.door or self.offers) and self.current is None

    # ── attention ────────────────────────────────────────────────────────────────────────────────────────────────────
    def go_on(self, now: float) -> None:
        """They worked until now on what they had."""
        passed, self.looked_at = now - self.looked_at, now
        if passed <= 0.0 or self.absent or self.resting:
            return
        if self.live:
            pace = passed * self._live_pace()
            for errand_id in self.live:
                self.live[errand_id] -= pace * self._speed(self.held[errand_id])
            self.worked += passed * min(1.0, len(self.live) * self.habits.live_share)
        if self.current is not None and (attention := self._attention_left()) > 0.0:
            self.left -= passed * attention * self._speed(self.current)
            self.worked += passed * attention

    def stop(self, now: float) -> None:
        """Nobody looks any further: what they worked until now counts."""
        self.go_on(now)
        if self.on_shift:
            self.paid += now - self.came
            self.came = now

    def next_end(self) -> float | None:
        """Minutes until something is done, if nothing changes; None where nothing is being done."""
        if self.absent or self.resting:
            return None
        ends = []
        if self.live:
            pace = self._live_pace()
            ends = [
                max(left, 0.0) / (pace * self._speed(self.held[errand_id]))
                for errand_id, left in self.live.items()
            ]
        if self.current is not None and (attention := self._attention_left()) > 0.0:
            ends.append(max(self.left, 0.0) / (attention * self._speed(self.current)))
        return min(ends, default=None)

    def begin(self, now: float) -> None:
        """Turn to what waits for their attention: whoever is at the door, then what is promised first."""
        if self.absent or self.resting or not self.on_shift:
            return
        while self.door and len(self.live) < max(self.worker.live_capacity, 1):
            fate = self.door.pop(0)
            self.live[fate.errand.id] = fate.errand.work
            self.held[fate.errand.id] = fate
            fate.begun = fate.answered = now
        if self.current is None and self.tray and not self.leaving and self.rest_wanted is None:
            fate = min(self.tray, key=lambda one: (one.ticket.due, one.errand.id))
            self.tray.remove(fate)
            self.current, self.left = fate, fate.errand.work
            if fate.begun is None:
                fate.begun = now

    def take_done(self, now: float) -> list[Fate]:
        """What is done now, out of their hands."""
        ended = [
            self.held.pop(one) for one in [one for one, left in self.live.items() if left <= _NOTHING_LEFT]
        ]
        for fate in ended:
            del self.live[fate.errand.id]
            self.wrapping_until = max(self.wrapping_until, now + fate.errand.wrap_up)
        if self.current is not None and self.left <= _NOTHING_LEFT:
            self.current.answered = now
            ended.append(self.current)
            self.current = None
        for fate in ended:
            fate.done = True
        self.done += len(ended)
        return ended

    def _live_pace(self) -> float:
        """What becomes of a minute for each conversation, beside the others."""
        together = len(self.live)
        return min(1.0, 1.0 / (together * self.habits.live_share)) / (
            1.0 + self.habits.slowed_by * (together - 1)
        )

    def _attention_left(self) -> float:
        left = 1.0 - len(self.live) * self.habits.live_share
        return left if left > 1e-9 else 0.0

    def _speed(self, fate: Fate) -> float:
        needs = fate.errand.ticket.needs
        pace = self.paces.get(needs)
        if pace is None:
            pace = self.paces[needs] = pace_of(self.state(self.looked_at), needs, self.habits.paces)
        return pace / (1.0 - self.habits.owner_saves) if fate.ticket.owner == self.worker.id else pace
