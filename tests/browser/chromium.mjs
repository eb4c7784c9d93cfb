/**
 * Drives a real Chromium over its debugging pipe (file descriptors 3 and 4, JSON with a NUL after
 * each message): no packages, no port, no WebSocket. Source: chromium's
 * `--remote-debugging-pipe`, and the Chrome DevTools Protocol.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the browser may be; `CHROMIUM` comes first. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/** How long one command of the protocol may take, ms. */
const COMMAND_MS = 30_000;
/** How often a condition is looked at again, ms. */
const LOOK_MS = 50;

const FLAGS = [
  "--headless=new",
  "--remote-debugging-pipe",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-default-apps",
  "--disable-extensions",
  "--hide-scrollbars",
  "--mute-audio",
  "--force-color-profile=srgb",
  "--disable-dev-shm-usage",
  // A page is painted, and takes a press, from the first moment on, also right after a form has
  // led to the next page and while nobody looks at it.
  "--allow-pre-commit-input",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--disable-hang-monitor",
  "--disable-features=PaintHolding,DeferRendererTasksAfterInput,CalculateNativeWinOcclusion",
];
/** How long a picture of a page may take before it is asked for anew, ms, and how often it is. */
const PICTURE_MS = 8_000;
const PICTURE_TRIES = 3;
/** How long a press may take until it leads on, ms, and how often one presses. */
const FOLLOW_MS = 10_000;
const FOLLOW_TRIES = 3;

/**
 * Opens pages, each in a Chromium of its own: of two tabs in one, the one behind may not be
 * painted, and then takes no press and gives no picture.
 */
export class Browser {
  #open = new Set();

  /** Opens a page with nothing remembered. */
  async open(url, look) {
    const chromium = await Chromium.start();
    this.#open.add(chromium);
    return chromium.show(url, look, () => this.#close(chromium));
  }

  /** Ends whatever was left open. */
  async close() {
    await Promise.all([...this.#open].map((chromium) => this.#close(chromium)));
  }

  async #close(chromium) {
    this.#open.delete(chromium);
    await chromium.close();
  }
}

/** A process with a profile that goes with it. */
class Chromium {
  #process;
  #profile;
  #next = 1;
  #waiting = new Map();
  #hearers = new Set();
  #gone = null;

  static async start() {
    const chromium = new Chromium();
    chromium.#profile = mkdtempSync(join(tmpdir(), "page-"));
    const names = process.env.CHROMIUM ? [process.env.CHROMIUM] : NAMES;
    for (const name of names) {
      if (await chromium.#spawn(name)) return chromium;
    }
    throw new Error(`no Chromium found: tried ${names.join(", ")}; set CHROMIUM to its path`);
  }

  async #spawn(name) {
    const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"];
    const child = spawn(
      name,
      [...FLAGS, ...root, `--user-data-dir=${this.#profile}`, "about:blank"],
      { stdio },
    );
    const started = await new Promise((done) => {
      child.once("spawn", () => done(true));
      child.once("error", () => done(false));
    });
    if (!started) return false;
    this.#process = child;
    this.#read(child.stdio[4]);
    child.stdio[3].on("error", () => {});
    child.once("exit", (code) => this.#end(new Error(`Chromium has ended (${code})`)));
    return true;
  }

  #read(pipe) {
    let rest = Buffer.alloc(0);
    pipe.on("data", (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        this.#hear(JSON.parse(rest.subarray(0, end).toString("utf8")));
        rest = rest.subarray(end + 1);
      }
    });
  }

  #hear(message) {
    if (message.id === undefined) {
      for (const hear of this.#hearers) hear(message);
      return;
    }
    const asked = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    clearTimeout(asked?.timer);
    if (message.error) asked?.refuse(new Error(`${asked.method}: ${message.error.message}`));
    else asked?.take(message.result);
  }

  #end(error) {
    this.#gone = error;
    for (const { refuse, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      refuse(error);
    }
    this.#waiting.clear();
  }

  /** One command of the protocol, to the browser or to a page's session. */
  send(method, params = {}, sessionId = undefined, within = COMMAND_MS) {
    if (this.#gone) return Promise.reject(this.#gone);
    const id = this.#next++;
    return new Promise((take, refuse) => {
      const late = () => {
        this.#waiting.delete(id);
        refuse(new Error(`${method}: no answer within ${within} ms`));
      };
      const timer = setTimeout(late, within);
      this.#waiting.set(id, { method, take, refuse, timer });
      this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  hear(hear) {
    this.#hearers.add(hear);
  }

  /** Opens the page in the one tab that there is; `close` is what ends both. */
  async show(url, look, close) {
    const page = new Page(this, await this.#tab(), close);
    await page.prepare(url, look);
    return page;
  }

  async #tab() {
    const end = Date.now() + COMMAND_MS;
    for (;;) {
      const { targetInfos } = await this.send("Target.getTargets");
      const tab = targetInfos.find((it) => it.type === "page");
      if (tab) {
        const asked = { targetId: tab.targetId, flatten: true };
        return (await this.send("Target.attachToTarget", asked)).sessionId;
      }
      if (Date.now() > end) throw new Error("Chromium opened no tab");
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  }

  /** Ends the browser and forgets its profile. */
  async close() {
    const ended = this.#gone
      ? Promise.resolve()
      : new Promise((done) => this.#process.once("exit", done));
    await this.send("Browser.close").catch(() => this.#process.kill("SIGKILL"));
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One tab. */
export class Page {
  /** What the page's console and network said: errors, and addresses that were asked for. */
  errors = [];
  requests = [];
  #chromium;
  #session;
  #close;

  constructor(chromium, session, close) {
    this.#chromium = chromium;
    this.#session = session;
    this.#close = close;
    chromium.hear((message) => message.sessionId === session && this.#hear(message));
  }

  #hear({ method, params }) {
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    if (method === "Runtime.exceptionThrown") {
      const { text, exception } = params.exceptionDetails;
      this.errors.push(`${text} ${exception?.description ?? ""}`);
    }
    if (method === "Runtime.consoleAPICalled" && ["error", "warning"].includes(params.type)) {
      this.errors.push(params.args.map((it) => it.value ?? it.description).join(" "));
    }
    if (method === "Log.entryAdded" && params.entry.level === "error") {
      this.errors.push(`${params.entry.text} ${params.entry.url ?? ""}`);
    }
  }

  send(method, params, within) {
    return this.#chromium.send(method, params, this.#session, within);
  }

  /** `look`: `{width, height, isPhone, scale, dark, language}`. */
  async prepare(url, look) {
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await this.send(`${domain}.enable`);
    await this.look(look);
    await this.send("Page.navigate", { url });
  }

  /** Changes how large the window is, and what it prefers. */
  async look({ width, height, isPhone = false, scale = 1, dark = false, language = "en-US" }) {
    await this.send("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: scale,
      mobile: isPhone,
    });
    await this.send("Emulation.setTouchEmulationEnabled", { enabled: isPhone });
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await this.send("Emulation.setEmulatedMedia", { features });
    await this.send("Emulation.setLocaleOverride", { locale: language.replace("-", "_") }).catch(
      () => {},
    );
    const { userAgent } = await this.#chromium.send("Browser.getVersion");
    await this.send("Emulation.setUserAgentOverride", { userAgent, acceptLanguage: language });
  }

  /** Runs a function in the page, with plain arguments, and answers with what it returns. */
  async run(what, ...given) {
    const expression = `(${what})(...${JSON.stringify(given)})`;
    const asked = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", asked);
    if (exceptionDetails) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  }

  /** Waits until a function in the page answers something true, and answers with it. */
  async until(says, what, given = [], within = 20_000) {
    const end = Date.now() + within;
    for (;;) {
      const found = await this.run(what, ...given).catch((error) => {
        // In the middle of a navigation there is nothing to run in.
        if (/context|navigat/i.test(error.message)) return null;
        throw error;
      });
      if (found) return found;
      if (Date.now() > end) throw new Error(`not seen within ${within} ms: ${says}`);
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  }

  /** Presses where an element is, as a hand would: it must be there and not be covered. */
  async press(selector, text = null) {
    const at = await this.until(`${selector} ${text ?? ""} can be pressed`, pressable, [
      selector,
      text,
    ]);
    const mouse = { ...at, button: "left", clickCount: 1 };
    await this.send("Input.dispatchMouseEvent", { ...at, type: "mouseMoved" });
    await this.send("Input.dispatchMouseEvent", { ...mouse, type: "mousePressed" });
    await this.send("Input.dispatchMouseEvent", { ...mouse, type: "mouseReleased" });
  }

  /** Presses what leads to another page, as a hand would: again when nothing happens for long. */
  async follow(selector, text = null) {
    for (let tries = 1; ; tries += 1) {
      await this.run(() => (window.stillHere = true));
      await this.press(selector, text);
      const left = this.until(`${selector} leads on`, () => !window.stillHere, [], FOLLOW_MS);
      const error = await left.then(() => null, (error) => error);
      if (!error) return;
      if (tries === FOLLOW_TRIES) throw error;
    }
  }

  /** Moves the mouse over an element. */
  async hover(selector) {
    const at = await this.until(`${selector} is there`, pressable, [selector, null]);
    await this.send("Input.dispatchMouseEvent", { ...at, type: "mouseMoved" });
  }

  /** Types into what has the focus. */
  async type(text) {
    await this.send("Input.insertText", { text });
  }

  async key(key, code = key, text = undefined) {
    const pressed = { key, code, windowsVirtualKeyCode: KEYS[key], text };
    await this.send("Input.dispatchKeyEvent", {
      ...pressed,
      type: text ? "keyDown" : "rawKeyDown",
    });
    await this.send("Input.dispatchKeyEvent", { ...pressed, type: "keyUp" });
  }

  async screenshot(file) {
    // Pictures that fade in stand still first.
    await this.run(() =>
      Promise.all(
        document
          .getAnimations()
          .filter((it) => it.effect.getTiming().iterations !== Infinity)
          .map((it) => it.finished.catch(() => {})),
      ),
    );
    writeFileSync(file, await this.#picture());
  }

  async #picture() {
    for (let tries = 1; ; tries += 1) {
      const asked = this.send("Page.captureScreenshot", { format: "png" }, PICTURE_MS);
      const { data, error } = await asked.catch((error) => ({ error }));
      if (data) return Buffer.from(data, "base64");
      if (tries === PICTURE_TRIES) throw error;
    }
  }

  async close() {
    await this.#close();
  }
}

const KEYS = { Enter: 13, Escape: 27, Tab: 9, ArrowUp: 38, ArrowDown: 40 };

/** In the page: the middle of the last element that fits, once it stands still and uncovered. */
async function pressable(selector, text) {
  const all = [...document.querySelectorAll(selector)];
  const fits = all.filter((it) => text === null || it.textContent.trim() === text);
  const found = fits.at(-1);
  if (!found || found.disabled) return null;
  found.scrollIntoView({ block: "nearest" });
  const before = found.getBoundingClientRect();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const box = found.getBoundingClientRect();
  if (box.top !== before.top || box.left !== before.left || !box.width) return null;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const top = document.elementFromPoint(x, y);
  return top && (found.contains(top) || top.contains(found)) ? { x, y } : null;
}
