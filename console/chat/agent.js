// The agents' page: the queue of a team, claiming, answering, notes, closing. It talks to the same API as the widget.
import { Client, filesOf, textOf, newId } from "./client.js";
import { comeBack, logIn } from "./login.js";

const WORDS = {
  ko: {
    title: "상담", name: "이름", login: "로그인", auto: "자동으로 배정받기", queue: "대기열", claim: "맡기", giveBack: "봇에게 돌려주기",
    close: "종료", write: "답장", send: "보내기", note: "내부 메모", about: "손님 정보", online: "상담 중", away: "자리 비움", offline: "연결이 끊겼습니다…", empty: "기다리는 손님이 없습니다",
    vip: "단골: 최근 1년 주문 10건 이상", recovery: "불만 고객 회복", returns: "반품·교환", subscriptions: "정기 구독", unpaid: "미납", consent: "수신 동의",
    orders: "주문", summary: "요약", canned: "자주 쓰는 답", typing: "입력 중…", twoType: "다른 상담원도 입력 중입니다", language: "English",
    file: "파일", uploading: "파일을 올리는 중…", delivered: "도착", read: "읽음",
    reasons: {
      asks_person: "상담원 요청", legal: "법적 문제", privacy: "개인정보", complaint: "불만", refund: "환불 요구", open_case: "불만 고객 회복 중", vip: "단골",
      failed_twice: "봇이 두 번 답하지 못함", unanswerable: "봇이 답하지 못함", mail: "메일", phone: "전화",
    },
    states: { bot: "봇", queued: "대기", agent: "상담 중", snoozed: "보류", closed: "종료" },
  },
  en: {
    title: "Care", name: "Name", login: "Log in", auto: "Give me conversations automatically", queue: "Queue", claim: "Claim",
    giveBack: "Give back to the bot", close: "Close", write: "Answer", send: "Send", note: "Internal note", about: "Customer", online: "Online", away: "Away", offline: "Connection lost…",
    vip: "10 orders or more in a year", recovery: "Recovery case", returns: "Returns", subscriptions: "Subscriptions", unpaid: "unpaid", consent: "Consent",
    empty: "Nobody is waiting", orders: "Orders", summary: "Summary", canned: "Canned answers", typing: "is typing…", twoType: "Another agent is typing too", language: "한국어",
    file: "File", uploading: "Uploading…", delivered: "Delivered", read: "Read",
    reasons: {
      asks_person: "asks for a person", legal: "legal", privacy: "privacy", complaint: "complaint", refund: "wants a refund", open_case: "recovery case",
      vip: "VIP", failed_twice: "two answers failed", unanswerable: "no answer", mail: "by mail", phone: "by phone",
    },
    states: { bot: "bot", queued: "waiting", agent: "with an agent", snoozed: "snoozed", closed: "closed" },
  },
};

const at = (id) => document.getElementById(id);
const team = "care";
let language = localStorage.getItem("dangol-agent-language") || "ko";
let words = WORDS[language];
let me = null, client = null, current = null, cards = new Map(), canned = [];

function label() {
  words = WORDS[language];
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = words[element.dataset.word];
  at("language").textContent = words.language;
  at("actions").setAttribute("aria-label", words.title);
  if (me) presence();
}

at("language").onclick = () => {
  language = language === "ko" ? "en" : "ko";
  localStorage.setItem("dangol-agent-language", language);
  label();
};

at("login-form").onsubmit = async (e) => {
  e.preventDefault();
  await logIn({ name: at("name").value.trim(), auto: at("auto").checked }).catch(notLoggedIn);
};

function notLoggedIn(error) {
  at("login-problem").textContent = error.message;
  at("login-problem").hidden = false;
}

/** Opens the desk when a log-in has come back. */
async function enter() {
  const session = await comeBack();
  if (!session) return;
  at("name").value = session.kept.name;
  at("auto").checked = session.kept.auto;
  client = new Client({ api: location.origin, headers: () => ({ Authorization: "Bearer " + session.token }) });
  await setMe(true);
  canned = (await client.call("GET", "/chat/canned")).canned;
  at("login-form").hidden = true;
  at("desk").hidden = false;
  listen();
  await refresh();
}

async function setMe(online) {
  me = await client.call("PUT", "/chat/agents/me", {
    name: at("name").value.trim(), teams: [team], languages: ["ko", "en"], limit: 4, online, auto: at("auto").checked,
  });
  presence();
}

function presence() {
  at("me").textContent = `${me.name} (${me.active}/${me.limit})`;
  at("presence").textContent = me.online ? words.online : words.away;
  at("presence").setAttribute("aria-pressed", String(me.online));
}

function listen() {
  at("presence").onclick = () => setMe(!me.online).catch(show);
  client.addEventListener("inbox", () => refresh());
  client.addEventListener("online", () => { at("notice").hidden = true; refresh(); });
  client.addEventListener("offline", () => show({ message: words.offline }));
  client.addEventListener("typing", (e) => {
    if (!current || e.detail.conversationId !== current.id) return;
    show({ message: e.detail.role === "agent" ? words.twoType : words.typing });
    setTimeout(() => (at("notice").hidden = true), 3000);
  });
  client.addEventListener("error", (e) => show({ message: e.detail.detail }));
  client.watch(team);
  client.start();
}

function show(problem) {
  at("notice").textContent = problem.message;
  at("notice").hidden = false;
}

async function refresh() {
  const page = await client.call("GET", `/chat/inbox?team=${team}&limit=100`);
  cards = new Map(page.conversations.map((c) => [c.id, c]));
  const order = { queued: 0, agent: 1, snoozed: 2, bot: 3 };
  const sorted = page.conversations.slice().sort((a, b) => order[a.state] - order[b.state] || b.priority - a.priority);
  const focused = document.activeElement && document.activeElement.dataset.id; // drawing anew must not take the keyboard away
  at("cards").replaceChildren(...sorted.map(card));
  if (focused) Array.from(at("cards").querySelectorAll("button")).find((b) => b.dataset.id === focused)?.focus();
  if (!sorted.length) at("cards").textContent = words.empty;
}

function card(c) {
  const li = document.createElement("li");
  if (c.priority > 1) li.className = "urgent";
  const button = document.createElement("button");
  button.dataset.id = c.id;
  button.setAttribute("aria-current", String(current !== null && current.id === c.id));
  const title = document.createElement("strong");
  title.textContent = c.name || c.customerId || c.id.slice(-6);
  const meta = document.createElement("small");
  meta.textContent = ` ${words.states[c.state]}${c.reason ? " · " + (words.reasons[c.reason] || c.reason) : ""}`;
  const preview = document.createElement("div");
  preview.textContent = c.preview || "";
  button.append(title, meta, preview);
  button.onclick = () => pick(c.id);
  li.append(button);
  return li;
}

async function pick(id) {
  if (current) client.close(current.id);
  current = client.open(id);
  current.addEventListener("change", draw);
  at("actions").hidden = false;
  at("canned").replaceChildren(new Option(words.canned, ""), ...canned.map((c) => new Option(c.title, c.text)));
  await current.fetch();
  await about(id);
  draw();
  refresh();
  at("text").focus();
}

async function about(id) {
  const facts = await client.call("GET", `/chat/conversations/${id}/context`);
  const lines = [[words.summary, facts.summary]];
  if (facts.vip) lines.push(["VIP", words.vip]);
  for (const c of facts.cases) lines.push([words.recovery, `${c.orderId} · ${c.state} · ${when(c.answerBy)}`]);
  for (const o of facts.orders) lines.push([words.orders, `${o.number} · ${o.state} · ${o.total} · ${when(o.placedAt)}`]);
  for (const r of facts.returns) lines.push([words.returns, `${r.title} · ${r.state} · ${r.resolution} · ${r.value}`]);
  for (const s of facts.subscriptions) lines.push([words.subscriptions, `${s.title} · ${s.state} · ${s.price} · ~${s.closes}${s.unpaid ? " · " + words.unpaid : ""}`]);
  const consent = Object.entries(facts.consent).map(([channel, answer]) => `${channel}: ${answer || "-"}`);
  if (consent.length) lines.push([words.consent, consent.join(", ")]);
  at("about").replaceChildren(...lines.flatMap(([name, text], i) => {
    const term = document.createElement("strong");
    term.textContent = i > 0 && lines[i - 1][0] === name ? "" : name; // one heading for all of a kind
    const value = document.createElement("p");
    value.textContent = text;
    return [term, value];
  }));
}

const when = (time) => new Date(time).toLocaleDateString(language);

function draw() {
  if (!current) return;
  const mine = current.state === "agent";
  const receipt = current.receipt("agent", "shopper");
  at("claim").hidden = current.state !== "queued";
  at("give-back").hidden = !mine;
  at("close").hidden = current.state === "closed" || current.state === "bot";
  at("write").hidden = !mine;
  at("log").replaceChildren(...current.messages.map((m) => {
    const li = document.createElement("li");
    li.className = m.internal ? "internal" : m.role;
    if (m.name) {
      const name = document.createElement("small");
      name.className = "meta";
      name.textContent = m.name + "\n";
      li.append(name);
    }
    li.append(textOf(m), filesOf(m, current));
    if (m.seq === receipt.seq && receipt.state) {
      const note = document.createElement("small");
      note.className = "meta receipt";
      note.textContent = "\n" + words[receipt.state];
      li.append(note);
    }
    return li;
  }), ...Array.from(current.unsent.values(), ({ message, error }) => {
    const li = document.createElement("li");
    li.className = "agent";
    li.textContent = message.text + (error ? "\n" + error : " …");
    return li;
  }));
  at("log").scrollTop = at("log").scrollHeight;
  current.read();
}

const act = (path, body) => async () => {
  const id = current.id;
  try {
    await client.call("POST", `/chat/conversations/${id}${path}`, body);
    await current.fetch();
    me = await client.call("GET", "/chat/agents/me");
    presence();
  } catch (error) {
    show(error);
  }
  draw();
  refresh();
};

at("claim").onclick = act("/claim");
at("give-back").onclick = act("/give-back");
at("close").onclick = act("/close");
at("canned").onchange = (e) => {
  const name = (cards.get(current.id) || {}).name || "";
  at("text").value = e.target.value.replaceAll("{name}", name).replaceAll("{agent}", me.name);
  at("text").focus();
};
at("text").oninput = () => current.typing();
at("text").onkeydown = (e) => {
  if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); at("write").requestSubmit(); }
};
at("write").onsubmit = (e) => {
  e.preventDefault();
  const text = at("text").value.trim();
  if (!text) return;
  at("text").value = "";
  current.send(text);
};
at("file").onclick = () => at("files").click();
at("files").onchange = async () => {
  const [file] = at("files").files;
  at("files").value = "";
  if (!file) return;
  show({ message: words.uploading });
  try {
    await current.attach(file);
    at("notice").hidden = true;
  } catch (error) {
    show(error);
  }
};
at("note").onclick = async () => {
  const text = at("text").value.trim();
  if (!text) return;
  at("text").value = "";
  await act("/notes", { clientId: newId(), text })();
};

label();
enter().catch(notLoggedIn);
