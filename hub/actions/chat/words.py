"""What letters about a chat say: fixed words around what the house wrote. In the language of the ticket."""

from collections.abc import Mapping

_EN = {
    "missed_subject": "Our answer in your chat [{number}]",
    "missed": "You left the chat before this reached you:",
    "us": "We",
    "files": "Files: {files}",
    "go_on": "To go on, just answer this letter. Or come back to the chat (this link is good for 7 days):",
    "copy_subject": "Your chat with us [{number}]",
    "copy": "This is what was said in your chat with us:",
    "copy_ours": "This is what we wrote in your chat with us; what you wrote yourself is to be seen in the chat:",
    "you": "You",
}
_ZH = {
    "missed_subject": "您的在线咨询有新回复 [{number}]",
    "missed": "您离开在线咨询后，我们回复了以下内容：",
    "us": "客服",
    "files": "文件：{files}",
    "go_on": "如需继续沟通，直接回复本邮件即可；也可以通过以下链接回到在线咨询（7 天内有效）：",
    "copy_subject": "您的在线咨询记录 [{number}]",
    "copy": "以下是您与我们的在线咨询记录：",
    "copy_ours": "以下是我们在在线咨询中回复您的内容；您自己发送的消息可在在线咨询中查看：",
    "you": "您",
}
WORDS: Mapping[str, Mapping[str, str]] = {"en": _EN, "zh_CN": _ZH}


def say(locale: str, key: str, **values: str) -> str:
    """Values are put in as they are: none of them is read for braces."""
    text = WORDS[locale][key]
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
