/** The chat itself: messages in order, each drawn again only when it has changed. */

import { get, post } from "./api.js";
import { answered, bubble, copy, draftNode } from "./bubble.js";
import { el, icon, reconcile, the } from "./draw.js";
import { announce, openMenu, showAlert, showRefusal, showStrip } from "./menu.js";
import {
  keep,
  messageOf,
  nowMs,
  on,
  openChat,
  ring,
  shownMessages,
  speakerIn,
  state,
} from "./state.js";
import { isWecom } from "./wecom.js";
import { dayOf, say } from "./words.js";

/** Messages fetched at first, and more with each step back. */
const STEP = 200;
/** So near to the end counts as there, px. */
const NEAR_PX = 90;
/** Messages of one sender within this stand together, ms. */
const TOGETHER_MS = 180_000;

const hasNoHover = matchMedia("(hover: none)");
const list = the("timeline");
/** What stands, for `reconcile`. */
let rows = new Map();
/** Messages that were deleted, as `chat/message`. */
const gone = new Set();
let missed = 0;

const isNearEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;

export function scrollToEnd(behavior = "auto") {
  list.scrollTo({ top: list.scrollHeight, behavior });
  missed = 0;
  showToEnd();
}

function showToEnd() {
  const button = the("to-end");
  button.hidden = isNearEnd();
  button.replaceChildren(icon("down"), missed ? el("b", {}, String(missed)) : "");
}

/** Albums become one, with the messages beside them. */
function groups(messages) {
  const all = [];
  for (const message of messages) {
    const last = all.at(-1);
    if (message.album && last?.[0].album === message.album) last.push(message);
    else all.push([message]);
  }
  return all;
}

const belongTogether = (one, other) =>
  one &&
  other &&
  one.from.id === other.from.id &&
  one.kind !== "service" &&
  other.kind !== "service" &&
  Math.abs(one.at_ms - other.at_ms) < TOGETHER_MS;

/** Rows as they have to stand: key, what they are drawn from, and how. */
function wantedRows(messages) {
  const chat = openChat();
  const speaker = speakerIn(chat);
  const all = groups(messages);
  const wanted = [];
  let day = "";
  all.forEach((group, at) => {
    const [first] = group;
    const today = dayOf(first.at_ms);
    if (today !== day) {
      day = today;
      const draw = () => el("li.day", {}, el("span", {}, today));
      wanted.push({ key: `day ${today}`, print: today, draw });
    }
    const look = {
      isOut: first.from.player === speaker,
      isFirst: !belongTogether(all[at - 1]?.[0], first),
      isLast: !belongTogether(first, all[at + 1]?.[0]),
      showsSender: chat.kind !== "private",
    };
    const print = JSON.stringify([group, look]);
    wanted.push({
      key: `${first.chat}/${first.message}`,
      print,
      draw: () => bubble(group, look, acts),
    });
  });
  return wanted;
}

/** What is at the end without being a message. */
function passingRows() {
  const draft = state.drafts.get(state.open.chat);
  if (!draft || draft.until_ms < nowMs() || !draft.text) return [];
  const draw = () => draftNode(draft, () => stop(draft));
  return [{ key: "draft", print: JSON.stringify(draft), draw }];
}

function stop(draft) {
  const chat = openChat();
  post("stop", { as: speakerIn(chat), chat: chat.chat, draft: draft.draft }).catch(showRefusal);
}

function earlierRow(messages) {
  const depth = state.depth.get(state.open.chat) ?? STEP;
  if (messages.length < depth) return [];
  const more = () => open(state.open.chat, state.open.topic, depth + STEP);
  const draw = () =>
    el("li.day", {}, el("button.small", { type: "button", on: { click: more } }, say("earlier")));
  return [{ key: "earlier", print: String(depth), draw }];
}

/** Draws what has changed, and keeps the end in sight when it was. */
export function draw() {
  const chat = openChat();
  if (!chat) return;
  const stay = isNearEnd();
  const messages = shownMessages();
  const wanted = [...earlierRow(messages), ...wantedRows(messages), ...passingRows()];
  rows = reconcile(list, rows, wanted, revise);
  list.dataset.empty = String(!messages.length);
  list.querySelector(".welcome")?.remove();
  if (!messages.length && chat.kind === "private") list.append(welcome());
  if (stay) scrollToEnd();
  else showToEnd();
}

/** Brings a row up to date in its place: what is being pressed, and the focus, stay. */
function revise(old, fresh) {
  if (!old.matches(".row:not(.draft)") || !fresh.matches(".row")) {
    old.replaceWith(fresh);
    return fresh;
  }
  old.className = fresh.className;
  const [stack, freshStack] = [old.querySelector(".stack"), fresh.querySelector(".stack")];
  const focused = document.activeElement;
  stack.querySelector(".bubble").replaceWith(freshStack.querySelector(".bubble"));
  const [keys, freshKeys] = [stack.querySelector(".keys"), freshStack.querySelector(".keys")];
  if (keys?.dataset.print !== freshKeys?.dataset.print) {
    keys?.remove();
    if (freshKeys) stack.append(freshKeys);
  }
  const [side, freshSide] = [
    old.querySelector(":scope > .face"),
    fresh.querySelector(":scope > .face"),
  ];
  if (side && freshSide) side.replaceWith(freshSide);
  if (focused !== document.activeElement) old.focus({ preventScroll: true });
  return old;
}

function welcome() {
  const words = state.bot?.description || say("what-bot");
  return el(
    "li.welcome",
    {},
    el("img", { src: "/assets/icon.svg", alt: "", width: 72, height: 72 }),
    el("strong", {}, state.bot?.name ?? ""),
    el("p", {}, words),
  );
}

/** Shows a chat, or one topic of it, from what the sandbox knows now. */
export async function open(chat, topic = null, depth = state.depth.get(chat) ?? STEP) {
  const elsewhere = chat !== state.open.chat || topic !== state.open.topic;
  state.open = { chat, topic };
  state.depth.set(chat, depth);
  state.unread.delete(chat);
  state.unread.delete(`${chat}/${topic}`);
  if (elsewhere) {
    rows = new Map();
    list.replaceChildren();
    missed = 0;
  }
  ring("open");
  draw();
  if (elsewhere) scrollToEnd();
  const part = topic ? `&topic=${topic}` : "";
  const before = [...(state.messages.get(chat)?.values() ?? [])];
  const { messages, ...view } = await get(`chat/${chat}?limit=${depth}${part}`);
  if (state.open.chat !== chat || state.open.topic !== topic) return;
  takeOver(
    chat,
    before.filter((it) => !topic || it.topic === topic),
    messages,
  );
  state.views.set(chat, view);
  state.typing.set(chat, view.typing);
  state.drafts.set(chat, view.draft);
  ring("view");
  draw();
  if (elsewhere) scrollToEnd();
}

/** Takes what was fetched for what was known before; what was heard meanwhile is newer. */
function takeOver(chat, before, fetched) {
  const there = new Set(fetched.map((it) => it.message));
  const known = state.messages.get(chat);
  for (const { message } of before) if (!there.has(message)) known.delete(message);
  for (const message of fetched) {
    const heard = state.messages.get(chat)?.get(message.message);
    if (!gone.has(`${chat}/${message.message}`) && !(heard?.edits > message.edits)) keep(message);
  }
}

/** Goes to a message and lets it glow. */
export function reveal(message) {
  const row = list.querySelector(
    `[data-message="${message}"], :has(> .stack [data-picture="${message}"])`,
  );
  if (!row) return showStrip(say("not-here"));
  row.scrollIntoView({ block: "center", behavior: "smooth" });
  row.classList.remove("glow");
  requestAnimationFrame(() => row.classList.add("glow"));
  row.focus({ preventScroll: true });
}

const acts = {
  onQuote: reveal,
  onReply: (number) => ring("reply", messageOf(number)),
  onMenu: (number, anchor) => messageMenu(messageOf(number), anchor),
  onCommand: (command) => ring("send-command", command),
};

function messageMenu(message, anchor) {
  const chat = openChat();
  const mine = message.from.player && message.from.player === speakerIn(chat);
  const as = message.from.player ?? speakerIn(chat);
  const remove = () =>
    post("delete", { as, chat: chat.chat, message: message.message }).catch(showRefusal);
  const label = say("message");
  const isTheirs = isWecom(chat);
  const takeBack = () =>
    post("wecom", { do: "take_back", chat: chat.alias, message: message.message }).catch(
      showRefusal,
    );
  openMenu(anchor, [
    { label: say("reply"), icon: "reply", act: () => ring("reply", message) },
    mine && !isTheirs && message.kind !== "service" && !message.document
      ? { label: say("edit"), icon: "edit", act: () => ring("edit", message) }
      : null,
    message.text ? { label: say("copy-text"), icon: "copy", act: () => copy(message.text) } : null,
    message.picture
      ? { label: say("use-picture"), icon: "clip", act: () => ring("use-picture", message) }
      : null,
    mine && chat.kind === "wecom_kf" && message.kind !== "service"
      ? { label: say("take-back"), icon: "trash", danger: true, act: takeBack }
      : null,
    mine && !isTheirs
      ? { label: say("delete"), note: say("delete-note"), icon: "trash", danger: true, act: remove }
      : null,
    {
      node: () =>
        el("small.note", {}, `${label} ${message.message} · ${say("edits")} ${message.edits}`),
    },
  ]);
}

/** The number of the message that an element belongs to. */
function messageAt(target) {
  const number =
    target.closest("[data-picture]")?.dataset.picture ?? target.closest(".row")?.dataset.message;
  return number ? messageOf(Number(number)) : null;
}

function walk(event) {
  const row = event.target.closest(".row");
  const all = [...list.querySelectorAll(".row:not(.draft)")];
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const step = event.key === "ArrowUp" ? -1 : 1;
    const to = row ? all[all.indexOf(row) + step] : all.at(-1);
    if (!to) return;
    event.preventDefault();
    to.focus();
    to.scrollIntoView({ block: "nearest" });
  } else if (row && event.target === row) {
    const message = messageAt(row);
    if (event.key === "Enter") messageMenu(message, row.querySelector(".bubble"));
    else if (event.key === "r" && !event.ctrlKey && !event.metaKey) ring("reply", message);
    else return;
    event.preventDefault();
  }
}

/** Tells those who cannot see what came, once. */
function tellAloud(message) {
  if (!message.from.bot || message.chat !== state.open.chat) return;
  const what = message.text || say(message.picture ? "picture" : "message");
  announce(`${message.from.name}: ${what}`);
}

function heardMessage(message) {
  const isNew = keep(message);
  const chat = message.chat;
  if (message.from.bot) {
    state.typing.delete(chat);
    state.drafts.delete(chat);
  }
  const isShown =
    chat === state.open.chat &&
    (openChat()?.kind !== "forum" || message.topic === state.open.topic);
  if (isShown) {
    const mine = message.from.player === speakerIn(openChat());
    if (isNew && !isNearEnd() && !mine) missed += 1;
    draw();
    if (isNew && mine) scrollToEnd();
    if (isNew || message.picture) tellAloud(message);
    ring("typing");
  } else if (isNew && message.from.bot) {
    for (const key of [chat, `${chat}/${message.topic}`]) {
      state.unread.set(key, (state.unread.get(key) ?? 0) + 1);
    }
  }
  ring("last", message);
}

export function start() {
  on("heard:message", heardMessage);
  on("heard:deleted", ({ chat, message }) => {
    state.messages.get(chat)?.delete(message);
    gone.add(`${chat}/${message}`);
    if (chat === state.open.chat) draw();
  });
  on("heard:draft", (draft) => {
    state.drafts.set(draft.chat, draft);
    draw();
    setTimeout(draw, Math.max(0, draft.until_ms - nowMs()) + 50);
  });
  on("heard:toast", ({ chat, message, text, alert }) => {
    answered(message);
    if (!text || chat !== state.open.chat) return;
    if (alert) showAlert(text);
    else showStrip(text);
  });
  on("language", () => ((rows = new Map()), list.replaceChildren(), draw()));
  on("speaker", draw);
  on("players", draw);
  list.addEventListener(
    "scroll",
    () => {
      if (isNearEnd()) missed = 0;
      showToEnd();
    },
    { passive: true },
  );
  list.addEventListener("keydown", walk);
  list.addEventListener("contextmenu", (event) => {
    const message = messageAt(event.target);
    if (!message || event.target.closest("a")) return;
    event.preventDefault();
    messageMenu(message, { x: event.clientX, y: event.clientY });
  });
  // Where nothing hovers, a tap on a message is the way to its menu.
  list.addEventListener("click", (event) => {
    if (!hasNoHover.matches || event.target.closest("a, button")) return;
    const message = event.target.closest(".bubble") && messageAt(event.target);
    if (message) messageMenu(message, { x: event.clientX, y: event.clientY });
  });
  list.addEventListener("dblclick", (event) => {
    const message = event.target.closest(".frame, .key, a") ? null : messageAt(event.target);
    if (message) ring("reply", message);
  });
  the("to-end").addEventListener("click", () => scrollToEnd("smooth"));
  // The composer grows, the keyboard comes up: what was at the end stays there.
  let wasNear = true;
  list.addEventListener("scroll", () => (wasNear = isNearEnd()), { passive: true });
  new ResizeObserver(() => wasNear && scrollToEnd()).observe(list);
  list.addEventListener("load", () => wasNear && scrollToEnd(), true);
}
