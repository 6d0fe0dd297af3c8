// Puts a chat button on a site: <script src="https://hub.example/chat/NAME/widget.js" defer></script>
(() => {
  const here = new URL(document.currentScript.src);
  const page = new URL(here.pathname.replace(/\/widget\.js$/, ""), here.origin);
  const chinese = (document.documentElement.lang || navigator.language || "").toLowerCase().startsWith("zh");
  const words = chinese ? ["打开在线客服", "关闭在线客服", "在线客服"] : ["Open chat", "Close chat", "Chat"];
  page.searchParams.set("lang", chinese ? "zh_CN" : "en");
  const button = document.createElement("button");
  let frame = null;

  function dress(element, style) {
    Object.assign(element.style, { position: "fixed", right: "1rem", zIndex: "2147483000" }, style);
  }
  function toggle(open) {
    if (open && !frame) {
      frame = document.createElement("iframe");
      frame.src = page.href;
      frame.title = words[2];
      dress(frame, {
        bottom: "5rem", width: "min(24rem, calc(100vw - 2rem))", height: "min(36rem, calc(100vh - 7rem))",
        border: "1px solid #8a948f", borderRadius: "12px", background: "transparent",
      });
      document.body.append(frame);
    }
    if (frame) frame.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    button.setAttribute("aria-label", open ? words[1] : words[0]);
    if (open) frame.focus();
    else button.focus();
  }

  button.type = "button";
  button.textContent = "💬";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-label", words[0]);
  dress(button, {
    bottom: "1rem", width: "3.5rem", height: "3.5rem", border: "0", borderRadius: "50%",
    background: "#0b6b4f", color: "#ffffff", fontSize: "1.5rem", cursor: "pointer",
  });
  button.addEventListener("click", () => toggle(button.getAttribute("aria-expanded") !== "true"));
  window.addEventListener("message", (event) => {
    if (frame && event.origin === here.origin && event.source === frame.contentWindow && event.data?.contactHub === "close") {
      toggle(false);
    }
  });
  document.body.append(button);
})();
