"""Signatures: what goes with the sender known, and what stays because it may be what the letter is about."""

# ruff: noqa: E501 - word lists and wire text read better unbroken

import pytest

from channels.email.replies.quotes import new_text
from channels.email.replies.signatures import Sender, is_footer

BO = Sender("Bo Hansen", "bo@mail.example")
HONG = Sender("王小红", "hong@qq.example")
NOBODY = Sender("", "x1@mail.example")
WORDS = "The tea has not come.\nPlease look for it."

GOES = [
    ("mark", BO, "-- \nBo Hansen\nHavnegade 3\n1058 København"),
    ("mark without its space", BO, "--\nBo"),
    ("underscores", BO, "__\ntea-users mailing list\ntea-users@lists.example"),
    ("list", BO, "_______________________________________________\nTea-users mailing list -- tea-users@lists.example\nTo unsubscribe, see https://lists.example/tea"),
    ("own name", BO, "Bo"),
    ("own names turned", BO, "Hansen, Bo"),
    ("own address", BO, "bo@mail.example"),
    ("own name with a dash", BO, "- Bo"),
    ("name and numbers", BO, "Bo Hansen\nTea taster\n+45 33 12 34 56\nwww.tasters.example"),
    ("closing and own name", BO, "Thank you,\nBo"),
    ("formal closing and own name", BO, "Mit freundlichen Grüßen\n\nBo Hansen"),
    ("formal closing and a name", BO, "Best regards,\nAnn"),
    ("formal closing in Danish", BO, "Kh\nAnn"),
    ("formal closing in French", BO, "Cordialement,\n\nAnn"),
    ("closing with a block", BO, "Regards,\n\nAnn Lee\nDirector, Tea Tasters Ltd"),
    ("closing with a block, unknown sender", NOBODY, "Cheers,\nAnn Lee\nTel. +45 33 12 34 56"),
    ("rule and contacts", BO, "—————\nAnn Lee\nTaster\nann@mail.example"),
    ("rule of QQ", NOBODY, "------------------\n王小红\n上海茶叶公司"),
    ("lines in Japanese", Sender("佐藤 太郎", "sato@tea.example"), "━━━━━━━━━━━━\n株式会社茶房\n佐藤太郎\nTEL: 03-1234-5678\n━━━━━━━━━━━━"),
    ("own name without its space", Sender("佐藤 太郎", ""), "佐藤太郎"),
    ("humble, in Korean", Sender("김민수", ""), "김민수 드림"),
    ("table of NetEase", HONG, "| |\n王小红\n|\n|\nhong@163.example\n|"),
    ("address alone above the history", HONG, "\n\nhong@qq.example"),
    ("name in Chinese", HONG, "此致\n敬礼！\n\n王小红"),
    ("lawyers", BO, "This message and its attachments are confidential and intended only for the person named above.\n"
     "If you have received it in error, tell us and delete it."),
    ("lawyers under a rule", BO, "____________________\nDiese Nachricht ist vertraulich. Wenn Sie sie irrtümlich erhalten haben, löschen Sie sie bitte."),
    ("footer and name", BO, "Bo\n\nSent from my iPhone"),
    ("mark and footer", BO, "-- \nSent from my Android device with K-9 Mail."),
]  # fmt: skip

STAYS = [
    ("thanks and another name", BO, "Thanks,\nAnn"),
    ("formal closing, sender without a name", NOBODY, "Best regards,\nAnn"),
    ("another person's contacts", BO, "Ann Lee\nann@books.example\n+45 44 55 66 77"),
    ("own name as the answer", BO, "The order is under this name:\n\nBo Hansen"),
    ("new number", BO, "This is my new number\n\nBo Hansen\n+45 33 12 34 56"),
    ("name and a question", BO, "Bo Hansen\nIs that the right name?"),
    ("thanks", BO, "Thank you!"),
    ("closing and a postscript", BO, "Regards,\nBo\nPS: green tea"),
    ("double dash list", BO, "-- two cups\n-- one pot"),
    ("a dash and a question", BO, "—\nWhat does the shipping cost?"),
    ("dashes and a question", BO, "--\nThe second thing:\nwhat does the shipping cost?"),
    ("a dash and a long sentence", BO, "—\nThe second box came on Monday, but the lid was missing and it was wet."),
    ("eighteen dashes and a table", BO, "------------------\ncups: 2\npots: 1"),
    ("dots", BO, "..........\nBo Hansen is not my name"),
    ("rule and a table", BO, "----------\ncups: 2\npots: 1"),
    ("footer in a sentence", BO, "Sent from your shop yesterday, it came broken."),
    ("long text below a dash", BO, "--\n" + "\n".join(f"line {i}" for i in range(20))),
]  # fmt: skip


@pytest.mark.parametrize(("sender", "below"), [(s, b) for _, s, b in GOES], ids=[n for n, _, _ in GOES])
def test_signatures_go(sender: Sender, below: str) -> None:
    assert new_text(f"{WORDS}\n\n{below}\n", sender) == WORDS


@pytest.mark.parametrize(("sender", "below"), [(s, b) for _, s, b in STAYS], ids=[n for n, _, _ in STAYS])
def test_what_may_be_the_matter_stays(sender: Sender, below: str) -> None:
    assert new_text(f"{WORDS}\n\n{below}", sender) == f"{WORDS}\n\n{below}"


@pytest.mark.parametrize(
    "text",
    [
        "Bo Hansen",
        "Hello,\n\nBo Hansen",
        "-- \nBo",
        "Sent from my iPhone",
        "Thanks,\nBo",
        "bo@mail.example",
        "您好\n\nBo",
    ],
)
def test_a_letter_of_nothing_else_stays(text: str) -> None:
    assert new_text(text, BO) == text.strip()


@pytest.mark.parametrize(
    "line",
    ["Sent from your warehouse", "Sendt fra lageret", "Gesendet mit DHL", "Enviado por correo", "来自上海的手机还没收到", "从我的账户发送", "Sent from my shop, it is broken", "Отправлено с опозданием",
     "From my phone I see", "Get the outlook for Monday"],
)  # fmt: skip
def test_sentences_are_no_footers(line: str) -> None:
    assert not is_footer(line)
