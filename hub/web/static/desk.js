// What a page of the desk needs before it is painted: page.js sets htmx up. The rest is set in motion behind the first picture, which
// is there some 40 ms sooner for it; a page that nobody looks at has no pictures to wait for.
import "./zone.js";
import "./page.js";

const begin = () => import("./hands.js");
if (document.hidden) begin();
else requestAnimationFrame(() => setTimeout(begin));
