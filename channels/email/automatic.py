"""Mail that no person wrote: auto-replies, lists, receipts. Pure (RFC 3834, RFC 8098 and what is sent
instead).

Delivery reports have their own file (bounces.py).
"""

# ruff: noqa: E501 - word lists of many languages read better unbroken
import re

from channels.email.headers import Headers, first, text_of

_SUBJECT = re.compile(
    r"""(?ix)^\W{0,4}(?:(?:re|aw|antw|sv|回复|答复)\s*[:：]\s*)?(?:
      auto(?:matic|mated)?[\s-]*(?:reply|response|responder|answer|mail)\b | auto\s*:|autoreply | autoresponse
      | out\s+of\s+(?:the\s+)?office | ooo\b\s*[:-] | (?:on|auf)\s+(?:vacation|holiday)
      | away\s+from\s+(?:the\s+|my\s+)?(?:office|mail|e-mail)|vacation\s+(?:reply|response|message|notice)|away\s+notice
      | automatische\s+antwort | automatisch\s+antwoord | abwesenheit | abwesend | auto-?antwort
      | r[ée]ponse\s+automatique | absence\s+du\s+bureau | absent\s+du\s+bureau
      | respuesta\s+autom[áa]tica | fuera\s+de\s+la\s+oficina | risposta\s+automatica | fuori\s+sede
      | resposta\s+autom[áa]tica | automatiskt?\s+svar | autosvar | automatisk\s+svar | automaattinen\s+vastaus
      | afwezig | automatick[áa]\s+odpov | autorespuesta | автоматический\s+ответ | автоответ
      | odpowied[źz]\s+automatyczna | otomatik\s+yan[ıi]t | abwesenheitsnotiz
      | 自动(?:回复|答复|应答|回覆) | 自動(?:回覆|回复|返信|応答|答覆) | 【?自動(?:返信|応答) | 不在(?:通知|の連絡|届) | 外出(?:通知|自动回复)
      | 자동\s*(?:응답|회신) | 부재중
    )"""
)


def is_auto_reply(headers: Headers) -> bool:
    """Whether a machine answered for a person. `auto-forwarded` is a person's letter;
    X-Auto-Response-Suppress alone
    proves nothing."""
    submitted = first(headers, "auto-submitted").strip().lower()
    value = re.split(rb"[;\s(]", submitted)[0] if submitted else b""
    if value in (b"auto-replied", b"auto-notified"):
        return True
    if value == b"auto-generated":
        return True
    for name in (
        "x-autoreply",
        "x-autorespond",
        "x-autoresponder",
        "x-autoreply-from",
        "x-mail-autoreply",
        "x-vacation",
    ):
        found = first(headers, name).strip().lower()
        if name in headers and found not in (b"no", b"false", b"0", b"none"):
            return True
    precedence = first(headers, "precedence").strip().lower().replace(b"-", b"_")
    if precedence == b"auto_reply":
        return True
    if first(headers, "x-precedence").strip().lower().replace(b"-", b"_") == b"auto_reply":
        return True
    if first(headers, "x-post-messageclass").strip().lower().startswith(b"9; autoresponder"):
        return True
    if first(headers, "delivered-to").strip().lower() == b"autoresponder":
        return True
    subject = text_of(headers, "subject")[:300]
    return bool(_SUBJECT.match(subject))


def is_list(headers: Headers) -> bool:
    """Whether it came through a mailing list or as bulk mail (RFC 2369, RFC 2919)."""
    if any(name in headers for name in ("list-id", "list-post", "x-mailman-version", "x-mailing-list")):
        return True
    return first(headers, "precedence").strip().lower() in (b"list", b"bulk", b"junk")


def is_receipt(content_type: str, report_type: str) -> bool:
    """Whether it is a read receipt or a feedback report (RFC 8098, RFC 5965): an event, not a message."""
    return content_type == "multipart/report" and report_type.lower() in (
        "disposition-notification",
        "feedback-report",
    )
