"""The OpenAPI 3.1 document, made from the route table and the models that check and make the real traffic."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from hub.model.people import Scope
from hub.web.api.operations import PREFIX, Operation
from hub.web.api.problems import CONTENT_TYPE, TITLES, ProblemAnswer

_REF = "#/components/schemas/{model}"
_NOT_EVEN_READ = {
    "text/plain": {
        "schema": {
            "type": "string",
            "description": "said before anybody knows what is asked: an address or a header is longer than 8,190 bytes,"
            " or it is no HTTP",
        }
    }
}

_PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "number": {
        "description": "the ticket's spoken number, with or without T-",
        "schema": {"type": "string", "examples": ["T-10019"]},
    },
    "customer": {
        "description": "the customer's id, or their code with C-",
        "schema": {"type": "string", "examples": ["C-10024"]},
    },
    "id": {"schema": {"type": "string", "pattern": r"^\d{1,19}$"}},
    "task": {
        "description": "the task's spoken number, with or without A-",
        "schema": {"type": "string", "examples": ["A-10019"]},
    },
    "incident": {
        "description": "the incident's spoken number, with or without I-",
        "schema": {"type": "string", "examples": ["I-10019"]},
    },
    "other": {
        "description": "the spoken number of the other ticket, with or without T-",
        "schema": {"type": "string", "examples": ["T-10019"]},
    },
    "call": {"description": "the id of a call", "schema": {"type": "string", "pattern": r"^\d{1,19}$"}},
    "token": {"schema": {"type": "string"}},
    "name": {"description": "the queue's name", "schema": {"type": "string"}},
    "version": {
        "description": "the number of a version",
        "schema": {"type": "string", "pattern": r"^\d{1,8}$"},
    },
    "channel": {"description": "the channel's name in hub.toml", "schema": {"type": "string"}},
    "language": {"description": "of a text", "schema": {"type": "string", "enum": ["en", "zh_CN"]}},
    "address": {"description": "an e-mail address", "schema": {"type": "string", "format": "email"}},
}

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body: the same answer, one effect. The same key, another body: 422.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}


def make_document(operations: tuple[Operation, ...]) -> dict[str, Any]:
    """The whole document, ready for JSON."""
    schemas, refs = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = _describe(operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Contact Hub",
            "version": "1",
            "description": "Everything a customer says, on one timeline. Errors are told as in RFC 9457.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key made by `contact-hub api-key create`. Scopes: "
                    + ", ".join(scope.value for scope in Scope)
                    + "; admin includes all.",
                }
            },
        },
    }


_Refs = Mapping[tuple[Any, JsonSchemaMode], dict[str, Any]]


def _schemas(operations: tuple[Operation, ...]) -> tuple[dict[str, Any], _Refs]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemAnswer, "serialization"): None}
    for operation in operations:
        if operation.body is not None:
            wanted[operation.body, "validation"] = None
        for answer in operation.answers.values():
            if (model := _model(answer)) is not None:
                wanted[model, "serialization"] = None
    refs, definitions = models_json_schema(list(wanted), ref_template=_REF)
    return definitions.get("$defs", {}), refs


def _describe(operation: Operation, refs: _Refs) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "x-summary-zh-CN": operation.summary_zh,
        "security": [{"apiKey": [scope.value]} for scope in operation.scopes],
        "parameters": _parameters(operation),
        "responses": {str(status): _answer(answer, refs) for status, answer in operation.answers.items()},
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body is not None:
        schema = refs[operation.body, "validation"]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    problem = {CONTENT_TYPE: {"schema": refs[ProblemAnswer, "serialization"]}}
    for status in _problem_statuses(operation):
        described["responses"][str(status)] = {"description": TITLES[status], "content": problem}
    unread = described["responses"].setdefault("400", {"description": TITLES[400], "content": {}})
    unread["content"] = {**unread["content"], **_NOT_EVEN_READ}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, **_PATH_PARAMETERS[name]}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema()
        definitions = schema.get("$defs", {})
        for name, field in schema["properties"].items():
            inline = _without_refs(field, definitions)
            description = inline.pop("description", None)
            required = name in schema.get("required", ())
            parameter = {"name": name, "in": "query", "required": required, "schema": inline}
            if inline.get("type") == "array":
                parameter |= {"style": "form", "explode": False}
            if description:
                parameter["description"] = description
            found.append(parameter)
    if operation.idempotent or operation.takes_key:
        found.append(_IDEMPOTENCY_KEY)
    return found


def _without_refs(value: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_without_refs(one, definitions) for one in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _without_refs(definitions[value["$ref"].rpartition("/")[2]], definitions)
    return {key: _without_refs(one, definitions) for key, one in value.items()}


def _answer(answer: type[BaseModel] | type[bytes] | None, refs: _Refs) -> dict[str, Any]:
    if answer is None:
        return {"description": "Done"}
    model = _model(answer)
    if model is None:
        return {
            "description": "The bytes",
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        }
    schema = refs[model, "serialization"]
    return {"description": "Done", "content": {"application/json": {"schema": schema}}}


def _model(answer: type[BaseModel] | type[bytes] | None) -> type[BaseModel] | None:
    return answer if answer is not None and issubclass(answer, BaseModel) else None


def _problem_statuses(operation: Operation) -> list[int]:
    statuses = {401, 403, 429, 503}
    if "{" in operation.path:
        statuses.add(404)
    if operation.query is not None or operation.idempotent or operation.takes_key:
        statuses.add(422)
    if operation.body is not None:
        # 404: what the body names is not there.
        statuses |= {400, 404, 408, 413, 415, 422}
    if operation.method != "GET":
        statuses.add(409)
    return sorted(statuses)
