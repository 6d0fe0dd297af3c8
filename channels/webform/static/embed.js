// Put this beside a form on your own page: <script src=".../forms/NAME/embed.js" async></script>. The form stands where the script
// does, as tall as it needs to be. It asks nobody but this address, and believes no other frame.
(() => {
  const script = document.currentScript;
  const source = new URL(script.src);
  const page = new URL("./", source);
  const frame = document.createElement("iframe");
  const language = script.dataset.lang || document.documentElement.lang;
  frame.src = `${page.href.replace(/\/$/, "")}?frame=1${language ? `&lang=${encodeURIComponent(language)}` : ""}`;
  frame.title = script.dataset.title || (language.startsWith("zh") ? "表单" : "Form");
  frame.style.cssText = "display:block;width:100%;height:40rem;border:0";
  frame.setAttribute("loading", "lazy");
  script.after(frame);
  addEventListener("message", (event) => {
    if (event.origin !== source.origin || event.source !== frame.contentWindow) return;
    const height = event.data?.["hub-form-height"];
    if (Number.isFinite(height) && height > 0) frame.style.height = `${Math.min(height, 20000)}px`;
  });
})();
