"""A page that only whoever holds its link should see: kept by nobody, found by no search engine, without a script."""

from aiohttp import web

from channels.doors import COMMON_HEADERS

_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def private_page(text: str, status: int) -> web.Response:
    """The answer with this HTML, in the language that the browser asked for."""
    headers = {
        **COMMON_HEADERS,
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
        "X-Robots-Tag": "noindex, nofollow",
    }
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)
