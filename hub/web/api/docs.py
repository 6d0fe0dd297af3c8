"""The docs page: the same OpenAPI document, for people, in English and Chinese. It fetches nothing."""

import base64
import hashlib
from importlib.resources import files
from typing import Any

from aiohttp import web
from jinja2 import Environment
from markupsafe import Markup

LANGUAGES = (("en", "English"), ("zh_CN", "中文"))

_SAY = {
    "en": {
        "title": "Contact Hub API",
        "key": "Every request carries an API key, made by contact-hub api-key create:",
        "operations": "Operations",
        "scope": "Scope",
        "parameter": "Parameter",
        "place": "In",
        "meaning": "Meaning",
        "field": "Field",
        "needed": "Required",
        "yes": "yes",
        "no": "no",
        "or": " or ",
        "answers": "Answers",
        "problems": "Problem codes",
        "path": "path",
        "query": "query",
        "header": "header",
    },
    "zh_CN": {
        "title": "Contact Hub 接口",
        "key": "每个请求都要带接口密钥（用 contact-hub api-key create 生成）：",
        "operations": "接口列表",
        "scope": "权限范围",
        "parameter": "参数",
        "place": "位置",
        "meaning": "含义（英文）",
        "field": "字段",
        "needed": "必填",
        "yes": "是",
        "no": "否",
        "or": " 或 ",
        "answers": "响应",
        "problems": "错误代码",
        "path": "路径",
        "query": "查询串",
        "header": "请求头",
    },
}

PROBLEM_CODES = {
    "malformed_json": ("The body is not JSON.", "请求体不是合法的 JSON。"),
    "incomplete_body": ("The body broke off before its end.", "请求体不完整。"),
    "unauthorized": ("The API key is missing, unknown or revoked.", "缺少接口密钥，或密钥无效、已吊销。"),
    "too_many_tries": (
        "Too many unknown API keys came from this address; Retry-After says how long to wait.",
        "该地址使用无效接口密钥的次数过多；请按 Retry-After 等待后再试。",
    ),
    "insufficient_scope": ("The API key lacks the scope.", "接口密钥没有所需的权限范围。"),
    "verified_needs_ingest": (
        "Only a key with the scope ingest may vouch for an identity.",
        "只有具备 ingest 权限的密钥才能声明身份已验证。",
    ),
    "not_found": ("There is no such thing.", "所请求的对象不存在。"),
    "not_a_ticket_number": (
        "The number cannot be a ticket's: its check digit does not fit.",
        "不是有效的工单号：校验位不符。",
    ),
    "wrong_method": ("This path does not take this method.", "该路径不支持此方法。"),
    "changed_meanwhile": (
        "The customer wrote since the ticket was read; current_seq says where it stands.",
        "读取工单后客户又发来了消息；current_seq 为当前序号。",
    ),
    "not_possible": ("The ticket or the channel does not allow it.", "工单或渠道不允许此操作。"),
    "too_many_simulations": (
        "Enough simulations wait already: cancel some, or wait.",
        "等待中的模拟过多：请取消部分，或稍后再试。",
    ),
    "no_api_channel": ("No channel of kind api is configured.", "尚未配置 api 类型的渠道。"),
    "too_large": ("The body is too large.", "请求体过大。"),
    "unsupported_media_type": ("Send application/json.", "请使用 application/json。"),
    "unsupported_encoding": ("Send the body uncompressed.", "请勿压缩请求体。"),
    "invalid": (
        "Fields are missing, unknown or wrong; errors names them.",
        "字段缺失、未知或有误；详见 errors。",
    ),
    "idempotency_key_reused": (
        "The Idempotency-Key was used for another request.",
        "该 Idempotency-Key 已用于另一个请求。",
    ),
    "fault": ("Something is broken in the hub.", "系统内部故障。"),
    "database_unavailable": (
        "The database does not answer; send the same again.",
        "数据库暂时无响应；请稍后重发同一请求。",
    ),
    "agent_changed": (
        "Somebody else has changed the agent since; current_seq is the version now.",
        "该客服的资料已被他人修改；current_seq 为当前版本。",
    ),
    "login_taken": ("There is an agent of this login.", "该登录名已存在。"),
    "last_admin": ("The last administrator stays one.", "至少要保留一位管理员。"),
    "last_queue": (
        "An agent would be left in no queue by name, and so work on all.",
        "该客服将不属于任何队列，从而负责所有队列。",
    ),
    "task_changed": ("Somebody else has changed the task since.", "该任务已被他人修改。"),
    "task_over": ("The task is over: open it again first.", "任务已结束：请先重新打开。"),
    "webhook_taken": ("There is a webhook of this name.", "已有同名的 Webhook。"),
    "webhook_changed": ("Somebody else has changed the webhook since.", "该 Webhook 已被他人修改。"),
    "not_failed": ("Only a call that failed can be made again.", "只有失败的调用才能重试。"),
    "same_agent": ("They have these tickets already.", "这些工单本来就在其手上。"),
}

_HERE = files("hub.web.api")
_STYLE = (_HERE / "docs.css").read_text(encoding="utf-8")
_PAGE = Environment(autoescape=True).from_string((_HERE / "docs.html").read_text(encoding="utf-8"))
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Language",
}


def choose_locale(request: web.Request) -> str:
    """?lang= first, then whether the browser asks for Chinese."""
    wanted = request.query.get("lang", "")
    if wanted in _SAY:
        return wanted
    return "zh_CN" if request.headers.get("Accept-Language", "").lower().startswith("zh") else "en"


def show_docs(document: dict[str, Any], locale: str) -> str:
    """The page as HTML."""
    say = _SAY[locale]
    return _PAGE.render(
        say=say,
        locale=locale,
        lang=locale.replace("_", "-"),
        languages=LANGUAGES,
        # Autoescape would turn a quotation mark of the style into an entity, and change its hash.
        style=Markup(_STYLE),  # noqa: S704 - our own file, read at import
        operations=[
            _operation(path, method, operation, document, locale)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ],
        problems=[(code, meaning[locale == "zh_CN"]) for code, meaning in PROBLEM_CODES.items()],
    )


def _operation(
    path: str, method: str, operation: dict[str, Any], document: dict[str, Any], locale: str
) -> dict[str, Any]:
    scopes = [name for one in operation["security"] for name in one["apiKey"]]
    return {
        "name": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["x-summary-zh-CN" if locale == "zh_CN" else "summary"],
        "scopes": _SAY[locale]["or"].join(scopes),
        "parameters": operation["parameters"],
        "fields": _fields(operation, document),
        "statuses": ", ".join(operation["responses"]),
    }


def _fields(operation: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    if "requestBody" not in operation:
        return []
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema = document["components"]["schemas"][name]
    return [
        {
            "name": field,
            "required": field in schema.get("required", ()),
            "description": about.get("description", ""),
        }
        for field, about in schema["properties"].items()
    ]
