/** What can go wrong with one outside party: a button for each kind, and what is armed. */

import { post } from "./api.js";
import { el } from "./draw.js";
import { showRefusal } from "./menu.js";
import { state } from "./state.js";
import { NOW } from "./wecom.js";
import { isSaid, say } from "./words.js";

/** Kinds that stand before the fold, in this order. */
const FIRST = {
  images: [
    "slow",
    "moderation_blocked",
    "overloaded",
    "rate_limit",
    "insufficient_quota",
    "accept_then_hang",
    "cut_body",
    "invalid_base64",
    "one_bit_bomb",
  ],
  telegram: [
    "too_many_requests",
    "server_error",
    "drop_answer",
    "forbidden",
    "slow",
    "duplicate_update",
    "redeliver",
    "hold_updates",
  ],
  wecom: [
    "token_killed",
    "token_expired",
    "ip_refused",
    "errcode",
    "drop_answer",
    "send_fails",
    "empty_page",
    "callback_lost",
    "callback_twice",
    "callback_overtaken",
  ],
};

/** How often: what is sent, and the key of its words. */
const OFTEN = [
  ["often-once", { count: 1 }],
  ["often-three", { count: 3 }],
  ["often-some", { probability: 0.3 }],
  ["often-always", { probability: 1 }],
];

/** What further fields are by default, and their units. */
const FIELDS = {
  seconds: { value: 20, unit: "s" },
  retry_after_s: { value: 5, unit: "s" },
  delay_ms: { value: 3000, unit: "ms" },
  for_ms: { value: 5000, unit: "ms" },
  after: { value: 0.5, unit: "" },
  bytes_per_s: { value: 100, unit: "B/s" },
  count: { value: 3, unit: "×" },
  status: { choices: { telegram: [502, 500, 503, 504], images: [502, 504], wecom: [502, 503] } },
  errcode: { value: 45009, unit: "" },
  entries: { value: 1, unit: "" },
  fail_type: { value: 0, unit: "" },
  description: { value: "IMAGE_PROCESS_FAILED" },
};

const ENVELOPES = [
  ["open_ai", "OpenAI"],
  ["lite_llm", "LiteLLM"],
];

/** All of one kind together: by chance as long as there is one, else how many times. */
function howOften(armed) {
  if (!armed.length) return "";
  const chance = Math.max(...armed.map((it) => it.probability ?? 0));
  const times = armed.reduce((sum, it) => sum + (it.count ?? 0), 0);
  return chance ? `${Math.round(chance * 100)} %` : `×${times}`;
}

/** One card, built once and then only brought up to date. */
export class FaultCard {
  constructor(party, heard) {
    this.party = party;
    this.heard = heard;
    this.often = 0;
    this.onlyHere = false;
    this.envelope = "open_ai";
    this.pills = new Map();
    this.element = el("section.card.faults", {
      "aria-labelledby": `${party.party}-title`,
      data: { party: party.party },
    });
    this.build();
  }

  words(what) {
    const key = `fault-${this.party.party}-${what}`;
    const kind = this.party.kinds.find((it) => it.what === what);
    return isSaid(key) ? say(key) : (kind?.says ?? what);
  }

  async send(fault) {
    try {
      this.heard(await post("fault", { party: this.party.party, ...fault }));
    } catch (error) {
      showRefusal(error);
    }
  }

  build() {
    const { party, kinds } = this.party;
    const first = FIRST[party] ?? kinds.map((it) => it.what);
    const of = (what) => kinds.find((it) => it.what === what);
    const before = first.map(of).filter(Boolean);
    const after = kinds.filter((it) => !before.includes(it));
    const wasOpen = this.element.querySelector("details")?.open ?? false;
    this.clear = el(
      "button.small",
      { type: "button", on: { click: () => this.send({ what: "clear" }) } },
      say("clear"),
    );
    const title = isSaid(`party-${party}`) ? say(`party-${party}`) : party;
    this.folded = after.map((it) => it.what);
    this.summary = el("summary", {});
    const more = el(
      "details",
      {},
      this.summary,
      el(
        "div.pills",
        {},
        after.map((it) => this.pill(it)),
      ),
    );
    more.open = wasOpen;
    this.element.replaceChildren(
      el("header", {}, el("h3", { id: `${party}-title` }, title), this.more(), this.clear),
      isSaid(`note-${party}`) ? el("p.facts", {}, say(`note-${party}`)) : "",
      el("div.how", {}, this.oftenChoice(), this.extraChoice()),
      party === "wecom" ? this.nowChoice() : "",
      el(
        "div.pills",
        {},
        before.map((it) => this.pill(it)),
      ),
      after.length ? more : "",
    );
    this.show(this.party);
  }

  /** The party's own page, where more of it is played. */
  more() {
    const { party, page } = this.party;
    if (!page) return "";
    return el("a.more", { href: page, target: "_blank", rel: "noopener" }, say(`page-${party}`));
  }

  oftenChoice() {
    const name = `often-${this.party.party}`;
    const choose = (event) => (this.often = Number(event.target.value));
    const option = ([key], at) => {
      const radio = el("input", { type: "radio", name, value: at });
      radio.checked = at === this.often;
      return el("label", {}, radio, el("span", {}, say(key)));
    };
    return el(
      "fieldset.segments",
      { on: { change: choose } },
      el("legend.unseen", {}, say("how-often")),
      OFTEN.map(option),
    );
  }

  /** What happens at once, and is no fault of a later call. */
  nowChoice() {
    const press = ([name, act]) =>
      el(
        "button.small",
        { type: "button", data: { now: name }, on: { click: act } },
        say(`now-${name}`),
      );
    return el("div.buttons.now", {}, Object.entries(NOW).map(press));
  }

  extraChoice() {
    if (this.party.party === "telegram") {
      const box = el("input", {
        type: "checkbox",
        on: { change: (event) => (this.onlyHere = event.target.checked) },
      });
      box.checked = this.onlyHere;
      return el("label.tick", {}, box, say("only-here"));
    }
    if (!this.party.kinds.some((it) => it.takes.includes("envelope"))) return "";
    const options = ENVELOPES.map(([value, words]) => el("option", { value }, words));
    const choose = (event) => (this.envelope = event.target.value);
    const choice = el("select", { on: { change: choose } }, options);
    choice.value = this.envelope;
    return el("label.tick", {}, say("spoken-by"), choice);
  }

  /** An input for a further field; null when the card has one for all. */
  field(name) {
    const known = FIELDS[name];
    if (name === "envelope") return null;
    const label = isSaid(`field-${name}`) ? say(`field-${name}`) : name;
    const choices = known?.choices?.[this.party.party];
    if (choices) {
      return el(
        "select",
        { name, "aria-label": label },
        choices.map((it) => el("option", { value: it }, String(it))),
      );
    }
    const isNumber = typeof known?.value === "number";
    const input = el("input", {
      name,
      "aria-label": label,
      type: isNumber ? "number" : "text",
      min: "0",
      step: "any",
      value: known?.value ?? "",
      placeholder: label,
    });
    return el("span.field", {}, input, known?.unit ? el("i", {}, known.unit) : null);
  }

  pill(kind) {
    const fields = kind.takes.map((name) => this.field(name)).filter(Boolean);
    const arm = () => this.send(this.fault(kind, pill));
    const press = el(
      "button",
      { type: "button", data: { fault: kind.what }, on: { click: arm } },
      this.words(kind.what),
      el("span.badge"),
    );
    const enter = (event) => event.key === "Enter" && arm();
    const pill = el(
      "div.fault",
      { on: { keydown: (event) => event.target.matches("input") && enter(event) } },
      press,
      fields,
    );
    this.pills.set(kind.what, pill);
    return pill;
  }

  /** What to arm: the kind, how often, and what its inputs say. */
  fault(kind, pill) {
    const fault = { what: kind.what, ...OFTEN[this.often][1] };
    for (const input of pill.querySelectorAll("input, select")) {
      if (input.value === "") continue;
      const value = Number(input.value);
      fault[input.name] = input.type === "text" ? input.value : value;
    }
    if (kind.takes.includes("envelope")) fault.envelope = this.envelope;
    if (this.onlyHere && state.open.chat) fault.chat = state.open.chat;
    return fault;
  }

  /** Brings what is armed up to date: how often, at the corner of each kind. */
  show(party) {
    this.party = party;
    this.clear.hidden = !party.armed.length;
    this.element.classList.toggle("alarmed", party.armed.length > 0);
    for (const [what, pill] of this.pills) {
      const armed = party.armed.filter((it) => it.what === what);
      pill.classList.toggle("on", armed.length > 0);
      pill.querySelector(".badge").textContent = howOften(armed);
    }
    const folded = party.armed.filter((it) => this.folded.includes(it.what)).length;
    const more = say("more-faults", { n: this.folded.length });
    this.summary.textContent = folded ? `${more} · ${say("armed", { n: folded })}` : more;
  }
}
