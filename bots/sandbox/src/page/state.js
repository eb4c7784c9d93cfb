/** What the page knows, and a bell for each thing that changes. */

const bells = new EventTarget();

/** Calls `hear` whenever `what` rings. */
export const on = (what, hear) => bells.addEventListener(what, (event) => hear(event.detail));
/** Rings: what depends on `what` draws itself again. */
export const ring = (what, detail) => bells.dispatchEvent(new CustomEvent(what, { detail }));

export const state = {
  /** `connecting`, `live` or `lost`: whether the sandbox itself answers. */
  live: "connecting",
  /** How far the stand-ins' clock is ahead of this browser's, ms. */
  skewMs: 0,
  bot: null,
  players: [],
  chats: [],
  /** The chat and topic on the phone; the topic is null in the general one. */
  open: { chat: null, topic: null },
  /** Chat number to a map of message number to message. */
  messages: new Map(),
  /** Chat number to the chat as fetched, without its messages. */
  views: new Map(),
  /** Chat number to how many newest messages were asked for. */
  depth: new Map(),
  /** Chat number to what the bot is doing there, and to a text that is still growing. */
  typing: new Map(),
  drafts: new Map(),
  /** Chat number (and `chat/topic`) to messages not looked at. */
  unread: new Map(),
  /** Chat number to whom one speaks as, where there is a choice. */
  speaker: new Map(),
  desk: null,
  parties: [],
  counters: null,
};

/** The stand-ins' time, ms since 1970. */
export const nowMs = () => Date.now() + state.skewMs;

export const chatOf = (number) => state.chats.find((chat) => chat.chat === number);
export const openChat = () => chatOf(state.open.chat);
export const playerOf = (alias) => state.players.find((player) => player.player === alias);

/** Whom one plays in a chat. */
export function speakerIn(chat) {
  const chosen = state.speaker.get(chat.chat);
  return chat.players.includes(chosen) ? chosen : chat.players[0];
}

/** Whether the open chat's person has blocked the bot. */
export function isBlocked(chat) {
  return chat.kind === "private" && Boolean(playerOf(chat.players[0])?.blocked);
}

/** The messages on the phone, oldest first. */
export function shownMessages() {
  const chat = openChat();
  const all = [...(state.messages.get(state.open.chat)?.values() ?? [])];
  const here = chat?.kind === "forum" ? all.filter((it) => it.topic === state.open.topic) : all;
  return here.sort((one, other) => one.message - other.message);
}

/** One message of the open chat. */
export const messageOf = (number) => state.messages.get(state.open.chat)?.get(number);

/** Puts a message where it belongs; answers whether it is new. */
export function keep(message) {
  if (!state.messages.has(message.chat)) state.messages.set(message.chat, new Map());
  const chat = state.messages.get(message.chat);
  const isNew = !chat.has(message.message);
  chat.set(message.message, message);
  return isNew;
}

/** Remembers a choice of this browser; where it may not, it forgets. */
export function remember(key, value) {
  try {
    localStorage.setItem(`picdesk.${key}`, value);
  } catch {
    // A browser that keeps nothing: the choice holds until the page is left.
  }
}

export function recall(key) {
  try {
    return localStorage.getItem(`picdesk.${key}`);
  } catch {
    return null;
  }
}
