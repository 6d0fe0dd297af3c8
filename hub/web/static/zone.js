// Tells the hub the browser's time zone: times are written on the server, in the agent's language.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const secure = location.protocol === "https:" ? "; Secure" : "";
document.cookie = `hub_zone=${encodeURIComponent(zone)}; Path=/desk; Max-Age=31536000; SameSite=Lax${secure}`;
