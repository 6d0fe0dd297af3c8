"""How the log names an address."""

from aiohttp import web


def address_of(request: web.Request) -> str:
    """As it stands in the table of routes, `/follow/{token}`: what is in the place of the braces may be somebody's key. "" for
    an address that is in no table."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""
