/** The outside world: the desk's life, the clock, what goes wrong, and what was counted. */

import { get, post } from "./api.js";
import { el, the } from "./draw.js";
import { FaultCard } from "./faults.js";
import { showRefusal, showStrip } from "./menu.js";
import { nowMs, on, ring, state } from "./state.js";
import { momentOf, number, say, span } from "./words.js";

/** Counters are fetched at most so often, ms. */
const COUNT_EVERY_MS = 700;
/** How far the clock is moved by one press, seconds. */
const STEPS = [
  ["one-minute", 60],
  ["one-hour", 3600],
  ["one-day", 86_400],
];

const cards = new Map();

function button(words, act, name = "button") {
  const run = async (event) => {
    const pressed = event.currentTarget;
    pressed.disabled = true;
    try {
      await act();
    } catch (error) {
      showRefusal(error);
    } finally {
      pressed.disabled = false;
    }
  };
  return el(name, { type: "button", on: { click: run } }, words);
}

function heading(id, words, ...more) {
  return el("header", {}, el("h3", { id }, words), ...more);
}

function drawDesk() {
  const desk = state.desk;
  if (!desk) return;
  const alive = desk.state === "running";
  const pill = el("span.pill", { data: { state: desk.state } }, say(`desk-${desk.state}`));
  const facts = [
    desk.pid ? say("pid", { n: desk.pid }) : null,
    desk.since_ms ? el("span", { id: "desk-since" }) : null,
    say("kills", { n: desk.kills }),
  ];
  const set = (asked) => asked.then((answer) => heardDesk(answer));
  const kill = (restart) => () => set(post("kill", { restart }));
  const both = alive
    ? [
        button(say("kill-restart"), kill(true), "button.danger"),
        button(say("kill"), kill(false), "button.danger.quiet"),
      ]
    : [button(say("start"), () => set(post("restart")), "button.strong")];
  the("desk-card").replaceChildren(
    heading("desk-title", say("desk"), pill),
    el(
      "p.facts",
      {},
      facts.filter(Boolean).map((it) => el("span", {}, it)),
    ),
    el("div.buttons", {}, both),
  );
  drawClock();
}

function heardDesk(desk) {
  state.desk = desk;
  ring("desk");
}

function drawClockCard() {
  const move = (seconds) => async () => {
    const { now_ms } = await post("advance", { seconds });
    state.skewMs = now_ms - Date.now();
    drawClock();
  };
  the("clock-card").replaceChildren(
    heading("clock-title", say("clock"), el("time", { id: "clock-now" })),
    el(
      "div.buttons.three",
      {},
      STEPS.map(([key, seconds]) => button(`+ ${say(key)}`, move(seconds))),
    ),
  );
  drawClock();
}

function drawClock() {
  const now = the("clock-now");
  if (now) now.textContent = momentOf(nowMs());
  const since = the("desk-since");
  if (since) since.textContent = say("since", { span: span(nowMs() - state.desk.since_ms) });
}

function heardFaults({ parties }) {
  state.parties = parties;
  const order = ["images", "telegram", "wecom"];
  const sorted = [...parties].sort(
    (one, other) => order.indexOf(one.party) - order.indexOf(other.party),
  );
  for (const party of sorted) {
    if (!cards.has(party.party)) {
      const card = new FaultCard(party, heardFaults);
      cards.set(party.party, card);
      the("party-cards").append(card.element);
    }
    cards.get(party.party).show(party);
  }
  const armed = parties.reduce((sum, party) => sum + party.armed.length, 0);
  the("clear-all").hidden = !armed;
  the("show-controls").classList.toggle("alarmed", armed > 0);
}

async function clearAll() {
  let answer = null;
  for (const { party } of state.parties) answer = await post("fault", { party, what: "clear" });
  if (answer) heardFaults(answer);
  showStrip(say("all-cleared"));
}

function tally(label, value, kind = "") {
  return el(
    "div",
    { data: { kind } },
    el("dt", {}, label),
    el("dd", {}, typeof value === "number" ? number(value) : value),
  );
}

/** Names and counts, most first. */
function ranking(title, counts) {
  const entries = Object.entries(counts).sort((one, other) => other[1] - one[1]);
  if (!entries.length) return null;
  const row = ([name, count]) => el("li", {}, el("code", {}, name), el("b", {}, number(count)));
  return el("div", {}, el("h4", {}, title), el("ul", {}, entries.map(row)));
}

function drawCounters() {
  const counters = state.counters;
  if (!counters) return;
  const card = the("counters-card");
  const wasOpen = card.querySelector("details")?.open ?? false;
  const { updates } = counters;
  const more = el(
    "details",
    {},
    el("summary", {}, say("calls-more")),
    ranking(say("calls"), counters.calls) ?? "",
    ranking(say("refused"), counters.refused) ?? "",
    ranking(say("struck"), counters.faults) ?? "",
  );
  more.open = wasOpen;
  card.replaceChildren(
    heading(
      "counters-title",
      say("counters"),
      el("span.pill", {}, say(`delivery-${counters.delivery}`)),
    ),
    el(
      "dl.tallies",
      {},
      tally(say("count-messages"), counters.messages),
      tally(say("count-edits"), counters.edits),
      tally(say("count-delivered"), updates.delivered),
      tally(say("count-waiting"), updates.waiting, updates.waiting ? "busy" : ""),
      tally(say("count-expired"), updates.expired, updates.expired ? "bad" : ""),
      tally(say("count-twice"), counters.pictures_twice, counters.pictures_twice ? "bad" : "good"),
    ),
    more,
  );
}

let countTimer = null;
/** Fetches the counters soon, and not too often. */
function countSoon() {
  countTimer ??= setTimeout(async () => {
    countTimer = null;
    if (state.live !== "live") return;
    try {
      state.counters = await get("counters");
      drawCounters();
    } catch {
      // The page says already that nobody answers.
    }
  }, COUNT_EVERY_MS);
}

/** Fetches everything this side of the page shows. */
export async function refresh() {
  const [faults, desk] = await Promise.all([get("fault"), get("desk")]);
  heardFaults(faults);
  heardDesk(desk);
  countSoon();
}

export function start() {
  the("clear-all").addEventListener("click", () => clearAll().catch(showRefusal));
  on("desk", drawDesk);
  on("heard:desk", (desk) => (heardDesk(desk), countSoon()));
  on("heard:faults", () =>
    get("fault")
      .then(heardFaults)
      .catch(() => {}),
  );
  on("heard:clock", ({ now_ms }) => {
    state.skewMs = now_ms - Date.now();
    drawClock();
  });
  for (const what of ["message", "deleted", "toast", "faults"]) on(`heard:${what}`, countSoon);
  on("language", () => {
    drawDesk();
    drawClockCard();
    drawCounters();
    for (const card of cards.values()) card.build();
  });
  drawClockCard();
  setInterval(drawClock, 1000);
}
