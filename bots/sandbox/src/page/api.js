/** Asks the sandbox, and listens to it. */

import { ring, state } from "./state.js";
import { say } from "./words.js";

const BASE = "/sandbox/api/";

/** What the sandbox refused, in its words. */
export class Refused extends Error {}

async function ask(path, init) {
  let response;
  try {
    response = await fetch(BASE + path, init);
  } catch {
    throw new Refused(say("offline-short"));
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(answer?.error ?? `${response.status}`);
  return answer;
}

export const get = (path) => ask(path);

export const post = (path, body = {}) =>
  ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** Says something, with files where there are some. */
export function speak({ as, chat, topic, text, reply_to, as_document, files = [] }) {
  if (!files.length) return post("say", { as, chat, topic, text, reply_to });
  const form = new FormData();
  form.append("as", as);
  form.append("chat", String(chat));
  if (topic) form.append("topic", String(topic));
  if (text) form.append("text", text);
  if (reply_to) form.append("reply_to", String(reply_to));
  form.append("as_document", String(as_document));
  for (const file of files) form.append("file", file, file.name);
  return ask("say", { method: "POST", body: form });
}

/** The names of what the sandbox tells. */
const TOLD = [
  "hello",
  "message",
  "deleted",
  "typing",
  "draft",
  "toast",
  "chat",
  "faults",
  "clock",
  "desk",
];
/** How long to wait before listening again, ms. */
const AGAIN_MS = 1000;

function becomes(live) {
  if (state.live === live) return;
  state.live = live;
  ring("live");
}

/** Listens for ever; every event rings as `heard:…`. */
export function listen() {
  const source = new EventSource(`${BASE}events`);
  for (const name of TOLD) {
    source.addEventListener(name, (event) => {
      becomes("live");
      ring(`heard:${name}`, JSON.parse(event.data));
    });
  }
  source.addEventListener("error", () => {
    becomes("lost");
    // A browser gives up by itself on some errors, and waits long after others.
    source.close();
    setTimeout(listen, AGAIN_MS);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}
