"""axe on a page in its four looks: two themes, two widths, without asking for the page again. In both languages that makes the
eight combinations. tests/house/test_desk_assurance.py checks that each page of the desk is among the addresses looked at."""

import re
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Frame, Page

from hub.actions.people.staff import set_preferences
from storage import views
from tests.fakes.desk import Desk

LOCALES = ("en", "zh_CN")
WIDTHS = (1280, 375)
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules that look at colours. A theme changes values of colours and nothing else (tokens.css), so that all other rules see
the same page in the dark."""

_EVERYTHING = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN = """([within, rules]) => axe.run(within || document, {runOnly: rules, resultTypes: ["violations"], preload: false}).then(
    (found) => found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 150)}`)))"""
_CONTRAST_UNLESS_ALIKE = (
    """axe.configure({rules: [{id: "color-contrast", selector: ":not([data-alike])"}]})"""
)
_MARK_ALIKE = """([within, most, known]) => {
    const under = new Map(), seen = new Map(Object.entries(known));
    const number = (...told) => {
        let one = 7, other = 11;
        for (const sign of told.join("|")) {
            one = Math.imul(one ^ sign.codePointAt(0), 2654435761);
            other = Math.imul(other ^ sign.codePointAt(0), 1597334677);
        }
        return `${one}${other}`;
    };
    const paint = (style) => [style.backgroundColor, style.backgroundImage, style.opacity, style.filter, style.mixBlendMode,
        style.clipPath, style.position.replace("relative", "static")].join();
    const nothing = "rgba(0, 0, 0, 0),none,1,none,normal,none,static";
    for (const one of document.querySelectorAll("html, html *")) {
        const style = getComputedStyle(one), painted = paint(style), below = under.get(one.parentElement) ?? "";
        under.set(one, painted === nothing ? below : number(below, painted));
        const field = one.matches("input, select, textarea");
        const says = field || [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
        one.toggleAttribute("data-alike", !says);
        const box = one.getBoundingClientRect();
        const shown = one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
        if (!says || !shown || (within && !one.closest(within)) || box.width < 2 || box.height < 2) continue;
        const beside = ["::before", "::after"].map((name) => getComputedStyle(one, name)).map((it) => it.content + paint(it));
        const off = !!(one.closest(":disabled, [aria-disabled=true]") || one.closest("label")?.control?.disabled);
        const letters = [style.color, style.fontSize, style.fontWeight, style.textShadow];
        const kind = number(under.get(one), ...letters, field, off, ...beside);
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        one.toggleAttribute("data-alike", seen.get(kind) > most);
    }
    return Object.fromEntries(seen);
}"""
_UNMARK = (
    """() => document.querySelectorAll("[data-alike]").forEach((one) => one.removeAttribute("data-alike"))"""
)
OF_EACH_KIND = 2
"""Texts that are drawn alike (the same colour, size and weight over the same grounds) have the same contrast: of those in one
theme so many are looked at, once the page as a whole was. Contrast takes longer than all other rules together."""
_EVERY_ONE = 10**9
_THEME = "theme => { document.documentElement.dataset.theme = theme; }"
_TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"

LOOKED_AT: dict[str, tuple[str, ...]] = {
    "tickets": ("/desk", "/desk/tickets/{code}"),
    "desk": (
        "/desk/login", "/desk/search", "/desk/preferences", "/desk/templates", "/desk/macros",
        "/desk/design", "/desk/system", "/desk/notices",
    ),
    "letters": ("/desk/tickets/{code}", "/desk/mailboxes"),
    "customers": (
        "/desk/customers", "/desk/customers/new", "/desk/customers/{code}", "/desk/customers/{code}/change",
        "/desk/customers/{code}/care", "/desk/organisations", "/desk/organisations/new", "/desk/organisations/{organisation}",
        "/desk/organisations/{organisation}/change", "/desk/incidents", "/desk/incidents/{incident}", "/desk/conflicts",
    ),
    "errands": (
        "/desk/tasks", "/desk/tasks/{task}", "/desk/tickets/{code}", "/desk/customers/{code}", "/desk/notices",
        "/desk/webhooks",
    ),
    "floor": ("/desk/floor", "/desk/queues", "/desk/staff", "/desk/staff/skills", "/desk/staff/queues"),
    "rules": (
        "/desk/rules", "/desk/rules/{page}", "/desk/rules/{page}/{name}", "/desk/rules/new/{page}", "/desk/rules/general",
        "/desk/rules/draft", "/desk/rules/versions/{version}",
    ),
    "administrator": (
        "/desk/roles", "/desk/roles/new", "/desk/roles/{name}", "/desk/keys", "/desk/audit", "/desk/retention",
        "/desk/customers/{code}/data",
    ),
    "setting up": (
        "/desk/channels", "/desk/channels/new/{kind}", "/desk/channels/{name}", "/desk/channels/{name}/form",
        "/desk/fields", "/desk/tags", "/desk/start",
    ),
    "signing in": (
        "/desk/login/second", "/desk/security", "/desk/security/start", "/desk/security/app", "/desk/security/again",
        "/desk/security/choose",
    ),
    "simulation": ("/desk/simulate", "/desk/simulate/{id}"),
    "classification": ("/desk/classification",),
    "surveys": ("/desk/surveys", "/desk/surveys/new/{kind}", "/desk/surveys/{id}", "/desk/surveys/report"),
    "knowledge": (
        "/desk/knowledge", "/desk/knowledge/new", "/desk/knowledge/categories", "/desk/knowledge/{id}",
        "/desk/knowledge/{id}/edit/{language}", "/desk/knowledge/{id}/versions/{language}/{number}", "/desk/tickets/{code}",
    ),
}  # fmt: skip
"""The addresses of each test that looks with axe, as the desk's routes name them."""


async def violations(
    page: Page | Frame, within: str | None = None, *, rules: tuple[str, ...] = _EVERYTHING
) -> list[str]:
    """What axe has to say, a line each. `within`: a selector. What an open menu lies upon is half covered, and so too small to
    hit; it is looked at by itself. A page that somebody clicked their way to has its words before it has its colours: those are
    waited for."""
    await page.wait_for_load_state()
    if await page.evaluate("window.axe === undefined"):
        await page.evaluate(AXE_SCRIPT)
        await page.evaluate(_CONTRAST_UNLESS_ALIKE)
    found: list[str] = await page.evaluate(_RUN, [within, list(rules)])
    return found


class Looks:
    """One language's round through the pages of a part (LOOKED_AT), with what was found on the way."""

    def __init__(self, page: Page, desk_url: str, part: str) -> None:
        self.page, self._url, self._part = page, desk_url, part
        self._been: set[str] = set()
        self._found: dict[str, list[str]] = {}
        self._drawn: dict[str, dict[str, int]] = {"light": {}, "dark": {}}

    @classmethod
    async def begin(cls, page: Page, desk_url: str, part: str) -> "Looks":
        """Colours change at once and not by and by, so that none is looked at on its way."""
        await page.emulate_media(reduced_motion="reduce")
        return cls(page, desk_url, part)

    async def at(
        self, address: str, *, query: str = "", called: str = "", within: str | None = None, **names: Any
    ) -> None:
        """Go there and look. `address` as the routes name it, `names` for what it leaves open."""
        await self.go(address, query=query, **names)
        await self.here(called or f"{address}{query}", within=within)

    async def go(self, address: str, *, query: str = "", **names: Any) -> None:
        """Go there; something is still to be opened before the look."""
        self._been.add(address)
        await self.page.goto(
            self._url + re.sub(r"\{(\w+)\}", lambda hole: str(names[hole[1]]), address) + query
        )

    async def here(self, name: str, *, within: str | None = None) -> None:
        """Look at the page as it stands, wide and narrow, light and dark; it is left as wide as it was. The first look is at
        the contrast of every text, the other three at that of texts that are drawn as none before in that theme."""
        before = self.page.viewport_size
        theme = await self.page.evaluate("document.documentElement.dataset.theme")
        for width in WIDTHS:
            await self.page.set_viewport_size({"width": width, "height": 800})
            await self.page.evaluate(_THEME, "light")
            if width != WIDTHS[0]:
                await self._pass_over_what_is_alike("light", within)
            self._note(f"{name}, {width} px", await violations(self.page, within))
            if width == WIDTHS[0]:
                await self._pass_over_what_is_alike("light", within, most=_EVERY_ONE)
            await self.page.evaluate(_THEME, "dark")
            await self._pass_over_what_is_alike("dark", within)
            self._note(f"{name}, {width} px, dark", await violations(self.page, within, rules=COLOURS))
            if over := max(0, await self.page.evaluate(_TOO_WIDE)):
                self._note(f"{name}, {width} px", [f"{over} px too wide"])
            await self.page.evaluate(_UNMARK)
        await self.page.evaluate(_THEME, theme)
        if before:
            await self.page.set_viewport_size(before)

    async def _pass_over_what_is_alike(
        self, theme: str, within: str | None, *, most: int = OF_EACH_KIND
    ) -> None:
        self._drawn[theme] = await self.page.evaluate(_MARK_ALIKE, [within, most, self._drawn[theme]])

    def found_nothing(self) -> None:
        """Every address of the part was visited, and axe had nothing to say."""
        assert self._found == {}, self._found
        assert self._been == set(LOOKED_AT.get(self._part, ()))

    def _note(self, where: str, wrong: list[str]) -> None:
        if wrong:
            self._found.setdefault(where, []).extend(wrong)


async def speak(desk: Desk, locale: str, login: str = "ann") -> None:
    """This agent's pages are in that language from now on."""
    agent = next(one for one in await desk.ctx.database.read(views.list_agents) if one.login == login)
    await set_preferences(desk.ctx, agent_id=agent.id, locale=locale, theme="light")
