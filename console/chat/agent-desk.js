// What the modules of the agents' page share: who is logged in, the words, the open conversation, and what asks the agent.
import { element } from "./view.js";
import { WORDS } from "./agent-words.js";

const KEPT = "dangol-agent-language";

export const at = (id) => document.getElementById(id);

export const desk = {
  language: WORDS[localStorage.getItem(KEPT)] ? localStorage.getItem(KEPT) : "ko",
  client: null, me: null, current: null, team: "care", teams: [], cards: new Map(), canned: [],
  get words() { return WORDS[this.language]; },
};

export function switchLanguage() {
  desk.language = desk.language === "ko" ? "en" : "ko";
  localStorage.setItem(KEPT, desk.language);
}

/** A date, or a time of a day, as the agent's language has it. */
export const day = (time) => new Date(time).toLocaleDateString(desk.language);
export const hour = (time) => new Date(time).toLocaleString(desk.language, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

/** Says something to the agent, until something else is said or the time is over. */
export function show(text, lasts = 0) {
  at("notice").textContent = text;
  at("notice").hidden = !text;
  clearTimeout(show.timer);
  if (lasts) show.timer = setTimeout(() => (at("notice").hidden = true), lasts);
}

/** Runs a step and says why when it is refused. Whether it was done is the answer. */
export async function attempt(step) {
  try {
    await step();
    return true;
  } catch (error) {
    show(error.message);
    return false;
  }
}

/** Shows one of the three views of a small screen. On a large one all three are there. */
export function view(name) {
  at("desk").dataset.view = name;
  for (const button of document.querySelectorAll("#views button")) button.setAttribute("aria-current", String(button.dataset.view === name));
}

let labels = 0;

/** A field with its label. */
export function field(label, input) {
  input.id = input.id || `field-${++labels}`;
  return [element("label", { htmlFor: input.id, textContent: label }), input];
}

export function choice(name, options, chosen) {
  const select = element("select", { name });
  select.append(...options.map(([value, text]) => new Option(text, value, false, value === chosen)));
  return select;
}

/**
 * Asks in a dialog, which keeps the keyboard until it is answered; Escape refuses.
 * @returns {Promise<Record<string, string> | null>} the values of the fields by name, null when the agent did not agree
 */
export function ask(title, ...fields) {
  const dialog = at("dialog");
  const [ok, cancel] = dialog.querySelectorAll(".buttons button");
  at("dialog-title").textContent = title;
  at("fields").replaceChildren(...fields);
  ok.textContent = desk.words.ok;
  cancel.textContent = desk.words.cancel;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "ok" ? Object.fromEntries(new FormData(dialog.querySelector("form"))) : null);
  });
}
