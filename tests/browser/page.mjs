/**
 * The sandbox page in a real Chromium, at desktop and at phone width, against a running sandbox:
 *
 *     node tests/browser/page.mjs http://127.0.0.1:8080/ FOLDER
 *
 * The sandbox has to be a fresh one: a run spends most of what its people have to begin with.
 * One line a check; screenshots go into the folder; the exit code is 1 when a check failed. Needs
 * node 18 or later and a Chromium (`CHROMIUM` names one), and nothing else.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { Browser } from "./chromium.mjs";
import { visitGallery } from "./gallery.mjs";
import { visitLinking } from "./linking.mjs";
import { visitMoney } from "./money.mjs";
import { visitWecom } from "./wecom.mjs";

/** A picture may take this long: a queue, a believable provider, a busy machine. */
const PICTURE_MS = 180_000;
/** How much slower the provider is made, seconds, so that there is something to cancel. */
const SLOWER_S = 20;
/** What the checks read, in the language of the player. */
const SAYS = {
  cancel: /^(Cancel|取消)$/,
  again: /^(Again|再来)/,
  checking: /^(Checking|正在检查)/,
  atProvider: /^(Drawing|正在落笔) /,
  inLine: /next in line|\d(st|nd|rd|th) in line|下一个就是你|排第 \d+ 位/,
  cancelled: /^(Cancelled\.|已取消)/,
};

/** Each width plays somebody else, so that neither finds the other's chat. */
const LOOKS = [
  { name: "desktop", player: "alice", width: 1280, height: 860 },
  { name: "phone", player: "xiaoming", width: 390, height: 844, isPhone: true, scale: 2 },
];
/** Who keeps the provider busy: nobody whose own chat is looked at. */
const OTHERS = ["olga", "wei"];

/** In the page: messages on the phone, as a person sees them. */
function messages() {
  return [...document.querySelectorAll("#timeline .row:not(.draft)")].map((row) => ({
    message: Number(row.dataset.message),
    fromBot: row.classList.contains("from-bot"),
    text: row.querySelector(".words")?.textContent ?? "",
    quote: row.querySelector(".quote")?.textContent ?? "",
    pictures: [...row.querySelectorAll(".frame .over")].filter(
      (it) => it.classList.contains("ready") && it.naturalWidth > 1,
    ).length,
    buttons: [...row.querySelectorAll(".key")].map((it) => it.textContent),
  }));
}

/** One look at the page, and the checks made with it. */
class Visit {
  failures = 0;

  constructor(page, look, folder) {
    Object.assign(this, { page, look, folder });
  }

  /** Runs a check and says how it went; what follows a failed one still runs. */
  async check(says, run) {
    try {
      const more = await run();
      console.log(`ok    ${this.look.name}: ${says}${more ? ` (${more})` : ""}`);
      return true;
    } catch (error) {
      this.failures += 1;
      console.log(`FAIL  ${this.look.name}: ${says}: ${error.message}`);
      await this.shot(`failed-${this.failures}`).catch(() => {});
      // An alert over everything would let all that follows fail too.
      await this.page.run(() => document.querySelector("#alert").close()).catch(() => {});
      return false;
    }
  }

  shot(name) {
    return this.page.screenshot(join(this.folder, `${this.look.name}-${name}.png`));
  }

  /** The first message that fits, as soon as there is one. */
  async message(says, fits, within = PICTURE_MS) {
    let found = null;
    const end = Date.now() + within;
    for (;;) {
      found = (await this.page.run(messages)).find(fits);
      if (found) return found;
      if (Date.now() > end) throw new Error(`not seen within ${within} ms: ${says}`);
      await this.page.run(nextChange, 250);
    }
  }

  newest() {
    return this.page.run(() =>
      Math.max(
        0,
        ...[...document.querySelectorAll("#timeline .row")].map((row) =>
          Number(row.dataset.message ?? 0),
        ),
      ),
    );
  }

  /** Writes as a person does, and presses Enter. */
  async write(text) {
    await this.page.press("#words");
    await this.page.type(text);
    await this.page.key("Enter", "Enter", "\r");
  }

  async openChats() {
    if (this.look.isPhone) await this.page.press("#show-chats");
  }

  /** Opens the drawer with the outside world where it is one, and does something there. */
  async outside(act) {
    if (this.look.isPhone) await this.page.press("#show-controls");
    await act();
    if (this.look.isPhone) await this.page.press("#controls [data-close]");
  }
}

/** In the page: waits until something on the phone changes, or for a while. */
function nextChange(ms) {
  return new Promise((done) => {
    const stop = () => (watch.disconnect(), clearTimeout(timer), done());
    const watch = new MutationObserver(stop);
    const timer = setTimeout(stop, ms);
    const timeline = document.getElementById("timeline");
    watch.observe(timeline, {
      subtree: true,
      childList: true,
      attributes: true,
      characterData: true,
    });
  });
}

/** In the page: what sticks out to the right of it. */
function overflow() {
  const room = document.documentElement.clientWidth;
  const wide = [document.documentElement, ...document.querySelectorAll("#phone *")].filter(
    (it) => it.getBoundingClientRect().right > room + 1 && it.checkVisibility(),
  );
  return wide
    .filter((it) => !it.closest(".thumbs, #topics"))
    .map((it) => `${it.tagName}.${it.className}`);
}

async function arrive(visit) {
  const { page } = visit;
  await page.until(
    "the page is live",
    () => document.querySelector("#signal")?.dataset.live === "live",
  );
  await page.until(
    "the chats are listed",
    () => document.querySelectorAll(".chat-row").length >= 4,
  );
  await visit.openChats();
  await page.press(`[data-chat="${visit.look.player}"]`);
  await page.until(
    "the chat is open",
    (player) => document.querySelector(".chat-row[aria-current]")?.dataset.chat === player,
    [visit.look.player],
  );
  await visit.shot("first");
  const start = await page.run(() =>
    Boolean(document.querySelector('[data-act="start"]')?.checkVisibility()),
  );
  if (!start) return "the chat was begun before";
  await page.press('[data-act="start"]');
  await visit.message("the bot greets", (it) => it.fromBot && it.text.length > 20);
}

/** Sends a prompt; answers with the numbers of the placeholder and of the picture's message. */
async function ask(visit) {
  const prompt = `a fox in the snow at first light, ${visit.look.name}`;
  const before = await visit.newest();
  let placeholder = null;
  let picture = null;
  await visit.check("a prompt is said and gets a placeholder", async () => {
    await visit.write(prompt);
    await visit.message(
      "our own words",
      (it) => it.message > before && !it.fromBot && it.text.includes(prompt),
    );
    // Where prompts are screened a message says so first, and goes.
    placeholder = await visit.message(
      "a placeholder",
      (it) => it.message > before && it.fromBot && !SAYS.checking.test(it.text),
    );
    await visit.shot("placeholder");
  });
  await visit.check("the picture comes, in the placeholder's place", async () => {
    const fits = (it) => it.message > before && it.fromBot && it.pictures > 0;
    picture = await visit.message("a picture", fits);
    if (placeholder && picture.message !== placeholder.message)
      throw new Error("in another message");
  });
  await visit.check("a receipt with its buttons stands under it", async () => {
    const fits = (it) => it.message > before && it.buttons.some((text) => SAYS.again.test(text));
    const receipt = await visit.message("a receipt", fits);
    if (!receipt.buttons.length) throw new Error("no buttons");
    await visit.shot("picture");
    return receipt.buttons.join(" · ");
  });
  return picture?.message;
}

/** Replies to a picture, by hand, with what to change. */
async function change(visit, picture) {
  const { page } = visit;
  const before = await visit.newest();
  await visit.check("a reply to the picture makes another from it", async () => {
    const row = `[data-message="${picture}"]`;
    await page.run((row) => document.querySelector(row).scrollIntoView({ block: "center" }), row);
    if (!visit.look.isPhone) await page.hover(`${row} .bubble`);
    await page.press(`${row} .handles .round:first-child`);
    await page.until(
      "the reply stands over the words",
      () => !document.querySelector("#about-message").hidden,
    );
    await visit.write("now in spring, with flowers");
    const mine = await visit.message("our reply", (it) => it.message > before && !it.fromBot);
    if (!mine.quote) throw new Error("it quotes nothing");
    await visit.message(
      "a picture",
      (it) => it.message > mine.message && it.fromBot && it.pictures > 0,
    );
    const done = (it) =>
      it.message > mine.message && it.buttons.some((text) => SAYS.again.test(text));
    await visit.message("a receipt", done);
    await visit.shot("changed");
  });
}

/** In the page: whether the newest words to each of these people are such. */
async function areTold(people, pattern) {
  const newest = async (as) => {
    const { messages } = await (await fetch(`/sandbox/api/chat/${as}?limit=20`)).json();
    return messages.filter((it) => it.from.bot).at(-1)?.text ?? "";
  };
  const said = await Promise.all(people.map(newest));
  return said.every((text) => new RegExp(pattern).test(text));
}

/** Makes the provider slow, lets others take its places, and takes a request back. */
async function takeBack(visit) {
  const { page } = visit;
  await visit.check("a fault is armed and shown", async () => {
    await visit.outside(async () => {
      const provider = '[data-party="images"]';
      await page.press(`${provider} label:has([value="3"])`);
      await page.run(
        (field, seconds) => (document.querySelector(field).value = seconds),
        `${provider} [data-fault="slow"] + .field input`,
        SLOWER_S,
      );
      await page.press(`${provider} [data-fault="slow"]`);
      const shown = () => document.querySelector(".fault.on .badge")?.textContent;
      await page.until("the armed fault", shown);
      await visit.shot("outside");
    });
  });
  await visit.check("a request in line is cancelled with its button", async () => {
    await page.run(
      async (others) => {
        for (const as of others) {
          await fetch("/sandbox/api/say", {
            method: "POST",
            body: JSON.stringify({ as, text: "a lighthouse" }),
          });
        }
      },
      OTHERS,
    );
    // As many as are made at once: whoever comes now stands in line, and can take that back.
    const told = [OTHERS, SAYS.atProvider.source];
    await page.until("the provider's places are taken", areTold, told, PICTURE_MS);
    const before = await visit.newest();
    await visit.write("a lighthouse at night");
    const hasCancel = (it) => it.buttons.some((text) => SAYS.cancel.test(text));
    const placeholder = await visit.message(
      "a placeholder with [Cancel]",
      (it) =>
        it.message > before && it.fromBot && hasCancel(it) && !SAYS.checking.test(it.text),
    );
    if (!SAYS.inLine.test(placeholder.text))
      throw new Error(`it is not in line: ${placeholder.text}`);
    const [label] = placeholder.buttons.filter((text) => SAYS.cancel.test(text));
    await page.press(`[data-keys="${placeholder.message}"] .key`, label);
    const after = await visit.message(
      "an answer to [Cancel]",
      (it) => it.message === placeholder.message && !hasCancel(it),
    );
    if (!SAYS.cancelled.test(after.text))
      throw new Error(`it says: ${after.text}`);
    await visit.shot("cancelled");
    return after.text.slice(0, 60);
  });
  await visit.check("everything is disarmed", () =>
    visit.outside(async () => {
      await page.press("#clear-all");
      await page.until("nothing is armed", () => !document.querySelector(".fault.on"));
    }),
  );
}

async function finish(visit, address) {
  const { page } = visit;
  await visit.check("nothing sticks out sideways", async () => {
    const wide = await page.run(overflow);
    const scrolls = await page.run(() => document.documentElement.scrollWidth > innerWidth);
    if (scrolls || wide.length) throw new Error(wide.join(", ") || "the page scrolls sideways");
  });
  await visit.check(
    "the page speaks Chinese too, and is dark where that is preferred",
    async () => {
      await page.look({ ...visit.look, dark: true });
      await visit.openChats();
      await page.press("#language");
      await page.until("Chinese words", () =>
        /外部世界/.test(document.querySelector("#controls h2").textContent),
      );
      if (visit.look.isPhone) await page.press("#chats [data-close]");
      await visit.shot("dark-chinese");
    },
  );
  await visit.check("the console is silent", () => {
    if (page.errors.length) throw new Error(page.errors.join(" | "));
  });
  await visit.check("nobody else is asked for anything", () => {
    const { origin } = new URL(address);
    const others = page.requests.filter(
      (url) => !url.startsWith(origin) && !/^(blob|data):/.test(url),
    );
    if (others.length) throw new Error(others.join(", "));
    return `${page.requests.length} requests`;
  });
}

async function visitPage(browser, look, address, folder) {
  const page = await browser.open(address, look);
  const visit = new Visit(page, look, folder);
  if (await visit.check("the page opens and the bot greets", () => arrive(visit))) {
    const picture = await ask(visit);
    if (picture) await change(visit, picture);
    await takeBack(visit);
    if (picture) await visitGallery(visit, browser);
    await visitLinking(visit, browser);
    await visitMoney(visit, browser);
    await visitWecom(visit);
  }
  await finish(visit, address);
  await page.close();
  return visit.failures;
}

async function main([address, folder]) {
  if (!address || !folder) {
    console.error("usage: node page.mjs ADDRESS FOLDER");
    return 2;
  }
  mkdirSync(folder, { recursive: true });
  const browser = new Browser();
  let failures = 0;
  try {
    for (const look of LOOKS) failures += await visitPage(browser, look, address, folder);
  } finally {
    await browser.close();
  }
  console.log(failures ? `${failures} checks failed` : "all checks passed");
  return failures ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
