"""Style, scripts and pictures. Read once; their address holds their hash, so browsers keep them for good."""

import gzip
import hashlib
from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).parent.parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


STYLES = (
    "tokens",
    "desk",
    "letters",
    "versions",
    "writing",
    "floor",
    "offers",
    "classification",
    "rules",
    "errands",
    "automation",
    "simulate",
    "lists",
    "setup",
    "cases",
    "words",
    "admin",
    "signin",
    "search",
    "knowledge",
    "chat",
    "builder",
    "surveys",
    "design",
)
"""Every sheet, in the order in which they count: what stands later wins."""


def _read() -> dict[str, tuple[bytes, bytes, str]]:
    found = {}
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in _TYPES:
            body = path.read_bytes()
            name = path.relative_to(STATIC).as_posix()
            found[name] = _packed(body, _TYPES[path.suffix])
    # One request, whatever a page needs: which sheet a rule stands in is the house's affair.
    found["styles.css"] = _packed(b"".join(found[f"{name}.css"][0] for name in STYLES), "text/css")
    return found


def _packed(body: bytes, kind: str) -> tuple[bytes, bytes, str]:
    return body, gzip.compress(body, mtime=0), kind


FILES = _read()
"""Name → as it is, gzipped, media type."""

_HASH = hashlib.sha256(b"".join(body for body, _, _ in FILES.values())).hexdigest()[:16]

# One prefix for all files: modules import each other by relative names and must come from the same version.
STATIC_URL = f"/desk/static/{_HASH}"


async def show_asset(request: web.Request) -> web.Response:
    """One file. An address of another version is answered too, but not kept: a page may outlive an upgrade."""
    found = FILES.get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    body, zipped, kind = found
    current = request.match_info["hash"] == _HASH
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if current else "no-store",
        "Vary": "Accept-Encoding",
    }
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = zipped
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)
