// <dangol-chat api="https://api.example.com" language="ko"></dangol-chat>: a chat for storefronts.
// Attributes: api, language (ko or en), access-token (of a logged-in customer; set it anew when it changes), theme (light).
import { Client, newId } from "./client.js";
import { atEnd, element, filesOf, keep, textOf } from "./view.js";
import { Transcript } from "./widget-mail.js";
import { Offers } from "./widget-offers.js";
import { STYLE } from "./widget-style.js";
import { WORDS } from "./widget-words.js";

const PAUSE = 250; // between the last key and the search for suggestions

class DangolChat extends HTMLElement {
  static observedAttributes = ["language", "access-token"];

  connectedCallback() {
    if (this.shadowRoot) return;
    this.words = WORDS[this.language];
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${STYLE}</style>
      <button class="launch" part="launch"></button>
      <section class="panel" role="dialog" hidden>
        <header><h2></h2><button class="transcript" hidden>✉</button><button class="end"></button><button class="shut"></button></header>
        <div class="status said" role="status" hidden></div>
        <ol role="log" aria-live="polite" tabindex="0"></ol>
        <div class="typing status" hidden></div>
        <div class="rating" hidden></div>
        <div class="offers" hidden></div>
        <div class="mailing offers" role="group" hidden></div>
        <div class="question" role="alertdialog" hidden></div>
        <div class="suggestions" role="group" hidden></div>
        <form class="talk"><input type="file" hidden accept="image/jpeg,image/png,image/webp,image/gif,application/pdf,text/plain">
          <button type="button" class="attach">+</button><textarea rows="2" maxlength="4000"></textarea><button class="send"></button></form>
      </section>`; // fixed markup only: nothing that anybody wrote goes through innerHTML
    const at = (selector) => root.querySelector(selector);
    this.parts = {
      launch: at(".launch"), panel: at(".panel"), title: at("h2"), end: at(".end"), shut: at(".shut"), status: at(".said"), list: at("ol"),
      typing: at(".typing"), rating: at(".rating"), form: at("form.talk"), input: at("textarea"), send: at(".send"),
      file: at("input[type=file]"), attach: at(".attach"), question: at(".question"), offers: at(".offers"), suggestions: at(".suggestions"),
    };
    this.offers = new Offers(this, this.parts.offers);
    this.transcript = new Transcript(this, at(".mailing"), at(".transcript"));
    this.name();
    this.listen();
  }

  disconnectedCallback() {
    if (this.client) this.client.stop();
  }

  attributeChangedCallback(name, before, now) {
    if (!this.shadowRoot || before === now) return;
    this.words = WORDS[this.language];
    this.name();
    if (name === "access-token" && this.client) this.restart();
    else if (this.log) this.drawAnew();
  }

  name() {
    const { parts, words } = this;
    parts.panel.lang = this.language;
    parts.suggestions.setAttribute("aria-label", words.suggestions);
    parts.launch.textContent = words.open;
    parts.panel.setAttribute("aria-label", words.title);
    parts.title.textContent = words.title;
    this.transcript.button.setAttribute("aria-label", words.transcript);
    this.transcript.button.title = words.transcript;
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
    parts.panel.onkeydown = (e) => this.pressed(e);
    parts.form.onsubmit = (e) => { e.preventDefault(); this.submit(); };
    parts.input.onkeydown = (e) => {
      if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); this.submit(); }
    };
    parts.attach.onclick = () => parts.file.click();
    parts.file.onchange = () => this.upload();
    parts.input.oninput = () => {
      if (!this.log) return;
      this.log.typing();
      clearTimeout(this.suggesting);
      this.suggesting = setTimeout(() => this.suggest(), PAUSE);
    };
  }

  /** Escape closes. On a phone the panel covers the page, so the keyboard stays in it. */
  pressed(e) {
    if (e.key === "Escape") this.hide();
    if (e.key !== "Tab" || !matchMedia("(max-width: 480px)").matches) return;
    const all = Array.from(this.parts.panel.querySelectorAll("button, input, textarea, a[href], ol")).filter((part) => part.offsetParent);
    const [from, to] = e.shiftKey ? [all[0], all[all.length - 1]] : [all[all.length - 1], all[0]];
    if (this.shadowRoot.activeElement !== from) return;
    e.preventDefault();
    to.focus();
  }

  get language() {
    return WORDS[this.getAttribute("language")] ? this.getAttribute("language") : "ko";
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
    this.parts.list.replaceChildren(); // another log
    this.transcript.close();
    this.client = new Client({
      api: this.getAttribute("api") || location.origin, headers: () => this.headers(), language: () => this.language,
    });
    try {
      const kept = fresh ? null : JSON.parse(localStorage.getItem(this.key) || "null");
      const id = (kept && (await this.resume(kept))) || (await this.begin());
      this.log = this.client.open(id);
      const { log } = this;
      log.addEventListener("change", () => { if (log === this.log) this.draw(); });
      this.client.addEventListener("typing", (e) => this.typed(e.detail));
      this.client.addEventListener("online", () => this.say(""));
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
    // The same key until there is an answer: a request whose answer was lost has begun a conversation already.
    const language = this.language;
    if (this.opening?.language !== language) this.opening = { language, key: newId() };
    const made = await this.client.call("POST", "/chat/conversations", { language },
      { "Idempotency-Key": this.opening.key });
    this.opening = null;
    this.secret = made.token || "";
    localStorage.setItem(this.key, JSON.stringify({ id: made.conversation.id, secret: this.secret }));
    return made.conversation.id;
  }

  say(text) {
    this.parts.status.textContent = text;
    this.parts.status.hidden = !text;
  }

  submit() {
    const text = this.parts.input.value.trim();
    if (!text || !this.log) return;
    this.parts.input.value = "";
    this.suggestNothing();
    this.log.send(text);
  }

  /** Shows entries of the FAQ that the text may be about, while the bot has the conversation. */
  async suggest() {
    const { log, parts, words } = this;
    const text = parts.input.value.trim();
    if (text.length < 2 || log.state !== "bot") return this.suggestNothing();
    const query = new URLSearchParams({ q: text.slice(0, 200), language: this.language, limit: 3 });
    const found = await this.client.call("GET", "/faq/suggest?" + query).catch(() => ({ hits: [] })); // nothing depends on it
    if (parts.input.value.trim() !== text) return; // typed on, or sent
    parts.suggestions.replaceChildren(element("p", { textContent: words.suggestions }), ...found.hits.map((hit) => {
      const button = element("button", { type: "button", textContent: hit.question });
      button.onclick = () => {
        parts.input.value = "";
        this.suggestNothing();
        parts.input.focus();
        log.send(hit.question, { pressed: "faq:" + hit.id });
      };
      return button;
    }));
    parts.suggestions.hidden = found.hits.length === 0;
  }

  suggestNothing() {
    clearTimeout(this.suggesting);
    this.parts.suggestions.hidden = true;
  }

  async upload() {
    const [file] = this.parts.file.files;
    this.parts.file.value = "";
    if (!file || !this.log) return;
    this.say(this.words.uploading);
    try {
      await this.log.attach(file);
      this.say("");
    } catch (error) {
      this.say(error.message);
    }
  }

  typed(event) {
    if (event.conversationId !== (this.log && this.log.id)) return;
    this.parts.typing.textContent = (event.name || "") + " " + this.words.typing;
    this.parts.typing.hidden = false;
    this.typedAfter = this.log.messages.at(-1)?.seq ?? 0;
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => (this.parts.typing.hidden = true), 4000);
  }

  /** Draws everything anew, in another language. */
  drawAnew() {
    this.parts.rating.dataset.of = "";
    this.suggestNothing();
    this.transcript.close();
    this.draw();
  }

  draw() {
    const { list } = this.parts;
    const { log, words } = this;
    const follow = atEnd(list);
    const shown = log.messages.filter((m) => !m.hidden);
    const receipt = log.receipt("shopper", "agent");
    const last = shown.at(-1);
    // What was being typed is there, or will not come any more.
    if (log.state === "closed" || (last && last.role !== "shopper" && last.seq > this.typedAfter)) this.parts.typing.hidden = true;
    keep(list, [
      ...shown.map((m, i) => {
        const last = i === shown.length - 1;
        const state = m.seq === receipt.seq ? receipt.state : "";
        return { key: String(m.seq), stamp: [last && Boolean(m.buttons), state, this.language].join(), draw: () => this.item(m, last, state) };
      }),
      ...Array.from(log.unsent.values(), ({ message, error, refused }) => ({
        key: message.clientId, stamp: [error, this.language].join(),
        draw: () => element("li", { className: "shopper unsent" + (refused ? " refused" : "") }, message.text || message.label || "",
          element("small", { textContent: refused ? `${words.failed}: ${error}` : words.sending })),
      })),
    ]);
    this.rate();
    this.transcript.show();
    this.offers.show(shown); // what is shown below the log makes it smaller
    if (follow || log.unsent.size) list.scrollTop = list.scrollHeight;
    log.read(!this.parts.panel.hidden && !document.hidden);
  }

  item(message, last, receipt) {
    const li = element("li", { className: message.role });
    if (message.role === "agent" && message.name) li.append(element("small", { textContent: message.name }));
    li.append(textOf(message, this.client), filesOf(message, this.log));
    if (last && message.buttons) li.append(this.buttons(message.buttons, message.seq));
    if (receipt) li.append(element("small", { className: "receipt", textContent: this.words[receipt] }));
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
    const { rating } = this.parts;
    const { log, words } = this;
    rating.hidden = log.state !== "closed";
    if (rating.hidden || rating.dataset.of === log.id) return;
    rating.dataset.of = log.id;
    const again = element("button", { type: "button", textContent: words.again });
    again.onclick = () => this.restart(true);
    const stars = [1, 2, 3, 4, 5].map((score) => {
      const button = element("button", { type: "button", textContent: "★".repeat(score) });
      button.setAttribute("aria-label", `${score} ${words.stars}`);
      button.onclick = async () => {
        try {
          await this.client.call("POST", `/chat/conversations/${log.id}/rating`, { score });
          rating.replaceChildren(element("p", { role: "status", textContent: words.thanks }), again);
          again.focus();
        } catch (error) {
          this.say(error.message);
        }
      };
      return button;
    });
    rating.replaceChildren(element("p", { textContent: words.rate }), ...stars.flatMap((star) => [star, " "]));
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
