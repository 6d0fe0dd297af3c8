"""Who wrote the letter that was passed on. Pure; linear; never raises.

The forwarding program's own words are all there is, so the result is offered to people and believed by nobody. Only the first
block after the first mark of a forward counts: any other address in a text may be anybody's.
"""

# ruff: noqa: E501 - word lists of many languages read better unbroken
import re

from channels.email.characters.charsets import guess
from channels.email.parts.headers import first, one_line, parse_addresses, split_headers, text_of
from channels.email.parts.mime import Part
from channels.email.replies.quotes import FORWARD_SUBJECT
from channels.email.replies.stems import holds_any
from hub.model.interactions import Forwarded

_MAX_LINES = 3000
_MAX_BLOCK = 14
"""Lines in which the heads of a passed-on letter stand."""
_LINE = 400

_FROM = (
    "from|von|de|da|van|från|fra|lähettäjä|od|feladó|от|від|kimden|gönderen|expéditeur|remitente|mittente|remetente|afzender|"
    "absender|发件人|寄件人|寄件者|發件人|发送人|差出人|送信者|보낸사람|보낸 사람|발신|发信人"
)
_DATE = (
    "date|sent|datum|gesendet|gesendet am|envoyé|envoyé le|enviado|enviado el|enviada em|enviado em|fecha|data|inviato|"
    "verzonden|skickat|sendt|lähetetty|dato|päiväys|wysłano|odesláno|elküldve|дата|отправлено|tarih|gönderme tarihi|"
    "日期|发送时间|发送日期|時間|时间|寄件日期|傳送時間|送信日時|日時|日付|날짜|보낸 날짜|보낸날짜"
)
_SUBJECT = "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|předmět|tárgy|тема|konu|主题|主旨|主題|标题|件名|제목"
_OTHER = (
    "to|cc|an|à|a|para|aan|till|til|do|komu|címzett|кому|kopie|copie|copia|kopia|reply-to|kime|bilgi|收件人|抄送|宛先|받는사람|"
    "받는 사람|참조|副本|收件者|wichtigkeit|importance|importancia|attachments|anlagen|附件|重要性"
)
_HEAD = re.compile(
    rf"(?i)[\s*>|_\u200b]{{0,8}}(?:(?P<from>{_FROM})|(?P<date>{_DATE})|(?P<subject>{_SUBJECT})|(?:{_OTHER}))"
    rf"[\s*_]{{0,4}}[:：][\s*_]{{0,4}}(?P<value>.*)"
)
_MARK = re.compile(
    r"""(?ix)[\s>*_-]{0,40}(?:
      (?:begin\s+)?forwarded\s+(?:message|email|by)\b | begin\s+forwarded\s+message | original[\s-]message | forwarded\s+by\b
      | weitergeleitete\s+(?:nachricht|e-?mail|mail)\b | (?:anfang\s+der\s+)?weitergeleitete\w*\s+\w+ | urspr[üu]ngliche\s+(?:nachricht|e-?mail)
      | message\s+transf[ée]r[ée] | d[ée]but\s+du\s+message | message\s+d.origine | courriel\s+transf
      | mensaje\s+(?:reenviado|original) | inicio\s+del\s+mensaje | mensagem\s+(?:encaminhada|original) | in[íi]cio\s+da\s+mensagem
      | messaggio\s+(?:inoltrato|originale) | inizio\s+messaggio | doorgestuurd\s+bericht | begin\s+doorgestuurd | oorspronkelijk\s+bericht
      | vidarebefordrat | videresendt | v[äa]litetty | przekazana\s+wiadomo | p[řr]eposlan[áa] | tov[áa]bb[íi]tott | пересылаемое | переслан
      | начало\s+переадресован | исходное\s+сообщение | iletilen | özgün\s+ileti
      | 转发(?:邮件|的邮件|的郵件|信息|消息)? | 轉[寄發](?:郵件|的郵件|訊息)? | 以下是?[转轉][发發寄] | 开始转发 | 開始轉寄 | 下面是被?转发
      | 原始(?:邮件|郵件|信件|消息) | 原[邮郵]件 | 被转发邮件信息 | 转发邮件信息 | 已转发
      | 転送(?:メッセージ|された|メール)? | 転送開始 | 元のメッセージ | 전달된?\s*메시지 | 전달된?\s*메일 | 원본\s*메(?:시지|일)
    )"""
)
_FORWARD_ONLY = (
    "forward", "weiterge", "transf", "reenvia", "encaminhada", "inoltra", "doorgestuurd", "vidarebe", "videresend", "välit", "valit",
    "przekaz", "poslan", "tovább", "tovabb", "перес", "переадрес", "ilet", "转发", "转寄", "轉", "転送", "전달",
)  # fmt: skip
"""Of the marks only those that hold one of these are of forwards alone; pieces of words, as `fold` leaves them."""


def read_forwarded(subject: str, text: str, files: list[Part]) -> Forwarded | None:
    """The letter that was passed on, or None. `subject` is the carrying letter's; a mark that answers use as well ("Original
    Message") counts only when the subject says that this is a forward."""
    says = FORWARD_SUBJECT.match(subject) is not None
    inline = _inline(text, says)
    if inline is not None:
        return inline
    for part in files:
        if part.content_type in ("message/rfc822", "message/global"):
            return _attached(part)
    return None


def _attached(part: Part) -> Forwarded | None:
    headers, _, _ = split_headers(part.data()[:300_000], top=True, hint=part.hint)
    people = parse_addresses(first(headers, "from"))
    if not people:
        return None
    name, address = people[0]
    sent = one_line(guess(first(headers, "date")))[:100]
    return Forwarded(
        address=address.lower(), name=name[:200], subject=text_of(headers, "subject")[:300], sent=sent
    )


def _inline(text: str, says: bool) -> Forwarded | None:
    if not says and not holds_any(text[:200_000], _FORWARD_ONLY):
        return None
    lines = [_plain(line[:_LINE]) for line in text[:200_000].split("\n")[:_MAX_LINES]]
    for index, line in enumerate(lines):
        match = _MARK.match(line) if len(line) < 120 else None
        if match is not None and (says or holds_any(match.group(), _FORWARD_ONLY)):
            found = _block(lines, index + 1)
            if found is not None:
                return found
        elif says and _HEAD.match(line):
            # Outlook sets no mark: the heads stand alone.
            found = _block(lines, index)
            if found is not None:
                return found
    return None


def _plain(line: str) -> str:
    """A row of a table of two columns, as Netease's programs write the heads, becomes `name: value`."""
    if line.startswith("|") and line.count("|") >= 2:
        return line.lstrip("| \t").replace("|", ":", 1)
    return line


def _block(lines: list[str], start: int) -> Forwarded | None:
    """The heads from `start` on: a From with an address or a name, and at least one other head."""
    seen: dict[str, str] = {}
    others = 0
    last = ""
    for line in lines[start : start + _MAX_BLOCK]:
        bare = line.strip(" \t>|*_\u200b\u00a0")
        match = _HEAD.match(line)
        if match is None:
            if not bare:
                if seen and others:
                    break
                continue
            # Gmail and Apple wrap long heads.
            if last and not seen[last].endswith("|") and len(seen[last]) < _LINE:
                seen[last] = f"{seen[last]} {bare}".strip()
                continue
            if seen:
                break
            continue
        last = next((n for n in ("from", "date", "subject") if match.group(n)), "")
        others += last != "from"
        if last:
            if last in seen:
                break
            seen[last] = match.group("value").strip(" \t*_")
    people = parse_addresses(_addresses_of(seen.get("from", "")).encode("utf-8", "replace"))
    if not people or not others or not any(people[0]):
        return None
    name, address = next((p for p in people if p[1]), people[0])
    return Forwarded(
        address=address.lower(),
        name=name.strip("* ")[:200],
        subject=one_line(seen.get("subject", "")).rstrip("| ")[:300],
        sent=one_line(seen.get("date", "")).rstrip("| ")[:100],
    )


def _addresses_of(value: str) -> str:
    """A From value as an address header would have it: without the second address that links leave behind."""
    value = re.sub(
        r"<mailto:([^<>]{1,300})>|\[mailto:([^\[\]]{1,300})\]",
        lambda m: f"<{m.group(1) or m.group(2)}>",
        value,
    )
    return value.rstrip(";；, |")
