// The booked calls of the team: the agent who takes one sees the number as a link that a telephone opens, and notes how it ended.
import { at, attempt, choice, desk, field, hour } from "./agent-desk.js";
import { element, keep } from "./view.js";

const taken = new Map(); // call -> its answer with the number, which is shown to who took it only

export async function refreshCalls() {
  const { calls } = await desk.client.call("GET", `/calls?team=${desk.team}`);
  at("no-calls").hidden = calls.length > 0;
  keep(at("calls"), calls.map((call) => {
    const known = call.dial ? call : taken.get(call.id);
    return {
      key: call.id, stamp: [call.state, call.callFrom, known && known.dial, desk.language].join(),
      draw: () => item(call, call.state === "calling" ? known : null),
    };
  }));
}

function item(call, mine) {
  const { words } = desk;
  const li = element("li", {},
    element("p", {}, element("strong", { textContent: call.name }), ` ${mine ? "" : call.number} · ${words.callStates[call.state] || call.state} · ${hour(call.callFrom)}`),
    call.topic ? element("p", { className: "meta", textContent: call.topic }) : null);
  if (mine) li.append(element("p", {}, element("a", { href: mine.dial, textContent: mine.number })), outcome(call));
  else if (call.state === "due" || call.state === "reminded") {
    const begin = element("button", { type: "button", className: "main", textContent: words.begin });
    begin.setAttribute("aria-label", `${words.begin}: ${call.name}`);
    begin.onclick = () => attempt(async () => {
      taken.set(call.id, await desk.client.call("POST", `/calls/${call.id}/begin`));
      await refreshCalls();
    });
    li.append(begin);
  }
  return li;
}

function outcome(call) {
  const { words } = desk;
  const form = element("form", {},
    ...field(words.outcome, choice("outcome", Object.entries(words.outcomes))),
    ...field(words.callNote, element("textarea", { name: "note", rows: 2, maxLength: 2000 })),
    element("button", { className: "main", textContent: words.finish }));
  form.onsubmit = (e) => {
    e.preventDefault();
    attempt(async () => {
      await desk.client.call("POST", `/calls/${call.id}/outcome`, Object.fromEntries(new FormData(form)));
      taken.delete(call.id);
      await refreshCalls();
    });
  };
  return form;
}
