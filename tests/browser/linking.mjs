/**
 * Signing in to the website for a chat, in the browser: from the chat to the page, by a letter or
 * by Google, and back to the chat with the code. And the page that a payer comes back to.
 */

import { join } from "node:path";

/** Who signs in at each width, and how. */
const PLAYS = {
  desktop: { email: "anna@example.com", google: false },
  phone: { email: "wei@example.com", google: true },
};
/** The page is looked at in each of these ways. */
const LOOKS = [
  { name: "", language: "en-US", dark: false, title: "Sign in for your chat" },
  { name: "-dark-chinese", language: "zh-CN", dark: true, title: "为聊天登录" },
];
const SAYS = {
  browser: /^(Sign in in the browser|浏览器登录)$/,
  yes: /^(Yes, that is mine|是，那是我)$/,
  signedIn: /signed in as|现已登录为/,
  question: /Sign this chat in as|把本聊天登录为/,
};

/** Asks the chat where to sign in; the address. */
async function address(visit) {
  const before = await visit.newest();
  await visit.write("/link");
  const ways = await visit.message(
    "the ways to link",
    (it) => it.message > before && it.buttons.some((text) => SAYS.browser.test(text)),
  );
  const label = ways.buttons.find((text) => SAYS.browser.test(text));
  await visit.page.press(`[data-keys="${ways.message}"] .key`, label);
  const said = await visit.message(
    "the address",
    (it) => it.message > ways.message && /\/link\//.test(it.text),
  );
  await visit.shot("link-chat");
  return said.text.match(/https?:\/\/\S+\/link\/\S+/)[0];
}

/** What holds for every page of ours. */
async function sound(page, title) {
  // Before its style has come, nothing on it has its size.
  const titled = () =>
    document.readyState === "complete" && document.querySelector("h1")?.textContent;
  const shown = await page.until("a title", titled);
  if (title && shown !== title) throw new Error(`it is called ${shown}`);
  const wide = await page.run(() => document.documentElement.scrollWidth > innerWidth);
  if (wide) throw new Error("it scrolls sideways");
  const small = await page.run(() =>
    [...document.querySelectorAll(".act, input:not([type=hidden])")]
      .map((it) => it.getBoundingClientRect())
      .filter((box) => box.height < 40).length,
  );
  if (small) throw new Error(`${small} things to press are too small for a thumb`);
  return shown;
}

function codeShown() {
  return document.querySelector("p.code")?.textContent;
}

/** The newest letter, as the sandbox page shows it. */
function newestLetter(email) {
  const rows = [...document.querySelectorAll("#letters-card li")];
  const row = rows.find((it) => it.textContent.includes(email));
  return row?.querySelector("[data-code]")?.dataset.code;
}

async function byLetter(visit, page, { email }, shot) {
  await page.press("#email");
  await page.type(email);
  await page.key("Enter", "Enter", "\r");
  await page.until("the field for a code", () => document.querySelector("input#code"));
  await sound(page);
  await shot("link-letter");
  const letter = await visit.page.until("the letter on the sandbox's page", newestLetter, [email]);
  await page.press("input#code");
  await page.type(letter === "000000" ? "111111" : "000000");
  await page.key("Enter", "Enter", "\r");
  await page.until("a second chance", () =>
    /did not work|没有成功/.test(document.querySelector("[role=status]")?.textContent),
  );
  await shot("link-wrong");
  await page.press("input#code");
  await page.type(letter);
  await page.key("Enter", "Enter", "\r");
}

async function byGoogle(_visit, page, { email }, shot) {
  await page.follow("a.act.strong");
  await page.until("Google's page", () => /Choose an account/.test(document.body?.textContent));
  await shot("link-google");
  await page.follow("button", email);
}

/** From the chat to the page and back with the code. */
export async function visitLinking(visit, browser) {
  const { look, folder } = visit;
  const plays = PLAYS[look.name];
  let [url, code] = [null, null];
  await visit.check("the chat leads to the page on which one signs in", async () => {
    url = await address(visit);
  });
  if (!url) return;
  for (const how of LOOKS) {
    const page = await browser.open(url, { ...look, ...how });
    const shot = (name) => page.screenshot(join(folder, `${look.name}-${name}${how.name}.png`));
    await visit.check(`the page says whose chat asked${how.name}`, async () => {
      await sound(page, how.title);
      const asked = await page.run(() => document.querySelector(".asked").textContent);
      if (!/Telegram.*•••/s.test(asked)) throw new Error(asked);
      await shot("link");
      return asked.replaceAll(/\s+/g, " ").trim();
    });
    if (how === LOOKS[0]) {
      const signIn = plays.google ? byGoogle : byLetter;
      await visit.check("somebody signs in and is shown a code", async () => {
        await signIn(visit, page, plays, shot);
        code = await page.until("the code", codeShown);
        await sound(page);
        await shot("link-done");
      });
    }
    await visit.check(`the linking page's console is silent${how.name}`, () => {
      // Google's page is the stand-in's, which has no icon.
      const ours = page.errors.filter((it) => !/favicon/.test(it));
      if (ours.length) throw new Error(ours.join(" | "));
    });
    await page.close();
  }
  await visit.check("the code signs in the chat, after a yes", async () => {
    const before = await visit.newest();
    await visit.write(code);
    const fits = (it) => it.message > before && SAYS.question.test(it.text);
    const question = await visit.message("the question", fits);
    await visit.shot("link-question");
    const yes = question.buttons.find((text) => SAYS.yes.test(text));
    await visit.page.press(`[data-keys="${question.message}"] .key`, yes);
    const told = (it) => it.message > question.message && SAYS.signedIn.test(it.text);
    const said = await visit.message("that it is signed in", told);
    await visit.shot("link-signed-in");
    return said.text.slice(0, 60);
  });
  await visit.check("an address that opens nothing says so", async () => {
    const page = await browser.open(url.replace(/\/link\/.*/, "/link/nonsense"), look);
    await sound(page);
    await page.screenshot(join(folder, `${look.name}-link-expired.png`));
    await page.close();
  });
  await visit.check("a payer who comes back is told what happens next", async () => {
    const page = await browser.open(url.replace(/\/link\/.*/, "/creem/return"), look);
    const title = await sound(page);
    await page.screenshot(join(folder, `${look.name}-paid.png`));
    await page.close();
    return title;
  });
}
