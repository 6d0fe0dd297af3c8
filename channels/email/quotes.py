"""What is new in a letter: quoted history, forwarded heads and signatures taken away. Pure, linear in the
text.

Line rules only, each line cut before any expression sees it. When nothing would be left, everything is kept:
losing a customer's words is worse than showing old ones.
"""

# ruff: noqa: E501 - word lists of thirty languages read better unbroken
import re
from html import unescape

from channels.email.limits import MAX_QUOTE_TEXT

_CUT = 400

_WROTE = (
    r"wrote|writes|said|schrieb|schreef|écrit|a écrit|escribió|escribio|scrisse|ha scritto|escreveu|skrev|kirjoitti|napsal(?:\(a\))?|"
    r"napisał(?:\(a\))?|написал(?:а|\(а\))?|пише|пишет|написав|yazdı|yazd[ıi]|írta|geschrieben|scris|viết|đã viết|skrifaði|"
    r"写道|写到|寫道|のメール|書きました|wrote the following|napísal(?:\(a\))?|a scris|schreven|作成|작성|님이 작성"
)
_ON_START = re.compile(
    r"(?i)^[>\s*]{0,4}(?:on|am|le|el|il|em|op|den|på|dnia|dne|w dniu|pe|vào|在|於|于)\s*[^\n]{0,200}(?:\d{4}|\d{1,2}[:.]\d\d|\d{1,2}[/.]\d{1,2})"
)
_CJK_WROTE = re.compile(
    r"^[>\s]{0,4}.{0,200}(?:写道|寫道|写到|来信|發表|书写|撰写|さんは?(?:書きました|書いた|のメール)|님이 작성|작성했습니다|のメッセージ)\s*[:：]?\s*$"
)
_CJK_DATE_FROM = re.compile(
    r"^[>\s]{0,4}(?:在\s*)?\d{2,4}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}\s*日?.{0,160}(?:<[^<>@\s]{1,100}@[^<>\s]{1,100}>|\S{1,60}@\S{1,80}).{0,20}[:：]?\s*$"
)
_DATE_ADDRESS = re.compile(
    r"^[>\s]{0,4}(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}).{0,120}<[^<>@\s]{1,100}@[^<>\s]{1,100}>\s*[:：]?\s*$"
)
_VERB = re.compile(rf"(?i)(?:(?<!\w)(?:{_WROTE})(?!\w)|写道|寫道|写到|撰写|님이 작성|のメール)")
_PLACE = re.compile(r"\d{1,2}[:./-]\d{1,2}|\d{4}|@|\d\s*[年月日]")
_TIME = re.compile(r"\d{1,2}[:.]\d\d|\d{4}")
_STARTS_WITH_DATE = re.compile(r"^[>\s]{0,4}(?:\d{4}[-/.年]|\d{1,2}[-/.]\d{1,2}|[A-Z][a-z]{2},? \d{1,2})")
_DASHED = re.compile(rf"(?i)^[>\s]{{0,4}}-{{2,}}\s*\S.{{0,200}}(?:{_WROTE}|撰写)\s*-{{2,}}\s*$")
_SEPARATOR = re.compile(
    r"(?i)^[>\s]{0,4}[-_=*—–]{2,}\s*(?:original|originale?s?|forwarded|ursprüngliche|mensaje original|mensagem original|message d'origine|message transféré|weitergeleitete|"
    r"messaggio originale|messaggio inoltrato|oorspronkelijk|doorgestuurd|ursprungligt|vidarebefordrat|oprindelig|videresendt|alkuperäinen|původní|přeposlaná|wiadomość oryginalna|treść|"
    r"исходное|пересылаемое|пересланное|orijinal|iletilen|原始邮件|原始郵件|原邮件|回复的原邮件|回复邮件|回复的邮件|转发邮件|轉寄|转发的邮件|原件|元のメッセージ|original message|転送|원본|전달|reply message|"
    r"reply above|reply to message|邮件原件|引用|begin forwarded|mensaje reenviado|mensagem encaminhada)[^\n]{0,80}$"
)
_BARE_SEPARATOR = re.compile(
    r"(?i)^[>\s]{0,4}(?:begin forwarded message|début du message (?:réexpédié|transféré)|anfang der weitergeleiteten (?:nachricht|e-mail)|inizio messaggio inoltrato|inicio del mensaje reenviado|"
    r"#+\s*reply above this line.*|please reply above this line.*|[-–—#=*\s]*(?:please )?(?:reply|type your reply|write|antworten sie) (?:above|oberhalb)[^\n]{0,80}|[-=#]{2,}\s*请?在(?:此|这条)线(?:以上|上方)回复.*)\s*:?\s*[-#=]*\s*$"
)
_HEAD = re.compile(
    r"(?i)^[>\s*_|]{0,6}\**(from|sent|to|cc|subject|date|reply-to|von|gesendet|an|betreff|datum|de|envoyé|à|objet|cc|date|enviado(?: el)?|para|asunto|fecha|da|inviato|a|oggetto|data|"
    r"van|verzonden|aan|onderwerp|från|skickat|till|ämne|fra|sendt|til|emne|lähettäjä|lähetetty|vastaanottaja|aihe|od|odesláno|komu|předmět|do|wysłano|temat|assunto|enviada(?: em)?|"
    r"от|отправлено|кому|тема|дата|kimden|gönderilen|kime|konu|gönderildi|发件人|寄件者|寄件人|发送时间|发送日期|寄件日期|日期|时间|收件人|收件者|抄送|抄送人|副本|主题|主旨|差出人|送信者|送信日時|日時|送信|宛先|件名|보낸 사람|보낸사람|보낸 날짜|받는 사람|받는사람|제목|날짜|参照|참조)"
    r"\**\s*[:：]\**\s*(?:\S|$)"
)
_RULE = re.compile(r"^\s*(?:_{8,}|-{10,}|={20,}|\*{20,})\s*$")
_SIGNATURE = re.compile(r"^\s{0,2}(?:--|__|—|––)\s*$|^-- $")
_PHONE = re.compile(
    r"(?i)^[\s(\[<*]*(?:sent (?:from|via|with|using) (?:my|the|mail|outlook|yahoo|samsung|iphone|ipad|proton|gmail|a|an|blackberry|mailbird|windows|nylas|front|superhuman|spark|airmail|android|mobile|k-9)\b|"
    r"get outlook for|获取 ?outlook|取得 ?outlook|下载 ?outlook|(?:von|gesendet von|gesendet mit) (?:meine[mr]|der|mobile|mail|outlook)|diese nachricht wurde von mein|envoyé (?:de|depuis|à partir d)|enviado (?:desde|do|de) (?:mi|meu|el|o)|inviato da|verzonden (?:vanaf|vanuit|met|van)|"
    r"skickat från|sendt fra|wysłane z|odesláno z|отправлено (?:с|из)|отправлено|lähetetty|从我的|发自我的|发自|來自|来自我的|傳送自|從我的|我的 ?iphone ?から送信|iphoneから送信|iphone ?から|.{0,12}から送信|나의 .{0,12}에서 보냄|.{0,20}에서 보냄|"
    r"sent from (?:\S+ ){0,4}\S+$|download .{0,20} app|yahoo mail: |do you yahoo)[^\n]{0,120}$"
)
_QUOTED = re.compile(r"^\s{0,3}(?:>|\|\s|\|$|｜)")


def new_text(text: str) -> str:
    """What the author wrote this time. Equal to the whole text (trimmed) when that cannot be told."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u200b", "").replace("\ufeff", "")
    if len(whole) > MAX_QUOTE_TEXT:
        return whole.strip()
    lines = [line[:_CUT] if len(line) > 20_000 else line for line in whole.split("\n")]
    kept = _without_history(lines)
    kept = _without_signature(kept)
    result = "\n".join(kept).strip()
    if not result:
        result = _without_marks(lines)
    return _tidy(result) or whole.strip()


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _without_marks(lines: list[str]) -> str:
    """When only quoted text is there, it is a letter by somebody who answers without writing: show all."""
    return "\n".join(lines).strip()


def _without_history(lines: list[str]) -> list[str]:
    """Cut at the first head of reproduced history; drop quoted lines and their attribution in between."""
    out: list[str] = []
    count = len(lines)
    index = 0
    while index < count:
        line = lines[index]
        probe = line[:_CUT]
        if not probe.strip():
            out.append(line)
            index += 1
            continue
        has_text = any(o.strip() for o in out)
        if _SEPARATOR.match(probe) or _BARE_SEPARATOR.match(probe):
            if has_text:
                break
            return lines
        head = _head_block(lines, index)
        if head:
            if has_text:
                break
            return lines
        if _RULE.match(probe) and _next_is_head(lines, index + 1):
            if has_text:
                break
            return lines
        span = _attribution(lines, index)
        if span:
            after = _next_text(lines, index + span)
            quoted_next = after < count and bool(_QUOTED.match(lines[after][:_CUT]))
            if quoted_next:
                index = after
                continue
            if has_text:
                break
            index += span
            continue
        if _QUOTED.match(probe):
            end = index
            while end < count and (
                _QUOTED.match(lines[end][:_CUT]) or not lines[end].strip() or _wrapped(lines, end)
            ):
                end += 1
            index = end
            continue
        out.append(line)
        index += 1
    return out


def _wrapped(lines: list[str], index: int) -> bool:
    """A short line broken off a quoted one by a mail program, between quoted lines."""
    return (
        0 < index < len(lines) - 1
        and bool(_QUOTED.match(lines[index - 1][:_CUT]))
        and bool(_QUOTED.match(lines[index + 1][:_CUT]))
        and len(lines[index]) < 20
        and len(lines[index - 1]) > 60
    )


def _next_text(lines: list[str], index: int) -> int:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def _head_block(lines: list[str], index: int) -> bool:
    """Two or more different header-like lines (From, Sent, Subject …) within a few lines."""
    first = _HEAD.match(lines[index][:_CUT])
    if not first:
        return False
    names = {first.group(1).lower()}
    for line in lines[index + 1 : index + 8]:
        match = _HEAD.match(line[:_CUT])
        if match:
            names.add(match.group(1).lower())
    return len(names) >= 3 or (
        len(names) == 2 and ("@" in "".join(lines[index : index + 4])[:1000]) and _is_from(first.group(1))
    )


def _is_from(name: str) -> bool:
    return name.lower() in {
        "from",
        "von",
        "de",
        "da",
        "van",
        "från",
        "fra",
        "od",
        "от",
        "kimden",
        "发件人",
        "寄件者",
        "寄件人",
        "差出人",
        "送信者",
        "보낸 사람",
        "lähettäjä",
    }


def _next_is_head(lines: list[str], index: int) -> bool:
    found = _next_text(lines, index)
    return found < len(lines) and found - index <= 2 and _head_block(lines, found)


def _attribution(lines: list[str], index: int) -> int:
    """How many lines an "On … wrote:" takes from `index`; 0 when there is none. Programs break it over up to four."""
    probe = lines[index][:_CUT].strip()
    if _CJK_WROTE.match(probe) and _PLACE.search(probe):
        return 1
    if _CJK_DATE_FROM.match(probe) or _DATE_ADDRESS.match(probe) or _DASHED.match(probe):
        return 1
    begins = bool(_ON_START.match(probe) or _STARTS_WITH_DATE.match(probe))
    if not begins and not _VERB.search(probe) and "@" not in probe and not probe.endswith("<"):
        return 0
    joined = ""
    for extra, line in enumerate(lines[index : index + 5]):
        following = line[:_CUT].strip()
        if not following and extra > 1:
            break
        joined = f"{joined} {following}".strip()[:800]
        if not joined.endswith((":", "：")):
            continue
        verb = _VERB.search(joined)
        if verb and (
            (_PLACE.search(joined) and (begins or _TIME.search(joined)))
            or _followed(lines, index + extra + 1)
        ):
            return extra + 1
        if (begins and _DATE_ADDRESS.match(joined.replace("< ", "<"))) or _CJK_DATE_FROM.match(
            joined.replace("< ", "<")
        ):
            return extra + 1
        break
    return 0


def _followed(lines: list[str], index: int) -> bool:
    found = _next_text(lines, index)
    return found < len(lines) and bool(_QUOTED.match(lines[found][:_CUT]))


def _without_signature(lines: list[str]) -> list[str]:
    """Cut at the signature mark (RFC 3676 4.3 and what is sent instead) and at phone clients' lines."""
    for index, line in enumerate(lines):
        probe = line[:_CUT]
        above = (
            any(o.strip() for o in lines[:index])
            if _SIGNATURE.match(probe) or _PHONE.match(probe) or _RULE.match(probe)
            else False
        )
        if not above:
            continue
        rest = [o for o in lines[index + 1 :] if o.strip()]
        if _SIGNATURE.match(probe) and len(rest) <= 30:
            return lines[:index]
        if _PHONE.match(probe) and len(rest) <= 6:
            return lines[:index]
        if _RULE.match(probe) and len(rest) <= 8:
            return lines[:index]
    return lines


_QUOTE_HTML = re.compile(
    r"""(?ix)
    <blockquote\b[^>]{0,400}(?:type\s*=\s*["']?cite|gmail_quote|id\s*=\s*["']?isreplycontent|cite\s*=)
    | <div\b[^>]{0,400}(?:class\s*=\s*["']?[^"'>]{0,60}(?:gmail_quote|yahoo_quoted|moz-cite-prefix|gmail_extra|protonmail_quote|zmail_extra|ntes-mailmaster-quote|tutanota_quote)
         |id\s*=\s*["']?(?:isreplycontent|appendonsend|divrplyfwdmsg|mail-editor-reference-message-container|reply-intro|orienvelope|origbody|ntes-pcmac-signature-quote|spnEditorSign_quote|mailmasterquote))
    | <includetail\b | <!--\s*\[?originalcontent | <hr\b[^>]{0,200}id\s*=\s*["']?stopspelling
    | <div\b[^>]{0,200}style\s*=\s*["'][^"'>]{0,200}border:\s*none;\s*border-top:\s*solid\s*\#(?:e1e1e1|b5c4df)
    | <(?:div|blockquote)\b[^>]{0,400}name\s*=\s*["']?(?:quote|messagereplysection)
    """
)
_QQ_MARK = re.compile(
    r"(?i)<div[^>]{0,400}>(?:\s|&nbsp;|<[^>]{1,200}>){0,6}-{2,}\s*(?:&nbsp;|\s)*(?:原始邮件|Original|回复的原邮件|回复的邮件|転送|转发)"
)


def new_html(html: str) -> str:
    """The HTML above the mail program's own quote marker; "" when there is no marker or nothing above it."""
    sample = html[:MAX_QUOTE_TEXT]
    found = [m.start() for m in (_QUOTE_HTML.search(sample), _QQ_MARK.search(sample)) if m]
    if not found:
        return ""
    above = sample[: min(found)]
    visible = unescape(
        re.sub(
            r"<(?:style|head|title)\b[^<]*(?:<(?!/(?:style|head|title))[^<]*)*</(?:style|head|title)>|<[^<>]*>",
            "",
            above,
            flags=re.IGNORECASE,
        )
    )
    return above if visible.strip() else ""
