/** One message, or one album, as it stands in the chat. */

import { post } from "./api.js";
import { el, face, icon } from "./draw.js";
import { showPicture, showRefusal, showStrip } from "./menu.js";
import { markdown } from "./markdown.js";
import { link, rich, webAddress } from "./rich.js";
import { chatOf, speakerIn } from "./state.js";
import { isMarkdown, spread, stateWords } from "./wecom.js";
import { say, size, timeOf } from "./words.js";

/** Longest side of a picture in a bubble, px. */
const PICTURE_MAX = 340;
/** How long a pressed button looks busy when nobody answers, ms. */
const BUSY_MS = 15_000;

/** What service messages say, and the key of the same words. */
const SERVICES = [
  [/^topic “(.*)” created$/, "service-created"],
  [/^topic renamed to “(.*)”$/, "service-renamed"],
  [/^topic closed$/, "service-closed"],
  [/^topic reopened$/, "service-reopened"],
  [/^this group became a supergroup$/, "service-became"],
  [/^this supergroup was a group$/, "service-was"],
];

/** What each message showed last, `{url, image}`, so that an edit sharpens it in place. */
const shown = new Map();
/** Buttons that were pressed and not answered: message to the button's words. */
const busy = new Map();

/** Takes back the look of a pressed button. */
export function answered(message) {
  clearTimeout(busy.get(message)?.timer);
  busy.delete(message);
  for (const key of document.querySelectorAll(`[data-keys="${message}"] .busy`)) {
    key.classList.remove("busy");
  }
}

/** A picture in its frame, over what stood there before. */
function pictureNode(message) {
  const { url } = message.picture;
  const key = `${message.chat}/${message.message}/${message.part ?? 0}`;
  const name = `picture-${message.message}.jpg`;
  const label = message.text ? say("picture-of", { text: message.text }) : say("picture");
  const open = () => showPicture(message.picture, name);
  const frame = el("button.frame", { type: "button", "aria-label": label, on: { click: open } });
  frame.dataset.picture = message.message;
  const before = shown.get(key);
  if (before?.url === url) {
    // The very same element: drawing a message again neither fetches nor flickers.
    before.image.alt = label;
    frame.append(before.image);
    return frame;
  }
  // The one before may be gone from the sandbox: only what has arrived already can stay under.
  if (before?.image.naturalWidth) {
    before.image.className = "under";
    frame.append(before.image);
  }
  const image = el("img.over", { src: url, alt: label, decoding: "async" });
  const clear = () => image.parentElement?.querySelector(".under")?.remove();
  image.addEventListener("load", () => image.classList.add("ready"));
  image.addEventListener("transitionend", clear);
  frame.append(image);
  shown.set(key, { url, image });
  return frame;
}

/** One picture in its own shape, or the grid of an album. */
function picturesNode(messages) {
  const frames = messages.map(pictureNode);
  const grid = el("div.pictures", { data: { count: String(frames.length) } }, frames);
  if (frames.length === 1) {
    const { width, height } = messages[0].picture;
    const scale = Math.min(PICTURE_MAX / width, (PICTURE_MAX * 1.15) / height);
    grid.style.width = `${Math.max(120, Math.round(width * scale))}px`;
    frames[0].style.aspectRatio = `${Math.min(Math.max(width / height, 0.35), 3)}`;
  }
  return grid;
}

function documentNode(message) {
  const { url, name, mime, bytes } = message.document;
  const called = name ?? say("file");
  const isPicture = /^image\/(png|jpeg|webp|gif)$/.test(mime ?? "");
  const sign = isPicture ? el("img", { src: url, alt: "", loading: "lazy" }) : icon("file");
  return el(
    "a.document",
    { href: url, download: called, "aria-label": `${say("download")} ${called}` },
    el("span.sign", {}, sign),
    el("span.name", {}, called, el("small", {}, `${size(bytes)}${mime ? ` · ${mime}` : ""}`)),
    icon("download"),
  );
}

function quoteNode(message, onQuote) {
  const { from, text, picture } = message.reply_to;
  return el(
    "button.quote",
    { type: "button", on: { click: () => onQuote(message.reply_to.message) } },
    picture ? el("img", { src: picture, alt: "" }) : null,
    el(
      "span",
      {},
      el("strong", {}, from),
      el("span", {}, text || say(picture ? "picture" : "message")),
    ),
  );
}

/** One button under a message. */
function keyNode(message, button) {
  if (button.url) {
    const address = webAddress(button.url);
    if (address) {
      const key = link(address, [button.text, icon("out")], "a.key");
      return key;
    }
  }
  const key = el("button.key", { type: "button" }, button.text);
  if (button.style) key.classList.add(button.style);
  if (button.copy !== null && button.copy !== undefined) {
    key.append(icon("copy"));
    key.addEventListener("click", () => copy(button.copy));
    return key;
  }
  key.disabled = button.disabled || button.data === null;
  if (busy.get(message.message)?.text === button.text) key.classList.add("busy");
  key.addEventListener("click", () => press(message, button, key));
  return key;
}

async function press(message, button, key) {
  const as = speakerIn(chatOf(message.chat));
  const timer = setTimeout(() => answered(message.message), BUSY_MS);
  busy.set(message.message, { text: button.text, timer });
  key.classList.add("busy");
  try {
    const chat = message.chat;
    const done = await post("tap", { as, chat, message: message.message, button: button.data });
    // On WeCom no answer to a tap ever comes.
    if (!done.callback) answered(message.message);
  } catch (error) {
    answered(message.message);
    showRefusal(error);
  }
}

/** Copies words, and says so. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    showStrip(say("copied"));
  } catch {
    showStrip(say("not-copied"), "refused");
  }
}

function metaNode(message, isOut) {
  const edited = message.edited_at_ms ? el("span", {}, say("edited")) : null;
  const moment = new Date(message.at_ms).toISOString();
  const time = el("time", { datetime: moment }, timeOf(message.at_ms));
  return el("span.meta", {}, edited, time, isOut ? icon("check") : null);
}

/** The middle of a bubble: pictures, files, words. */
function contentNodes(messages, isOut, acts) {
  const pictures = messages.filter((it) => it.picture).flatMap(spread);
  const documents = messages.filter((it) => it.document);
  const said = messages.find((it) => it.text) ?? messages[0];
  const last = messages.at(-1);
  const nodes = [];
  if (pictures.length) nodes.push(picturesNode(pictures));
  if (documents.length) nodes.push(el("div.documents", {}, documents.map(documentNode)));
  if (said.text) {
    const words = isMarkdown(said)
      ? markdown(said.text)
      : rich(said.text, said.entities, acts.onCommand);
    nodes.push(el("div.words", { dir: "auto" }, words, metaNode(last, isOut)));
  } else nodes.push(metaNode(last, isOut));
  const stands = stateWords(last);
  if (stands) nodes.push(el("small.stands", { data: { failed: String(!!last.failed) } }, stands));
  return nodes;
}

/** What happened, in the page's language; the sandbox says it in English. */
function serviceWords(text) {
  for (const [pattern, key] of SERVICES) {
    const found = pattern.exec(text);
    if (found) return say(key, { name: found[1] });
  }
  return text;
}

const keysData = ({ message, buttons }) => ({ keys: message, print: JSON.stringify(buttons) });

/** A whole row of the chat. `look`: `{isOut, isFirst, isLast, showsSender}`. */
export function bubble(messages, look, acts) {
  const [first] = messages;
  if (first.kind === "service") {
    return el(
      "li.service",
      { data: { message: first.message } },
      el("span", {}, serviceWords(first.text)),
    );
  }
  const hasPicture = messages.some((it) => it.picture);
  const body = el("div.bubble", {});
  if (hasPicture) body.classList.add("with-picture");
  if (!messages.some((it) => it.text)) body.classList.add("wordless");
  if (look.showsSender && look.isFirst) body.append(el("span.sender", {}, first.from.name));
  if (first.reply_to) body.append(quoteNode(first, acts.onQuote));
  body.append(...contentNodes(messages, look.isOut, acts));
  const reactions = messages.flatMap((it) => it.reactions);
  if (reactions.length) body.append(el("span.reactions", {}, reactions.join(" ")));
  const keys = messages.at(-1).buttons.map((row) =>
    el(
      "div.keys-row",
      {},
      row.map((button) => keyNode(messages.at(-1), button)),
    ),
  );
  const handle = (name, sign, act) =>
    el(
      "button.round",
      {
        type: "button",
        tabindex: "-1",
        title: say(name),
        "aria-label": say(name),
        on: { click: (event) => act(first.message, event.currentTarget) },
      },
      icon(sign),
    );
  const row = el(
    `li.row.${look.isOut ? "out" : "in"}`,
    { tabindex: "-1", data: { message: first.message } },
    look.showsSender && !look.isOut
      ? look.isLast
        ? senderFace(first)
        : el("span.face.none")
      : null,
    el(
      "div.stack",
      {},
      body,
      keys.length ? el("div.keys", { data: keysData(messages.at(-1)) }, keys) : null,
    ),
    el(
      "span.handles",
      {},
      handle("reply", "reply", acts.onReply),
      handle("more", "more", acts.onMenu),
    ),
  );
  if (look.isFirst) row.classList.add("first");
  if (look.isLast) row.classList.add("last");
  row.classList.add(first.from.bot ? "from-bot" : "from-person");
  return row;
}

function senderFace(message) {
  return face(message.from.name, message.from.bot ? "bot" : "person");
}

/** A text that is still growing. */
export function draftNode(draft, onStop) {
  const stop = draft.can_stop
    ? el("button.key", { type: "button", on: { click: onStop } }, say("stop"))
    : null;
  return el(
    "li.row.in.draft",
    {},
    el(
      "div.stack",
      {},
      el("div.bubble", {}, el("div.words", {}, draft.text, el("i.caret"))),
      stop ? el("div.keys", {}, el("div.keys-row", {}, stop)) : null,
    ),
  );
}
