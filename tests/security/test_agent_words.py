"""S41, S42: what agents write is text, for colleagues and for customers, however it looks: answers, notes, signatures,
templates, names."""

from datetime import UTC, datetime
from html.parser import HTMLParser

from channels.email.sending.write import write_html
from hub.actions.answers.reply import queue_reply
from hub.actions.answers.signatures import set_signature
from hub.actions.answers.templates import Draft, add_template
from hub.actions.macros.keep import MacroDraft, add_macro
from hub.actions.note import add_note
from hub.model.codes import TICKET, show_code
from hub.model.interactions import OutboundInteraction, Quotation
from hub.model.people import Actor
from tests.fakes.desk import Desk, html_letter, letters_come
from tests.fakes.scene import one
from tests.security.payloads import payloads

CANARY = "http://canary.example"
MARKDOWN = (
    "[x](javascript:alert(1)) ![x](http://canary.example/p.png) <javascript:alert(1)> [y]: data:text/html,x"
)
SAID = datetime(2026, 11, 24, tzinfo=UTC)
OURS = {"html", "head", "meta", "body", "div", "br", "blockquote", "a"}


class _Tags(HTMLParser):
    """The elements and attributes that a program which shows HTML would find."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_s41_nothing_that_an_agent_writes_is_markup_in_a_letter_of_ours() -> None:
    for evil in (*payloads(CANARY), MARKDOWN):
        html = write_html(
            OutboundInteraction(
                interaction_id=1, ticket_code="T-1", address="li@example.cn", recipient_name=evil, author_name=evil, text=evil,
                subject=evil, message_id="a@b.example", signature=evil, queued_at=SAID,
                quotation=Quotation(author=evil, said_at=SAID, text=evil),
            )
        )  # fmt: skip
        tags = _Tags()
        tags.feed(html)
        for tag, attributes in tags.found:
            assert tag in OURS, (tag, evil)
            given = set(attributes) - {"class", "type", "charset"}
            assert given <= {"href"}, (tag, attributes, evil)
            assert (attributes.get("href") or "http://").startswith(("http://", "https://")), evil


async def test_s41_what_one_agent_stores_is_text_to_every_other(desk: Desk) -> None:
    """As a supervisor sees it: every page on which words of colleagues stand."""
    (code,) = await letters_come(desk.ctx, [html_letter("<p>Hello</p>", text="Hello")])
    agent = int(await one(desk.ctx, "SELECT id FROM agent WHERE login = 'lin'"))
    evil = "<img src=x onerror=alert(41)>'\"><script>alert(41)</script>" + MARKDOWN
    await one(desk.ctx, "UPDATE agent SET name = $1 WHERE login = 'lin' RETURNING 1", evil)
    mallory = Actor(name=evil, agent_id=agent)
    await set_signature(desk.ctx, agent_id=agent, text=evil)
    await add_template(desk.ctx, draft=Draft(name=evil[:80], language="en", body=evil), actor=mallory)
    macro = await add_macro(
        desk.ctx, draft=MacroDraft(name=evil[:80], acts={"reply": evil, "note": evil}), actor=mallory
    )
    await add_note(desk.ctx, ticket_code=code, actor=mallory, text=evil)
    await queue_reply(desk.ctx, ticket_code=code, actor=mallory, text=evil)
    number = show_code(TICKET, code)
    for login in ("ann", "lin"):
        await desk.log_in(login)
        for path in (
            "/desk?scope=all", f"/desk/tickets/{number}?scope=all", "/desk/templates", "/desk/preferences", "/desk/system",
            "/desk/customers", "/desk/macros", f"/desk/fragments/tickets/{number}/macros",
            f"/desk/fragments/tickets/{number}/macros/{macro}",
        ):  # fmt: skip
            page = await desk.get(path)
            assert page.status == 200, path
            tags = _Tags()
            tags.feed(page.text)
            for tag, attributes in tags.found:
                assert not (tag == "img" and attributes.get("src") == "x"), path
                assert not any(name.startswith("on") for name in attributes), (path, tag, attributes)
                assert not (attributes.get("href") or "").lower().startswith(("javascript:", "data:")), path
            assert "<script>alert(41)" not in page.text, path
        await desk.post("/desk/logout")
