"""From fetched bytes to raw items of the journal: their two keys, and what stands in for a letter that cannot be had. Pure."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from channels.adapter import RawItem
from channels.email.limits import MAX_HEADER_BLOCK, MAX_RAW
from channels.email.mailbox.checkpoints import Checkpoint
from channels.email.parts.headers import split_headers

BATCH = 50
"""Letters in one group at the most."""
BATCH_BYTES = 8 * 1024 * 1024
_ADDED_BY_SERVERS = (
    "received", "return-path", "delivered-to", "x-original-to", "x-delivered-to", "envelope-to", "x-envelope",
    "authentication-results", "x-authentication", "arc-", "status", "x-status", "x-uid", "x-keywords", "x-gm-",
    "x-gmail-", "x-google-", "x-received", "x-spam", "x-virus", "x-mozilla-", "x-forwarded-", "content-length", "lines",
    "received-spf", "dkim-signature", "x-rspamd", "x-ms-exchange-", "x-forefront-", "x-microsoft-antispam", "x-eop", "x-qq-",
    "x-coremail-", "x-cm-", "x-barracuda-", "x-proofpoint-", "x-rcpt-to", "x-mailfrom", "delivery-date", "errors-to",
)  # fmt: skip
_TOO_LARGE = (
    "\r\n[This letter has {size} bytes, more than is fetched. Only its headers are shown; it is still in the mailbox.]\r\n"
    "[此邮件有 {size} 字节，超过上限，只显示邮件头；原件仍在邮箱中。]\r\n"
)
_NOT_GIVEN = (
    "\r\n[The mail server did not hand out this letter. It is still in the mailbox and is asked for again every night.]\r\n"
    "[邮件服务器未能交出此邮件。原件仍在邮箱中，系统每晚会再次尝试读取。]\r\n"
)


def group_by_size(entries: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """(uid, bytes) in order, cut so that one group stays in memory comfortably."""
    groups: list[list[tuple[int, int]]] = []
    total = 0
    for uid, size in entries:
        taken = min(size, MAX_RAW)
        if not groups or total + taken > BATCH_BYTES or len(groups[-1]) >= BATCH:
            groups.append([])
            total = 0
        groups[-1].append((uid, size))
        total += taken
    return groups


def make_item(
    content: bytes,
    mark: Checkpoint,
    folder: str,
    uid: int,
    arrived: datetime | None,
    size: int,
    *,
    junk: bool = False,
) -> RawItem:
    """The raw item of a letter under its two keys. `arrived` is the server's INTERNALDATE."""
    meta = {"folder": folder, "uidvalidity": mark.validity, "uid": uid, "size": size}
    return RawItem(
        external_key=mark.key(folder, uid),
        content=content,
        received_at=arrived or datetime.now(UTC),
        content_key=content_key(content),
        meta=meta | {"junk": True} if junk else meta,
    )


def make_notice(
    headers: bytes | None, mark: Checkpoint, folder: str, uid: int, arrived: datetime | None, size: int
) -> RawItem:
    """What stands in for a letter that the server does not hand out. Its key is not the letter's, which is wanted still."""
    block = headers or b"Subject: (letter not handed out by the mail server)\r\n"
    return RawItem(
        external_key=mark.key(folder, uid) + "!",
        content=without_body(block, _NOT_GIVEN),
        received_at=arrived or datetime.now(UTC),
        meta={"folder": folder, "uidvalidity": mark.validity, "uid": uid, "size": size, "notice": True},
    )


def headers_only(block: bytes, size: int) -> bytes:
    """The headers of a letter that is too large, with a notice as its body."""
    return without_body(block, _TOO_LARGE.format(size=size))


def without_body(block: bytes, notice: str) -> bytes:
    """A letter of these headers with `notice` as its text."""
    kept = re.sub(
        rb"(?im)^(?:content-[a-z-]+|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*",
        b"",
        block[:MAX_HEADER_BLOCK].rstrip() + b"\r\n",
    )
    return kept + b"Content-Type: text/plain; charset=utf-8\r\n" + notice.encode()


def content_key(content: bytes) -> str:
    """The same letter under another UID, or delivered twice, has the same key; one that differs in anything its
    sender wrote has another. What servers add on the way does not count."""
    headers, body, _ = split_headers(content, top=True)
    digest = hashlib.sha256()
    for name in sorted(headers):
        if not name.startswith(_ADDED_BY_SERVERS):
            for value in headers[name]:
                digest.update(name.encode() + b":" + b" ".join(value.split()) + b"\0")
    digest.update(hashlib.sha256(body.replace(b"\r\n", b"\n").rstrip()).digest())
    return digest.hexdigest()
