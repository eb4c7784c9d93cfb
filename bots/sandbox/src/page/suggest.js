/** The bot's commands: its menu, and what fits while one types a slash. */

import { el, icon, the } from "./draw.js";
import { openMenu } from "./menu.js";
import { openChat, playerOf, speakerIn, state } from "./state.js";
import { say } from "./words.js";

let offered = [];
let chosen = 0;
let take = null;

/** What the bot has set for whoever one plays. */
function commands() {
  const chat = openChat();
  return (chat && playerOf(speakerIn(chat))?.commands) ?? [];
}

/** A command as it has to be written here: in a group it names the bot. */
function written(command) {
  const isPrivate = openChat()?.kind === "private";
  return `/${command}${isPrivate ? "" : `@${state.bot?.username ?? ""}`}`;
}

/** All commands; a tap sends one, the arrow beside it only writes it. */
export function commandMenu(anchor, setWords, send) {
  const rows = (close) =>
    el(
      "div.commands",
      {},
      commands().map(({ command, description }) => {
        const now = () => (close(), send(written(command)));
        const later = () => (close(), setWords(`${written(command)} `), the("words").focus());
        const label = say("write-command", { command });
        return el(
          "div",
          {},
          el(
            "button",
            { type: "button", role: "menuitem", on: { click: now } },
            el("span", {}, `/${command}`, el("small", {}, description)),
          ),
          el(
            "button.round",
            { type: "button", title: label, "aria-label": label, on: { click: later } },
            icon("insert"),
          ),
        );
      }),
    );
  openMenu(anchor, [{ node: rows }]);
}

export function closeSuggestions() {
  offered = [];
  the("suggestions").hidden = true;
  the("words").removeAttribute("aria-activedescendant");
}

/** Shows what fits the words so far. */
export function suggest(setWords, send) {
  const typed = the("words").value;
  const fits = /^\/(\w*)$/.exec(typed);
  offered = fits
    ? commands()
        .filter(({ command }) => command.startsWith(fits[1]))
        .slice(0, 8)
    : [];
  chosen = 0;
  take = (at, now) => {
    const text = written(offered[at].command);
    closeSuggestions();
    if (now) send(text);
    else (setWords(`${text} `), the("words").focus());
  };
  draw();
}

function draw() {
  const box = the("suggestions");
  box.hidden = !offered.length;
  if (box.hidden) return closeSuggestions();
  box.replaceChildren(
    ...offered.map(({ command, description }, at) => {
      // Before the words lose the focus, and with it this list.
      const press = (event) => (event.preventDefault(), take(at, true));
      return el(
        "div.option",
        {
          id: `suggestion-${at}`,
          role: "option",
          "aria-selected": String(at === chosen),
          on: { pointerdown: press },
        },
        el("b", {}, `/${command}`),
        el("span", {}, description),
      );
    }),
  );
  the("words").setAttribute("aria-activedescendant", `suggestion-${chosen}`);
}

/** Arrow keys, Tab and Enter in the suggestions; answers whether the key was for them. */
export function pickSuggestion(event) {
  if (!offered.length) return false;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    chosen = (chosen + step + offered.length) % offered.length;
    draw();
  } else if (event.key === "Enter" && !event.shiftKey) take(chosen, true);
  else if (event.key === "Tab") take(chosen, false);
  else if (event.key === "Escape") closeSuggestions();
  else return false;
  event.preventDefault();
  return true;
}
