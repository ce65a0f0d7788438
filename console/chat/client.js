// The client of one or more conversations: the log over HTTP is the truth, the WebSocket brings news of it.
// It sorts by sequence number, asks for what is missing, sends unsent messages again under the same id, and connects anew by itself.

const PING = 4 * 60 * 1000; // API Gateway ends a connection after 10 minutes without a frame
const SYNC = 20 * 1000; // a frame may be lost without a word, so the log is asked now and then
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30000;
const UNANSWERED = 8000; // a frame may be lost, or its answer, while the socket stays open: then the message goes over HTTP
const PASSING = /busy|too_many|internal|unavailable|connection_unknown/; // refusals after which the same message may be taken

/** A refusal of the API: its status and its stable code. The message is for people, in the language of the page. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.message || body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.code = body.code || "";
  }
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

export class Client extends EventTarget {
  /** @param {{api: string, headers: () => Record<string, string>, language: () => string}} options */
  constructor(options) {
    super();
    this.api = options.api.replace(/\/$/, "");
    this.headers = options.headers;
    this.language = options.language;
    this.ahead = 0; // of the shop's clock before this machine's, in milliseconds
    this.logs = new Map(); // conversation -> Log
    this.inboxes = new Set();
    this.wait = FIRST_WAIT;
    this.socket = null;
    this.stopped = true;
  }

  async call(method, path, body, headers) {
    const response = await fetch(this.api + path, {
      method, body: body === undefined ? undefined : JSON.stringify(body),
      headers: { "Content-Type": "application/json", "Accept-Language": this.language(), ...this.headers(), ...headers },
    });
    const date = Date.parse(response.headers.get("Date"));
    if (date) this.ahead = date - Date.now();
    const text = await response.text();
    const parsed = text ? JSON.parse(text) : {};
    if (!response.ok) throw new Problem(response.status, parsed);
    return parsed;
  }

  /** The log of a conversation; what it has is asked for at once. */
  open(conversation) {
    if (!this.logs.has(conversation)) this.logs.set(conversation, new Log(this, conversation));
    const log = this.logs.get(conversation);
    this.hello(log);
    return log;
  }

  /** Stops listening. A log with unsent messages stays until they are sent. */
  close(conversation) {
    const log = this.logs.get(conversation);
    if (log && log.unsent.size === 0) this.logs.delete(conversation);
  }

  watch(team) {
    this.inboxes.add(team);
    this.frame({ do: "hello", inbox: team });
  }

  start(conversation) {
    this.stopped = false;
    this.ticketFor = conversation || "";
    this.connect();
  }

  stop() {
    this.stopped = true;
    clearInterval(this.pinging);
    clearInterval(this.syncing);
    for (const log of this.logs.values()) for (const entry of log.unsent.values()) clearTimeout(entry.timer);
    if (this.socket) this.socket.close();
  }

  async connect() {
    if (this.stopped) return;
    try {
      const ticket = await this.call("POST", "/chat/tickets", { conversationId: this.ticketFor || undefined });
      const socket = new WebSocket(ticket.url);
      this.socket = socket;
      socket.onopen = () => this.opened(socket);
      socket.onmessage = (e) => this.received(JSON.parse(e.data));
      socket.onclose = () => this.closed(socket);
    } catch (error) {
      this.announce("offline", error);
      this.again();
    }
  }

  opened(socket) {
    this.wait = FIRST_WAIT;
    clearInterval(this.pinging);
    this.pinging = setInterval(() => this.frame({ do: "ping" }), PING);
    clearInterval(this.syncing);
    this.syncing = setInterval(() => this.sync(), SYNC);
    this.frame({ do: "ping" });
    for (const team of this.inboxes) this.frame({ do: "hello", inbox: team });
    for (const log of this.logs.values()) this.hello(log);
    this.announce("online");
  }

  closed(socket) {
    if (socket !== this.socket) return;
    clearInterval(this.pinging);
    this.announce("offline");
    this.again();
  }

  /** Asks for what the socket may have lost, of the conversations that somebody looks at. */
  sync() {
    if (document.hidden) return;
    for (const log of this.logs.values()) if (log.state !== "closed") log.fetch();
  }

  /** Connects again, ever later, with jitter so that all clients do not come back at once. */
  again() {
    if (this.stopped) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), this.wait * (0.5 + Math.random()));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  frame(frame) {
    if (!this.socket || this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  hello(log) {
    if (!this.frame({ do: "hello", conversationId: log.id, since: log.last })) log.fetch();
    log.resend();
  }

  received(event) {
    if (event.reconnect && this.socket) this.socket.close(); // its two hours are nearly over
    if (event.type === "error" && event.code === "connection_unknown") this.socket.close();
    const log = this.logs.get(event.conversationId);
    if (log) log.take(event);
    this.announce(event.type, event);
  }

  /** What a notice or an error says to the reader of this page. */
  wordsOf({ words, text, detail }) {
    return (words && words[this.language()]) || text || detail || "";
  }

  /** The shop's time, also where this machine's clock is wrong. Only pages of the API's own origin may read its header. */
  now() {
    return Date.now() + this.ahead;
  }

  announce(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

export class Log extends EventTarget {
  constructor(client, id) {
    super();
    this.client = client;
    this.id = id;
    this.bySeq = new Map();
    this.last = 0; // up to here without a gap
    this.unsent = new Map();
    this.state = "";
    this.agent = ""; // whose it is; agents are told
    this.conversation = {}; // as it was last asked for
    this.reads = {};
  }

  get messages() {
    return Array.from(this.bySeq.keys()).sort((a, b) => a - b).map((seq) => this.bySeq.get(seq));
  }

  take(event) {
    for (const message of event.messages || []) this.add(message);
    if (event.message) this.add(event.message);
    if (event.state) this.state = event.state;
    if (event.type === "state" || event.type === "welcome") this.agent = event.agent || "";
    if (event.reads) Object.assign(this.reads, event.reads);
    if (event.type === "error" && event.clientId) {
      const failed = this.unsent.get(event.clientId);
      if (failed && PASSING.test(event.code)) this.later(failed);
      else if (failed) this.refuse(failed, this.client.wordsOf(event));
    }
    while (this.bySeq.has(this.last + 1)) this.last++;
    if (event.more || (event.seq || 0) > this.last) this.fetch();
    this.dispatchEvent(new Event("change"));
  }

  add(message) {
    this.bySeq.set(message.seq, message);
    if (!message.clientId) return;
    clearTimeout(this.unsent.get(message.clientId)?.timer);
    this.unsent.delete(message.clientId);
  }

  /** Asks for everything after what is here without a gap, one question at a time: one that is asked meanwhile follows. */
  fetch() {
    this.wanted = true;
    this.fetching = this.fetching || this.load().finally(() => (this.fetching = null));
    return this.fetching;
  }

  async load() {
    try {
      while (this.wanted) {
        this.wanted = false;
        await this.pages();
        this.dispatchEvent(new Event("change"));
      }
    } catch (error) {
      this.wanted = false;
      this.client.announce("problem", error);
    }
  }

  async pages() {
    for (let more = true; more; ) {
      const page = await this.client.call("GET", `/chat/conversations/${this.id}/messages?since=${this.last}&limit=100`);
      for (const message of page.messages) this.add(message);
      const before = this.last;
      while (this.bySeq.has(this.last + 1)) this.last++;
      this.conversation = page.conversation;
      this.state = page.conversation.state;
      this.agent = page.conversation.agent || "";
      this.reads = page.reads || {};
      more = page.more && this.last > before;
    }
  }

  send(text, extra) {
    const entry = { message: { clientId: newId(), text, ...extra }, tries: 0 };
    this.unsent.set(entry.message.clientId, entry);
    this.dispatchEvent(new Event("change"));
    this.post(entry);
  }

  /** Sends over the socket when it is open, else over HTTP. Either way the id makes it count once, also when it goes both ways. */
  post(entry) {
    clearTimeout(entry.timer);
    if (this.client.frame({ do: "send", conversationId: this.id, message: entry.message })) {
      entry.timer = setTimeout(() => this.deliver(entry), UNANSWERED);
    } else {
      this.deliver(entry);
    }
  }

  /** Sends over HTTP. What fails for a time is tried again, ever later, until it is stored or refused. */
  async deliver(entry) {
    const { message } = entry;
    if (!this.unsent.has(message.clientId) || entry.refused) return;
    try {
      const answer = await this.client.call("POST", `/chat/conversations/${this.id}/messages`, message);
      this.take({ messages: answer.messages, seq: answer.conversation.seq, state: answer.conversation.state });
    } catch (error) {
      if (error instanceof Problem && error.status < 500 && error.status !== 429) this.refuse(entry, error.message);
      else this.later(entry);
      this.dispatchEvent(new Event("change"));
    }
  }

  later(entry) {
    clearTimeout(entry.timer);
    if (this.client.stopped) return; // it goes out when the client starts again
    const wait = Math.min(FIRST_WAIT * 2 ** entry.tries++, LONGEST_WAIT) * (0.5 + Math.random());
    entry.timer = setTimeout(() => this.post(entry), wait);
  }

  refuse(entry, detail) {
    clearTimeout(entry.timer);
    entry.error = detail;
    entry.refused = true;
  }

  resend() {
    for (const entry of this.unsent.values()) if (!entry.refused) this.post(entry);
  }

  /** Tells the others that somebody types; what is internal only agents are told. */
  typing(internal = false) {
    const now = Date.now();
    if (now - (this.typedAt || 0) < 3000) return;
    this.typedAt = now;
    this.client.frame({ do: "typing", conversationId: this.id, internal });
  }

  /** Says that all has been read, or, where nobody looks, that it has arrived. */
  read(looked = !document.hidden) {
    const field = looked ? "readTo" : "deliveredTo";
    if (!this.last || this.last <= (this[field] || 0) || this.last <= (this.readTo || 0)) return;
    if (this.client.frame({ do: looked ? "read" : "delivered", conversationId: this.id, seq: this.last })) this[field] = this.last;
  }

  /** How far the last message of a side has come on the other side: "", "delivered" or "read", with its number. */
  receipt(mine, other) {
    const reads = this.reads[other] || { seq: 0, delivered: 0 };
    const last = this.messages.filter((m) => m.role === mine && !m.internal).pop();
    if (!last) return { seq: 0, state: "" };
    return { seq: last.seq, state: reads.seq >= last.seq ? "read" : reads.delivered >= last.seq ? "delivered" : "" };
  }

  /** Uploads a file to the address that the API signs for it, then sends it as a message. */
  async attach(file) {
    const { attachment, url } = await this.client.call("POST", `/chat/conversations/${this.id}/attachments`, {
      name: file.name.slice(0, 120), type: file.type || "text/plain", size: file.size,
    });
    const stored = await fetch(url, { method: "PUT", headers: { "Content-Type": attachment.type }, body: file });
    if (!stored.ok) throw new Error(`HTTP ${stored.status}`);
    this.send("", { attachments: [attachment] });
  }
}
