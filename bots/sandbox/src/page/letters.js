/** The letters that the website has sent: what stands in them is typed in a chat or on a page. */

import { get } from "./api.js";
import { el, the } from "./draw.js";
import { on, state } from "./state.js";
import { say, timeOf } from "./words.js";

/** How often is looked for letters, ms: they come some time after they were asked for. */
const LOOK_EVERY_MS = 2000;
/** Letters that are shown. */
const SHOWN_MAX = 4;

let letters = [];

function draw() {
  const card = the("letters-card");
  card.hidden = !letters.length;
  const row = ({ to, code, subject, link, at_ms }) =>
    el(
      "li",
      {},
      el("span", {}, to, el("small", {}, ` · ${timeOf(at_ms)}`)),
      code
        ? el("code", { data: { code } }, code)
        : el("a", { href: link, target: "_blank", rel: "noopener", title: subject }, subject),
    );
  card.replaceChildren(
    el("header", {}, el("h3", { id: "letters-title" }, say("letters"))),
    el("ul", {}, letters.slice(0, SHOWN_MAX).map(row)),
  );
}

async function look() {
  if (state.live !== "live" || document.hidden) return;
  try {
    const found = (await get("letters")).letters;
    if (found[0]?.at_ms === letters[0]?.at_ms && found.length === letters.length) return;
    letters = found;
    draw();
  } catch {
    // The page says already that nobody answers.
  }
}

export function start() {
  on("language", draw);
  setInterval(look, LOOK_EVERY_MS);
}
