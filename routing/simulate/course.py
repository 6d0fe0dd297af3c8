"""One course of days from the first customer to the last answer: what happens, in order, and what follows from it.

The engine is asked when a ticket comes and when somebody has room; what it says is done.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from routing.plan import EVERY
from routing.simulate.agenda import Agenda
from routing.simulate.case import Case, Worker
from routing.simulate.engine import Engine
from routing.simulate.people import Fate, Offer, Person
from routing.situation import Needs


class Course:
    """Run it once. `fates` and `people` then hold what came of it."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._agenda = Agenda()
        self._engine = Engine(case)
        self._shut: dict[str, dict[int, Fate]] = {name: {} for name in case.hours}
        self._changed: set[int] = {worker.id for worker in case.workers}
        self._given = 0
        self.people = {worker.id: Person(worker, case.habits) for worker in case.workers}
        self.fates = {errand.id: Fate(errand, errand.ticket) for errand in case.errands}
        self.left = len(self.fates)
        """How many errands are not over yet."""
        self._put_down()

    @property
    def now(self) -> float:
        return self._agenda.now

    def step(self) -> bool:
        """Let the next thing happen; False when every customer is served, or nothing can happen any more."""
        return self.left > 0 and self._agenda.step()

    def run(self, during: Callable[["Course"], None] | None = None, *, every: int = 2_000) -> "Course":
        """To the end. `during` is called every so many steps."""
        steps = 0
        while self.step():
            steps += 1
            if during is not None and steps % every == 0:
                during(self)
        for person in self.people.values():
            person.stop(self.now)
        return self

    def _put_down(self) -> None:
        at = self._agenda.at
        for name, spans in self._case.hours.items():
            for opens, closes in spans:
                at(opens, self._open_queue, name)
                at(closes, self._shut_queue, name)
        for fate in self.fates.values():
            at(fate.errand.ticket.since, self._arrive, fate)
        for worker in self._case.workers:
            self._put_down_days(self.people[worker.id], worker)
        if self._case.workers and self._case.errands:
            first = min(errand.ticket.since for errand in self._case.errands)
            at(first, self._plan)

    def _put_down_days(self, person: Person, worker: Worker) -> None:
        at = self._agenda.at
        for begins, ends in worker.shifts:
            at(begins, self._come, person, ends)
            at(ends, self._leave, person)
        for moment, minutes in worker.absences:
            at(moment, self._slip_away, person, minutes)
        for moment, minutes in worker.breaks:
            at(moment, self._want_rest, person, minutes)

    # ── tickets ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _arrive(self, fate: Fate) -> None:
        errand = fate.errand
        if errand.patience < float("inf"):
            self._agenda.after(errand.patience, self._give_up, fate)
        for minutes, needs in errand.later:
            self._agenda.after(minutes, self._ask_for_less, fate, needs)
        self._queue(fate)

    def _queue(self, fate: Fate) -> None:
        """It waits, unless somebody can have it at once."""
        fate.agent_id = None
        shut = self._shut.get(fate.ticket.needs.queue)
        if shut is not None and not self._is_open(fate.ticket.needs.queue):
            shut[fate.errand.id] = fate
            return
        self._tell_changes()
        agent_id = self._engine.came(fate.ticket, self.now)
        if agent_id is not None:
            self._give(fate, self.people[agent_id])

    def _put_back(self, fates: Iterable[Fate]) -> None:
        """These go back to their queues, the oldest first."""
        for fate in sorted(fates, key=lambda one: (one.ticket.since, one.errand.id)):
            fate.put_back += 1
            self._queue(fate)

    def _ask_for_less(self, fate: Fate, needs: Needs) -> None:
        waits = self._stop_waiting(fate)
        fate.ticket = replace(fate.ticket, needs=needs)
        if waits:
            self._queue(fate)

    def _stop_waiting(self, fate: Fate) -> bool:
        """Whether it waited until now."""
        if fate.errand.id in self._engine:
            self._engine.gone(fate.errand.id)
            return True
        shut = self._shut.get(fate.ticket.needs.queue, {})
        return shut.pop(fate.errand.id, None) is not None

    def _give_up(self, fate: Fate) -> None:
        """A live customer leaves, if nobody has joined them by now."""
        if fate.begun is not None or fate.lost:
            return
        self._stop_waiting(fate)
        fate.lost = True
        self.left -= 1
        if fate.agent_id is None:
            return
        person = self.people[fate.agent_id]
        for offer in [one for one in person.offers if one.fate is fate]:
            self._end(offer)
        if fate in person.door:
            person.door.remove(fate)
        self._go_on(person)
        self._serve(person)

    def _open_queue(self, name: str) -> None:
        waiting, self._shut[name] = self._shut[name], {}
        for fate in sorted(waiting.values(), key=lambda one: (one.ticket.since, one.errand.id)):
            self._queue(fate)

    def _shut_queue(self, name: str) -> None:
        for fate in self.fates.values():
            if fate.ticket.needs.queue == name and fate.errand.id in self._engine:
                self._engine.gone(fate.errand.id)
                self._shut[name][fate.errand.id] = fate

    def _is_open(self, queue: str) -> bool:
        return any(opens <= self.now < closes for opens, closes in self._case.hours[queue])

    # ── from the queue into somebody's hands ─────────────────────────────────────────────────────────────────────────
    def _give(self, fate: Fate, person: Person) -> None:
        self._given += 1
        fate.agent_id = person.worker.id
        fate.given += 1
        # Of two who were given something at the same moment, the first has been idle longer.
        person.idle_since = self.now + 1e-7 * self._given
        offer = Offer(fate, person)
        person.offers.append(offer)
        self._changed.add(person.worker.id)
        self._agenda.after(self._moment_to_accept(fate), self._accept, offer)

    def _moment_to_accept(self, fate: Fate) -> float:
        habits = self._case.habits
        return habits.accept_live if fate.ticket.live else habits.accept_deferred

    def _accept(self, offer: Offer) -> None:
        if not offer.open:
            return
        fate, person = offer.fate, offer.person
        if person.absent and fate.errand.offer:
            left = fate.errand.offer - self._moment_to_accept(fate)
            self._agenda.after(max(left, 0.0), self._run_out, offer)
            return
        self._end(offer)
        person.go_on(self.now)
        (person.door if fate.ticket.live else person.tray).append(fate)
        self._go_on(person)

    def _run_out(self, offer: Offer) -> None:
        """Nobody took the offer up."""
        if not offer.open:
            return
        if not offer.person.absent:
            self._accept(offer)
            return
        self._end(offer)
        offer.person.silent = self._case.habits.silent_means_away
        self._put_back([offer.fate])

    def _end(self, offer: Offer) -> None:
        offer.open = False
        offer.person.offers.remove(offer)
        self._changed.add(offer.person.worker.id)

    def _withdraw(self, person: Person) -> list[Fate]:
        """Offers of somebody who goes."""
        offers = list(person.offers)
        for offer in offers:
            self._end(offer)
        return [offer.fate for offer in offers]

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _serve(self, person: Person) -> None:
        """Give them what they have room for."""
        if not person.takes_work(self.now):
            return
        self._tell_changes()
        while (found := self._engine.next_for(person.worker.id, self.now)) is not None:
            self._give(self.fates[found], person)
            self._tell_changes()

    def _tell_changes(self) -> None:
        self._engine.see((self.people[one] for one in self._changed), self.now)
        self._changed.clear()

    def _go_on(self, person: Person) -> None:
        """Something about them changed: they turn to what is next, and it is worked out when that is done."""
        person.go_on(self.now)
        person.begin(self.now)
        self._changed.add(person.worker.id)
        person.plan += 1
        minutes = person.next_end()
        if minutes is not None:
            self._agenda.after(minutes, self._finish, person, person.plan)
        self._let_go(person)

    def _finish(self, person: Person, plan: int) -> None:
        if plan != person.plan:
            return
        person.go_on(self.now)
        self.left -= len(person.take_done(self.now))
        self._go_on(person)
        if person.empty_handed:
            person.idle_since = self.now
        if person.wrapping_until > self.now:
            self._agenda.at(person.wrapping_until, self._be_ready, person)
        self._serve(person)

    def _be_ready(self, person: Person) -> None:
        self._changed.add(person.worker.id)
        self._serve(person)

    def _come(self, person: Person, until: float) -> None:
        """A shift begins; who is still there from the one before simply stays."""
        person.go_on(self.now)
        if not person.on_shift:
            person.on_shift, person.came = True, self.now
        person.leaving, person.silent = False, False
        person.shift_end, person.idle_since = until, self.now
        self._go_on(person)
        self._serve(person)

    def _leave(self, person: Person) -> None:
        """What is begun is finished; what is not goes back, at once or after a while."""
        if not person.on_shift or person.shift_end > self.now:
            return
        person.go_on(self.now)
        person.leaving, person.rest_wanted = True, None
        back = self._withdraw(person) + person.door
        person.door = []
        back += [fate for fate in person.tray if fate.errand.leave <= 0.0]
        person.tray = [fate for fate in person.tray if fate.errand.leave > 0.0]
        for fate in person.tray:
            if fate.errand.leave < float("inf"):
                self._agenda.after(fate.errand.leave, self._hand_back, person, fate)
        self._go_on(person)
        self._put_back(back)

    def _hand_back(self, person: Person, fate: Fate) -> None:
        if fate in person.tray and (person.leaving or not person.on_shift):
            person.tray.remove(fate)
            self._changed.add(person.worker.id)
            self._put_back([fate])

    def _want_rest(self, person: Person, minutes: float) -> None:
        if not person.on_shift or person.leaving or person.resting or person.rest_wanted is not None:
            return
        person.go_on(self.now)
        person.rest_wanted = minutes
        back = self._withdraw(person)
        self._go_on(person)
        self._put_back(back)

    def _let_go(self, person: Person) -> None:
        """Home, or to their break, once nothing is in their hands."""
        if not person.can_go:
            return
        if person.leaving:
            person.on_shift = person.leaving = False
            person.rest_wanted = None
            person.paid += self.now - person.came
            person.overtime += max(0.0, self.now - person.shift_end)
        elif person.rest_wanted is not None and not person.resting:
            minutes, person.rest_wanted, person.resting = person.rest_wanted, None, True
            self._agenda.after(minutes, self._end_rest, person)

    def _end_rest(self, person: Person) -> None:
        person.go_on(self.now)
        person.resting = False
        if person.empty_handed:
            person.idle_since = self.now
        self._go_on(person)
        self._serve(person)

    def _slip_away(self, person: Person, minutes: float) -> None:
        if not person.on_shift or person.resting or person.absent:
            return
        person.go_on(self.now)
        person.absent = True
        self._go_on(person)
        self._agenda.after(minutes, self._be_back, person)

    def _be_back(self, person: Person) -> None:
        person.go_on(self.now)
        person.absent = person.silent = False
        self._go_on(person)
        self._serve(person)

    def _plan(self) -> None:
        self._tell_changes()
        self._engine.plan(self.now)
        if len(self._agenda):  # else nothing happens any more, and planning alone would go on for ever
            self._agenda.after(EVERY, self._plan)
