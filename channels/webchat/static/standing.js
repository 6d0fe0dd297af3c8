// How the conversation stands, and what the visitor may do about it: hours, place in line, who answers, the cards below the lines.
import { facts, join, opening, say, wait, words } from "./say.js";

const STANDING = { reference: "", serving: true, opens_at: null, place: null, agent: "", typing: false, over: false, question: "", mail: "", digest: "" };

// `ask(frame)` sends; false where the line is down. `tell(text)` says something in passing.
export function openStanding({ ask, tell, store, newChat, redraw }) {
  const part = (id) => document.getElementById(id);
  let now = STANDING;
  let talking = false;
  let sentAddress = false;
  let wantsTranscript = false;
  let rated = "";
  let partly = false; // this page may not have all of it

  function headline() {
    if (now.over) return words.is_over;
    if (now.agent) return say("with_agent", { agent: now.agent });
    return now.serving ? words.is_here : words.is_away;
  }

  function line() {
    if (now.over) return "";
    if (!now.serving && !now.agent) {
      const hours = now.opens_at ? say("opens", { when: opening(now.opens_at) }) : "";
      return join(facts.away || words.away, hours, facts.mail ? words.away_mail : words.away_here);
    }
    if (now.place === null || now.agent) return "";
    const place = now.place === 1 ? words.next : say("place", { place: now.place });
    return now.most === null && now.least === null ? place : join(place, wait(now.least, now.most));
  }

  function draw() {
    part("who").textContent = headline();
    document.body.dataset.standing = now.over ? "over" : now.serving || now.agent ? "here" : "away";
    const stands = line();
    if (part("standing").textContent !== stands) part("standing").textContent = stands;
    part("standing").hidden = !stands;
    part("reference").hidden = !now.reference;
    part("reference").textContent = say("ticket", { ticket: now.reference });
    part("typing").hidden = !now.typing;
    part("typing-who").textContent = say("writes", { agent: now.agent || words.staff });
    part("over").hidden = !now.over;
    part("rating").hidden = !now.question || now.question === rated;
    // While somebody answers here, the visitor is not asked where else.
    const alone = !now.agent && !store.get().asked;
    part("by-mail").hidden = !(facts.mail && talking && !now.mail && !now.over && (wantsTranscript || alone));
    part("goes-on").hidden = !now.mail || now.over;
    part("goes-on").textContent = say("goes_on", { address: now.mail });
    part("transcript").hidden = !(facts.mail && talking) || partly;
    part("new-chat").hidden = !talking;
    part("other-device").hidden = !talking;
    redraw(now);
  }

  part("by-mail").addEventListener("submit", (event) => {
    event.preventDefault();
    const address = part("mail-address").value.trim();
    sentAddress = true;
    if (!ask({ type: "mail", address })) return tell(words.offline);
    store.change({ email: address });
    part("email").value = address;
    return undefined;
  });
  part("mail-later").addEventListener("click", () => {
    wantsTranscript = false;
    store.change({ asked: "yes" });
    draw();
    part("text").focus();
  });
  part("transcript").addEventListener("click", () => {
    wantsTranscript = !now.mail;
    if (now.mail) {
      if (!ask({ type: "transcript" })) tell(words.offline);
    } else {
      draw();
      part("mail-address").focus();
    }
  });
  part("other-device").addEventListener("click", () => ask({ type: "link" }) || tell(words.offline));
  part("new-chat").addEventListener("click", newChat);
  part("begin-anew").addEventListener("click", newChat);
  part("rating").addEventListener("submit", (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    if (!given.get("score")) return tell(words.choose_score);
    const said = { type: "rate", token: now.question, score: Number(given.get("score")), comment: given.get("comment") };
    return ask(said) || tell(words.offline);
  });
  part("copy").addEventListener("click", async () => {
    part("link").select();
    await navigator.clipboard?.writeText(part("link").value).catch(() => false);
    tell(words.copied);
  });

  return {
    get: () => now,
    line,
    talks(yes) {
      if (talking !== yes) {
        talking = yes;
        draw();
      }
    },
    hear(standing) {
      now = { ...STANDING, ...standing };
      draw();
    },
    welcome(standing, onlyPart) {
      partly = onlyPart;
      this.hear(standing);
    },
    // The message was filed; how it stands is told in a moment.
    refer(reference) {
      if (!now.reference) this.hear({ ...now, reference });
    },
    begin() {
      now = STANDING;
      talking = false;
      wantsTranscript = false;
      rated = "";
      part("rating").reset();
      part("share").hidden = true;
      draw();
    },
    // What became of something that was asked for.
    done(frame) {
      if (frame.type === "mail" && sentAddress) {
        sentAddress = false;
        tell(frame.ok ? words.mail_kept : words.mail_not);
        if (frame.ok) {
          store.change({ asked: "yes" });
          if (wantsTranscript) ask({ type: "transcript" });
          wantsTranscript = false;
          part("by-mail").hidden = true;
          part("text").focus();
        }
      } else if (frame.type === "transcript") tell(frame.ok ? words.transcript_sent : words.transcript_not);
      else if (frame.type === "rated") {
        rated = now.question;
        tell(frame.ok ? words.thanks : words.too_late);
        draw();
        part("begin-anew").focus();
      } else if (frame.type === "link") {
        part("share").hidden = !frame.ok;
        part("link").value = frame.url ?? "";
        if (frame.ok) part("link").focus();
        else tell(words.no_link);
      }
    },
  };
}
