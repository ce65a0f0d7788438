// The agents' page: log-in, the queue of a team, and who is there. It talks to the same API as the widget.
import { refreshCalls } from "./agent-calls.js";
import { at, attempt, desk, hour, show, switchLanguage, view } from "./agent-desk.js";
import { drawAnew, listenToTalk, pick } from "./agent-talk.js";
import { fill } from "./agent-words.js";
import { Client } from "./client.js";
import { comeBack, logIn } from "./login.js";
import { element, keep } from "./view.js";

const ALIVE = 60 * 1000; // an agent counts as gone after three minutes without a sign of life
const QUEUE = 30 * 1000; // news of the queue may be lost like any frame

function label() {
  const { words } = desk;
  document.documentElement.lang = desk.language;
  document.title = `${words.title} · Dangol`;
  for (const part of document.querySelectorAll("[data-word]")) part.textContent = words[part.dataset.word];
  for (const part of document.querySelectorAll("[data-label]")) part.setAttribute("aria-label", words[part.dataset.label]);
  for (const part of document.querySelectorAll("[data-title]")) part.title = words[part.dataset.title];
  for (const button of document.querySelectorAll(".language")) {
    button.textContent = words.language;
    button.lang = desk.language === "ko" ? "en" : "ko";
  }
  if (!desk.me) return;
  presence();
  duty(desk.open);
  drawCards();
  attempt(refreshCalls);
  drawAnew();
}

for (const button of document.querySelectorAll(".language")) button.onclick = () => { switchLanguage(); label(); };

at("login-form").onsubmit = async (e) => {
  e.preventDefault();
  await logIn({ name: at("name").value.trim(), auto: at("auto").checked }).catch(notLoggedIn);
};

function notLoggedIn(error) {
  at("login-problem").textContent = `${desk.words.notLoggedIn} (${error.message})`;
  at("login-problem").hidden = false;
}

/** Opens the desk when a log-in has come back. */
async function enter() {
  const session = await comeBack();
  if (!session) return;
  at("name").value = session.kept.name;
  at("auto").checked = session.kept.auto;
  session.onend = () => {
    desk.client.stop();
    at("desk").hidden = true;
    at("login-form").hidden = false;
    at("login-problem").textContent = desk.words.ended;
    at("login-problem").hidden = false;
  };
  desk.client = new Client({
    api: location.origin, headers: () => ({ Authorization: "Bearer " + session.token }), language: () => desk.language,
  });
  const { client } = desk;
  desk.teams = (await client.call("GET", "/teams")).teams;
  at("team").replaceChildren(...desk.teams.map((t) => new Option(t.name, t.id)));
  desk.team = at("team").value;
  await setMe(true);
  desk.canned = (await client.call("GET", "/chat/canned")).canned;
  at("login-form").hidden = true;
  at("desk").hidden = false;
  view("queue");
  listen();
  at("log-out").onclick = async () => {
    await attempt(() => setMe(false));
    client.stop();
    session.logOut();
  };
  await Promise.all([refresh(), attempt(refreshCalls), attempt(readDuty)]);
  (at("cards").querySelector("button") || at("presence")).focus();
}

async function setMe(online) {
  desk.me = await desk.client.call("PUT", "/chat/agents/me", {
    name: at("name").value.trim(), teams: desk.teams.map((t) => t.id), languages: ["ko", "en"], limit: 4, online, auto: at("auto").checked,
  });
  presence();
}

function presence() {
  const { me, words } = desk;
  at("me").textContent = `${me.name} (${me.active}/${me.limit})`;
  at("presence").textContent = me.online ? words.online : words.away;
  at("presence").setAttribute("aria-pressed", String(me.online));
}

const readDuty = async () => duty((await desk.client.call("GET", `/teams/${desk.team}/hours`)).open);

function duty(open) {
  desk.open = open;
  at("duty").textContent = open ? desk.words.onDuty : desk.words.offDuty;
  at("duty").setAttribute("aria-pressed", String(open));
}

function listen() {
  const { client } = desk;
  listenToTalk(() => { presence(); refresh(); });
  at("presence").onclick = () => attempt(() => setMe(!desk.me.online));
  at("duty").onclick = () => attempt(async () => {
    await client.call("PUT", `/teams/${desk.team}/override`, { open: !desk.open });
    await readDuty();
  });
  at("team").onchange = () => {
    desk.team = at("team").value;
    desk.cards = new Map();
    client.watch(desk.team);
    refresh();
    attempt(refreshCalls);
    attempt(readDuty);
  };
  for (const button of document.querySelectorAll("#views button")) button.onclick = () => view(button.dataset.view);
  client.addEventListener("inbox", () => refresh());
  client.addEventListener("state", (e) => { if (desk.current && e.detail.conversationId === desk.current.id) desk.current.fetch(); });
  client.addEventListener("online", () => { show(""); refresh(); });
  client.addEventListener("offline", () => show(desk.words.offline));
  client.addEventListener("typing", (e) => {
    if (!desk.current || e.detail.conversationId !== desk.current.id) return;
    const name = e.detail.name || desk.words.another;
    show(e.detail.role === "agent" ? fill(desk.words.twoType, { name }) : desk.words.typing, 3000);
  });
  client.addEventListener("error", (e) => show(client.wordsOf(e.detail)));
  client.watch(desk.team);
  client.start();
  setInterval(() => client.frame({ do: "ping" }), ALIVE);
  setInterval(() => { refresh(); attempt(refreshCalls); }, QUEUE);
}

async function refresh() {
  const { team } = desk;
  await attempt(async () => {
    const page = await desk.client.call("GET", `/chat/inbox?team=${team}&limit=100`);
    if (team !== desk.team) return;
    for (const c of page.conversations) {
      const before = desk.cards.get(c.id);
      if (before && (c.escalations || 0) > (before.escalations || 0)) alarm(c);
    }
    desk.cards = new Map(page.conversations.map((c) => [c.id, c]));
    drawCards();
  });
}

const nameOf = (c) => c.name || c.customerId || c.id.slice(-6);
const late = (c) => Boolean(c.answerBy) && (c.escalations > 0 || Date.parse(c.answerBy) < desk.client.now());

/** A service level has passed: said at once, and by a screen reader before everything else. */
function alarm(c) {
  at("alarm").textContent = fill(desk.words.alarm, { name: nameOf(c) });
  at("alarm").hidden = false;
  clearTimeout(alarm.timer);
  alarm.timer = setTimeout(() => (at("alarm").hidden = true), 60 * 1000);
}

function drawCards() {
  const order = { queued: 0, agent: 1, snoozed: 2, bot: 3 };
  const sorted = Array.from(desk.cards.values()).sort((a, b) => order[a.state] - order[b.state] || b.priority - a.priority);
  at("empty").hidden = sorted.length > 0;
  const open = desk.current && desk.current.id;
  keep(at("cards"), sorted.map((c) => ({
    key: c.id, stamp: JSON.stringify([c, c.id === open, late(c), desk.language]), draw: () => card(c, c.id === open),
  })));
  const waiting = sorted.filter((c) => c.state === "queued").length;
  document.title = `${waiting ? `(${waiting}) ` : ""}${desk.words.title} · Dangol`;
}

function card(c, open) {
  const { words } = desk;
  const button = element("button", { type: "button" },
    element("strong", { textContent: nameOf(c) }),
    element("small", { textContent: ` ${words.states[c.state]}${c.reason ? " · " + (words.reasons[c.reason] || c.reason) : ""}` }),
    element("div", { textContent: c.preview || "" }));
  if (late(c)) button.append(element("small", { className: "late", textContent: words.late }));
  else if (c.answerBy) button.append(element("small", { textContent: fill(words.answerBy, { time: hour(c.answerBy) }) }));
  for (const tag of c.tags || []) button.append(" ", element("span", { className: "tag", textContent: tag }));
  button.setAttribute("aria-current", String(open));
  button.onclick = () => pick(c.id);
  return element("li", { className: c.priority > 1 ? "urgent" : "" }, button);
}

label();
enter().catch(notLoggedIn);
