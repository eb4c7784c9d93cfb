/** Text with Telegram's formatting, by UTF-16 offset, as nodes. */

import { el } from "./draw.js";
import { say } from "./words.js";

const TAGS = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote.long",
  spoiler: "span.spoiler",
};

/** An address that a browser may follow. */
export function webAddress(text) {
  try {
    const url = new URL(/^[a-z]+:/i.test(text) ? text : `https:${"//"}${text}`);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens beside the page and tells it nothing. */
export function link(address, words, name = "a") {
  return el(name, { href: address, target: "_blank", rel: "noopener noreferrer" }, words);
}

function wrap(entity, said, children, onCommand) {
  if (entity.type === "text_link" || entity.type === "url") {
    const address = webAddress(entity.url ?? said);
    if (address) return link(address, children);
  }
  if (entity.type === "email") return link(`mailto:${said}`, children);
  if (entity.type === "bot_command") {
    return el("button.command", { type: "button", on: { click: () => onCommand(said) } }, children);
  }
  if (entity.type === "spoiler") {
    const show = (event) => event.currentTarget.classList.add("shown");
    const label = say("spoiler");
    return el("button.spoiler", { type: "button", title: label, on: { click: show } }, children);
  }
  const node = el(TAGS[entity.type] ?? "span", {}, children);
  if (!(entity.type in TAGS)) node.className = `entity ${entity.type}`;
  return node;
}

/** Draws `text` from `start` to `end` with the entities that lie within. */
function stretch(text, entities, start, end, onCommand) {
  const nodes = [];
  let at = start;
  let rest = entities;
  while (rest.length) {
    const [entity, ...others] = rest;
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    rest = others;
    if (to <= from) continue;
    const inside = others.filter((it) => it.offset < to && it.offset + it.length <= to);
    rest = others.filter((it) => !inside.includes(it));
    if (from > at) nodes.push(text.slice(at, from));
    const said = text.slice(from, to);
    nodes.push(wrap(entity, said, stretch(text, inside, from, to, onCommand), onCommand));
    at = to;
  }
  if (at < end) nodes.push(text.slice(at, end));
  return nodes;
}

/** The nodes of a text; a tap on a command calls `onCommand` with it. */
export function rich(text, entities, onCommand) {
  const outermostFirst = [...entities].sort(
    (one, other) => one.offset - other.offset || other.length - one.length,
  );
  return stretch(text, outermostFirst, 0, text.length, onCommand);
}
