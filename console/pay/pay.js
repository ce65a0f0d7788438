// The page that a mail about an unpaid subscription leads to: #<subscription>. It logs the subscriber in (authorization code with PKCE),
// says what is to pay, and sends them to their bank where it wants the cardholder. It keeps tokens in the tab's session only.
import { words } from "./words.js";

const page = location.origin + "/console/pay/index.html";
const local = ["localhost", "127.0.0.1"].includes(location.hostname);
const at = (id) => document.getElementById(id);
const store = sessionStorage;

let language = navigator.language.startsWith("ko") ? "ko" : "en";
let shown = () => {}; // draws the page again in the other language
const say = (name, amount) => words[language][name].replace("{amount}", amount || "");

class Refused extends Error {
  constructor(status, body) {
    super(body.code || String(status));
    this.status = status;
    this.code = body.code || "";
    this.message = body.message || "";
  }
}

async function call(method, path, body, key) {
  const headers = { Authorization: "Bearer " + store.getItem("pay.token"), "Accept-Language": language };
  if (body) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const parsed = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, parsed);
  return parsed;
}

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

// settings are where the shop's log-in page is and as which client this page logs in: on a laptop the local issuer, deployed
// Cognito's hosted page, as the stacks have set them.
async function settings() {
  const answer = await fetch("/console/login");
  if (!answer.ok) throw new Refused(answer.status, {});
  return answer.json();
}

async function logIn() {
  const { url, storefrontClient } = await settings();
  // Where another issuer gives the tokens, only the storefront knows how to log in there.
  if (!url) return draw({ text: "noLogin" });
  const verifier = random();
  const state = random();
  store.setItem("pay.login", JSON.stringify({ verifier, state }));
  const challenge = base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  location.href = url + "/oauth2/authorize?" + new URLSearchParams({
    response_type: "code", client_id: storefrontClient, redirect_uri: page, scope: "openid email shop/customer", state,
    code_challenge: challenge, code_challenge_method: "S256",
  });
}

async function backFromLogin(query) {
  const sent = JSON.parse(store.getItem("pay.login") || "{}");
  store.removeItem("pay.login");
  if (!sent.state || query.get("state") !== sent.state) return; // not a log-in of this tab
  const { url, storefrontClient } = await settings();
  const answer = await fetch(url + "/oauth2/token", {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code", client_id: storefrontClient, code: query.get("code"), redirect_uri: page, code_verifier: sent.verifier,
    }),
  });
  if (answer.ok) store.setItem("pay.token", (await answer.json()).access_token);
}

// draw shows one state of the page: a text, at most one main button, and what is to pay.
function draw(state) {
  shown = () => {
    document.documentElement.lang = language;
    at("title").textContent = document.title = say("title");
    at("language").textContent = say("language");
    for (const name of ["plan", "amount", "card"]) at(name + "-word").textContent = say(name);
    at("method-word").textContent = say("method");
    at("change").textContent = say("change");
    at("status").textContent = state.message || say(state.text) + (state.then ? " " + say(state.then) : "");
    const s = state.subscription;
    at("facts").hidden = !s;
    at("other").hidden = !state.card;
    if (s) {
      at("plan").textContent = s.plan.title;
      at("amount").textContent = s.unpaid ? s.unpaid.amount.display : "-";
      at("card").textContent = s.paymentMethod ? s.paymentMethod.brand + " " + s.paymentMethod.last4 : "-";
    }
    at("main").hidden = !state.button;
    if (state.button) at("main").textContent = say(state.button, s && s.unpaid ? s.unpaid.amount.display : "");
    at("main").onclick = () => once(state.action);
    at("other").onsubmit = (e) => { e.preventDefault(); once(() => change(s)); };
  };
  shown();
}

// once runs an action with the buttons locked, so that a second tap does not repeat it.
async function once(action) {
  const buttons = [at("main"), at("change")];
  buttons.forEach((b) => { b.disabled = true; });
  try {
    await action();
  } catch (e) {
    refused(e);
  } finally {
    buttons.forEach((b) => { b.disabled = false; });
  }
}

function refused(e) {
  if (e.status === 401) {
    store.removeItem("pay.token");
    return draw({ text: "login", button: "toLogin", action: logIn });
  }
  if (e.status === 404) return draw({ text: "missing", button: "again", action: logIn });
  if (e.status === 402) return open(e.message || say("declined"));
  return draw({ text: "failed", button: "pay", action: () => open() });
}

const path = () => "/subscriptions/" + encodeURIComponent(store.getItem("pay.id"));

// follow goes to the bank when it wants the cardholder, and else shows where the subscription is now.
function follow(s) {
  if (s.payment && s.payment.redirectUrl) {
    store.setItem("pay.bank", "1");
    location.href = s.payment.redirectUrl;
    return;
  }
  show(s, s.unpaid ? "" : "done");
}

const pay = async () => follow(await call("POST", path() + "/pay", { returnUrl: page }, random()));
const change = async () => follow(await call("PUT", path() + "/payment-method", { paymentMethod: at("method").value.trim(), returnUrl: page }));

function show(s, done, message) {
  const wait = s.unpaid && s.unpaid.wait;
  if (s.payment) {
    return draw({ subscription: s, message, text: "shopper", button: "toBank", action: () => follow(s) });
  }
  if (s.unpaid && s.unpaid.running) {
    setTimeout(() => open(), 2000);
    return draw({ subscription: s, text: "running" });
  }
  if (!s.unpaid) return draw({ subscription: s, text: s.state === "ended" ? "over" : done || "paid" });
  if (wait === "shopper") return draw({ subscription: s, message, text: "shopper", button: "toBank", action: pay });
  if (wait === "card") return draw({ subscription: s, message, text: "newCard", then: local ? "" : "inShop", card: local });
  return draw({ subscription: s, message, text: "retry", button: "pay", action: pay, card: local });
}

async function open(message) {
  try {
    show(await call("GET", path()), "", message);
  } catch (e) {
    refused(e);
  }
}

// backFromBank asks what became of the payment until it is known.
async function backFromBank() {
  store.removeItem("pay.bank");
  draw({ text: "running" });
  for (let tries = 0; tries < 10; tries++) {
    try {
      const s = await call("POST", path() + "/confirm");
      if (!s.payment) return show(s, "done");
      if (tries > 0) return show(s);
    } catch (e) {
      if (e.status !== 503) return refused(e);
    }
    await new Promise((next) => setTimeout(next, 1000));
  }
  return open();
}

async function start() {
  const query = new URLSearchParams(location.search);
  if (location.hash.length > 1) store.setItem("pay.id", decodeURIComponent(location.hash.slice(1)));
  draw({ text: "loading" });
  if (query.has("code")) await backFromLogin(query).catch(() => {}); // the page then offers to log in again
  if (location.search) history.replaceState(null, "", page); // no code of a log-in stays in the address
  if (!store.getItem("pay.id")) return draw({ text: "none" });
  if (!store.getItem("pay.token")) return draw({ text: "login", button: "toLogin", action: logIn });
  if (store.getItem("pay.bank")) return backFromBank();
  return open();
}

at("language").onclick = () => { language = language === "ko" ? "en" : "ko"; shown(); };
addEventListener("hashchange", start);
start();
