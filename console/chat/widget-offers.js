// What the widget offers while nobody is on duty: an answer by mail or a call-back, with an address or a number that a code proves.
import { newId } from "./client.js";
import { element } from "./view.js";
import { askAddress, formOf } from "./widget-mail.js";

export class Offers {
  /** @param widget the <dangol-chat> that shows them in a part of its panel */
  constructor(widget, part) {
    this.widget = widget;
    this.part = part;
    this.shownFor = "";
  }

  /** Shows them under the last notice that the team is closed, until a person has answered. */
  show(messages) {
    const { log, words } = this.widget;
    const last = messages.findLast((m) => m.notice === "out_of_hours" || m.notice === "call_booked" || m.role === "agent");
    const open = log.state === "queued" || log.state === "agent";
    const wanted = open && last && last.notice === "out_of_hours" ? `${log.id}:${last.seq}:${this.widget.language}` : "";
    if (this.shownFor === wanted) return;
    this.shownFor = wanted;
    this.part.hidden = !wanted;
    const buttons = [[words.mail, () => this.mail()], [words.call, () => this.call()]].map(([textContent, onclick]) =>
      element("button", { type: "button", textContent, onclick }));
    this.part.replaceChildren(element("p", { textContent: words.away }), element("div", { className: "choices" }, ...buttons));
  }

  /** Puts a form there, the keyboard in its first field, and says why when it is refused. */
  form(fields, button, send) {
    const form = formOf(this.widget, "", fields, button, send);
    this.part.querySelector(".choices, form").replaceWith(form);
    fields[0][1].focus();
  }

  done(text) {
    this.part.hidden = true;
    this.widget.say(text);
    this.widget.parts.input.focus();
  }

  mail() {
    askAddress(this.widget, (...form) => this.form(...form), () => this.done(this.widget.words.mailSaved));
  }

  async call() {
    const { client, language, words } = this.widget;
    try {
      const { slots, zone, verify } = await client.call("GET", "/calls/slots");
      if (!slots.length) return this.widget.say(words.noSlots);
      const time = (from) => new Date(from).toLocaleString(language, {
        timeZone: zone, weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit",
      });
      const slot = element("select", { name: "from" });
      slot.append(...slots.slice(0, 20).map(({ from }) => new Option(time(from), from)));
      const booking = { clientId: newId() }; // pressed again it is the same booking
      this.form([
        [words.slot, slot],
        [words.name, element("input", { name: "name", maxLength: 60, autocomplete: "name" })],
        [words.number, element("input", { type: "tel", name: "number", maxLength: 30, autocomplete: "tel" })],
      ], verify ? words.sendCode : words.book, (fields) => {
        Object.assign(booking, fields);
        return verify ? this.prove(booking) : this.book(booking);
      });
    } catch (error) {
      this.widget.say(error.message);
    }
  }

  /** Sends a code to the number and asks for it. */
  async prove(booking) {
    const { client, language, words } = this.widget;
    const { verification } = await client.call("POST", "/calls/verifications", { number: booking.number, language });
    const code = element("input", { name: "code", inputMode: "numeric", autocomplete: "one-time-code", maxLength: 20 });
    this.form([[words.code, code]], words.book, async (fields) => {
      await client.call("POST", "/calls/verifications/prove", { verification, code: fields.code });
      await this.book({ ...booking, verification });
    });
  }

  async book(booking) {
    const { client, language, log, words } = this.widget;
    await client.call("POST", "/calls", { ...booking, language, conversationId: log.id });
    this.done(words.booked);
    log.fetch(); // the notice with the time
  }
}
