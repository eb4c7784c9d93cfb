/** The top of the phone: whose chat it is, what the bot does, topics, and what is wrong. */

import { post } from "./api.js";
import { el, face, icon, the } from "./draw.js";
import { openMenu, showRefusal } from "./menu.js";
import { isBlocked, nowMs, on, openChat, playerOf, state } from "./state.js";
import { open } from "./timeline.js";
import { isWecom, sessionWords, wecomItems } from "./wecom.js";
import { isSaid, say, timeOf } from "./words.js";

/** What the bot is doing in the open chat, in words; none when nothing. */
function doing() {
  const typing = state.typing.get(state.open.chat);
  if (!typing || typing.until_ms < nowMs() || (typing.topic ?? null) !== state.open.topic)
    return null;
  const key = `doing-${typing.action}`;
  return say(isSaid(key) ? key : "doing-typing");
}

function drawStatus() {
  const chat = openChat();
  if (!chat) return;
  const status = the("chat-status");
  const busy = doing();
  status.classList.toggle("busy", Boolean(busy));
  if (busy) {
    status.replaceChildren(
      busy,
      el("i.dots", { "aria-hidden": "true" }, el("b"), el("b"), el("b")),
    );
    return;
  }
  const people = chat.players.map((alias) => playerOf(alias)?.name ?? alias).join(", ");
  const session = sessionWords(chat);
  if (session) {
    status.textContent = session;
    return;
  }
  const played = say("you-are", { name: people });
  status.textContent = chat.kind === "private" ? played : `${say(`kind-${chat.kind}`)} · ${people}`;
}

function drawTitle() {
  const chat = openChat();
  if (!chat) return;
  const isPrivate = chat.kind === "private";
  the("chat-title").textContent = isPrivate ? (state.bot?.name ?? "") : chat.title;
  const round = face(
    isPrivate ? (state.bot?.name ?? "") : chat.title,
    isPrivate ? "bot" : "person",
  );
  round.id = "chat-face";
  the("chat-face").replaceWith(round);
  document.title = `${chat.title} · picdesk sandbox`;
  drawStatus();
}

function drawTopics() {
  const chat = openChat();
  const bar = the("topics");
  const topics = chat?.kind === "forum" ? (state.views.get(chat.chat)?.topics ?? []) : [];
  bar.hidden = chat?.kind !== "forum";
  if (bar.hidden) return;
  const tab = (topic, name, closed) =>
    el(
      "button",
      {
        type: "button",
        role: "tab",
        "aria-selected": String(state.open.topic === topic),
        on: { click: () => open(chat.chat, topic).catch(showRefusal) },
      },
      name,
      closed ? el("small", {}, ` · ${say("closed")}`) : null,
    );
  bar.replaceChildren(
    tab(null, say("general")),
    ...topics.map((it) => tab(it.topic, it.name, it.closed)),
  );
  bar
    .querySelector("[aria-selected=true]")
    ?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** The one thing that is wrong and most worth knowing. */
function drawBanner() {
  const banner = the("banner");
  const button = (words, act) => el("button.small", { type: "button", on: { click: act } }, words);
  let kind = null;
  if (state.live === "lost") {
    kind = "lost";
    banner.replaceChildren(say("offline"));
  } else if (state.desk?.state === "stopped") {
    kind = "stopped";
    const start = () => post("restart").catch(showRefusal);
    banner.replaceChildren(el("span", {}, say("desk-dead")), button(say("start"), start));
  } else if (state.desk?.state === "starting") {
    kind = "starting";
    banner.replaceChildren(say("desk-starting"));
  }
  banner.hidden = !kind;
  banner.dataset.kind = kind ?? "";
  const signal = the("signal");
  signal.dataset.live = state.live;
  signal.title = say(`live-${state.live}`);
  signal.setAttribute("aria-label", say(`live-${state.live}`));
  signal.setAttribute("role", "img");
}

function privateItems(chat) {
  const player = playerOf(chat.players[0]);
  const blocked = isBlocked(chat);
  const speak = (language) => () =>
    post("language", { as: player.player, language }).catch(showRefusal);
  const block = () => post("block", { as: player.player, blocked: !blocked }).catch(showRefusal);
  return [
    { node: () => el("small.note", {}, say("client-speaks", { name: player.name })) },
    { label: "English", checked: player.language === "en", act: speak("en") },
    {
      label: "简体中文",
      checked: Boolean(player.language?.startsWith("zh")),
      act: speak("zh-hans"),
    },
    { label: say(blocked ? "unblock" : "block"), icon: "block", danger: !blocked, act: block },
  ];
}

function forumItems(chat) {
  const topic = state.views.get(chat.chat)?.topics.find((it) => it.topic === state.open.topic);
  if (!topic) return [{ node: () => el("small.note", {}, say("general-note")) }];
  const turn = (what) => () =>
    post("topic", { as: chat.players[0], chat: chat.chat, topic: topic.topic, do: what })
      .then(() => what === "delete" && open(chat.chat))
      .catch(showRefusal);
  return [
    topic.closed
      ? { label: say("topic-reopen"), icon: "topic", act: turn("reopen") }
      : { label: say("topic-close"), icon: "topic", act: turn("close") },
    {
      label: say("topic-delete"),
      note: say("delete-note"),
      icon: "trash",
      danger: true,
      act: turn("delete"),
    },
  ];
}

function groupItems(chat) {
  if (chat.kind !== "group") return [{ node: () => el("small.note", {}, say("kind-supergroup")) }];
  const migrate = () => post("migrate", { chat: chat.chat }).catch(showRefusal);
  return [{ label: say("migrate"), note: say("migrate-note"), icon: "bolt", act: migrate }];
}

function chatMenu(event) {
  const chat = openChat();
  if (!chat) return;
  if (isWecom(chat)) return void openMenu(event.currentTarget, wecomItems(chat));
  const items = { private: privateItems, forum: forumItems }[chat.kind] ?? groupItems;
  openMenu(event.currentTarget, items(chat));
}

export function start() {
  the("show-chats").append(icon("menu"));
  the("show-controls").append(icon("sliders"));
  the("chat-menu").append(icon("more"));
  the("chat-menu").addEventListener("click", chatMenu);
  const all = () => (drawTitle(), drawTopics(), drawBanner());
  for (const what of ["players", "open", "view", "language"]) on(what, all);
  for (const what of ["live", "desk", "heard:desk"]) on(what, drawBanner);
  on("heard:typing", (typing) => {
    state.typing.set(typing.chat, typing);
    drawStatus();
    setTimeout(drawStatus, Math.max(0, typing.until_ms - nowMs()) + 50);
  });
  on("typing", drawStatus);
  setInterval(() => (the("phone-time").textContent = timeOf(nowMs())), 1000);
}
