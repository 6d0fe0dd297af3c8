"""Everything about one customer as an archive: what they are to us, what was said, their files. For them, if they ask."""

import asyncio
import re
import zipfile
from dataclasses import asdict
from typing import IO, Any

import orjson

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.audit import record
from hub.model.audit import AuditKind
from hub.model.codes import CUSTOMER, TASK, TICKET, show_code
from hub.model.people import Actor
from hub.model.permissions import Permission, Sight
from storage import exports
from storage.exports import ExportedCustomer, ExportedEntry, ExportedFile, ExportedTicket

_NO_NAME = re.compile(r"[^\w.\- ]+|\.{2,}")


async def export_customer(ctx: Context, *, customer_code: int, actor: Actor, into: IO[bytes]) -> None:
    """Write a zip into an empty file: customer.json, tickets/T-….json with every entry, tasks.json, files/…. Colleagues' notes
    are among the entries (kind note): whoever hands it on decides about them. A file with a virus is named, and left out. What
    comes in meanwhile may be in it or not.

    Raises NotFound, NotPossible (not_allowed)."""
    if not (actor.may(Permission.EXPORT_CUSTOMERS) and actor.sight is Sight.ALL):
        raise NotPossible("Only who may export customers may do this.", code="not_allowed")
    found = await ctx.database.read(lambda c: exports.customer(c, customer_code))
    if found is None:
        raise NotFound(f"There is no customer {show_code(CUSTOMER, customer_code)}.")
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        await _write(archive, "customer.json", await _about(ctx, found))
        tasks = await ctx.database.read(lambda c: exports.tasks(c, found.id))
        said = [{**asdict(task), "code": show_code(TASK, task.code)} for task in tasks]
        await _write(archive, "tasks.json", said)
        tickets, files = await _tickets(ctx, archive, found.id)
    number = show_code(CUSTOMER, customer_code)
    about = {"tickets": tickets, "files": files}
    await ctx.database.run(
        lambda c: record(c, AuditKind.CUSTOMER_EXPORTED, actor=actor, subject=number, details=about)
    )


async def _about(ctx: Context, found: ExportedCustomer) -> dict[str, Any]:
    identities = await ctx.database.read(lambda c: exports.identities(c, found.id))
    said = asdict(found)
    del said["id"]
    return {
        **said,
        "code": show_code(CUSTOMER, found.code),
        "identities": [asdict(one) for one in identities],
    }


async def _tickets(ctx: Context, archive: zipfile.ZipFile, customer_id: int) -> tuple[int, int]:
    after, tickets, files = 0, 0, 0
    while True:
        page = await _page_of_tickets(ctx, customer_id, after)
        for ticket in page:
            files += await _ticket(ctx, archive, ticket)
        tickets += len(page)
        if len(page) < exports.TICKETS:
            return tickets, files
        after = page[-1].id


async def _ticket(ctx: Context, archive: zipfile.ZipFile, ticket: ExportedTicket) -> int:
    number = show_code(TICKET, ticket.code)
    told, after, many = [], 0, 0
    while True:
        page, files = await _page_of_entries(ctx, ticket.id, after)
        for entry in page:
            own = [one for one in files if one.interaction_id == entry.id]
            clean = [one for one in own if not one.infected]
            names = [await _file(ctx, archive, number, one, many + n) for n, one in enumerate(clean, 1)]
            many += len(clean)
            said = asdict(entry)
            del said["id"]
            left_out = [{"filename": one.filename, "withheld": True} for one in own if one.infected]
            told.append({**said, "files": [*(name for name in names if name), *left_out]})
        if len(page) < exports.ENTRIES:
            break
        after = page[-1].id
    about = asdict(ticket)
    del about["id"]
    await _write(archive, f"tickets/{number}.json", {**about, "code": number, "entries": told})
    return many


async def _file(ctx: Context, archive: zipfile.ZipFile, number: str, file: ExportedFile, place: int) -> str:
    """Where it stands in the archive; "" where it went meanwhile. Its own name is only an ending of ours: it leads nowhere."""
    data = await ctx.database.read(lambda c: exports.file_bytes(c, file.token))
    if data is None:
        return ""
    plain = _NO_NAME.sub("_", file.filename).strip(". ")[-80:] or "file"
    name = f"files/{number}-{place:03}-{plain}"
    await asyncio.to_thread(archive.writestr, name, data)
    return name


async def _write(archive: zipfile.ZipFile, name: str, document: Any) -> None:
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    await asyncio.to_thread(archive.writestr, name, text)


async def _page_of_tickets(ctx: Context, customer_id: int, after: int) -> list[ExportedTicket]:
    return await ctx.database.read(lambda c: exports.tickets(c, customer_id, after))


async def _page_of_entries(
    ctx: Context, ticket_id: int, after: int
) -> tuple[list[ExportedEntry], list[ExportedFile]]:
    page = await ctx.database.read(lambda c: exports.entries(c, ticket_id, after))
    files = await ctx.database.read(lambda c: exports.files(c, [entry.id for entry in page])) if page else []
    return page, files
