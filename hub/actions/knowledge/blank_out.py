"""Takes out of a text what belongs to one customer alone: names, addresses, telephone numbers, numbers of orders. Pure.

What is written for everybody must not tell of somebody. This leaves out rather too much than too little; a person reads it
before it is published. Every pattern is linear in the text.
"""

import re
from collections.abc import Iterable

BLANK = "[…]"
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方"
    "石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂"
)
_MAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
# Of an address the part that names somebody: the query, and numbers in the path.
_QUERY = re.compile(r"(https?://[^\s?#]{1,400})[?#][^\s]{0,800}")
# Chinese stands right beside a number, without a space.
_DIGITS = re.compile(r"(?<![A-Za-z0-9.])\+?\(?\d[\d\-. ()]{5,24}\d(?![A-Za-z0-9])")
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9-]{0,20}\d{4})[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,4}(?![A-Za-z0-9_-])"
)
_ORDER = re.compile(
    r"((?:order|invoice|tracking|reference|ticket|case|serial)\s{0,2}(?:no\.?|number|id|#)?\s{0,2}[:#]?\s{0,2})(?=[\w-]{0,20}\d)[\w-]{3,30}"
    r"|((?:订单|运单|快递单|物流单|发票|工单|流水|序列|单)号?\s{0,2}(?:是|为)?\s{0,2}[:：]?\s{0,2})(?=[A-Za-z0-9-]{0,20}\d)[A-Za-z0-9-]{3,30}",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"\b\d{1,5}[A-Za-z]?,?\s(?:[A-Z][\w.'-]{1,30}\s){1,4}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Close|Court|Ct|Square|Way|Place|Pl)\b\.?"
    r"(?:,\s[^\n,.;]{1,40}){0,3}"
)
_UNIT = "[\\dA-Za-z一二三四五六七八九十百-]{1,6}"
# From the street on; what stands before it is looked at by itself (`_with_city`).
_ZH_STREET = re.compile(
    rf"(?:路|街|道|巷|弄|胡同|小区|花园|村)\s?{_UNIT}\s?(?:号|弄|栋|幢|座)"
    rf"(?:\s?{_UNIT}\s?(?:号楼|栋|幢|座|楼|层|单元|室|号)){{0,5}}"
)
_ZH_BEFORE = 30
"""Characters before a street that may be the town and its parts."""
_ZH_BEGINS = "在到至为是寄送址于往从"
"""Characters after which a place begins."""
_TITLED = re.compile(
    rf"[{_SURNAMES}](?:[\u4e00-\u9fff]{{0,2}}?)(?=先生|女士|小姐|太太|老师|同学|经理)"
    r"|(?<=\bMr )[A-Z][\w'-]{1,30}|(?<=\bMs )[A-Z][\w'-]{1,30}|(?<=\bMrs )[A-Z][\w'-]{1,30}"
    r"|(?<=\bMr\. )[A-Z][\w'-]{1,30}|(?<=\bMs\. )[A-Z][\w'-]{1,30}|(?<=\bMrs\. )[A-Z][\w'-]{1,30}|(?<=\bDr\. )[A-Z][\w'-]{1,30}"
)
_CALLED = re.compile(
    r"((?:[Mm]y name is|[Tt]his is|I am|I'm) )([A-Z][\w'-]{1,30}(?: [A-Z][\w'-]{1,30}){0,2})"
    rf"|((?:我叫|我是|本人|收件人|联系人|姓名)\s?(?:是|为)?[:：]?\s?)([{_SURNAMES}][\u4e00-\u9fff]{{1,2}})(?=[，,。.；;、\s（(]|$)",
    re.MULTILINE,
)
_GREETING = re.compile(
    r"^(\s{0,8}(?:Dear|Hello|Hi|Hey)\s)([^\n,，!！:：]{1,60})(?=[,，!！:：]|\s*$)", re.MULTILINE
)
_BLANKS = re.compile(rf"{re.escape(BLANK)}(?:[ ,，、]{{0,2}}{re.escape(BLANK)})+")


def blank_out(text: str, names: Iterable[str] = (), values: Iterable[str] = ()) -> str:
    """The text with BLANK in the place of what is personal. `names`: of people who are known to be in it; `values`: addresses
    and numbers by which the customer is known.

    >>> blank_out("您好，我是张伟，订单号：TW-20500，电话 138-0013-8000。")
    '您好，我是[…]，订单号：[…]，电话 […]。'
    >>> blank_out("Dear Anna, order no. 48211 goes to 12 Baker Street, London.", ["Anna Berg"])
    'Dear […], order no. […] goes to […].'
    """
    for value in sorted((one for one in values if len(one) >= 4), key=len, reverse=True):
        text = re.sub(re.escape(value), BLANK, text, flags=re.IGNORECASE)
    text = _QUERY.sub(r"\1", text)
    text = _MAIL.sub(BLANK, text)
    text = _STREET.sub(BLANK, text)
    text = _without_streets(text)
    text = _ORDER.sub(lambda found: f"{found[1] or found[2]}{BLANK}", text)
    text = _DIGITS.sub(_phone, text)
    text = _NUMBER.sub(_code, text)
    text = _GREETING.sub(rf"\1{BLANK}", text)
    text = _CALLED.sub(lambda found: f"{found[1] or found[3]}{BLANK}", text)
    text = _TITLED.sub(BLANK, text)
    text = _without_names(text, names)
    return _BLANKS.sub(BLANK, text)


def count_blanks(*texts: str) -> int:
    """How much was left out."""
    return sum(text.count(BLANK) for text in texts)


def _without_streets(text: str) -> str:
    """Chinese addresses, from the town to the room."""
    kept: list[str] = []
    done = 0
    for found in _ZH_STREET.finditer(text):
        start = found.start()
        while start > max(done, found.start() - _ZH_BEFORE) and _is_of_a_place(text[start - 1]):
            start -= 1
        kept += [text[done:start], BLANK]
        done = found.end()
    return "".join((*kept, text[done:]))


def _is_of_a_place(one: str) -> bool:
    return "\u4e00" <= one <= "\u9fff" and one not in _ZH_BEGINS


def _phone(found: re.Match[str]) -> str:
    """Seven digits and more, unless they are a date or plain amounts with spaces between."""
    digits = sum(one.isdigit() for one in found[0])
    is_date = re.fullmatch(r"(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}(?: \d{1,2})?", found[0]) is not None
    return found[0] if digits < 7 or is_date else BLANK


def _code(found: re.Match[str]) -> str:
    """Letters and digits with four digits or more; years and round amounts stay."""
    word = found[0]
    if re.fullmatch(r"(?:19|20)\d\d(?:-\d{1,2}(?:-\d{1,2})?)?|\d{1,3}0{2,}", word):
        return word
    return BLANK


def _without_names(text: str, names: Iterable[str]) -> str:
    wanted: set[str] = set()
    for name in names:
        parts = [name, *name.split()] if name.isascii() else [name]
        # One letter or one character is no name to look for.
        wanted.update(part for one in parts if len(part := one.strip(" .,")) >= (3 if one.isascii() else 2))
    for name in sorted(wanted, key=len, reverse=True):
        before, after = ("(?<![A-Za-z])", "(?![A-Za-z])") if name.isascii() else ("", "")
        text = re.sub(f"{before}{re.escape(name)}{after}", BLANK, text, flags=re.IGNORECASE)
    return text
