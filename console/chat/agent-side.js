// The side panel: what the shop knows of the shopper whose conversation is open.
import { at, day, desk, hour } from "./agent-desk.js";
import { element } from "./view.js";

/** Reads and shows it. The answer is what canned answers are filled in with. */
export async function about(id, pick) {
  const facts = await desk.client.call("GET", `/chat/conversations/${id}/context`);
  if (!desk.current || desk.current.id !== id) return facts; // another one was opened meanwhile
  const { words } = desk;
  const guest = !facts.conversation.full.customerId;
  at("about").replaceChildren(
    ...section(words.summary, [facts.summary || words.none]),
    ...(guest ? [element("p", { className: "empty", textContent: words.guest })] : []),
    ...(facts.vip ? [element("h3", { textContent: words.vip })] : []),
    ...section(words.recovery, facts.cases.map((c) => `${orderOf(facts, c.orderId)} · ${words.caseStates[c.state] || c.state} · ${hour(c.answerBy)}`), !guest),
    ...section(words.orders, facts.orders.map((o) => `${o.number} · ${words.orderStates[o.state] || o.state} · ${o.total} · ${day(o.placedAt)}`), !guest),
    ...section(words.returns, facts.returns.map((r) =>
      `${r.title} · ${words.returnStates[r.state] || r.state} · ${words.resolutions[r.resolution] || r.resolution} · ${r.value}`), !guest),
    ...section(words.subscriptions, facts.subscriptions.map((s) =>
      [s.title, words.subscriptionStates[s.state] || s.state, s.price, words.periodEnds.replace("{time}", s.closes), s.unpaid && words.unpaid].filter(Boolean).join(" · ")), !guest),
    ...section(words.reviews, facts.reviews.map((r) => `★ ${r.stars} · ${words.reviewStates[r.state] || r.state} · ${day(r.writtenAt)}\n${r.text}`), !guest),
    ...section(words.consent, Object.entries(facts.consent).map(([channel, answer]) =>
      `${words.channels[channel] || channel}: ${words.answers[answer] ?? answer}`), !guest),
    ...section(words.earlier, facts.conversations.map((c) => {
      const button = element("button", { type: "button", textContent: `${day(c.createdAt)} · ${words.states[c.state]}${c.rating ? " · ★ " + c.rating : ""}` });
      button.onclick = () => pick(c.id);
      return button;
    })),
  );
  return facts;
}

/** A heading and what is under it; one that is empty is there too where the agent would look for it. */
function section(title, items, always = false) {
  if (!items.length && !always) return [];
  const list = items.length
    ? element("ul", {}, ...items.map((item) => element("li", {}, typeof item === "string" ? element("p", { textContent: item }) : item)))
    : element("p", { className: "empty", textContent: desk.words.none });
  return [element("h3", { textContent: title }), list];
}

const orderOf = (facts, id) => facts.orders.find((o) => o.id === id)?.number || id;
