"""Write the customers' letters as their mail programs would. Pure: the date and the ids are arguments."""

from datetime import datetime
from email.header import Header
from email.message import Message
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from html import escape

from hub.sandbox.people import Dress, Person, Story
from hub.sandbox.photo import PHOTO


def message_id_of(story: Story) -> str:
    """The Message-ID of the letter that tells this story, without brackets."""
    return f"{story.key}.{story.person.key}@{story.person.email.rpartition('@')[2]}"


def compose_story(story: Story, *, to: str, at: datetime, before: Story | None = None) -> bytes:
    """The letter that tells a story; `before` is the story whose thread it continues."""
    charset = "gb18030" if story.dress is Dress.GB18030 else "utf-8"
    body: Message = MIMEText(story.text, "plain", charset)
    if story.dress is Dress.QQ_HTML:
        body = MIMEMultipart("alternative")
        body.attach(MIMEText(story.text, "plain", "utf-8"))
        body.attach(MIMEText(_as_qq_html(story.text), "html", "utf-8"))
        body["X-Mailer"] = "QQMail 2.x"
        body["X-Priority"] = "3"
    elif story.dress is Dress.WITH_PHOTO:
        mixed = MIMEMultipart("mixed")
        mixed.attach(body)
        photo = MIMEImage(PHOTO, "jpeg")
        photo.add_header("Content-Disposition", "attachment", filename=("utf-8", "", "照片.jpg"))
        mixed.attach(photo)
        body = mixed
    cited = message_id_of(before) if before else ""
    _address(body, story.person, to, Header(story.subject, charset).encode(), at)
    _link(body, message_id_of(story), cited, cited)
    return body.as_bytes()


def compose_answer(story: Story, received: Message, *, at: datetime, quoted: str) -> bytes:
    """The person's answer to a letter of the shop: to its Reply-To, citing it, with its text quoted below."""
    to = str(received["Reply-To"] or received["From"])
    subject = str(received["Subject"] or "")
    if not subject.lower().startswith("re:"):
        subject = f"Re: {subject}"
    intro = "在 来信 中写道:" if story.person.language == "zh" else f"On {received['Date']}, the shop wrote:"
    quote = "\n".join(f"> {line}" for line in quoted.splitlines())
    body = MIMEText(f"{story.answer}\n\n{intro}\n{quote}\n", "plain", "utf-8")
    cited = str(received["Message-ID"] or "").strip("<> \r\n")
    trail = f"{received['References'] or ''} <{cited}>".strip()
    _address(body, story.person, to, Header(subject, "utf-8").encode(), at)
    _link(body, f"answer.{message_id_of(story)}", cited, trail)
    return body.as_bytes()


def _address(letter: Message, person: Person, to: str, subject: str, at: datetime) -> None:
    letter["From"] = formataddr((person.name, person.email))
    letter["To"] = to
    letter["Subject"] = subject
    letter["Date"] = format_datetime(at)


def _link(letter: Message, message_id: str, cited: str, trail: str) -> None:
    letter["Message-ID"] = f"<{message_id}>"
    if cited:
        letter["In-Reply-To"] = f"<{cited}>"
        letter["References"] = trail if trail.startswith("<") else f"<{trail}>"


def _as_qq_html(text: str) -> str:
    """A web mailer's way: a div a line, spaces that do not break, and a card with the sender below."""
    lines = "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.splitlines())
    return (
        f'<div style="font-family: Microsoft YaHei; font-size: 14px;">{lines}</div>'
        '<div><br></div><div style="color:#999;font-size:12px;">发自我的&nbsp;iPhone</div>'
    )
