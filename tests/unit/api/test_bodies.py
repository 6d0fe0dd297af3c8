"""What a body may be: each wrong one is refused with the field, none is a fault of ours."""

import json
from typing import Any

import pytest

from channels.api.body import ApiInteraction
from hub.web.api.bodies import check_body
from hub.web.api.files import as_download
from hub.web.api.problems import Problem
from hub.web.api.requests import NoteRequest, ReplyRequest, StatusRequest

_SENDER = {"name": "陈芳", "identities": [{"kind": "email", "value": "chen@example.com"}]}


def _whole(**changed: Any) -> dict[str, Any]:
    return {"sender": _SENDER, "text": "我的订单还没到"} | changed


def _refused(model: type[Any], raw: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        check_body(model, raw)
    return caught.value


def test_a_whole_interaction_is_read_with_its_file() -> None:
    body = check_body(
        ApiInteraction,
        json.dumps(
            _whole(
                attachments=[
                    {"filename": "收据.pdf", "content_type": "application/pdf", "data_base64": "AAECAw=="}
                ],
                occurred_at="2026-11-24T08:00:00+08:00",
                hints={"kind": "complaint"},
            )
        ).encode(),
    )
    assert body.attachments[0].data_base64 == b"\x00\x01\x02\x03"
    assert body.sender.identities[0].verified is False


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"sender": {"name": "x", "identities": []}}, "sender.identities"),
        (
            {"sender": {"name": "x", "identities": [{"kind": "fax", "value": "1"}]}},
            "sender.identities.0.kind",
        ),
        ({"sender": {**_SENDER, "role": "admin"}}, "sender.role"),
        ({"text": 5}, "text"),
        ({"occurred_at": "2026-11-24T08:00:00"}, "occurred_at"),
        ({"hints": {"agent": "7"}}, "hints.agent.[key]"),
        ({"attachments": [{"filename": "a", "data_base64": "!!!"}]}, "attachments.0.data_base64"),
        ({"attachments": [{"filename": "../../etc/passwd", "data_base64": ""}]}, "attachments.0.filename"),
        ({"text": "nul \x00 inside"}, "text"),
        ({"fields": {"order": "1\x00"}}, "fields.order"),
        ({"unknown": 1}, "unknown"),
        ({"text": "  "}, ""),
    ],
)
def test_a_wrong_field_is_named(changed: dict[str, Any], field: str) -> None:
    problem = _refused(ApiInteraction, json.dumps(_whole(**changed)).encode())
    assert problem.status == 422
    assert field in [error.field for error in problem.errors]


def test_a_name_with_nul_is_refused() -> None:
    problem = _refused(ApiInteraction, json.dumps(_whole(fields={"a\x00": "1"})).encode())
    assert (problem.status, problem.errors[0].field) == (422, "fields")


def test_a_backslash_before_u0000_is_just_text() -> None:
    assert check_body(NoteRequest, rb'{"text": "C:\\u0000"}').text == "C:\\u0000"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"text": "\xff"}',
        rb'{"text": "\ud800"}',
        b'{"text": "a\x00b"}',
        b'{"text": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"text": 1e400000}x',
    ],
)
def test_what_is_no_json_is_400(raw: bytes) -> None:
    problem = _refused(NoteRequest, raw)
    assert (problem.status, problem.code) == (400, "malformed_json")


@pytest.mark.parametrize(
    "raw", [b"null", b"[]", b"7", b'"text"', b'{"text": null}', b'{"text": 1e400}', b'{"text": ""}']
)
def test_json_of_another_shape_is_422(raw: bytes) -> None:
    assert _refused(NoteRequest, raw).status == 422


@pytest.mark.parametrize("seq", [-1, 2**31, 2**63, 1.5, "3", True])
def test_a_seq_is_a_small_whole_number(seq: object) -> None:
    assert _refused(ReplyRequest, json.dumps({"text": "x", "expected_seq": seq}).encode()).status == 422


def test_a_status_is_one_of_four() -> None:
    assert check_body(StatusRequest, b'{"status": "closed"}').status == "closed"
    assert _refused(StatusRequest, b'{"status": "gone"}').errors[0].field == "status"


@pytest.mark.parametrize(
    "name",
    ["a\"; filename*=UTF-8''evil.html", "x\r\nSet-Cookie: a=b", "\u202egpj.exe", "\x00", "", "收据.pdf"],
)
def test_no_file_name_leaves_its_header(name: str) -> None:
    header = as_download(name)
    assert header.isascii() and header.isprintable()
    assert header.startswith("attachment; filename=")
    assert header.count('"') == 2
    assert header.count(";") == 2
