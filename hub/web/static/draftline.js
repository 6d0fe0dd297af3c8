// One draft as one page of the desk knows it: what is shown, what the server was last seen to have, what is on its way.
// Pure: no page, no network, no clock. The server decides (hub/model/drafts.py); this keeps count.
export const EMPTY = Object.freeze({ text: "", cc: "", bcc: "", inbox: "", way: "", seq: null });

export function isEmpty(content) {
  return !(content.text.trim() || content.cc || content.bcc);
}

export function saysTheSame(one, other) {
  return one.text.trim() === other.text.trim() && one.cc === other.cc && one.bcc === other.bcc;
}

// What was typed while the words before it were leaving.
export function rest(content, sent) {
  if (saysTheSame(content, sent)) return { ...EMPTY };
  const text = content.text.startsWith(sent.text) ? content.text.slice(sent.text.length).trimStart() : content.text;
  return { ...content, text };
}

export class DraftLine {
  constructor(page) {
    this.page = page; // one page of the desk, from its loading to its end
    this.lives = 0; // how often it went on with another's words: what it had before is then another writer's, and stays kept
    this.tab = `${page}.0`; // who writes
    this.count = 0; // versions of the words: each has a number of its own, whoever brings it to the server
    this.base = 0; // the server's revision that was last seen here
    this.content = { ...EMPTY }; // what is shown
    this.dirty = false; // it differs from what was last sent
    this.flight = null; // the write whose answer is awaited: one at a time, so that none overtakes another
    this.doubtful = null; // words that were to leave, and nobody knows whether they did: asked first, under their own number
    this.other = null; // what another page wrote at the same time, until it is chosen between the two
    this.over = false; // the other version was seen, and this one chosen
    this.yields = false; // the other version was chosen; this one is put beside first
  }

  // Whether something is still to be brought to the server.
  get waits() {
    return this.dirty || this.doubtful !== null;
  }

  // Somebody typed.
  typed(content) {
    if (saysTheSame(content, this.content) && content.inbox === this.content.inbox && content.way === this.content.way) return;
    const nothing = isEmpty(content) && isEmpty(this.content);
    this.content = { ...content };
    // A way or an inbox alone is no draft: a page that has just been opened has nothing to say.
    if (!nothing) this.#changed();
  }

  // The next write to be sent, or null.
  next() {
    if (!this.waits || this.flight) return null;
    if (this.doubtful) {
      this.flight = this.doubtful;
      this.doubtful = null;
      return this.flight;
    }
    this.dirty = false;
    this.flight = { tab: this.tab, number: this.count, base: this.base, over: this.over, content: this.content };
    return this.flight;
  }

  // The words leave: that is a write too, the last one before what is typed from now on.
  send() {
    this.count += 1;
    this.dirty = false;
    this.doubtful = null;
    const { tab, count: number, base, over, content } = this;
    this.flight = { tab, number, base, over, content, leaves: true };
    return this.flight;
  }

  // What must not be lost with this page: what no answer has confirmed.
  unsaved() {
    if (!this.waits && !this.flight) return null;
    return { tab: this.tab, number: this.count, base: this.base, over: this.over, content: this.content };
  }

  // The server's answer to a write; true where what is shown changed.
  answered(write, outcome, server) {
    if (write !== this.flight) return false; // of a time before the page was given something else
    this.flight = null;
    if (outcome === "kept" || outcome === "same") {
      this.base = Math.max(this.base, server.revision);
      this.other = null;
      this.over = false;
      this.yields = false;
      return false;
    }
    if (outcome === "old" && write.leaves && isEmpty(server.content)) return this.sent(write, server); // they had left
    if (outcome === "old") {
      // Someone has brought a copy of this page's words there meanwhile.
      this.count = Math.max(this.count, server.number);
      this.base = Math.max(this.base, server.revision);
      if (this.dirty || !saysTheSame(server.content, write.content)) this.#changed();
      return false;
    }
    if (this.yields && !this.dirty) return this.#adopt(server);
    if (!this.over && isEmpty(this.content)) return this.#adopt(server); // nothing stands here that could be asked about
    if (this.over && !write.over) {
      // It was chosen while this answer was on its way.
      this.base = server.revision;
      this.#changed();
      return false;
    }
    this.other = server;
    this.over = false;
    return false;
  }

  // No answer came: the same words go once more, as a new write.
  lost(write) {
    if (write !== this.flight) return;
    if (write.leaves) return this.unanswered(write);
    this.flight = null;
    this.#changed();
  }

  // No answer to words that were to leave. As a new write they would be a draft again even where they have left; under their
  // own number the server knows them.
  unanswered(write) {
    if (write !== this.flight) return;
    this.flight = null;
    this.doubtful = write;
  }

  // The server would not have it. What was to leave is a draft, and what was a draft is one that this page alone keeps.
  refused(write) {
    if (write !== this.flight) return;
    this.flight = null;
    this.#changed();
  }

  // What the server has, seen on the way; true where what is shown changed.
  seen(server) {
    if (server.revision <= this.base) return false;
    const still = !this.waits || (isEmpty(this.content) && !isEmpty(server.content));
    if (still && !this.flight && !this.other) return this.#adopt(server);
    if (!this.flight && saysTheSame(server.content, this.content)) {
      this.base = server.revision;
      this.other = null;
    }
    return false;
  }

  // The words have left and the server's draft is what it is now: what was typed meanwhile stays.
  sent(write, server) {
    if (write !== this.flight && server.revision < this.base) return false; // taken back meanwhile: this is of before
    if (write === this.flight) this.flight = null;
    this.doubtful = null;
    this.other = null;
    this.over = false;
    this.yields = false;
    const left = rest(this.content, write.content);
    this.base = Math.max(this.base, server.revision);
    if (this.dirty && !isEmpty(left)) {
      if (!isEmpty(server.content) && !saysTheSame(server.content, left)) this.base = 0; // another page's: it will be asked
      this.content = left;
      this.#changed();
      return true;
    }
    this.dirty = false;
    if (!isEmpty(server.content)) this.#anew();
    this.content = { ...server.content };
    return true;
  }

  // What was taken back stands above what has not been saved here yet.
  restored(server) {
    const mine = this.waits || this.flight ? this.content : EMPTY;
    this.#anew();
    this.flight = null;
    this.doubtful = null;
    this.other = null;
    this.base = server.revision;
    this.content = { ...server.content };
    this.dirty = false;
    if (!isEmpty(mine) && !server.content.text.includes(mine.text.trim())) {
      this.content.text = [server.content.text, mine.text].filter(Boolean).join("\n\n");
      this.#changed();
    }
    return true;
  }

  // The choice between two versions. Whichever loses is kept beside.
  keepMine() {
    this.base = this.other.revision;
    this.other = null;
    this.over = true;
    this.doubtful = null;
    this.#changed();
  }

  takeOther() {
    const server = this.other;
    this.other = null;
    if (this.waits || this.flight) {
      this.yields = true;
      return false;
    }
    return this.#adopt(server);
  }

  #changed() {
    this.count += 1;
    this.dirty = true;
  }

  #anew() {
    this.lives += 1;
    this.tab = `${this.page}.${this.lives}`;
  }

  #adopt(server) {
    this.#anew();
    this.base = server.revision;
    this.content = { ...server.content };
    this.dirty = false;
    this.doubtful = null;
    this.other = null;
    this.over = false;
    this.yields = false;
    return true;
  }
}
