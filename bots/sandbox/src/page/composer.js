/** Where one writes: words, pictures, replies, edits, commands. */

import { post, speak } from "./api.js";
import { el, face, icon, the } from "./draw.js";
import { openMenu, showRefusal, showStrip } from "./menu.js";
import {
  isBlocked,
  on,
  openChat,
  playerOf,
  ring,
  shownMessages,
  speakerIn,
  state,
} from "./state.js";
import { closeSuggestions, commandMenu, pickSuggestion, suggest } from "./suggest.js";
import { sample, sampleNames } from "./samples.js";
import { reveal } from "./timeline.js";
import { isWecom } from "./wecom.js";
import { say, size } from "./words.js";

/** Most parts of an album. Source: the sandbox's `say`. */
const FILES_MAX = 10;

const words = the("words");
/** Files to be sent: `{file, url}`; and whether they go unchanged. */
let files = [];
let asDocument = false;
/** The message that is answered or edited. */
let replyTo = null;
let editing = null;
/** What was begun in each chat. */
const begun = new Map();

function grow() {
  words.style.height = "auto";
  words.style.height = `${Math.min(words.scrollHeight, 168)}px`;
  the("send").classList.toggle("ready", Boolean(words.value.trim() || files.length));
}

function setWords(text) {
  words.value = text;
  grow();
}

/** Adds files, as a picture is dropped, pasted or picked. */
export function add(more, { unchanged = false } = {}) {
  const room = FILES_MAX - files.length;
  if (more.length > room) showStrip(say("album-full", { n: FILES_MAX }), "refused");
  const fresh = [...more].slice(0, room).map((file) => ({ file, url: URL.createObjectURL(file) }));
  files.push(...fresh);
  if (unchanged || fresh.some(({ file }) => !file.type.startsWith("image/"))) asDocument = true;
  drawTray();
  words.focus();
}

function dropFiles() {
  // A sample's address is used again; the others are let go.
  files.filter((it) => !it.kept).forEach(({ url }) => URL.revokeObjectURL(url));
  files = [];
  asDocument = false;
}

function drawTray() {
  const tray = the("tray");
  tray.hidden = !files.length;
  const thumbs = files.map((it, at) => {
    const isPicture = it.file.type.startsWith("image/");
    const remove = () => (files.splice(at, 1), drawTray());
    const label = say("remove", { name: it.file.name });
    return el(
      "span.thumb",
      { title: `${it.file.name} · ${size(it.file.size)}` },
      isPicture
        ? el("img", { src: it.url, alt: it.file.name })
        : el("span.sign", {}, icon("file"), it.file.name),
      el(
        "button.round",
        { type: "button", "aria-label": label, on: { click: remove } },
        icon("close"),
      ),
    );
  });
  const toggle = (event) => (asDocument = event.currentTarget.checked);
  const box = el("input", { type: "checkbox", on: { change: toggle } });
  box.checked = asDocument;
  tray.replaceChildren(el("div.thumbs", {}, thumbs), el("label", {}, box, say("as-files")));
  grow();
}

/** The bar over the words: which message is answered or edited. */
function drawAbout() {
  const bar = the("about-message");
  const message = editing ?? replyTo;
  bar.hidden = !message;
  if (!message) return;
  const said = message.text || say(message.picture ? "picture" : "message");
  bar.replaceChildren(
    icon(editing ? "edit" : "reply"),
    message.picture ? el("img", { src: message.picture.url, alt: "" }) : "",
    el(
      "button.what",
      { type: "button", on: { click: () => reveal(message.message) } },
      el("strong", {}, editing ? say("editing") : say("reply-to", { name: message.from.name })),
      el("span", {}, said),
    ),
    el(
      "button.round",
      { type: "button", "aria-label": say("cancel"), on: { click: leave } },
      icon("close"),
    ),
  );
}

/** Leaves an answer or an edit alone. */
function leave() {
  if (editing) setWords("");
  editing = null;
  replyTo = null;
  drawAbout();
  words.focus();
}

function reply(message) {
  if (editing) setWords("");
  editing = null;
  replyTo = message;
  drawAbout();
  words.focus();
}

function edit(message) {
  editing = message;
  replyTo = null;
  setWords(message.text);
  drawAbout();
  words.focus();
}

/** Sends what is there; on a refusal everything is there again. */
async function send(text = words.value.trim()) {
  const chat = openChat();
  if (!chat || (!text && !files.length)) return;
  closeSuggestions();
  const as = speakerIn(chat);
  const about = { as, chat: chat.chat, topic: state.open.topic ?? undefined, text };
  const before = { value: words.value, files, asDocument, replyTo, editing };
  const asked = editing
    ? post("edit", { as, chat: chat.chat, message: editing.message, text })
    : speak({
        ...about,
        reply_to: replyTo?.message,
        as_document: asDocument,
        files: files.map(({ file }) => file),
      });
  files = [];
  [asDocument, replyTo, editing] = [false, null, null];
  setWords("");
  drawTray();
  drawAbout();
  try {
    await asked;
    before.files.filter((it) => !it.kept).forEach(({ url }) => URL.revokeObjectURL(url));
  } catch (error) {
    ({ files, asDocument, replyTo, editing } = before);
    setWords(words.value || before.value);
    drawTray();
    drawAbout();
    showRefusal(error);
  }
}

/** In the place of the composer: start, or unblock. */
function drawInstead() {
  const chat = openChat();
  if (!chat) return;
  const instead = the("instead");
  const only = (words_, act, name) => {
    const button = el(
      "button.strong",
      { type: "button", data: { act: name }, on: { click: act } },
      words_,
    );
    instead.replaceChildren(button);
    instead.hidden = false;
  };
  const as = speakerIn(chat);
  const isEmpty = chat.kind === "private" && !chat.last && !shownMessages().length;
  const unblock = () => post("block", { as, blocked: false }).catch(showRefusal);
  the("composer").dataset.blocked = String(isBlocked(chat));
  if (isBlocked(chat)) only(say("unblock"), unblock, "unblock");
  else if (isEmpty) only(say("start-bot"), () => send("/start"), "start");
  else instead.hidden = true;
  const commands = playerOf(as)?.commands ?? [];
  the("command-menu").hidden = !commands.length;
  const isAlone = ["private", "wecom_app", "wecom_kf", "wecom_bot"].includes(chat.kind);
  words.placeholder = say(isAlone ? "write" : "write-group");
  drawSpeaker(chat);
}

function drawSpeaker(chat) {
  const button = the("speaker");
  button.hidden = chat.players.length < 2;
  const player = playerOf(speakerIn(chat));
  if (!player) return;
  button.replaceChildren(face(player.name));
  const label = say("speak-as", { name: player.name });
  button.setAttribute("aria-label", label);
  button.title = label;
}

function chooseSpeaker(event) {
  const chat = openChat();
  const choose = (alias) => () => {
    state.speaker.set(chat.chat, alias);
    drawInstead();
    ring("speaker");
  };
  openMenu(
    event.currentTarget,
    chat.players.map((alias) => ({
      label: playerOf(alias)?.name ?? alias,
      checked: alias === speakerIn(chat),
      act: choose(alias),
    })),
  );
}

/** Photos, files, and pictures made here. */
function attachMenu(event) {
  const samples = (close) => {
    const pick = async (name) => {
      close();
      files.push({ ...(await sample(name)), kept: true });
      drawTray();
      words.focus();
    };
    const tile = (name) => {
      const label = say(`sample-${name}`);
      const button = el("button.tile", {
        type: "button",
        title: label,
        "aria-label": label,
        data: { sample: name },
        on: { click: () => pick(name) },
      });
      sample(name).then(({ url }) => button.append(el("img", { src: url, alt: "" })));
      return button;
    };
    return el(
      "div.samples",
      {},
      el("small", {}, say("samples")),
      el("div.tiles", {}, sampleNames.map(tile)),
    );
  };
  openMenu(event.currentTarget, [
    {
      label: say("photos"),
      note: say("photos-note"),
      icon: "picture",
      act: () => the("pick-photos").click(),
    },
    {
      label: say("files"),
      note: say("files-note"),
      icon: "file",
      act: () => the("pick-files").click(),
    },
    { node: samples },
  ]);
}

/** Takes a picture of the chat into the tray. */
async function usePicture(message) {
  try {
    const response = await fetch(message.picture.url);
    const blob = await response.blob();
    add([new File([blob], `picture-${message.message}.jpg`, { type: blob.type })]);
  } catch {
    showStrip(say("offline-short"), "refused");
  }
}

function pressed(event) {
  if (event.isComposing || pickSuggestion(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape" && (editing || replyTo)) {
    event.preventDefault();
    leave();
  } else if (event.key === "ArrowUp" && !words.value && !isWecom(openChat())) {
    const as = speakerIn(openChat());
    const mine = shownMessages().findLast((it) => it.from.player === as && it.text);
    if (mine) (event.preventDefault(), edit(mine));
  }
}

function startDropping() {
  const phone = the("phone");
  const drop = the("drop");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  phone.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  phone.addEventListener("dragleave", (event) => {
    if (!phone.contains(event.relatedTarget)) drop.hidden = true;
  });
  phone.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.hidden = true;
    add(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    add(event.clipboardData.files);
  });
}

/** What was begun in a chat waits there. */
function changeChat() {
  const key = `${state.open.chat}/${state.open.topic}`;
  if (key === changeChat.key) return;
  if (changeChat.key) begun.set(changeChat.key, words.value);
  changeChat.key = key;
  [replyTo, editing] = [null, null];
  dropFiles();
  setWords(begun.get(key) ?? "");
  drawTray();
  drawAbout();
}

export function start() {
  the("attach").append(icon("clip"));
  the("send").append(icon("send"));
  the("command-menu").append(icon("slash"));
  the("attach").addEventListener("click", attachMenu);
  the("speaker").addEventListener("click", chooseSpeaker);
  the("command-menu").addEventListener("click", (event) =>
    commandMenu(event.currentTarget, setWords, send),
  );
  the("pick-photos").addEventListener(
    "change",
    (event) => (add(event.target.files), (event.target.value = "")),
  );
  the("pick-files").addEventListener("change", (event) => {
    add(event.target.files, { unchanged: true });
    event.target.value = "";
  });
  the("composer").addEventListener("submit", (event) => (event.preventDefault(), send()));
  words.addEventListener("input", () => (grow(), editing || suggest(setWords, send)));
  words.addEventListener("keydown", pressed);
  words.addEventListener("blur", () => setTimeout(closeSuggestions, 150));
  startDropping();
  on("reply", reply);
  on("edit", edit);
  on("use-picture", usePicture);
  on("send-command", (command) => send(command));
  on("open", changeChat);
  for (const what of ["open", "view", "players", "language", "last"]) on(what, drawInstead);
  on("language", () => (drawTray(), drawAbout()));
}
