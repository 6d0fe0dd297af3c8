// The form of a mail channel: what a provider's preset brings is not asked for, nor what goes without saying.
function fit(form) {
  const preset = form.elements.preset?.value;
  const same = form.elements.same_login?.checked;
  const oauth = form.elements.auth?.value === "oauth2";
  for (const setting of form.querySelectorAll("[data-setting]")) {
    const name = setting.dataset.setting;
    const server = /^(imap|smtp)_(host|port|security)$/.test(name);
    const login = /^smtp_(user|password)$/.test(name);
    setting.hidden =
      (server && Boolean(preset)) || (login && (same || Boolean(preset))) || (name === "same_login" && Boolean(preset)) ||
      (name === "imap_password" && oauth) || (name === "done_folder" && form.elements.after_reading?.value !== "move");
  }
  for (const part of form.querySelectorAll(".settings-part")) {
    const settings = [...part.querySelectorAll("[data-setting]")];
    part.hidden = settings.length > 0 && settings.every((one) => one.hidden);
  }
}

function fitAll() {
  const form = document.getElementById("channel-form");
  if (form?.dataset.kind === "email") fit(form);
}

document.addEventListener("change", (event) => {
  if (event.target.closest?.("#channel-form")) fitAll();
});
document.addEventListener("htmx:after:swap", fitAll);
fitAll();

// A new field's form asks for choices and for "needed" only where they mean something.
const about = document.getElementById("new-about");
const kind = document.getElementById("new-kind");
function fitField() {
  document.querySelector("[data-for-choice]").hidden = kind.value !== "choice";
  document.querySelector("[data-for-ticket]").hidden = about.value !== "ticket";
}
if (about && kind) {
  about.addEventListener("change", fitField);
  kind.addEventListener("change", fitField);
  fitField();
}
