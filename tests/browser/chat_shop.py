"""A shop on an origin of its own, whose page has the tag of a chat; and everything that its pages ask for."""

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, Response

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077" + "53de0000000c4944415408d763f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)  # fmt: skip


@dataclass
class Shop:
    """A site with the tag on its page. `asked`: everything that its pages asked for, with what was served."""

    url: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    asked: list[Response] = field(default_factory=list)

    async def visitor(self, *, locale: str = "en-US", **more: Any) -> BrowserContext:
        context = await self.browser.new_context(locale=locale, **more)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("response", lambda response: self.asked.append(response))
        return context

    async def page(self, context: BrowserContext | None = None, **more: Any) -> Page:
        page = await (context or await self.visitor(**more)).new_page()
        await page.goto(self.url)
        return page


def tag(hub_url: list[str], language: str = "en") -> web.RouteDef:
    async def show(_request: web.Request) -> web.Response:
        script = f'<script src="{hub_url[0]}/chat/shop/widget.js" defer></script>'
        text = (
            f'<!doctype html><html lang="{language}"><meta name="viewport" content="width=device-width">'
            f'<title>Shop</title><link rel="icon" href="data:,"><main><h1>Teapots</h1></main>{script}</html>'
        )
        # As strict as a site can be that lets the hub in.
        policy = f"default-src 'none'; script-src {hub_url[0]}; frame-src {hub_url[0]}; img-src data:; "
        policy += "require-trusted-types-for 'script'"
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})

    return web.get("/", show)
