"""The form's pages as text. Everything that a person typed goes through the template's escaping. Nothing
is read but the templates, once."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2

from channels.adapter import Suggestion
from channels.webform.settings import CHOICES, WebformSettings
from channels.webform.submission import LIMITS, PASS, TRAP, Problem
from channels.webform.words import WORDS

_HERE = Path(__file__).parent
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
STYLE = (_HERE / "static" / "form.css").read_bytes()
SCRIPT = (_HERE / "static" / "form.js").read_bytes()


def show_form(
    name: str,
    settings: WebformSettings,
    language: str,
    new_pass: str,
    given: Mapping[str, str] | None = None,
    problems: Sequence[Problem] = (),
) -> str:
    """The form, filled in with what was `given`, with everything that has to be put right above it."""
    words = WORDS[language]
    said: dict[str, str] = {}
    for problem in problems:
        said.setdefault(problem.field, problem.say(words))
    return _TEMPLATES.get_template("form.html").render(
        **_common(name, settings, language, offering=is_offered_articles(settings.ticket_kind)),
        given={key: (given or {}).get(key, "") for key in LIMITS},
        limits=LIMITS,
        choices=() if settings.ticket_kind else CHOICES,
        problems=[(problem.field, problem.say(words)) for problem in problems],
        said=said,
        trap=TRAP,
        pass_field=PASS,
        new_pass=new_pass,
        most_files=settings.most_files,
        files_hint=words["files_hint"].format(count=settings.most_files, size=settings.most_file_mb),
    )


def show_thanks(
    name: str,
    settings: WebformSettings,
    language: str,
    reference: str,
    articles: Sequence[Suggestion] = (),
) -> str:
    """The page after a post was kept; `reference` is "" while there is none yet. `articles` may answer it already."""
    return _TEMPLATES.get_template("thanks.html").render(
        **_common(name, settings, language), reference=reference, articles=articles
    )


def is_offered_articles(kind: str) -> bool:
    """Whether somebody who writes this is offered articles: who complains, or tells what they think, is listened to."""
    return kind in ("", "enquiry", "request")


def _common(
    name: str, settings: WebformSettings, language: str, *, offering: bool = False
) -> dict[str, object]:
    chinese = language == "zh_CN"
    return {
        "name": name,
        "language": language,
        "words": WORDS[language],
        "offering": offering,
        "title": settings.title_zh if chinese else settings.title_en,
        "intro": settings.intro_zh if chinese else settings.intro_en,
    }
