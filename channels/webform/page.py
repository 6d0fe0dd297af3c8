"""The form's pages as text. Everything that a person typed goes through the template's escaping. Nothing
is read but the templates and the scripts, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from channels.adapter import Suggestion
from channels.webform.fields import FormDefinition, FormField, Kind
from channels.webform.settings import WebformSettings
from channels.webform.submission import PASS, PROOF, TRAP, Problem
from channels.webform.words import WORDS

_HERE = Path(__file__).parent
_STATIC = _HERE / "static"
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
FILES: Mapping[str, tuple[bytes, str]] = {
    name: ((_STATIC / name).read_bytes(), kind)
    for name, kind in (
        ("form.css", "text/css"),
        ("form.js", "text/javascript"),
        ("solve.js", "text/javascript"),
        ("embed.js", "text/javascript"),
    )
}
"""What the pages load, beside each form's address: its bytes and media type. embed.js is for the company's own site."""

_COMPLETE = {"name": "name", "email": "email", "phone": "tel"}
_INPUTS = {
    Kind.EMAIL: ("email", ""),
    Kind.PHONE: ("tel", ""),
    Kind.DATE: ("date", ""),
    Kind.NUMBER: ("text", "decimal"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """What a page knows beside its form. `query`: what its own address goes on saying (a frame, a test); `proof`: the challenge
    that the browser has to solve, as JSON, or "". `files`: where style and scripts are, if not beside the form."""

    language: str
    new_pass: str
    query: str = ""
    trial: bool = False
    framed: bool = False
    proof: str = ""
    parents: Sequence[str] = ()
    files: str = ""


def show_form(
    name: str,
    settings: WebformSettings,
    state: PageState,
    given: Mapping[str, str] | None = None,
    problems: Sequence[Problem] = (),
) -> str:
    """The form, filled in with what was `given`, with everything that has to be put right above it."""
    words, form = WORDS[state.language], settings.asks
    said: dict[str, str] = {}
    for problem in problems:
        said.setdefault(problem.field, problem.say(words))
    return _TEMPLATES.get_template("form.html").render(
        **_common(name, settings, state),
        offering=is_offered_articles(settings.ticket_kind),
        form=form,
        rows=rows(form),
        given={one.key: (given or {}).get(one.key, "") for one in form.fields},
        problems=[(problem.field, problem.say(words)) for problem in problems],
        said=said,
        trap=TRAP,
        pass_field=PASS,
        proof_field=PROOF,
        complete=_COMPLETE,
        inputs=_INPUTS,
        condition={one.key: say_when(form, one, state.language) for one in form.fields if one.when},
        choose_one=_is_menu,
        files_hint=words["files_hint"].format(count=settings.most_files, size=settings.most_file_mb),
    )


def show_thanks(
    name: str,
    settings: WebformSettings,
    state: PageState,
    reference: str,
    follow: str = "",
    articles: Sequence[Suggestion] = (),
) -> str:
    """The page after a post was kept; `reference` is "" while there is none yet. `articles` may answer it already."""
    return _TEMPLATES.get_template("thanks.html").render(
        **_common(name, settings, state),
        reference=reference,
        follow=follow,
        articles=articles,
        next=settings.asks.next.say(state.language),
    )


def is_offered_articles(kind: str) -> bool:
    """Whether somebody who writes this is offered articles: who complains, or tells what they think, is listened to."""
    return kind in ("", "enquiry", "request")


def rows(form: FormDefinition) -> list[list[FormField]]:
    """The fields as they stand: two halves that follow each other share a line."""
    found: list[list[FormField]] = []
    for field in form.fields:
        beside = found and field.half and len(found[-1]) == 1 and found[-1][0].half
        if beside and found[-1][0].when == field.when:
            found[-1].append(field)
        else:
            found.append([field])
    return found


def say_when(form: FormDefinition, field: FormField, language: str) -> str:
    """When a field is asked, for people whose browser does not hide it."""
    assert field.when is not None
    when = field.when
    other = next(one for one in form.fields if one.key == when.field)
    value = when.value if when.test == "contains" else other.say_value(when.value, language)
    if when.test == "filled":
        value = ""
    return WORDS[language][f"if_{when.test}"].format(field=other.label.say(language), value=value)


def _is_menu(field: FormField) -> bool:
    """Whether its options are too many to show them all."""
    return field.kind is not Kind.CHOICES and field.kind is not Kind.RATING and len(field.listed) > 7


def _common(name: str, settings: WebformSettings, state: PageState) -> dict[str, object]:
    chinese = state.language == "zh_CN"
    return {
        "name": name,
        "files": state.files or f"/forms/{name}",
        "state": state,
        "language": state.language,
        "words": WORDS[state.language],
        "title": settings.title_zh if chinese else settings.title_en,
        "intro": settings.intro_zh if chinese else settings.intro_en,
    }
