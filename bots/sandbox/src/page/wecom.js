/** What one can do and see in WeCom's chats and in no others. */

import { post } from "./api.js";
import { el } from "./draw.js";
import { showRefusal } from "./menu.js";
import { openChat, playerOf, state } from "./state.js";
import { dayOf, isSaid, say, timeOf } from "./words.js";

export const isWecom = (chat) => Boolean(chat?.kind.startsWith("wecom_"));

/** Chats that stand in the list; a contact's only once something was said there. */
export const isListed = (chat) => chat.kind !== "wecom_contact" || Boolean(chat.last);

const nameOf = (alias) => playerOf(alias)?.name ?? alias;
const viewOf = (chat) => state.views.get(chat.chat);

const act =
  (chat, what, more = {}) =>
  () =>
    post("wecom", { do: what, chat: chat.alias, ...more }).catch(showRefusal);

/** How a customer's session stands, in words. */
export function sessionWords(chat) {
  const session = viewOf(chat)?.session;
  if (!session) return "";
  const name = session.servicer ? nameOf(session.servicer) : "";
  const parts = [say(`session-${session.state}`, { name })];
  if (session.window_until_ms && session.state < 2) {
    parts.push(say("answers-left", { n: session.answers_left }));
    const until = session.window_until_ms;
    parts.push(say("until", { time: `${dayOf(until)} ${timeOf(until)}` }));
  }
  if (session.rejected) parts.push(say("rejected"));
  return parts.join(" · ");
}

function servicerItems(chat, session) {
  const servicers = chat.players.slice(1);
  const item = (key, what, alias) => ({
    label: say(key, { name: nameOf(alias) }),
    icon: "topic",
    act: act(chat, what, { with: alias }),
  });
  if (session.state === 3) {
    const others = servicers.filter((alias) => alias !== session.servicer);
    return [
      ...others.map((alias) => item("session-hand", "hand", alias)),
      { label: say("session-end"), icon: "check", act: act(chat, "end") },
    ];
  }
  if (session.state === 4) return [];
  return servicers.map((alias) => item("session-take", "take", alias));
}

function kfItems(chat) {
  const session = viewOf(chat)?.session;
  if (!session) return [];
  const reject = session.rejected ? "accept" : "reject";
  return [
    { node: () => el("small.note", {}, sessionWords(chat)) },
    { label: say("kf-enter"), note: say("kf-enter-note"), icon: "out", act: act(chat, "enter") },
    ...servicerItems(chat, session),
    { label: say("kf-ring"), icon: "bolt", act: act(chat, "ring", { count: 3 }) },
    { label: say("kf-close"), icon: "clock", act: act(chat, "close_window") },
    {
      label: say(`kf-${reject}`),
      icon: "block",
      danger: reject === "reject",
      act: act(chat, reject),
    },
    ...contactItems(chat),
  ];
}

/** The customer adds a member, as a QR code would have them do. */
function contactItems(chat) {
  const [, member] = chat.players;
  if (!member) return [];
  const add = act(chat, "add_contact", { with: member, what: "sandbox" });
  return [{ label: say("contact-add", { name: nameOf(member) }), icon: "reply", act: add }];
}

/** The buttons of the app's menu that can be pressed, on both levels. */
function menuButtons({ button, sub_button: below }) {
  const all = button ?? below ?? [];
  return all.flatMap((it) => (it.sub_button ? menuButtons(it) : [it]));
}

function appItems(chat) {
  const buttons = menuButtons(viewOf(chat)?.menu ?? {});
  return [
    { label: say("app-open"), icon: "out", act: act(chat, "open_app") },
    ...buttons.map(({ name }) => ({
      label: name,
      icon: "menu",
      act: act(chat, "press_menu", { what: name }),
    })),
    { label: say("read-in-wechat"), icon: "picture", act: act(chat, "read_in_wechat") },
    { label: say("read-in-wecom"), icon: "picture", act: act(chat, "read_in_wecom") },
    { label: say("tokens-end"), icon: "bolt", danger: true, act: act(chat, "end_tokens") },
    { label: say("ip-distrust"), icon: "block", danger: true, act: act(chat, "distrust_ip") },
    { label: say("ip-trust"), icon: "check", act: act(chat, "trust_ip") },
  ];
}

/** The items of the menu of a chat. */
export function wecomItems(chat) {
  const items = {
    wecom_kf: kfItems,
    wecom_app: appItems,
    wecom_bot: () => [
      { label: say("bot-enter"), icon: "out", act: act(chat, "enter_bot_chat") },
    ],
    wecom_contact: contactItems,
  }[chat.kind];
  return items?.(chat) ?? [{ node: () => el("small.note", {}, say(`kind-${chat.kind}`)) }];
}

/** Whether a client of WeCom's shows a message's words with their marks. */
export const isMarkdown = ({ sort }) => sort === "markdown" || sort === "stream";

/** The customer whose session is meant: the one whose chat is open, else the first. */
function customerChat() {
  const open = openChat();
  return open?.kind === "wecom_kf" ? open : state.chats.find((it) => it.kind === "wecom_kf");
}

/** What can be done to WeCom at once, by the name of its words. */
export const NOW = {
  human: () => {
    const chat = customerChat();
    const [, servicer] = chat.players;
    return act(chat, "take", { with: servicer })();
  },
  end: () => act(customerChat(), "end")(),
  window: () => act(customerChat(), "close_window")(),
  tokens: () => act(customerChat(), "end_tokens", { what: "expired" })(),
  distrust: () => act(customerChat(), "distrust_ip")(),
  trust: () => act(customerChat(), "trust_ip")(),
};

/** What stands under a message that did not arrive, or grows still; none for all others. */
export function stateWords(message) {
  if (message.failed) {
    const [, number] = /^fail_type (\d+)$/.exec(message.failed) ?? [];
    const key = `fail-type-${number}`;
    return say("not-arrived", { why: isSaid(key) ? say(key) : message.failed });
  }
  return message.finished === false ? say("grows") : null;
}

/** A message with several pictures, as so many with one each. */
export function spread(message) {
  const pictures = message.pictures ?? [];
  if (pictures.length < 2) return [message];
  return pictures.map((picture, part) => ({ ...message, picture, part }));
}
