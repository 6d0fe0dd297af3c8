"""The document says what the route table does, in the shape that OpenAPI 3.1 asks for."""

import re
from typing import Any

import jsonschema
import pytest

from hub.model.people import Scope
from hub.web.api.docs import PROBLEM_CODES, show_docs
from hub.web.api.openapi import make_document
from hub.web.api.operations import PREFIX, Operation
from hub.web.api.table import OPERATIONS

DOCUMENT = make_document(OPERATIONS)

# The parts of https://spec.openapis.org/oas/3.1/schema that this document uses, as strict as it promises.
_SHAPE = {
    "type": "object",
    "required": ["openapi", "info", "paths", "components"],
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {"required": ["title", "version"]},
        "paths": {
            "propertyNames": {"pattern": "^/"},
            "additionalProperties": {
                "propertyNames": {"enum": ["get", "post", "put", "patch", "delete"]},
                "additionalProperties": {"$ref": "#/$defs/operation"},
            },
        },
        "components": {
            "required": ["schemas", "securitySchemes"],
            "propertyNames": {"enum": ["schemas", "securitySchemes"]},
        },
    },
    "$defs": {
        "operation": {
            "required": ["operationId", "summary", "security", "parameters", "responses"],
            "properties": {
                "parameters": {"items": {"$ref": "#/$defs/parameter"}},
                "requestBody": {"required": ["content"]},
                "responses": {
                    "minProperties": 1,
                    "propertyNames": {"pattern": r"^[1-5]\d\d$"},
                    "additionalProperties": {"required": ["description"]},
                },
            },
        },
        "parameter": {
            "required": ["name", "in", "schema"],
            "properties": {"in": {"enum": ["path", "query", "header"]}},
            "if": {"properties": {"in": {"const": "path"}}},
            "then": {"properties": {"required": {"const": True}}, "required": ["required"]},
        },
    },
}


def _described(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][PREFIX + operation.path][operation.method.lower()]
    return found


def test_the_document_has_the_shape_of_openapi_3_1() -> None:
    jsonschema.Draft202012Validator(_SHAPE).validate(DOCUMENT)


def test_every_schema_is_a_schema_and_every_reference_leads_somewhere() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for reference in _references(DOCUMENT):
        assert reference.removeprefix("#/components/schemas/") in DOCUMENT["components"]["schemas"]


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for inner in value.values() for found in _references(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in _references(inner)]
    return []


def test_the_document_has_the_operations_of_the_table_and_no_others() -> None:
    described = {
        (method.upper(), path.removeprefix(PREFIX))
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
    }
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_each_operation_tells_its_scope_its_path_and_its_answers(operation: Operation) -> None:
    described = _described(operation)
    assert described["operationId"] == operation.name
    scopes = [name for one in described["security"] for name in one["apiKey"]]
    assert scopes == [scope.value for scope in operation.scopes]
    in_path = [one["name"] for one in described["parameters"] if one["in"] == "path"]
    assert in_path == re.findall(r"{(\w+)}", operation.path)
    assert {str(status) for status in operation.answers} <= described["responses"].keys()
    assert ("requestBody" in described) == (operation.body is not None)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_who_may_change_something_needs_more_than_read(operation: Operation) -> None:
    only_read = frozenset({Scope.READ})
    assert operation.open_to(frozenset({Scope.ADMIN}))
    assert not operation.open_to(frozenset())
    if operation.method != "GET":
        assert not operation.open_to(only_read)


def test_names_of_operations_are_unique() -> None:
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_the_docs_page_lists_every_operation_and_every_problem(locale: str) -> None:
    page = show_docs(DOCUMENT, locale)
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page
        assert (
            operation.summary_zh if locale == "zh_CN" else operation.summary.replace("'", "&#39;")
        ) in page
    for code in PROBLEM_CODES:
        assert f'id="{code}"' in page
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
