"""The site for nginx that is shipped, in a real nginx before a hub: pages, lines, limits, and what is nobody's business."""

import asyncio
import re
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

from aiohttp import ClientSession, CookieJar, TCPConnector

from hub.actions.context import Context
from tests.fakes.certificates import make_context
from tests.fakes.desk import PASSWORD, customer_writes, serving_desk
from tests.fakes.processes import free_port, until

SITE = Path(__file__).parents[2] / "config" / "examples" / "nginx.conf"
AROUND = """
daemon off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    {temporary}
    include {folder}/site.conf;
}}
"""
TEMPORARY = ("fastcgi", "scgi", "uwsgi")


def _ours(folder: Path, secure: int, plain: int, hub: str) -> str:
    """The site as it is shipped, but for files and ports, and for what nginx before 1.25.1 does not know."""
    site = SITE.read_text("utf-8")
    for given, here in (
        ("server 127.0.0.1:8080", f"server {hub.removeprefix('http://')}"),
        ("    http2 on;\n", ""),
        ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        ("    listen [::]:443 ssl;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("    listen [::]:80;\n", ""),
        ("/etc/letsencrypt/live/help.shop.example/fullchain.pem", f"{folder}/ca.pem"),
        ("/etc/letsencrypt/live/help.shop.example/privkey.pem", f"{folder}/key.pem"),
    ):
        assert site.count(given) == 1, given
        site = site.replace(given, here)
    return site


@asynccontextmanager
async def _nginx(folder: Path, secure: int, plain: int, hub: str) -> AsyncIterator[None]:
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    assert program, "tests/install_servers.sh installs it"
    make_context(folder)
    (folder / "site.conf").write_text(_ours(folder, secure, plain, hub))
    temporary = "\n    ".join(f"{one}_temp_path {folder}/{one};" for one in TEMPORARY)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, temporary=temporary))
    process = await asyncio.create_subprocess_exec(
        program, "-p", str(folder), "-c", str(folder / "nginx.conf"), stderr=asyncio.subprocess.PIPE
    )

    async def listens() -> bool:
        if process.returncode is not None:
            assert process.stderr is not None
            raise AssertionError((await process.stderr.read()).decode())
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", secure)
        except OSError:
            return False
        writer.close()
        return True

    try:
        await until(listens, seconds=20, what="nginx listens")
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def test_the_site_for_nginx_as_it_is_shipped(ctx: Context, tmp_path: Path) -> None:
    secure, plain = free_port(), free_port()
    outside = f"https://127.0.0.1:{secure}"
    web = {"public_url": outside, "trusted_proxies": ["127.0.0.1"]}
    async with serving_desk(ctx, web=web) as desk, _nginx(tmp_path, secure, plain, desk.url):
        trust = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        jar, origin = CookieJar(unsafe=True), {"Origin": outside}
        async with ClientSession(cookie_jar=jar, headers=origin, connector=TCPConnector(ssl=trust)) as agent:
            form = {"login": "ann", "password": PASSWORD}
            async with agent.post(f"{outside}/desk/login", data=form, allow_redirects=False) as answer:
                assert answer.status == 303, await answer.text()
            async with agent.get(f"{outside}/desk") as answer:
                assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
                cursor = re.search(r'data-cursor="([^"]+)"', await answer.text())
                assert cursor is not None
            live = f"{outside}/desk/live"
            async with agent.ws_connect(live, params={"cursor": cursor[1]}) as line, asyncio.timeout(20):
                code = await customer_writes(desk.ctx, "Where is my parcel?")
                while f"T-{code}" not in (frame := await line.receive_str()) and f'"{code}"' not in frame:
                    pass
            for path in ("/metrics", "/readyz"):
                async with agent.get(outside + path) as answer:
                    assert answer.status == 403, path
            async with agent.post(f"{outside}/desk/login", data=BytesIO(b"x" * (40 * 1024**2 + 1))) as answer:
                assert answer.status == 413
        async with ClientSession() as stranger:
            async with stranger.get(f"http://127.0.0.1:{plain}/api/v1/tickets") as answer:
                assert answer.status == 403
            async with stranger.get(f"http://127.0.0.1:{plain}/desk", allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (301, "https://help.shop.example/desk")
    assert "emerg" not in (tmp_path / "error.log").read_text("utf-8")
