"""Drafts never vanish: the very script of the page against the very rule of the server, through whatever a network can do.

Pages type, save, send, take back, choose between two versions, die and are opened again; requests are lost, late, in another
order and twice, and so are answers. Every word that anybody typed, and did not take out themselves, is in the server's draft,
beside it, in the browser's copy, or was sent.
"""

import itertools
import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import quickjs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.model.drafts import Draft, DraftContent, Taken, Write, put_back, take_sending, take_write

SCRIPT = Path(__file__).parents[3] / "hub" / "web" / "static" / "draftline.js"
PAGES = 2
BRIDGE = """
const lines = {}, flights = {};
function open(page) { lines[page] = new DraftLine(page); }
function typed(page, text) { lines[page].typed({ ...lines[page].content, text }); }
function begin(page, how, id) {
  const write = how === "send" ? lines[page].send() : lines[page].next();
  if (write) flights[id] = write;
  return JSON.stringify(write);
}
function answered(page, id, outcome, server) {
  const line = lines[page];
  line.answered(flights[id], outcome, JSON.parse(server));
  if (line.other && isEmpty(line.other.content)) line.keepMine();
}
function lost(page, id) { lines[page].lost(flights[id]); }
function refused(page, id) { lines[page].refused(flights[id]); }
function sent(page, id, server) { lines[page].sent(flights[id], JSON.parse(server)); }
function seen(page, server) { lines[page].seen(JSON.parse(server)); }
function restored(page, server) { lines[page].restored(JSON.parse(server)); }
function choose(page, mine) { mine ? lines[page].keepMine() : lines[page].takeOther(); }
function look(page) {
  const { content, other, flight } = lines[page];
  return JSON.stringify({ text: content.text, asks: Boolean(other), waits: Boolean(flight), copy: lines[page].unsaved() });
}
"""
_pages = st.integers(0, PAGES - 1)
_any = st.integers(0, 30)


def _content(said: dict[str, Any]) -> DraftContent:
    return DraftContent(
        text=said["text"], cc=said["cc"], bcc=said["bcc"], inbox=said["inbox"], way=said["way"]
    )


def _write(said: dict[str, Any]) -> Write:
    return Write(
        tab=said["tab"], number=said["number"], base=said["base"], over=said["over"], content=_content(said["content"])
    )  # fmt: skip


class Drafts(RuleBasedStateMachine):
    """One draft, several pages of one agent."""

    def __init__(self) -> None:
        super().__init__()
        self.js = quickjs.Context()
        self.js.eval(SCRIPT.read_text(encoding="utf-8").replace("export ", "") + BRIDGE)
        self.draft = Draft()
        self.beside: dict[str, Write | Draft] = {}
        self.sent: list[DraftContent] = []
        self.copies: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, str, Write]] = []  # page, how, id, what
        self.answers: list[tuple[str, str, str, str, Draft]] = []  # page, how, id, outcome, what stands
        self.owed: set[str] = set()
        self.serial = itertools.count(1)
        self.pages = [f"p{next(self.serial)}" for _ in range(PAGES)]
        for page in self.pages:
            self.js.get("open")(page)

    # ── the server ──
    def _take(self, write: Write) -> Taken:
        taken = take_write(self.draft, write)
        self._keep(taken)
        if taken.outcome == "kept":
            self._drop(write)
        return taken

    def _send(self, write: Write) -> None:
        self.sent.append(write.content)
        self._keep(take_sending(self.draft, write))
        self._drop(write)

    def _keep(self, taken: Taken) -> None:
        self.draft = taken.draft
        if taken.beside is not None:
            kept = self.beside.get(taken.beside.writer)
            if kept is None or kept.number < taken.beside.number:
                self.beside[taken.beside.writer] = taken.beside

    def _drop(self, write: Write) -> None:
        kept = self.beside.get(write.tab)
        if kept is not None and kept.number <= write.number:
            del self.beside[write.tab]

    # ── a page ──
    def _look(self, page: str) -> dict[str, Any]:
        return json.loads(self.js.get("look")(page))  # type: ignore[no-any-return]

    def _keep_copies(self) -> None:
        for page in self.pages:
            copy = self._look(page)["copy"]
            if copy is None:
                self.copies.pop(page, None)
            else:
                self.copies[page] = copy

    def _stands(self, draft: Draft) -> str:
        said = asdict(draft.content)
        said["seq"] = said.pop("expected_seq")
        return json.dumps(
            {"revision": draft.revision, "tab": draft.tab, "number": draft.number, "content": said}
        )

    def _begin(self, page: str, how: str) -> None:
        flight = f"w{next(self.serial)}"
        said = json.loads(self.js.get("begin")(page, how, flight))
        if said is not None:
            self.requests.append((page, how, flight, _write(said)))

    @rule(
        page=_pages,
        rewrite=st.booleans(),
        then=st.sampled_from(["nothing", "save", "save smoothly", "send smoothly"]),
    )
    def types(self, page: int, rewrite: bool, then: str) -> None:
        """At the end, or over everything that this page shows."""
        name = self.pages[page]
        text = self._look(name)["text"]
        word = f"word{next(self.serial)};"
        if rewrite:
            self.owed -= set(re.findall(r"word\d+;", text))
            text = ""
        self.js.get("typed")(name, text + word)
        self.owed.add(word)
        if then != "nothing":
            self.presses(page, then)

    @rule(page=_pages, how=st.sampled_from(["save", "send", "save smoothly", "send smoothly"]))
    def presses(self, page: int, how: str) -> None:
        """Smoothly: begun, taken and answered before anything else happens, as it mostly is."""
        name, (what, *smoothly) = self.pages[page], how.split()
        leaving = {(one[0], one[1]) for one in (*self.requests, *self.answers)}
        if what == "send" and (not self._look(name)["text"] or (name, "send") in leaving):
            return
        before = len(self.requests)
        self._begin(name, what)
        if smoothly and len(self.requests) > before:
            self._arrives(before)
            self._is_answered(len(self.answers) - 1)

    @rule(page=_pages)
    def looks_again(self, page: int) -> None:
        self.js.get("seen")(self.pages[page], self._stands(self.draft))

    @rule(mine=st.booleans(), smoothly=st.booleans())
    def chooses(self, mine: bool, smoothly: bool) -> None:
        """The first page that asks which of two versions is meant."""
        asking = [place for place, name in enumerate(self.pages) if self._look(name)["asks"]]
        if not asking:
            return
        self.js.get("choose")(self.pages[asking[0]], mine)
        if smoothly:
            self.presses(asking[0], "save smoothly")

    @rule(page=_pages, which=_any)
    @precondition(lambda self: self.sent)
    def takes_back(self, page: int, which: int) -> None:
        withdrawn = self.sent.pop(which % len(self.sent))
        self.draft = Draft(revision=self.draft.revision + 1, content=put_back(withdrawn, self.draft.content))
        self.js.get("restored")(self.pages[page], self._stands(self.draft))

    @rule(page=_pages)
    def dies_and_another_opens(self, page: int) -> None:
        self._keep_copies()
        self.pages[page] = f"p{next(self.serial)}"
        self.js.get("open")(self.pages[page])
        self.js.get("seen")(self.pages[page], self._stands(self.draft))

    @rule(page=_pages)
    def brings_what_others_left(self, page: int) -> None:
        for other, copy in list(self.copies.items()):
            if other != self.pages[page]:
                self._take(_write(copy))
                del self.copies[other]
        self.js.get("seen")(self.pages[page], self._stands(self.draft))

    # ── the network ──
    @rule(which=_any, what=st.sampled_from(["arrives", "twice", "lost", "late", "refused"]))
    @precondition(lambda self: self.requests)
    def carries(self, which: int, what: str) -> None:
        """In any order; a save perhaps twice (a reply has a key that makes its second time nothing). What the page gave up may
        still arrive."""
        place = which % len(self.requests)
        page, _, flight, _ = self.requests[place]
        if what in ("arrives", "twice"):
            self._arrives(place, again=what == "twice")
            return
        if what != "late":
            del self.requests[place]
        if page in self.pages:
            self.js.get("refused" if what == "refused" else "lost")(page, flight)

    @rule(which=_any, lost=st.booleans())
    @precondition(lambda self: self.answers)
    def answers_come(self, which: int, lost: bool) -> None:
        place = which % len(self.answers)
        page, _, flight, *_ = self.answers[place]
        if not lost:
            self._is_answered(place)
            return
        del self.answers[place]
        if page in self.pages:
            self.js.get("lost")(page, flight)

    def _arrives(self, place: int, *, again: bool = False) -> None:
        page, how, flight, write = self.requests[place]
        if how == "send":
            self._send(write)
            outcome = "sent"
        else:
            outcome = self._take(write).outcome.value
        if how == "send" or not again:
            del self.requests[place]
        self.answers.append((page, how, flight, outcome, self.draft))

    def _is_answered(self, place: int) -> None:
        page, how, flight, outcome, draft = self.answers.pop(place)
        if page not in self.pages:
            return
        if how == "send":
            self.js.get("sent")(page, flight, self._stands(draft))
        else:
            self.js.get("answered")(page, flight, outcome, self._stands(draft))

    @invariant()
    def no_word_is_lost(self) -> None:
        self._keep_copies()
        places = [
            self.draft.content.text,
            *(one.content.text for one in self.beside.values()),
            *(one.text for one in self.sent),
            *(copy["content"]["text"] for copy in self.copies.values()),
        ]
        lost = {word for word in self.owed if not any(word in place for place in places)}
        assert not lost, f"{sorted(lost)} of {self.draft} beside {self.beside}"


TestDrafts = Drafts.TestCase
TestDrafts.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_an_older_write_never_replaces_a_newer_one_of_its_page() -> None:
    first = Write(tab="a", number=1, base=0, content=DraftContent(text="Hel"))
    second = replace(first, number=2, content=DraftContent(text="Hello"))
    stands = take_write(Draft(), second).draft
    late = take_write(stands, first)
    assert (late.outcome, late.draft, late.beside) == ("old", stands, None)


def test_what_is_typed_while_a_reply_leaves_stays_and_what_was_sent_goes() -> None:
    drafts = Drafts()
    drafts.types(page=0, rewrite=False, then="save smoothly")
    drafts.presses(page=0, how="send")
    drafts.types(page=0, rewrite=False, then="nothing")
    drafts.carries(which=0, what="arrives")
    drafts.answers_come(which=0, lost=False)
    drafts.no_word_is_lost()
    sent, left = drafts.sent[0].text, drafts.copies[drafts.pages[0]]["content"]["text"]
    assert sent and left and sent not in left, (sent, left)
    drafts.presses(page=0, how="save smoothly")
    assert drafts.draft.content.text == left


def _sends_without_an_answer() -> Drafts:
    """Words that the server took, of which the page never hears."""
    drafts = Drafts()
    drafts.types(page=0, rewrite=False, then="save smoothly")
    drafts.presses(page=0, how="send")
    drafts.carries(which=0, what="arrives")
    drafts.answers_come(which=0, lost=True)
    return drafts


def test_what_has_left_is_no_draft_again_though_no_answer_came() -> None:
    drafts = _sends_without_an_answer()
    drafts.types(page=0, rewrite=False, then="nothing")
    drafts.presses(page=0, how="save smoothly")
    drafts.presses(page=0, how="save smoothly")
    assert len(drafts.sent) == 1 and drafts.sent[0].text not in drafts.draft.content.text
    assert drafts.draft.content.text == drafts._look(drafts.pages[0])["text"] != ""


def test_a_page_that_dies_before_the_answer_leaves_no_draft_of_what_has_left() -> None:
    drafts = _sends_without_an_answer()
    drafts.dies_and_another_opens(page=0)
    drafts.brings_what_others_left(page=0)
    assert drafts.sent and drafts.draft.content.empty and not drafts.copies
    assert drafts._look(drafts.pages[0])["text"] == ""
