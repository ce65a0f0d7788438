// The open conversation: its log, what can be done with it, and the field to answer in.
import { about } from "./agent-side.js";
import { ask, at, attempt, choice, desk, field, hour, show, view } from "./agent-desk.js";
import { fill } from "./agent-words.js";
import { newId } from "./client.js";
import { atEnd, element, filesOf, keep, textOf } from "./view.js";

let facts = null; // of the side panel
let changed = () => {}; // called when the queue has to be read again

const mine = () => desk.current.state === "agent" && desk.current.agent === desk.me.id;
const held = () => mine() || (desk.current.state === "snoozed" && desk.current.agent === desk.me.id);

export async function pick(id) {
  if (desk.current) desk.client.close(desk.current.id);
  const log = (desk.current = desk.client.open(id));
  log.addEventListener("change", draw); // adding it twice adds it once
  facts = null;
  at("text").value = "";
  at("log").replaceChildren();
  at("about").replaceChildren();
  view("talk");
  await log.fetch();
  if (desk.current !== log) return; // another one was opened meanwhile
  draw();
  at("log").scrollTop = at("log").scrollHeight;
  at("write").hidden ? at("who").focus() : at("text").focus();
  changed();
  await attempt(async () => (facts = await about(id, pick)));
}

/** Draws what is open; after the language was switched the side panel too. */
export async function drawAnew() {
  if (!desk.current) return;
  draw();
  await attempt(async () => (facts = await about(desk.current.id, pick)));
}

function draw() {
  const log = desk.current;
  if (!log) return;
  const { words } = desk;
  at("nobody").hidden = true;
  at("head").hidden = at("actions").hidden = false;
  at("claim").hidden = log.state !== "queued";
  for (const id of ["give-back", "transfer", "snooze"]) at(id).hidden = !held();
  at("close").hidden = !(held() || log.state === "queued");
  at("block").hidden = log.state === "closed";
  at("write").hidden = log.state === "closed";
  at("send").hidden = at("file").hidden = at("canned").hidden = at("edit-canned").hidden = !mine();
  head(log);
  cannedOptions();
  const follow = atEnd(at("log"));
  const receipt = log.receipt("agent", "shopper");
  keep(at("log"), [
    ...log.messages.map((m) => {
      const state = m.seq === receipt.seq ? receipt.state : "";
      return { key: String(m.seq), stamp: state + desk.language, draw: () => message(m, state) };
    }),
    ...Array.from(log.unsent.values(), ({ message: m, error }) => ({
      key: m.clientId, stamp: error || "",
      draw: () => element("li", { className: "agent" }, m.text || words.file, element("small", { className: error ? "bad" : "", textContent: error || words.sending })),
    })),
  ]);
  if (follow) at("log").scrollTop = at("log").scrollHeight;
  log.read();
}

function head(log) {
  const { words } = desk;
  const full = log.conversation.full || {};
  at("who").textContent = full.name || full.customerId || log.id.slice(-6);
  const late = full.escalations > 0 && full.answerBy;
  const parts = [
    words.states[log.state], full.reason && (words.reasons[full.reason] || full.reason), full.language,
    full.answerBy && !late && fill(words.answerBy, { time: hour(full.answerBy) }),
    log.state === "snoozed" && fill(words.snoozedUntil, { time: hour(full.snoozedUntil) }),
    log.conversation.reopens && fill(words.reopens, { time: hour(Date.parse(full.closedAt) + 7 * 24 * 3600e3) }),
    full.rating && fill(words.rated, { score: full.rating }),
  ].filter(Boolean).join(" · ");
  at("facts").replaceChildren(parts, ...(full.tags || []).map((tag) => element("span", { className: "tag", textContent: tag })));
  if (late) at("facts").append(" ", element("span", { className: "late", textContent: words.late }));
  if (full.ratingNote) at("facts").append(` “${full.ratingNote}”`);
}

function message(m, receipt) {
  const { words } = desk;
  const li = element("li", { className: m.internal ? "internal" : m.role });
  const name = [m.internal && words.internal, m.name].filter(Boolean).join(" · ");
  if (name) li.append(element("small", { textContent: name }));
  li.append(textOf(m, desk.client), filesOf(m, desk.current));
  if (receipt) li.append(element("small", { className: "receipt", textContent: words[receipt] }));
  return li;
}

/** A button that changes the conversation, then reads it and what it moved. */
const act = (path, body, method = "POST") => async () => {
  const { id } = desk.current;
  await attempt(async () => {
    await desk.client.call(method, `/chat/conversations/${id}${path}`, body);
    await desk.current.fetch();
    desk.me = await desk.client.call("GET", "/chat/agents/me");
  });
  draw();
  changed();
};

/** The canned answers in the shopper's language come first. */
function cannedOptions() {
  const language = desk.current.conversation.language;
  const sorted = desk.canned.slice().sort((a, b) => (b.language === language) - (a.language === language));
  at("canned").replaceChildren(new Option(desk.words.canned, ""), ...sorted.map((c) => new Option(`${c.title} (${c.language})`, c.id)));
}

async function editCanned() {
  const { words } = desk;
  const list = element("ul");
  const rows = () => list.replaceChildren(...desk.canned.map((c) => {
    const remove = element("button", { type: "button", textContent: words.remove });
    remove.setAttribute("aria-label", `${words.remove}: ${c.title}`);
    remove.onclick = () => attempt(async () => {
      desk.canned = (await desk.client.call("DELETE", `/chat/canned/${c.id}`)).canned;
      rows();
    });
    return element("li", {}, `${c.title} (${c.language})`, remove);
  }));
  rows();
  const answer = await ask(words.editCanned, list,
    ...field(words.cannedTitle, element("input", { name: "title", maxLength: 80 })),
    ...field(words.cannedLanguage, choice("language", [["ko", "한국어"], ["en", "English"]], desk.language)),
    ...field(words.cannedText, element("textarea", { name: "text", rows: 4, maxLength: 4000, value: at("text").value })));
  if (answer && answer.title && answer.text) {
    await attempt(async () => (desk.canned = (await desk.client.call("PUT", `/chat/canned/${newId()}`, answer)).canned));
  }
  cannedOptions();
}

/** Times to put a conversation aside until, at the agent's desk. */
function until(name, picked) {
  const time = new Date(desk.client.now());
  if (name === "hour") return new Date(+time + 3600e3);
  if (name === "evening") return new Date(+time + 3 * 3600e3);
  if (name === "custom") return new Date(picked);
  time.setDate(time.getDate() + (name === "monday" ? ((8 - time.getDay()) % 7) || 7 : 1));
  time.setHours(9, 0, 0, 0);
  return time;
}

async function snooze() {
  const { words } = desk;
  const when = element("input", { type: "datetime-local", name: "picked" });
  const names = ["hour", "evening", "tomorrow", "monday", "custom"];
  const select = choice("name", names.map((name) => [name, words[name]]));
  const [label] = field(words.at, when);
  label.hidden = when.hidden = true;
  select.onchange = () => {
    label.hidden = when.hidden = select.value !== "custom";
    when.required = !when.hidden;
  };
  const answer = await ask(words.snooze, ...field(words.until, select), label, when);
  if (answer) await act("/snooze", { until: until(answer.name, answer.picked).toISOString() })();
}

async function transfer() {
  const answer = await ask(desk.words.transfer, ...field(desk.words.toTeam, choice("team", desk.teams.map((t) => [t.id, t.name]))));
  if (answer) await act("/transfer", answer)();
}

async function tag() {
  const now = (desk.current.conversation.full.tags || []).join(", ");
  const answer = await ask(desk.words.tags, ...field(desk.words.tagsHint, element("input", { name: "tags", maxLength: 400, value: now })));
  if (answer) await act("/tags", { tags: answer.tags.split(",").map((t) => t.trim().toLowerCase()).filter(Boolean) }, "PUT")();
}

async function block() {
  if (await ask(desk.words.block, element("p", { textContent: desk.words.blockSure }))) await act("/block")();
}

/** What is typed, once nothing in it waits to be filled in. It is taken out of the field. */
function typed() {
  const text = at("text").value.trim();
  if (!text || /\{[a-z]+\}/.test(text)) {
    if (text) show(desk.words.unfilled);
    return "";
  }
  at("text").value = "";
  return text;
}

/** Wires the buttons. onChange is called when the queue has to be read again. */
export function listenToTalk(onChange) {
  changed = onChange;
  at("claim").onclick = act("/claim");
  at("give-back").onclick = act("/give-back");
  at("close").onclick = act("/close");
  at("transfer").onclick = transfer;
  at("snooze").onclick = snooze;
  at("tags").onclick = tag;
  at("block").onclick = block;
  at("edit-canned").onclick = editCanned;
  at("canned").onchange = (e) => {
    const chosen = desk.canned.find((c) => c.id === e.target.value);
    if (!chosen) return;
    const order = facts && facts.orders[0] && facts.orders[0].number;
    at("text").value = fill(chosen.text, { name: desk.current.conversation.full.name, agent: desk.me.name, order });
    at("text").focus();
  };
  at("text").oninput = () => desk.current.typing(!mine());
  at("text").onkeydown = (e) => {
    if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
    e.preventDefault();
    mine() ? at("write").requestSubmit() : at("note").click();
  };
  at("write").onsubmit = (e) => {
    e.preventDefault();
    const text = mine() ? typed() : "";
    if (text) desk.current.send(text);
  };
  at("note").onclick = async () => {
    const text = typed();
    if (text) await act("/notes", { clientId: newId(), text })();
    at("text").focus();
  };
  at("file").onclick = () => at("files").click();
  at("files").onchange = async () => {
    const [file] = at("files").files;
    at("files").value = "";
    if (!file) return;
    show(desk.words.uploading);
    if (await attempt(() => desk.current.attach(file))) show("");
  };
}
