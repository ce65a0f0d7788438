// <dangol-chat api="https://api.example.com" language="ko"></dangol-chat>: a chat for storefronts.
// Attributes: api, language (ko or en), access-token (of a logged-in customer; set it anew when it changes).
import { Client, filesOf, textOf, newId } from "./client.js";

const WORDS = {
  ko: {
    open: "상담 열기", close: "닫기", title: "하늘 상담", write: "메시지를 입력하세요", send: "보내기", offline: "연결이 끊겼습니다. 다시 연결하는 중…",
    typing: "입력 중…", sending: "보내는 중…", failed: "보내지 못했습니다", rate: "오늘 상담은 어떠셨나요?", thanks: "감사합니다!", again: "새 상담 시작", end: "상담 끝내기", stars: "점",
    file: "파일 보내기", uploading: "파일을 올리는 중…", delivered: "도착", read: "읽음", yes: "네", no: "아니요",
  },
  en: {
    open: "Open chat", close: "Close", title: "Haneul", write: "Write a message", send: "Send", offline: "Connection lost. Connecting again…",
    typing: "is typing…", sending: "Sending…", failed: "Not sent", rate: "How did we do?", thanks: "Thank you!", again: "Start a new chat", end: "End chat", stars: "stars",
    file: "Send a file", uploading: "Uploading…", delivered: "Delivered", read: "Read", yes: "Yes", no: "No",
  },
};

const STYLE = `
:host { --accent: #0a5c4a; font: 15px/1.5 system-ui, "Noto Sans KR", sans-serif; }
button { font: inherit; cursor: pointer; }
button:focus-visible, textarea:focus-visible, a:focus-visible { outline: 3px solid #f2a900; outline-offset: 2px; }
.launch { position: fixed; right: 16px; bottom: 16px; min-width: 56px; min-height: 56px; border: 0; border-radius: 28px; background: var(--accent); color: #fff; padding: 0 20px; }
.panel { position: fixed; right: 16px; bottom: 16px; width: min(380px, calc(100vw - 32px)); height: min(600px, calc(100dvh - 32px)); display: flex; flex-direction: column;
  background: #fff; color: #1c1c1c; border: 1px solid #ccc; border-radius: 12px; overflow: hidden; box-shadow: 0 8px 32px #0003; }
.panel[hidden], .launch[hidden], [hidden] { display: none; }
header { display: flex; align-items: center; gap: 8px; padding: 10px 12px; background: var(--accent); color: #fff; }
header h2 { flex: 1; font-size: 16px; margin: 0; }
header button { border: 1px solid #fff8; border-radius: 6px; background: none; color: inherit; min-height: 36px; padding: 0 10px; }
.status { padding: 6px 12px; background: #fff4d6; font-size: 13px; }
ol { flex: 1; overflow-y: auto; margin: 0; padding: 12px; list-style: none; display: flex; flex-direction: column; gap: 8px; }
li { max-width: 85%; white-space: pre-wrap; overflow-wrap: anywhere; padding: 8px 12px; border-radius: 12px; background: #f0f0ee; align-self: flex-start; }
li.shopper { align-self: flex-end; background: #dcefe9; }
li.system { align-self: center; background: none; color: #595959; font-size: 13px; text-align: center; }
li .file { display: block; border: 1px solid #8a8a8a; border-radius: 8px; background: #fff; padding: 6px 12px; min-height: 36px; } li .receipt { text-align: right; }
.question { padding: 10px; border-top: 1px solid #ddd; background: #fff4d6; } .question p { margin: 0 0 8px; }
.question button { min-height: 40px; border: 1px solid var(--accent); border-radius: 8px; padding: 0 16px; margin-right: 8px; background: #fff; color: var(--accent); }
.question button:first-of-type { background: var(--accent); color: #fff; }
form .attach { background: #fff; color: var(--accent); border: 1px solid var(--accent); padding: 0 12px; }
li.unsent { opacity: .75; } li small { display: block; color: #595959; } li.refused small { color: #a40000; }
.buttons { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 8px; }
.buttons button, .rating button { border: 1px solid var(--accent); border-radius: 16px; background: #fff; color: var(--accent); padding: 6px 12px; min-height: 36px; text-align: left; }
form { display: flex; gap: 8px; padding: 10px; border-top: 1px solid #ddd; }
textarea { flex: 1; resize: none; font: inherit; padding: 8px; border: 1px solid #8a8a8a; border-radius: 8px; }
form button { border: 0; border-radius: 8px; background: var(--accent); color: #fff; padding: 0 16px; min-height: 44px; }
.rating { padding: 10px; text-align: center; border-top: 1px solid #ddd; }
@media (max-width: 480px) { .panel { inset: 0; width: auto; height: auto; border-radius: 0; } }
`;

class DangolChat extends HTMLElement {
  static observedAttributes = ["language", "access-token"];

  connectedCallback() {
    if (this.shadowRoot) return;
    this.words = WORDS[this.getAttribute("language")] || WORDS.ko;
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${STYLE}</style>
      <button class="launch" part="launch"></button>
      <section class="panel" role="dialog" hidden>
        <header><h2></h2><button class="end"></button><button class="shut"></button></header>
        <div class="status" role="status" hidden></div>
        <ol role="log" aria-live="polite" tabindex="0"></ol>
        <div class="typing status" hidden></div>
        <div class="rating" hidden></div>
        <div class="question" role="alertdialog" hidden></div>
        <form><input type="file" hidden accept="image/jpeg,image/png,image/webp,image/gif,application/pdf,text/plain">
          <button type="button" class="attach">+</button><textarea rows="2" maxlength="4000"></textarea><button class="send"></button></form>
      </section>`; // fixed markup only: nothing that anybody wrote goes through innerHTML
    const at = (selector) => root.querySelector(selector);
    this.parts = {
      launch: at(".launch"), panel: at(".panel"), title: at("h2"), end: at(".end"), shut: at(".shut"), status: at(".status"), list: at("ol"),
      typing: at(".typing"), rating: at(".rating"), form: at("form"), input: at("textarea"), send: at(".send"),
      file: at("input[type=file]"), attach: at(".attach"), question: at(".question"),
    };
    this.name();
    this.listen();
  }

  disconnectedCallback() {
    if (this.client) this.client.stop();
  }

  attributeChangedCallback(name, before, now) {
    if (!this.shadowRoot || before === now) return;
    this.words = WORDS[this.getAttribute("language")] || WORDS.ko;
    this.name();
    if (name === "access-token" && this.client) this.restart();
  }

  name() {
    const { parts, words } = this;
    parts.launch.textContent = words.open;
    parts.panel.setAttribute("aria-label", words.title);
    parts.title.textContent = words.title;
    parts.end.textContent = words.end;
    parts.shut.textContent = words.close;
    parts.list.setAttribute("aria-label", words.title);
    parts.input.setAttribute("aria-label", words.write);
    parts.input.placeholder = words.write;
    parts.send.textContent = words.send;
    parts.attach.setAttribute("aria-label", words.file);
    parts.attach.title = words.file;
  }

  listen() {
    const { parts } = this;
    parts.launch.onclick = () => this.show();
    parts.shut.onclick = () => this.hide();
    parts.end.onclick = () => this.finish();
    parts.panel.onkeydown = (e) => { if (e.key === "Escape") this.hide(); };
    parts.form.onsubmit = (e) => { e.preventDefault(); this.submit(); };
    parts.input.onkeydown = (e) => {
      if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); this.submit(); }
    };
    parts.attach.onclick = () => parts.file.click();
    parts.file.onchange = () => this.upload();
    parts.input.oninput = () => this.log && this.log.typing();
  }

  get key() {
    return "dangol-chat:" + this.getAttribute("api") + (this.getAttribute("access-token") ? ":customer" : "");
  }

  headers() {
    const token = this.getAttribute("access-token");
    if (token) return { Authorization: "Bearer " + token };
    return this.secret ? { "Chat-Token": this.secret } : {};
  }

  async show() {
    this.parts.launch.hidden = true;
    this.parts.panel.hidden = false;
    this.parts.input.focus();
    if (!this.log) await this.restart();
  }

  hide() {
    this.parts.panel.hidden = true;
    this.parts.launch.hidden = false;
    this.parts.launch.focus();
  }

  async restart(fresh) {
    if (this.client) this.client.stop();
    this.secret = "";
    this.client = new Client({ api: this.getAttribute("api") || location.origin, headers: () => this.headers() });
    try {
      const kept = fresh ? null : JSON.parse(localStorage.getItem(this.key) || "null");
      const id = (kept && (await this.resume(kept))) || (await this.begin());
      this.log = this.client.open(id);
      this.log.addEventListener("change", () => this.draw());
      this.client.addEventListener("typing", (e) => this.typed(e.detail));
      this.client.addEventListener("online", () => (this.parts.status.hidden = true));
      this.client.addEventListener("offline", () => this.say(this.words.offline));
      this.client.start(id);
    } catch (error) {
      this.say(error.message);
    }
  }

  async resume(kept) {
    this.secret = kept.secret;
    try {
      const c = await this.client.call("GET", "/chat/conversations/" + kept.id);
      return c.state === "closed" && !c.reopens ? "" : kept.id;
    } catch {
      this.secret = "";
      return "";
    }
  }

  async begin() {
    this.secret = "";
    const made = await this.client.call("POST", "/chat/conversations", { language: this.getAttribute("language") || "ko" });
    this.secret = made.token || "";
    localStorage.setItem(this.key, JSON.stringify({ id: made.conversation.id, secret: this.secret }));
    return made.conversation.id;
  }

  say(text) {
    this.parts.status.textContent = text;
    this.parts.status.hidden = false;
  }

  submit() {
    const text = this.parts.input.value.trim();
    if (!text || !this.log) return;
    this.parts.input.value = "";
    this.log.send(text);
  }

  async upload() {
    const [file] = this.parts.file.files;
    this.parts.file.value = "";
    if (!file || !this.log) return;
    this.say(this.words.uploading);
    try {
      await this.log.attach(file);
      this.parts.status.hidden = true;
    } catch (error) {
      this.say(error.message);
    }
  }

  typed(event) {
    if (event.conversationId !== (this.log && this.log.id)) return;
    this.parts.typing.textContent = (event.name || "") + " " + this.words.typing;
    this.parts.typing.hidden = false;
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => (this.parts.typing.hidden = true), 4000);
  }

  draw() {
    const { list } = this.parts;
    const shown = this.log.messages.filter((m) => !m.hidden);
    list.replaceChildren(...shown.map((m, i) => this.item(m, i === shown.length - 1)));
    for (const { message, error, refused } of this.log.unsent.values()) {
      const li = document.createElement("li");
      li.className = "shopper unsent" + (refused ? " refused" : "");
      li.textContent = message.text || message.label || "";
      const note = document.createElement("small");
      note.textContent = refused ? this.words.failed + ": " + error : this.words.sending;
      li.append(note);
      list.append(li);
    }
    this.receipt(shown);
    list.scrollTop = list.scrollHeight;
    this.rate();
    this.log.read(!this.parts.panel.hidden && !document.hidden);
  }

  /** Notes under the shopper's last message how far it has come. */
  receipt(shown) {
    const { seq, state } = this.log.receipt("shopper", "agent");
    const li = this.parts.list.children[shown.findIndex((m) => m.seq === seq)];
    if (!state || !li) return;
    const note = document.createElement("small");
    note.className = "receipt";
    note.textContent = this.words[state];
    li.append(note);
  }

  item(message, last) {
    const li = document.createElement("li");
    li.className = message.role;
    if (message.role === "agent" && message.name) {
      const name = document.createElement("small");
      name.textContent = message.name;
      li.append(name);
    }
    li.append(textOf(message));
    li.append(filesOf(message, this.log));
    if (last && message.buttons) li.append(this.buttons(message.buttons, message.seq));
    return li;
  }

  buttons(all, seq) {
    const row = document.createElement("div");
    row.className = "buttons";
    for (const button of all) {
      const element = document.createElement("button");
      element.type = "button";
      element.textContent = button.label;
      element.onclick = () => (button.call ? this.press(button.call, `${seq}:${button.label}`) : this.log.send(button.label, { pressed: button.value }));
      row.append(element);
    }
    return row;
  }

  /** Carries out a button. Pressed again after a failure it sends the same key, so that nothing is done twice. */
  async press(call, name) {
    this.keys = this.keys || new Map();
    if (!this.keys.has(name)) this.keys.set(name, newId());
    try {
      const done = await this.carryOut(call, {}, this.keys.get(name));
      if (done === null) return;
      this.keys.delete(name);
      this.say(done);
    } catch (error) {
      this.say(error.message);
    }
  }

  /**
   * Calls the shop's API as the customer, then what follows with the answer. Only the API's own routes are called: a path,
   * never an address. The answer is what to say, or null when the shopper did not agree.
   */
  async carryOut(call, before, key) {
    if (!call.path.startsWith("/") || call.path.startsWith("//")) return null;
    if (call.confirm && !(await this.ask(fill(call.confirm, before)))) return null;
    const body = call.body ? JSON.parse(call.body) : undefined;
    for (const [field, from] of Object.entries(call.take || {})) body[field] = valueAt(before, from);
    const answer = await this.client.call(call.method, call.path, body, call.keyed ? { "Idempotency-Key": key } : {});
    return call.then ? this.carryOut(call.then, answer, key) : fill(call.done || "", answer);
  }

  /** Asks in the panel, with the focus on the answers, and resolves to whether the shopper agreed. */
  ask(text) {
    const { question, input } = this.parts;
    const asked = document.createElement("p");
    asked.textContent = text;
    question.setAttribute("aria-label", text);
    return new Promise((resolve) => {
      const answers = [[this.words.yes, true], [this.words.no, false]].map(([label, agreed]) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = label;
        button.onclick = () => {
          question.hidden = true;
          input.focus();
          resolve(agreed);
        };
        return button;
      });
      question.replaceChildren(asked, ...answers);
      question.hidden = false;
      answers[0].focus();
    });
  }

  async finish() {
    if (this.log) await this.client.call("POST", `/chat/conversations/${this.log.id}/close`).catch((error) => this.say(error.message));
    if (this.log) this.log.fetch();
  }

  rate() {
    const { rating, form } = this.parts;
    const closed = this.log.state === "closed";
    rating.hidden = !closed;
    form.hidden = false;
    if (!closed || rating.dataset.of === this.log.id) return;
    rating.dataset.of = this.log.id;
    const question = document.createElement("p");
    question.textContent = this.words.rate;
    rating.replaceChildren(question);
    for (let score = 1; score <= 5; score++) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "★".repeat(score);
      button.setAttribute("aria-label", `${score} ${this.words.stars}`);
      button.onclick = async () => {
        await this.client.call("POST", `/chat/conversations/${this.log.id}/rating`, { score });
        rating.textContent = this.words.thanks;
        const again = document.createElement("button");
        again.type = "button";
        again.textContent = this.words.again;
        again.onclick = () => this.restart(true);
        rating.append(" ", again);
      };
      rating.append(button, " ");
    }
  }
}

/** The value of a field such as refund.display in an answer. */
function valueAt(answer, path) {
  return path.split(".").reduce((value, name) => (value === undefined || value === null ? value : value[name]), answer);
}

/** A text with the fields of an answer filled in. */
function fill(text, answer) {
  return text.replace(/\{([A-Za-z.]+)\}/g, (whole, path) => valueAt(answer, path) ?? whole);
}

customElements.define("dangol-chat", DangolChat);
export { DangolChat, newId };
