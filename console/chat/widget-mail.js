// The shopper's address for mails of the conversation, proved by the code that is mailed to it, and the transcript.
import { newId } from "./client.js";
import { element } from "./view.js";

/** A form whose refusal the widget says. The ids of its fields begin with the prefix. */
export function formOf(widget, prefix, fields, button, send) {
  const form = element("form", {}, ...fields.flatMap(([label, input]) => {
    input.id = prefix + input.name;
    input.required = true;
    return [element("label", { htmlFor: input.id, textContent: label }), input];
  }), element("button", { textContent: button }));
  form.onsubmit = async (e) => {
    e.preventDefault();
    try {
      await send(Object.fromEntries(new FormData(form)));
    } catch (error) {
      widget.say(error.message);
    }
  };
  return form;
}

/**
 * Asks for an address, and for the code that is mailed to one that is not known to be the shopper's.
 * @param show puts a form with these fields and this button there
 * @param done what follows with a proved address
 */
export function askAddress(widget, show, done) {
  const { client, log, words } = widget;
  const path = `/chat/conversations/${log.id}/contact`;
  const address = element("input", { type: "email", name: "email", maxLength: 254, autocomplete: "email" });
  show([[words.address, address]], words.save, async (body) => {
    const { proved } = await client.call("PUT", path, body);
    if (proved) return done();
    widget.say(words.codeMailed);
    const code = element("input", { name: "code", inputMode: "numeric", autocomplete: "one-time-code", maxLength: 20 });
    show([[words.mailedCode, code]], words.confirm, async (fields) => {
      await client.call("POST", path + "/prove", fields);
      await done();
    });
  });
}

export class Transcript {
  /** @param widget the <dangol-chat> that shows the forms in a part of its panel, opened by a button */
  constructor(widget, part, button) {
    this.widget = widget;
    this.part = part;
    this.button = button;
    this.clientId = ""; // asked for again after a failure it is the same request
    button.onclick = () => this.ask();
  }

  /** Shows the button where there is something to mail and the conversation still takes an address. */
  show() {
    const { log } = this.widget;
    const { state, reopens } = log.conversation;
    this.button.hidden = !log.messages.some((m) => m.role === "shopper") || (state === "closed" && !reopens);
  }

  async ask() {
    this.clientId = this.clientId || newId();
    try {
      await this.send();
    } catch (error) {
      if (error.code !== "address_not_proved") return this.widget.say(error.message);
      askAddress(this.widget, (...form) => this.form(...form), () => this.send());
    }
  }

  /** Puts a form there, the keyboard in its first field. */
  form(fields, button, send) {
    const { widget, part } = this;
    const form = formOf(widget, "mail-", fields, button, send);
    form.append(element("button", { type: "button", textContent: widget.words.close, onclick: () => this.leave() }));
    part.replaceChildren(form);
    part.setAttribute("aria-label", widget.words.transcript);
    part.hidden = false;
    fields[0][1].focus();
  }

  async send() {
    const { client, log, words } = this.widget;
    const { email } = await client.call("POST", `/chat/conversations/${log.id}/transcript`, { clientId: this.clientId });
    this.clientId = "";
    this.leave();
    this.widget.say(words.transcriptSent.replace("{email}", email));
  }

  /** Takes the form away; the keyboard goes on where the shopper writes. */
  leave() {
    this.close();
    this.widget.parts.input.focus();
  }

  close() {
    this.part.hidden = true;
    this.part.replaceChildren();
  }
}
