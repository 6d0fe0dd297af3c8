"""The addresses of signing in."""

from aiohttp import web

from channels.doors import Asks, open_to
from hub.actions.context import Context
from hub.web.desk.signin import again, choosing, company, security, setting_up
from hub.web.desk.signin.company import Company
from hub.web.desk.signin.door import Door
from hub.web.desk.signin.own import Own, OwnHandler, at_own
from hub.web.desk.signin.security import freshly
from hub.web.desk.signin.ways import SECURITY, START, see
from hub.web.desk.visit import EVERYBODY, Handler, at_desk


def sign_in_routes(ctx: Context) -> list[web.RouteDef]:
    """Below /desk/login, /desk/logout and /desk/security."""
    door, there = Door(ctx), Company(ctx)

    def at_page(path: str, handler: Handler) -> web.RouteDef:
        return web.post(f"/desk/security{path}", at_desk(ctx, handler, needs=EVERYBODY))

    def limited(method: str, path: str, handler: OwnHandler) -> web.RouteDef:
        """For choosing a password and setting up a second step, also where the session opens nothing else."""
        return web.route(method, f"/desk/security{path}", at_own(ctx, handler, limited=True, fresh=START))

    return [
        *open_to(
            Asks.NOTHING,
            web.get("/desk/login", door.show),
            web.post("/desk/login", door.enter),
            web.post("/desk/login/passkey/options", door.ask_passkey),
            web.post("/desk/login/passkey", door.enter_by_passkey),
            web.get("/desk/login/company", there.leave),
            web.post("/desk/logout", door.leave),
        ),
        # The half of a sign-in that was begun, in a cookie of its own.
        *open_to(
            Asks.SESSION,
            web.get("/desk/login/second", door.show_second),
            web.post("/desk/login/second", door.enter_second),
            web.post("/desk/login/second/passkey/options", door.ask_second),
            web.post("/desk/login/second/passkey", door.enter_second_by_passkey),
            web.get(company.BACK, there.back),
        ),
        web.get("/desk/security", at_desk(ctx, security.show_security, needs=EVERYBODY)),
        at_page("/password", security.post_password),
        at_page("/sessions/end", security.post_end_session),
        at_page("/sessions/end-others", security.post_end_others),
        at_page("/app/remove", freshly(security.post_remove_app)),
        at_page("/passkeys/{id}/name", security.post_rename_passkey),
        at_page("/passkeys/{id}/remove", freshly(security.post_remove_passkey)),
        at_page("/policy", freshly(security.post_policy)),
        limited("GET", "/choose", choosing.show_choose),
        limited("POST", "/choose", choosing.post_choose),
        limited("GET", "/start", setting_up.show_start),
        limited("POST", "/app/new", setting_up.post_app_new),
        limited("GET", "/app", setting_up.show_app),
        limited("GET", "/app.svg", setting_up.get_picture),
        limited("POST", "/app", setting_up.post_app),
        limited("POST", "/passkeys/options", setting_up.ask_passkey),
        limited("POST", "/passkeys", setting_up.post_passkey),
        web.post("/desk/security/codes", at_own(ctx, setting_up.post_codes, fresh=SECURITY)),
        web.get("/desk/security/again", at_own(ctx, again.show_again)),
        web.post("/desk/security/again", at_own(ctx, again.post_again)),
        web.post("/desk/security/again/passkey/options", at_own(ctx, again.ask_passkey)),
        web.post("/desk/security/again/passkey", at_own(ctx, again.post_passkey)),
        web.get("/desk/security/company/{purpose}", at_own(ctx, company.go_again)),
        web.post("/desk/security/company/unlink", at_own(ctx, company.post_unlink)),
        # The address of a form that was refused, asked for again: by another language, or by going back.
        web.get("/desk/security/{rest:.+}", at_own(ctx, _to_the_page)),
    ]


async def _to_the_page(_own: Own) -> web.StreamResponse:
    return see(SECURITY)
