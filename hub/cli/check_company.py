"""`doctor` asks the company's own sign-in who it is, as the hub does before it sends anybody there."""

from hub.actions.context import Context
from hub.actions.failures import LoginRefused
from hub.actions.signin.company.ask import LeadsInside
from hub.actions.signin.company.provider import provider_of
from hub.cli.checks import Finding, good, warning, wrong
from hub.cli.speak import say


async def check_company(ctx: Context) -> list[Finding]:
    """Nothing where there is none."""
    web = ctx.settings.web
    if not web.oidc.issuer:
        return []
    what = say("Company sign-in", "公司账号登录")
    try:
        provider = await provider_of(ctx)
    except LeadsInside as refused:
        text = say(
            f"its configuration names {refused.url}, which leads to {refused.address}, no address of the public internet",
            f"其配置中的 {refused.url} 指向 {refused.address}，不是公网地址",
        )
        advice = say(
            "Have the provider name an address on the issuer's own host, which may lie anywhere; or set web.oidc.issuer to the "
            "provider's address inside your network, if it has one.",
            "请让登录服务改用与 web.oidc.issuer 相同主机名的地址（该主机可以位于内网）；如果登录服务部署在内网，也可以把 "
            "web.oidc.issuer 设为它的内网地址。",
        )
        return [wrong(what, text, advice)]
    except LoginRefused as refused:
        advice = say(
            "Check web.oidc.issuer: it is the address that the provider's own configuration names, to the last slash.",
            "请检查 web.oidc.issuer：须与登录服务自身配置中的地址完全一致（包括末尾的斜杠）。",
        )
        return [wrong(what, str(refused), advice)]
    if not web.public_url:
        advice = say("Set web.public_url.", "请设置 web.public_url。")
        text = say("people come back to the address that they asked for", "登录后将返回用户访问时所用的地址")
        return [warning(what, text, advice)]
    back = f"{web.public_url}/desk/login/company/back"
    return [good(what, say(f"{provider.issuer}, back at {back}", f"{provider.issuer}，回调地址 {back}"))]
