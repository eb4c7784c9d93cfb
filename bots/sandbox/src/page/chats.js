/** The list of chats, and of the topics of the operators' forum. */

import { el, face, icon, reconcile, the } from "./draw.js";
import { nowMs, on, playerOf, ring, state } from "./state.js";
import { open } from "./timeline.js";
import { isListed, isWecom } from "./wecom.js";
import { currentLanguage, dayOf, say, timeOf } from "./words.js";

/** Which chats stand under which heading. */
function sections() {
  const isPrivate = (chat) => chat.kind === "private";
  const isOperator = (chat) => isPrivate(chat) && playerOf(chat.players[0])?.operator;
  const chats = state.chats.filter((chat) => !isWecom(chat));
  const wecom = state.chats.filter((chat) => isWecom(chat) && isListed(chat));
  const isOnWechat = ({ kind }) => kind === "wecom_kf" || kind === "wecom_contact";
  return [
    ["customers", chats.filter((chat) => isPrivate(chat) && !isOperator(chat))],
    ["together", chats.filter((chat) => !isPrivate(chat) && chat.kind !== "forum")],
    ["operators", chats.filter((chat) => chat.kind === "forum" || isOperator(chat))],
    ["wechat", wecom.filter(isOnWechat)],
    ["wecom", wecom.filter((chat) => !isOnWechat(chat))],
  ].filter(([, some]) => some.length);
}

function badge(key) {
  const count = state.unread.get(key);
  return count
    ? el("span.badge", { "aria-label": say("unread", { n: count }) }, String(count))
    : null;
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
    {
      type: "button",
      "aria-current": isOpen ? "true" : null,
      data: { chat: chat.alias },
      on: { click: () => go(chat.chat) },
    },
    face(chat.title),
    el(
      "span.what",
      {},
      el(
        "span.top",
        {},
        el("strong", {}, chat.title),
        language(chat),
        blocked ? icon("block") : null,
        chat.last ? el("time", {}, when(chat.last.at_ms)) : null,
      ),
      el("span.bottom", {}, el("span.last-words", {}, under(chat)), badge(chat.chat)),
    ),
  );
}

function topicRow(chat, { topic, name, closed }) {
  const isOpen = chat.chat === state.open.chat && state.open.topic === topic;
  return el(
    "button.topic-row",
    {
      type: "button",
      "aria-current": isOpen ? "true" : null,
      on: { click: () => go(chat.chat, topic) },
    },
    icon("topic"),
    el("span", {}, name),
    closed ? el("small", {}, say("closed")) : null,
    badge(`${chat.chat}/${topic}`),
  );
}

/** A row's children are brought up to date; the row itself, which may be being pressed, stays. */
function revise(old, fresh) {
  if (!fresh.matches("button")) return (old.replaceWith(fresh), fresh);
  old.replaceChildren(...fresh.childNodes);
  if (fresh.hasAttribute("aria-current")) old.setAttribute("aria-current", "true");
  else old.removeAttribute("aria-current");
  return old;
}

function wantedRows() {
  const rows = [];
  const { language: tongue, open: here } = { language: currentLanguage(), open: state.open };
  for (const [heading, chats] of sections()) {
    rows.push({ key: heading, print: tongue, draw: () => el("h3", {}, say(heading)) });
    for (const chat of chats) {
      const player = playerOf(chat.players[0]);
      const facts = [
        chat,
        player?.blocked,
        player?.language,
        tongue,
        here.chat === chat.chat,
        state.unread.get(chat.chat),
        dayOf(nowMs()),
      ];
      rows.push({ key: `${chat.chat}`, print: JSON.stringify(facts), draw: () => chatRow(chat) });
      const topics = state.views.get(chat.chat)?.topics ?? [];
      const all = topics.length
        ? [{ topic: null, name: say("general"), closed: false }, ...topics]
        : [];
      for (const topic of all) {
        const key = `${chat.chat}/${topic.topic}`;
        const print = JSON.stringify([topic, tongue, here, state.unread.get(key)]);
        rows.push({ key, print, draw: () => topicRow(chat, topic) });
      }
    }
  }
  return rows;
}

let rows = new Map();
function draw() {
  rows = reconcile(the("chat-list"), rows, wantedRows(), revise);
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
