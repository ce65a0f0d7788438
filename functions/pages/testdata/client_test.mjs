// The page's client against a server that loses, repeats and refuses. The timers are Node's, moved by hand.
import assert from "node:assert/strict";
import { test, mock } from "node:test";
import { Client } from "./client.mjs";

globalThis.document = { hidden: false };

/** A conversation as the server has it, with a socket and an HTTP side that a test can break. */
class Server {
  constructor() {
    this.log = [];
    this.posts = 0;
    this.onframe = () => {};
    this.onpost = () => null; // a Response, or null to store the message
    globalThis.fetch = async (url, options) => this.http(url, options);
    const server = this;
    globalThis.WebSocket = class {
      static OPEN = 1;
      constructor() {
        this.readyState = 1;
        server.socket = this;
        queueMicrotask(() => this.onopen());
      }
      send(text) {
        const frame = JSON.parse(text);
        if (frame.do === "send") server.onframe(frame);
      }
      close() {
        this.readyState = 3;
        this.onclose();
      }
    };
  }

  store(message) {
    const before = this.log.find((m) => m.clientId === message.clientId);
    if (before) return before;
    const stored = { ...message, role: "agent", seq: this.log.length + 1 };
    this.log.push(stored);
    return stored;
  }

  answer(body, status = 200) {
    return { ok: status < 300, status, headers: new Headers(), text: async () => JSON.stringify(body) };
  }

  http(url, options) {
    if (url.endsWith("/chat/tickets")) return this.answer({ url: "ws://test" });
    const conversation = { state: "agent", seq: this.log.length };
    if (options.method === "POST") {
      this.posts++;
      const broken = this.onpost();
      if (broken) return broken;
      return this.answer({ conversation: { ...conversation, seq: this.log.length + 1 }, messages: [this.store(JSON.parse(options.body))] });
    }
    const since = Number(new URL(url).searchParams.get("since"));
    return this.answer({ conversation, messages: this.log.filter((m) => m.seq > since), more: false, reads: {} });
  }

  tell(event) {
    this.socket.onmessage({ data: JSON.stringify({ conversationId: "chat_1", ...event }) });
  }
}

const settle = async () => { for (let i = 0; i < 50; i++) await Promise.resolve(); };

async function connected(t) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  t.after(() => mock.timers.reset());
  const server = new Server();
  const client = new Client({ api: "http://test", headers: () => ({}), language: () => "ko" });
  const log = client.open("chat_1");
  client.start("chat_1");
  await settle();
  return { server, client, log };
}

const wait = async (ms) => { mock.timers.tick(ms); await settle(); };

test("a frame that is answered is sent once", async (t) => {
  const { server, log } = await connected(t);
  server.onframe = (f) => server.tell({ type: "ack", seq: 1, messages: [server.store(f.message)] });
  log.send("hello");
  await wait(60000);
  assert.equal(server.posts, 0);
  assert.equal(log.unsent.size, 0);
});

test("a frame that is lost while the socket stays open goes over HTTP, once", async (t) => {
  const { server, log } = await connected(t);
  log.send("hello");
  await wait(7000);
  assert.equal(server.posts, 0);
  await wait(2000);
  assert.equal(server.posts, 1);
  assert.equal(log.unsent.size, 0);
  assert.deepEqual(log.messages.map((m) => m.text), ["hello"]);
  await wait(60000);
  assert.equal(server.posts, 1);
});

test("a frame whose answer is lost is one message although it goes out twice", async (t) => {
  const { server, log } = await connected(t);
  server.onframe = (f) => server.store(f.message);
  log.send("hello");
  await wait(9000);
  assert.equal(server.log.length, 1);
  assert.equal(log.unsent.size, 0);
});

for (const code of ["busy", "too_many_frames", "internal_error"]) {
  test(`a frame that is refused with ${code} goes out again by itself`, async (t) => {
    const { server, log } = await connected(t);
    let frames = 0;
    server.onframe = (f) => {
      frames++;
      if (frames < 3) server.tell({ type: "error", clientId: f.message.clientId, code, detail: "later" });
      else server.tell({ type: "ack", seq: 1, messages: [server.store(f.message)] });
    };
    log.send("hello");
    for (let i = 0; i < 5; i++) await wait(1000);
    assert.equal(frames, 3);
    assert.equal(log.unsent.size, 0);
  });
}

test("a message that the server refuses for good is shown with the reason and not sent again", async (t) => {
  const { server, log } = await connected(t);
  let frames = 0;
  server.onframe = (f) => {
    frames++;
    server.tell({ type: "error", clientId: f.message.clientId, code: "not_owner", detail: "The conversation is another agent's." });
  };
  log.send("hello");
  await wait(120000);
  assert.equal(frames, 1);
  assert.equal(server.posts, 0);
  const [entry] = log.unsent.values();
  assert.equal(entry.error, "The conversation is another agent's.");
});

test("a server that fails over HTTP, too, is asked until it stores the message", async (t) => {
  const { server, log } = await connected(t);
  server.onpost = () => (server.posts < 3 ? server.answer({ code: "busy" }, 503) : null);
  log.send("hello");
  for (let i = 0; i < 40; i++) await wait(2000);
  assert.equal(server.log.length, 1);
  assert.equal(log.unsent.size, 0);
});

test("a message is not lost when its conversation is left before it was answered", async (t) => {
  const { server, client, log } = await connected(t);
  log.send("hello");
  client.close("chat_1");
  assert.equal(client.open("chat_1"), log);
  await wait(9000);
  assert.equal(server.log.length, 1);
});

test("what was sent before the socket was cut arrives once after it is back", async (t) => {
  const { server, log } = await connected(t);
  log.send("hello");
  server.socket.close();
  server.onframe = (f) => server.tell({ type: "ack", seq: 1, messages: [server.store(f.message)] });
  await wait(1000);
  await wait(60000);
  assert.deepEqual(server.log.map((m) => m.text), ["hello"]);
  assert.equal(log.unsent.size, 0);
});
