"""Texts that would run a script, if what shows them let it: each sets `window.hostile`."""

from typing import Final

RUN: Final = "window.hostile=1"

_ATTRIBUTES: Final = (
    "onerror",
    "ONERROR",
    "onload",
    "onclick",
    "onfocus",
    "onmouseover",
    "ontoggle",
    "onanimationstart",
)
_ELEMENTS: Final = (
    "<img src=x {}>",
    "<img src=x{}>",
    "<image src=x {}>",
    "<svg {}>",
    "<svg/{}>",
    "<body {}>",
    "<details open {}>x</details>",
    "<input autofocus {}>",
    "<video src=x {}></video>",
    "<audio src=x {}></audio>",
    "<b {} tabindex=0 autofocus>x</b>",
    "<a href=x {}>x</a>",
)
_SCHEMES: Final = (
    "javascript:{}",
    "JavaScript:{}",
    "java\tscript:{}",
    "java&#10;script:{}",
    "&#106;avascript:{}",
    "&#x6A&#x61vascript&colon;{}",
    "\x01javascript:{}",
    " javascript:{}",
    "javascript://x/%0a{}",
    "vbscript:{}",
    "data:text/html,<script>parent.{}</script>",
    "data:text/html;base64,PHNjcmlwdD53aW5kb3cuaG9zdGlsZT0xPC9zY3JpcHQ+",
)
_LINKS: Final = (
    "[x]({})",
    "[x](<{}>)",
    "<{}>",
    "[x][r]\n\n[r]: {}",
    "<a href='{}'>x</a>",
    "![x]({})",
    "<img src='{}'>",
)
_OTHERS: Final = (
    "<script>{}</script>",
    "<SCRIPT>{}</SCRIPT >",
    "<scr<script>ipt>{}</script>",
    "<svg><script>{}</script></svg>",
    "<svg><style><img src=x onerror={}></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img src=x onerror={}>",
    "<math></p><style><!--</style><img src=x onerror={}//-->",
    "<noscript><p title='</noscript><img src=x onerror={}>'></noscript>",
    "<template><img src=x onerror={}></template>",
    "<textarea></textarea><img src=x onerror={}></textarea>",
    "<title><img src=x onerror={}></title>",
    "<xmp><p title='</xmp><img src=x onerror={}>'></xmp>",
    "<iframe srcdoc='<script>parent.{}</script>'></iframe>",
    "<iframe src='javascript:parent.{}'></iframe>",
    "<object data='javascript:{}'></object>",
    "<embed src='javascript:{}'>",
    "<form action='javascript:{}'><button>x</button></form>",
    "<form><button formaction='javascript:{}'>x</button></form>",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<base href='javascript:{}//'><a href=x>x</a>",
    "<link rel=stylesheet href='javascript:{}'>",
    "<!--><img src=x onerror={}>-->",
    "<!-- --!><img src=x onerror={}> -->",
    "<![CDATA[<img src=x onerror={}>]]>",
    "<?php ><img src=x onerror={}> ?>",
    "<a title='\"><img src=x onerror={}>' href=x>x</a>",
    "<a title='<a href=' href='onclick={}'>x</a>",
    "![x\" onerror={} y](x)",
    "![x](x\"onerror={}//)",
    "[x](x 'y\" onclick={}//')",
    "# x\" onclick={} y\n\n# <img src=x onerror={}>",
    "<h1 id='\" onclick={} x=\"'>x</h1>",
    "```\" onclick={} x=\"\nx\n```",
    "```x\n</code></pre><img src=x onerror={}>\n```",
    "<pre><code class='language-\"><img src=x onerror={}>'>x</code></pre>",
    "[^\"><img src=x onerror={}>]\n\n[^\"><img src=x onerror={}>]: x",
    "| <img src=x onerror={}> |\n|---|\n| <svg onload={}> |",
    "- [ ] <img src=x onerror={}>",
    "> [!NOTE]\n> <img src=x onerror={}>",
    "---\nx: <img src=x onerror={}>\n---\n",
    "`` ` <img src=x onerror={}>",
    "<div style='background:url(javascript:{})'>x</div>",
)  # fmt: skip


def payloads() -> list[str]:
    """All of them."""
    made = [one.format(f'{name}="{RUN}"') for one in _ELEMENTS for name in _ATTRIBUTES]
    made += [one.format(scheme.format(RUN)) for one in _LINKS for scheme in _SCHEMES]
    made += [one.replace("{}", RUN) for one in _OTHERS]
    return made
