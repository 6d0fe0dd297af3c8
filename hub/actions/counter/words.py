"""What the counter says, in English and Chinese. Customers read it, so nothing of the hub's own words is in it."""

from collections.abc import Mapping, Sequence

LOCALES = ("en", "zh_CN")

COMMANDS: Mapping[str, Sequence[tuple[str, str]]] = {
    "en": (
        ("status", "Your open cases and how long they may take"),
        ("new", "Begin a new case"),
        ("link", "Link your e-mail address or phone number"),
        ("unlink", "Remove what you have linked"),
        ("language", "Change the language"),
        ("delete", "Have your data deleted"),
        ("help", "What you can do here"),
    ),
    "zh_CN": (
        ("status", "查看处理中的问题和预计等待时间"),
        ("new", "开始一个新问题"),
        ("link", "绑定邮箱或手机号"),
        ("unlink", "解除绑定"),
        ("language", "切换语言"),
        ("delete", "申请删除个人数据"),
        ("help", "使用说明"),
    ),
}

_WORDS: Mapping[str, tuple[str, str]] = {
    "start": (
        "Hello! Write here what we can do for you; photos, files and voice messages are welcome. A member of our staff will "
        "answer you. /help shows what else you can do.",
        "您好！有什么问题请直接在这里留言，也可以发送图片、文件或语音，我们的客服会尽快回复您。发送 /help 查看更多功能。",
    ),
    "follow": (
        "Welcome. You can go on with case {number} here.",
        "您好，您可以在这里继续跟进问题 {number}。",
    ),
    "follow_closed": (
        "Case {number} is closed. Write here, and we begin a new one.",
        "问题 {number} 已关闭。请直接留言，我们会为您新建一个问题。",
    ),
    "follow_wrong": (
        "This link is not good any more. Just write to us here.",
        "该链接已失效，请直接在这里留言。",
    ),
    "help": (
        "Write to us whenever you like. Changing a message after you sent it is fine: we see both versions.\n{commands}",
        "您可以随时给我们留言；发出后再修改也没关系，我们能看到前后两个版本。\n{commands}",
    ),
    "new": (
        "All right. What you write next is a new case.",
        "好的，您接下来发送的内容将作为一个新问题处理。",
    ),
    "none_open": ("You have no open case. Just write to us.", "您目前没有处理中的问题，有需要请直接留言。"),
    "case": ("{number} · {subject}\n{state}", "{number} · {subject}\n{state}"),
    "in_hand": ("A member of our staff is working on it.", "客服正在处理。"),
    "your_turn": ("We wait for your answer.", "等待您的回复。"),
    "in_line": ("In line.", "排队中。"),
    "place": ("Number {place} of {of} in line; {wait}.", "排队中：第 {place} 位，共 {of} 位；{wait}。"),
    "wait_unknown": ("we cannot say yet how long it takes", "暂时无法预计等待时间"),
    "wait_now": ("it is your turn any moment now", "马上轮到您"),
    "wait_up_to": ("up to {most} minutes", "预计 {most} 分钟以内"),
    "wait_between": ("about {least} to {most} minutes", "预计 {least} 到 {most} 分钟"),
    "wait_hours": ("about {least} to {most} hours", "预计 {least} 到 {most} 小时"),
    "wait_long": ("it may take a day or more", "可能需要一天以上"),
    "language": ("Which language do you prefer?", "请选择语言："),
    "language_set": ("We use English from now on.", "好的，之后将使用中文。"),
    "link": (
        "What would you like to link? Then we know you also when you write from there.",
        "您想绑定什么？绑定后，您通过该方式联系我们时我们也能认出您。",
    ),
    "link_email": ("E-mail", "邮箱"),
    "link_phone": ("Phone number", "手机号"),
    "ask_email": ("Please send me your e-mail address.", "请发送您的邮箱地址。"),
    "no_mail": (
        "Linking an address is not possible at the moment.",
        "暂时无法绑定邮箱。",
    ),
    "code_sent": (
        "We have sent a code of six digits to {address}. Please send it to me within {minutes} minutes.",
        "我们已向 {address} 发送六位验证码，请在 {minutes} 分钟内将验证码发给我。",
    ),
    "code_subject": ("Your code", "您的验证码"),
    "code_letter": (
        "Your code is {code}. It is good for {minutes} minutes.\nIf you did not ask for it, just ignore this letter.",
        "您的验证码是 {code}，{minutes} 分钟内有效。\n如非本人操作，请忽略本邮件。",
    ),
    "code_wrong": ("This code is not right. Please try again.", "验证码不正确，请重试。"),
    "code_dead": (
        "This code is not good any more. /link sends you a new one.",
        "验证码已失效，请发送 /link 重新获取。",
    ),
    "too_often": (
        "That was too often. Please try again in an hour.",
        "操作过于频繁，请一小时后再试。",
    ),
    "linked": ("{value} is linked. Thank you!", "{value} 已绑定，谢谢！"),
    "linked_elsewhere": (
        "Thank you. We know {value} under another name already; a member of our staff will see to it.",
        "谢谢。{value} 已登记在另一位客户名下，客服会核实处理。",
    ),
    "ask_phone": (
        "Press the button below to share your phone number.",
        "请点击下方按钮分享您的手机号。",
    ),
    "share_phone": ("Share my phone number", "分享我的手机号"),
    "phone_noted": (
        "This is not the number of your own Telegram account, so we have only noted it.",
        "这不是您 Telegram 账号本人的号码，我们仅作记录。",
    ),
    "phone_wrong": ("This is no phone number we can use.", "该号码无法识别。"),
    "unlink": ("What shall we remove?", "您想解除哪一项绑定？"),
    "unlink_none": ("You have linked nothing here.", "您还没有绑定任何信息。"),
    "unlinked": ("{value} is removed.", "{value} 已解除绑定。"),
    "delete": (
        "To have your personal data deleted, write here “Please delete my data”. A member of our staff checks that it is you, "
        "and deletes it. What the law makes us keep stays until its time is over.",
        "如需删除您的个人数据，请在这里发送“请删除我的数据”。客服核实您的身份后会为您办理；法律要求保留的部分会在期满后删除。",
    ),
    "too_large": (
        "We cannot fetch {names} from Telegram: files above 20 MB do not get through. Please send a smaller one, or a link.",
        "{names} 超过 20 MB，我们无法从 Telegram 接收。请发送较小的文件，或提供下载链接。",
    ),
    "rate": (
        "Your case {number} is resolved. How did we do? 1 is poor, 5 is excellent.",
        "您的问题 {number} 已解决。请为本次服务打分：1 分很不满意，5 分非常满意。",
    ),
    "rate_now": (
        "How do you like our service so far? 1 is poor, 5 is excellent.",
        "请为本次服务打分：1 分很不满意，5 分非常满意。",
    ),
    "rate_resolved": ("Your case {number} is resolved.", "您的问题 {number} 已解决。"),
    "rate_scale": ("({low} – {high})", "（{low} — {high}）"),
    "rate_more": (
        "A few more questions, if you have a minute: {link}",
        "如果方便，欢迎再回答几个问题：{link}",
    ),
    "rated": ("Thank you!", "谢谢您的评价！"),
    "rated_low": (
        "We are sorry. What went wrong? Your next message here goes to those who can change it.",
        "很抱歉没能让您满意。请告诉我们哪里做得不好，您的下一条消息会转给相关负责人。",
    ),
    "rating_over": ("This question is over.", "评价已结束。"),
    "comment_kept": ("Thank you for telling us.", "感谢您的反馈。"),
}


def say(key: str, locale: str, **values: object) -> str:
    """The words of this name in this language (en, zh_CN), filled in."""
    text = _WORDS[key][LOCALES.index(locale)]
    return text.format(**values) if values else text


def locale_of(language: str) -> str:
    """Which of our languages somebody reads whose program speaks `language` (IETF tag).

    >>> locale_of("zh-hans"), locale_of("de"), locale_of("")
    ('zh_CN', 'en', 'en')
    """
    return "zh_CN" if language.lower().replace("_", "-").partition("-")[0] == "zh" else "en"
