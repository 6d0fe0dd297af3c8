"""Fields of the company's own: kept as they are meant, told in the ledger, asked for before a ticket is resolved."""

from typing import Any

import pytest

from hub.actions import own_fields
from hub.actions.context import Context
from hub.actions.failures import Conflict, NotPossible
from hub.actions.own_fields import (
    add_field,
    change_field,
    list_fields,
    move_field,
    say_of_subject,
    say_of_ticket,
)
from hub.actions.status import change_status
from hub.model.own_fields import About, FieldKind, clean_value, read_choices
from hub.model.people import HUB
from storage import own_fields as stored
from tests.fakes.desk import customer_writes, serving_desk


async def _fields(ctx: Context) -> dict[str, int]:
    for kind, label, more in (
        ("text", "Serial number", {"required": True}),
        ("number", "Price", {}),
        ("date", "Bought on", {}),
        ("yes_no", "Insured", {}),
        ("choice", "Warranty", {"choices": "In = 保修期内\nOver = 已过保"}),
    ):
        await add_field(ctx, about="ticket", kind=kind, label_en=label, label_zh="", actor=HUB, **more)
    return {row.name: row.id for row in await list_fields(ctx, About.TICKET)}


async def test_values_are_kept_as_what_they_are_and_told_in_the_ledger(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        await _fields(desk.ctx)
        code = await customer_writes(desk.ctx, "The kettle leaks.")
        said = await say_of_ticket(
            desk.ctx,
            ticket_code=code,
            actor=HUB,
            values={
                "serial_number": " K-17 ", "price": "1,200.50", "bought_on": "2026-02-28", "insured": "yes",
                "warranty": "over",
            },
        )  # fmt: skip
        assert said == {
            "serial_number": "K-17", "price": 1200.5, "bought_on": "2026-02-28", "insured": True, "warranty": "over",
        }  # fmt: skip
        # Only what is named changes; nothing empties a field.
        said = await say_of_ticket(
            desk.ctx, ticket_code=code, actor=HUB, values={"price": "", "insured": "no"}
        )
        assert "price" not in said and said["insured"] is False and said["serial_number"] == "K-17"

        async def told(c: Any) -> list[list[str]]:
            rows = await c.fetch("SELECT data FROM event WHERE kind = 'fields_changed' ORDER BY id")
            return [row["data"]["fields"] for row in rows]

        assert await desk.ctx.database.read(told) == [
            ["bought_on", "insured", "price", "serial_number", "warranty"], ["insured", "price"],
        ]  # fmt: skip
        for values, reason in (
            ({"price": "much"}, "bad_number"),
            ({"price": "1e400"}, "bad_number"),
            ({"bought_on": "2026-02-30"}, "bad_date"),
            ({"warranty": "gone"}, "bad_choice"),
            ({"serial_number": "x" * 1001}, "too_long_value"),
            ({"colour": "red"}, "unknown_field"),
        ):
            with pytest.raises(NotPossible) as refused:
                await say_of_ticket(desk.ctx, ticket_code=code, actor=HUB, values=values)
            assert refused.value.code == reason


async def test_a_ticket_is_not_resolved_before_what_is_asked_for_is_there(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        fields = await _fields(desk.ctx)
        code = await customer_writes(desk.ctx, "The kettle leaks.")
        for status in ("resolved", "closed"):
            with pytest.raises(NotPossible) as refused:
                await change_status(desk.ctx, ticket_code=code, status=status, actor=HUB)
            assert refused.value.code == "fields_missing" and "Serial number" in str(refused.value)
        await change_status(desk.ctx, ticket_code=code, status="pending", actor=HUB)
        await say_of_ticket(desk.ctx, ticket_code=code, actor=HUB, values={"serial_number": "K-17"})
        await change_status(desk.ctx, ticket_code=code, status="resolved", actor=HUB)

        other = await customer_writes(desk.ctx, "Another one.", thread="other")
        row = next(
            one for one in await list_fields(desk.ctx, About.TICKET) if one.id == fields["serial_number"]
        )
        await change_field(
            desk.ctx, field_id=row.id, version=row.version, label_en=row.label_en, label_zh="序列号", choices="",
            required=True, retired=True, actor=HUB,
        )  # fmt: skip
        await change_status(
            desk.ctx, ticket_code=other, status="resolved", actor=HUB
        )  # retired: not asked for
        with pytest.raises(Conflict):
            await change_field(
                desk.ctx, field_id=row.id, version=row.version, label_en="x", label_zh="x", choices="",
                required=False, retired=False, actor=HUB,
            )  # fmt: skip


async def test_a_choice_keeps_its_value_when_its_label_changes_and_fields_keep_their_order(
    ctx: Context,
) -> None:
    fields = await _fields(ctx)
    row = next(one for one in await list_fields(ctx, About.TICKET) if one.name == "warranty")
    await change_field(
        ctx, field_id=row.id, version=row.version, label_en="Warranty", label_zh="保修",
        choices="Running = 保修期内\nOver = 已过期\nNone = 无", required=False, retired=False, actor=HUB,
    )  # fmt: skip
    row = next(one for one in await list_fields(ctx, About.TICKET) if one.name == "warranty")
    assert [(one["value"], one["en"]) for one in row.choices] == [
        ("in", "Running"),
        ("over", "Over"),
        ("none", "None"),
    ]
    await move_field(ctx, field_id=fields["warranty"], up=True)
    await move_field(ctx, field_id=fields["serial_number"], up=True)  # first already
    names = [one.name for one in await list_fields(ctx, About.TICKET)]
    assert names == ["serial_number", "price", "bought_on", "warranty", "insured"]


async def test_a_customer_and_an_organisation_have_theirs(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        await add_field(
            desk.ctx, about="customer", kind="date", label_en="", label_zh="生日", actor=HUB, required=True
        )
        (field,) = await own_fields.list_fields(desk.ctx, About.CUSTOMER)
        assert (field.label_en, field.name, field.required) == ("生日", "field", False)
        code = await customer_writes(desk.ctx, "Hello")
        whose = await desk.ctx.database.read(lambda c: stored.whose_ticket(c, code))
        assert whose is not None
        await say_of_subject(
            desk.ctx,
            about=About.CUSTOMER,
            subject_id=whose.customer_id,
            values={"field": "1990-05-01"},
            actor=HUB,
        )
        assert await own_fields.said_of(desk.ctx, About.CUSTOMER, whose.customer_id) == {
            "field": "1990-05-01"
        }
        # Shown where the ticket is, in the reader's language.
        await desk.log_in()
        page = await desk.get(f"/desk/fragments/tickets/T-{code}/fields")
        assert "生日" in page.text and "1 May 1990" in page.text


@pytest.mark.parametrize(("lines", "error"), [("", "bad_choices"), ("a\na", "bad_choices")])
def test_choices_that_are_none(lines: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        read_choices(lines)


def test_what_is_no_value_is_none() -> None:
    assert [clean_value(kind, (), "  ") for kind in FieldKind] == [None] * len(FieldKind)
