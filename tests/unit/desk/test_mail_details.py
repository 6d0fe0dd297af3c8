"""What mailboxes report is said in the reader's language, and what a server said stays as it is."""

import pytest

from channels.email.accounts.presets import ADVICE
from hub.web.desk.say.details import say_detail
from hub.web.desk.say.language import Voice

EN, ZH = Voice(locale="en"), Voice(locale="zh_CN")


@pytest.mark.parametrize("advice", sorted({*ADVICE.values(), "Check imap_user and imap_password."}))
def test_each_advice_on_a_refused_login_is_translated(advice: str) -> None:
    stored = f"IMAP imap.example:993 refused the login: Login error. {advice}"
    said = say_detail(ZH, stored)
    assert said.startswith("IMAP imap.example:993 拒绝登录：Login error。")
    assert advice not in said
    assert say_detail(EN, stored) == stored


@pytest.mark.parametrize(
    ("stored", "chinese"),
    [
        ("IMAP a.example:993 cannot be reached: timed out", "无法连接 IMAP a.example:993：timed out"),
        ("The folder 'My Box' cannot be opened: no", "无法打开文件夹“My Box”：no"),
        (
            "The provider has ended the hub's access to this mailbox (invalid_grant: gone). "
            "A person must grant it again, on the page of channels or by: contact-hub mail authorise support",
            "服务商已终止对此邮箱的授权（invalid_grant: gone）。"
            "请在“渠道”页面重新授权，或运行：contact-hub mail authorise support",
        ),
        ("Another hub has taken this mailbox over.", "另一个 hub 已接管此邮箱。"),
    ],
)
def test_a_mailboxs_troubles_are_translated(stored: str, chinese: str) -> None:
    assert (say_detail(EN, stored), say_detail(ZH, stored)) == (stored, chinese)
