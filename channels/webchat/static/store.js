// What the browser remembers: of the conversation for all tabs, of what is half written for each. Frames of other sites may have no storage: the chat then
// lasts as long as its page.
const EMPTY = { session: "", waiting: [], seen: "0", name: "", email: "", told: "", asked: "" };

export function openStore(place) {
  let memory = { ...EMPTY };
  const listeners = [];

  function read() {
    try {
      memory = { ...EMPTY, ...JSON.parse(localStorage.getItem(place) || "{}") };
    } catch {
      return memory; // none, or not ours: what this page knows itself
    }
    return memory;
  }

  // Tabs write at the same time: each change is made to what stands there now.
  function change(values) {
    const before = read();
    memory = { ...before, ...(typeof values === "function" ? values(before) : values) };
    try {
      localStorage.setItem(place, JSON.stringify(memory));
    } catch {
      return;
    }
  }

  addEventListener("storage", (event) => {
    if (event.key !== place && event.key !== null) return;
    const before = memory;
    if (event.key === null || event.newValue === null) memory = { ...EMPTY };
    else read();
    listeners.forEach((hear) => hear(memory, before));
  });

  read();
  return {
    get: () => memory,
    change,
    forget: () => change(() => ({ session: "", waiting: [], seen: "0", told: "", asked: "" })),
    onOtherTab: (hear) => listeners.push(hear),

    // In its site each page is a new frame. `session`: the conversation in which it was written.
    keepHalf(text) {
      try {
        sessionStorage.setItem(place, JSON.stringify({ text, session: memory.session }));
      } catch {
        return;
      }
    },
    half() {
      try {
        return JSON.parse(sessionStorage.getItem(place)) ?? { text: "", session: "" };
      } catch {
        return { text: "", session: "" };
      }
    },
  };
}
