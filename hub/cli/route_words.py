"""What `route simulate` calls its figures, and what it says when something is wrong."""

from collections.abc import Mapping

from hub.cli.speak import locale_of
from routing.simulate.trouble import CannotSimulate

# English, Chinese; the unit of the figure.
FIGURES: Mapping[str, tuple[str, str, str]] = {
    "in_time_weighted": ("In time, weighted", "按时率（按重要性加权）", "%"),
    "in_time": ("In time", "按时率", "%"),
    "live_in_time": ("Chats joined in time", "即时会话按时接入率", "%"),
    "live_lost": ("Chats lost", "即时会话流失率", "%"),
    "live_wait_mean": ("Chat wait, mean", "即时会话平均等待", "s"),
    "live_wait_p95": ("Chat wait, 95 % below", "即时会话等待（95 分位）", "s"),
    "wait_mean": ("Wait, mean", "平均等待", "min"),
    "wait_p95": ("Wait, 95 % below", "等待（95 分位）", "min"),
    "wait_longest": ("Longest wait", "最长等待", "min"),
    "late": ("Late, weighted", "平均超时（加权）", "min"),
    "unserved": ("Never answered", "未获答复", ""),
    "fairness": ("Evenness (Jain)", "负荷均衡度（Jain）", ""),
    "owner_kept": ("Same agent again", "由原客服继续处理", "%"),
    "put_back": ("Put back to a queue", "退回队列", "%"),
    "used": ("Time at work", "工时利用率", "%"),
    "overtime": ("Overtime", "加班", "h"),
}
UNITS: Mapping[str, tuple[str, str]] = {
    "%": ("%", "%"),
    "s": ("s", "秒"),
    "min": ("min", "分钟"),
    "h": ("h", "小时"),
    "": ("", ""),
}
VERDICTS: Mapping[str, tuple[str, str, str]] = {
    "better": ("better", "更好", "green"),
    "worse": ("worse", "更差", "red"),
    "same": ("the same", "相同", ""),
    "unclear": ("not clear", "不明显", "yellow"),
    "other": ("", "", ""),
}
LABELS: Mapping[str, tuple[str, str]] = {
    "channel": ("Channel", "渠道"),
    "kind": ("Kind", "类型"),
    "queue": ("Queue", "队列"),
    "priority": ("Priority", "优先级"),
    "key_account": ("Key account", "大客户"),
}
VALUES: Mapping[str, tuple[str, str]] = {
    "complaint": ("complaint", "投诉"),
    "question": ("question", "咨询"),
    "enquiry": ("enquiry", "咨询"),
    "request": ("request", "服务请求"),
    "feedback": ("feedback", "反馈"),
    "low": ("low", "低"),
    "normal": ("normal", "普通"),
    "high": ("high", "高"),
    "urgent": ("urgent", "紧急"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "chat": ("chat", "在线聊天"),
    "email": ("e-mail", "邮件"),
    "form": ("form", "表单"),
}
STEPS: Mapping[str, tuple[str, str]] = {
    "classified": ("Sorted", "分类"),
    "assigned": ("Assigned", "分配"),
    "manual": ("By hand", "人工操作"),
    "released": ("Put back", "退回队列"),
    "offered": ("Offered", "已提供"),
    "accepted": ("Accepted", "已接受"),
    "declined": ("Declined", "已谢绝"),
    "expired": ("Not taken up", "未响应"),
    "withdrawn": ("Withdrawn", "已撤回"),
    "overflow": ("Went on", "溢出转移"),
    "moved": ("Moved", "已移动"),
}

_TROUBLES: Mapping[str, str] = {
    "nothing_happened": "这段时间内没有客户来信。",
    "nobody_worked": "这段时间内没有人在线，也没有客服设置了班次日历。",
    "too_much": "这段时间内的消息超过 {detail} 条；请减少天数。",
    "unknown_agent": "没有名为 {name} 的客服。",
    "unknown_calendar": "{name}：没有名为 {calendar} 的日历。",
    "hours_only": "{name}：基准负载没有日历，请填写 hours。",
    "hours_outside": "{name}：基准负载的工作时间为 07:00 至 22:00。",
    "wrong_hours": "无法识别的时段：{detail}",
    "wrong_key": "内容无法使用：{detail}",
    "not_toml": "人员变更不是有效的 TOML：{detail}",
    "wrong_rules": "规则无法使用：{detail}",
    "wrong_seeds": "随机种子应写作 1-5 或 1,4,9；最多 30 个，每个小于十亿。",
    "rules_need_history": "规则只能用历史数据试算；基准负载没有规则。",
    "scenario_needs_reference": "异常情景只适用于基准负载。",
    "stopped": "模拟未完成即中止。",
}


def chosen(words: tuple[str, ...]) -> str:
    """In the language of whoever runs the command."""
    return words[1] if locale_of() == "zh_CN" else words[0]


def say_trouble(error: CannotSimulate) -> str:
    """What is wrong, in the language of whoever runs the command."""
    return _TROUBLES[error.code].format(**error.params) if locale_of() == "zh_CN" else str(error)
