"""The fixed words of the letters that open the customer's own page, in both languages."""

from collections.abc import Mapping

SUBJECT: Mapping[str, str] = {
    "en": "{code} is your code",
    "zh_CN": "{code} 是您的验证码",
}
LETTER: Mapping[str, str] = {
    "en": "Your code: {code}\n\n"
    "Type it on the page where you asked for it. Or open this link, on any device, and press the button there:\n{link}\n\n"
    "Both are good once, for {minutes} minutes. If you did not ask for a code, you need not do anything: nobody gets in "
    "without it. Do not pass this letter on.",
    "zh_CN": "您的验证码：{code}\n\n"
    "请在索取验证码的页面上输入。也可以在任意设备上打开以下链接，并点击页面上的按钮：\n{link}\n\n"
    "验证码和链接各可使用一次，{minutes} 分钟内有效。"
    "如果不是您本人索取，无需任何操作：没有它，任何人都无法进入。请不要转发此邮件。",
}
