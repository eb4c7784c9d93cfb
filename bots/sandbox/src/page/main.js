/** Starts the page: fetches what there is, listens, and lets every part draw itself. */

import { get, listen, post } from "./api.js";
import * as chats from "./chats.js";
import * as composer from "./composer.js";
import * as controls from "./controls.js";
import { icon, the } from "./draw.js";
import * as header from "./header.js";
import * as letters from "./letters.js";
import { startBoxes } from "./menu.js";
import { chatOf, on, recall, remember, ring, speakerIn, state } from "./state.js";
import * as timeline from "./timeline.js";
import { currentLanguage, say, switchLanguage, translate } from "./words.js";

/** Narrower than this, the sides are drawers. */
const narrow = matchMedia("(max-width: 1099px)");

async function refreshPlayers() {
  const { now_ms, bot, players, chats: all } = await get("players");
  Object.assign(state, { skewMs: now_ms - Date.now(), bot, players, chats: all });
  ring("players");
}

/** Fetches everything again: at the start, and after each time of not hearing anything. */
async function refreshAll() {
  await refreshPlayers();
  const { chat, topic } = state.open;
  const wanted = chatOf(chat) ?? state.chats.find((it) => it.alias === recall("chat"));
  const next = wanted ?? state.chats.find((it) => it.alias === "alice") ?? state.chats[0];
  await Promise.all([
    timeline.open(next.chat, wanted?.chat === chat ? topic : null),
    controls.refresh(),
  ]);
}

/** A link into the chat, as `t.me/bot?start=…` is one: what it carries is said once. */
async function followLink() {
  const here = new URL(location.href);
  const payload = here.searchParams.get("start");
  if (payload === null) return;
  here.searchParams.delete("start");
  history.replaceState(null, "", here);
  const isPrivate = (chat) => chat?.kind === "private";
  const chat = [chatOf(state.open.chat), ...state.chats].find(isPrivate);
  if (chat.chat !== state.open.chat) await timeline.open(chat.chat, null);
  await post("say", { as: speakerIn(chat), chat: chat.chat, text: `/start ${payload}` });
}

/** A chat got a new number, title, topic or block. */
async function refreshChat({ chat }) {
  const { alias } = chatOf(chat) ?? {};
  await refreshPlayers();
  if (chat !== state.open.chat && !state.chats.some((it) => it.alias === alias && alias)) return;
  const open = chatOf(state.open.chat) ?? state.chats.find((it) => it.alias === alias);
  const topic = open?.chat === state.open.chat ? state.open.topic : null;
  if (open) await timeline.open(open.chat, topic);
}

/** Shows one of the drawers, or none. */
function showPanel(panel) {
  const open = narrow.matches ? panel : "none";
  document.body.dataset.panel = open;
  the("scrim").hidden = open === "none";
  for (const id of ["chats", "controls"]) the(id).inert = narrow.matches && open !== id;
  the("phone").inert = narrow.matches && open !== "none";
  if (open !== "none") the(open).querySelector("[data-close]").focus();
}

function startPanels() {
  for (const id of ["chats", "controls"]) {
    the(`show-${id}`).addEventListener("click", () => showPanel(id));
  }
  const close = () => {
    const from = document.body.dataset.panel;
    showPanel("none");
    if (from !== "none") the(`show-${from}`).focus();
  };
  for (const button of document.querySelectorAll("[data-close]")) {
    button.append(icon("close"));
    button.addEventListener("click", close);
  }
  the("scrim").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.dataset.panel !== "none") close();
  });
  narrow.addEventListener("change", () => showPanel("none"));
  on("panel", showPanel);
  showPanel("none");
}

function startLook() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const draw = () => the("theme").replaceChildren(icon(isDark() ? "sun" : "moon"));
  const chosen = recall("theme");
  if (chosen) root.dataset.theme = chosen;
  the("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember("theme", root.dataset.theme);
    draw();
  });
  dark.addEventListener("change", draw);
  draw();
  const name = () => (the("language").textContent = currentLanguage() === "en" ? "中" : "En");
  the("language").addEventListener("click", switchLanguage);
  on("language", name);
  name();
}

function start() {
  translate();
  startLook();
  startPanels();
  startBoxes();
  for (const part of [chats, header, timeline, composer, controls, letters]) part.start();
  on("heard:hello", () =>
    refreshAll()
      .then(followLink)
      .catch(() => {}),
  );
  on("heard:chat", (change) => refreshChat(change).catch(() => {}));
  on("open", () => {
    const chat = chatOf(state.open.chat);
    if (chat) remember("chat", chat.alias);
  });
  on("live", () => document.body.toggleAttribute("data-lost", state.live === "lost"));
  the("chat-status").textContent = say("live-connecting");
  listen();
}

start();
