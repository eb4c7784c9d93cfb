/** The list of chats, and of the topics of the operators' forum. */

import { el, face, icon, the } from "./draw.js";
import { nowMs, on, playerOf, ring, state } from "./state.js";
import { open } from "./timeline.js";
import { dayOf, say, timeOf } from "./words.js";

/** Which chats stand under which heading. */
function sections() {
  const isPrivate = (chat) => chat.kind === "private";
  const isOperator = (chat) => isPrivate(chat) && playerOf(chat.players[0])?.operator;
  const chats = state.chats;
  return [
    ["customers", chats.filter((chat) => isPrivate(chat) && !isOperator(chat))],
    ["together", chats.filter((chat) => !isPrivate(chat) && chat.kind !== "forum")],
    ["operators", chats.filter((chat) => chat.kind === "forum" || isOperator(chat))],
  ].filter(([, some]) => some.length);
}

function badge(key) {
  const count = state.unread.get(key);
  return count ? el("span.badge", { "aria-label": say("unread", { n: count }) }, String(count)) : null;
}

function when(ms) {
  return dayOf(ms) === dayOf(nowMs()) ? timeOf(ms) : dayOf(ms);
}

/** Goes to a chat, and on a narrow screen closes the list. */
function go(chat, topic = null) {
  ring("panel", "none");
  open(chat, topic).catch(() => {});
}

function under(chat) {
  if (!chat.last) return say(`kind-${chat.kind}`);
  const text = chat.last.text || say("picture");
  return chat.kind === "private" ? text : `${chat.last.from}: ${text}`;
}

function language(chat) {
  if (chat.kind !== "private") return null;
  const spoken = playerOf(chat.players[0])?.language ?? "";
  const short = spoken.startsWith("zh") ? "中" : spoken.slice(0, 2);
  return el("span.tongue", { title: say("client-language", { language: spoken }) }, short);
}

function chatRow(chat) {
  const isOpen = chat.chat === state.open.chat;
  const blocked = chat.kind === "private" && playerOf(chat.players[0])?.blocked;
  return el(
    "button.chat-row",
    { type: "button", "aria-current": isOpen ? "true" : null, data: { chat: chat.alias },
      on: { click: () => go(chat.chat) } },
    face(chat.title),
    el("span.what", {},
      el("span.top", {}, el("strong", {}, chat.title), language(chat), blocked ? icon("block") : null,
        chat.last ? el("time", {}, when(chat.last.at_ms)) : null),
      el("span.bottom", {}, el("span.last-words", {}, under(chat)), badge(chat.chat))),
  );
}

function topicRows(chat) {
  const topics = state.views.get(chat.chat)?.topics ?? [];
  if (!topics.length) return [];
  const row = (topic, name, closed) => {
    const isOpen = chat.chat === state.open.chat && state.open.topic === topic;
    return el(
      "button.topic-row",
      { type: "button", "aria-current": isOpen ? "true" : null, on: { click: () => go(chat.chat, topic) } },
      icon("topic"), el("span", {}, name), closed ? el("small", {}, say("closed")) : null,
      badge(`${chat.chat}/${topic}`),
    );
  };
  return [row(null, say("general"), false), ...topics.map((it) => row(it.topic, it.name, it.closed))];
}

function draw() {
  const list = the("chat-list");
  const focused = document.activeElement?.closest?.("[data-chat]")?.dataset.chat;
  list.replaceChildren(...sections().map(([heading, chats]) =>
    el("section", {}, el("h3", {}, say(heading)), chats.flatMap((chat) => [chatRow(chat), ...topicRows(chat)]))));
  if (focused) list.querySelector(`[data-chat="${focused}"]`)?.focus();
}

export function start() {
  for (const what of ["players", "language", "open", "view"]) on(what, draw);
  on("last", (message) => {
    const chat = state.chats.find((it) => it.chat === message.chat);
    if (!chat) return;
    if (!chat.last || message.message >= chat.last.message) {
      const { message: id, text, at_ms } = message;
      chat.last = { message: id, from: message.from.name, text: text.slice(0, 120), at_ms };
    }
    draw();
  });
}
