// What the widget and the agents' page show alike: elements, lists that keep what has not changed, messages, and what to ask.

/** An element with what is set on it and what is in it. */
export function element(tag, set, ...children) {
  const made = Object.assign(document.createElement(tag), set);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/**
 * Makes the children of a list those that are wanted, and draws only what is new or has changed: a screen reader announces
 * what is added, and the keyboard stays where it is.
 * @param {{key: string, stamp: string, draw: () => HTMLElement}[]} wanted
 */
export function keep(list, wanted) {
  const old = new Map(Array.from(list.children, (child) => [child.dataset.key, child]));
  const focus = focusIn(list);
  let at = list.firstElementChild;
  for (const { key, stamp, draw } of wanted) {
    let child = old.get(key);
    old.delete(key);
    if (!child || child.dataset.stamp !== stamp) {
      const drawn = draw();
      drawn.dataset.key = key;
      drawn.dataset.stamp = stamp;
      if (child === at && child) at = child.nextElementSibling;
      if (child) child.remove();
      child = drawn;
    }
    if (child === at) at = at.nextElementSibling;
    else list.insertBefore(child, at);
  }
  for (const child of old.values()) child.remove();
  focus();
}

/** Remembers what has the focus in a list; calling the answer gives it back when its item was drawn anew. */
function focusIn(list) {
  const active = list.getRootNode().activeElement;
  const item = active && active.closest("[data-key]");
  if (!item || item.parentElement !== list) return () => {};
  const { key } = item.dataset;
  const at = Array.from(item.querySelectorAll("button, a")).indexOf(active);
  return () => {
    if (active.isConnected) return;
    const now = Array.from(list.children).find((child) => child.dataset.key === key);
    const buttons = now ? now.querySelectorAll("button, a") : [];
    if (buttons.length) buttons[Math.max(0, Math.min(at, buttons.length - 1))].focus();
  };
}

/** Whether a log shows its end: then it follows what is added, else its reader is left where they read. */
export const atEnd = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < 80;

/** Shows the files of a message. The link is good for some minutes only, so it is asked for when the file is wanted. */
export function filesOf(message, log) {
  const holder = document.createDocumentFragment();
  (message.attachments || []).forEach((file, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "file";
    button.textContent = file.name;
    button.onclick = async () => {
      const page = await log.client.call("GET", `/chat/conversations/${log.id}/messages?since=${message.seq - 1}&limit=1`);
      const url = page.messages[0]?.attachments?.[i]?.url || "";
      if (!/^https?:/.test(url)) return;
      const link = document.createElement("a");
      link.href = url;
      link.rel = "noopener noreferrer";
      link.click(); // the answer is a download, so the page stays
    };
    holder.append(button);
  });
  return holder;
}

/** Shows a message's text: spans become elements, text stays text, links open apart. A notice is in the reader's language. */
export function textOf(message, client) {
  const holder = document.createDocumentFragment();
  const spans = message.words ? null : message.spans;
  for (const span of spans || [{ text: client.wordsOf(message) }]) {
    const tag = span.link ? "a" : span.code ? "code" : span.bold ? "strong" : span.italic ? "em" : "span";
    const element = document.createElement(tag);
    element.textContent = span.text;
    if (span.link && /^(https:|mailto:|tel:)/.test(span.link)) {
      element.href = span.link;
      element.target = "_blank";
      element.rel = "noopener noreferrer nofollow";
    }
    holder.append(element);
  }
  return holder;
}
