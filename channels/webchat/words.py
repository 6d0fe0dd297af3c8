"""Every string of the chat's page, in English and in simplified Chinese."""

from collections.abc import Mapping

_EN = {
    "lang": "en",
    "log": "Conversation",
    "message": "Your message",
    "placeholder": "Write a message…",
    "send": "Send",
    "you": "You",
    "sending": "Sending…",
    "sent": "Sent",
    "failed": "Not sent.",
    "retry": "Try again",
    "connecting": "Connecting…",
    "offline": "The line is down. Trying again…",
    "about": "Your name and e-mail (optional)",
    "name": "Name",
    "email": "E-mail",
    "email_hint": "So that we can reach you when you have left.",
    "ticket": "Reference number: {ticket}",
    "too_fast": "Please wait a moment between messages.",
    "too_long": "This message is too long.",
    "offers": "These may answer your question:",
}
_ZH = {
    "lang": "zh-CN",
    "log": "对话",
    "message": "您的消息",
    "placeholder": "请输入消息……",
    "send": "发送",
    "you": "我",
    "sending": "发送中……",
    "sent": "已发送",
    "failed": "未能发送。",
    "retry": "重试",
    "connecting": "连接中……",
    "offline": "连接已断开，正在重试……",
    "about": "您的姓名和邮箱（选填）",
    "name": "姓名",
    "email": "电子邮箱",
    "email_hint": "您离开后，我们可以通过邮件联系您。",
    "ticket": "受理编号：{ticket}",
    "too_fast": "发送过快，请稍候。",
    "too_long": "消息过长。",
    "offers": "以下内容可能已经解答了您的问题：",
}
WORDS: Mapping[str, Mapping[str, str]] = {"en": _EN, "zh_CN": _ZH}
