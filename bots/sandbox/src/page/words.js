/** Everything the page says, in the language that was chosen or that the browser prefers. */

import { ring, recall, remember } from "./state.js";
import { words as en } from "./words-en.js";
import { words as zh } from "./words-zh.js";

const LANGUAGES = { en, zh };

function firstLanguage() {
  const chosen = recall("language");
  if (chosen in LANGUAGES) return chosen;
  const wanted = navigator.languages?.find((tag) => tag.slice(0, 2) in LANGUAGES);
  return wanted?.slice(0, 2) ?? "en";
}

let language = firstLanguage();

export const currentLanguage = () => language;

/** The tag for dates, numbers and fonts. */
export const tag = () => (language === "zh" ? "zh-Hans" : "en");

/** Says something; `{name}` becomes the argument of that name. */
export function say(key, args = {}) {
  const words = LANGUAGES[language][key] ?? en[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (_, name) => String(args[name] ?? ""));
}

/** Whether there are words for this. */
export const isSaid = (key) => key in LANGUAGES[language];

/** Puts words into everything that stands in the page itself. */
export function translate(root = document) {
  document.documentElement.lang = tag();
  for (const element of root.querySelectorAll("[data-say]")) {
    element.textContent = say(element.dataset.say);
  }
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.dataset.label));
    if (element.matches("button")) element.title = say(element.dataset.label);
  }
}

export function switchLanguage() {
  language = language === "en" ? "zh" : "en";
  remember("language", language);
  translate();
  ring("language");
}

const formats = new Map();
function format(options) {
  const key = `${tag()} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(tag(), options));
  return formats.get(key);
}

const MINUTE = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
export const timeOf = (ms) => format(MINUTE).format(ms);
export const secondOf = (ms) => format({ ...MINUTE, second: "2-digit" }).format(ms);
export const dayOf = (ms) => format({ day: "numeric", month: "long" }).format(ms);
export const momentOf = (ms) =>
  format({ day: "numeric", month: "short", year: "numeric", ...MINUTE, second: "2-digit" }).format(
    ms,
  );

/** A number with its thousands apart. */
export const number = (value) => new Intl.NumberFormat(tag()).format(value);

/** A size for people. */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A length of time for people. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return say("seconds", { n: seconds });
  if (seconds < 3600) return say("minutes", { n: Math.floor(seconds / 60) });
  if (seconds < 86_400) return say("hours", { n: Math.floor(seconds / 3600) });
  return say("days", { n: Math.floor(seconds / 86_400) });
}
