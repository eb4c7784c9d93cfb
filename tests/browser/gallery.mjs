/** The gallery page, as its owner comes to it from the chat and goes back to the chat from it. */

import { join } from "node:path";

/** The page is looked at in each of these ways. */
const LOOKS = [
  { name: "", language: "en-US", dark: false, title: "Your pictures" },
  { name: "-dark-chinese", language: "zh-CN", dark: true, title: "我的图片" },
];

/** In the page: what its pictures came to. */
function pictures() {
  const all = [...document.querySelectorAll("figure img")];
  return all.length && all.every((it) => it.complete && it.naturalWidth > 1) ? all.length : 0;
}

/** In the page: what the archive begins with, and how long it is. */
async function archive() {
  const answer = await fetch(document.querySelector('a[href$="pictures.zip"]').href);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const sign = String.fromCharCode(...bytes.slice(0, 2));
  return { status: answer.status, sign, length: bytes.length };
}

/** Asks for the history and follows its button; answers with the gallery's address. */
async function address(visit) {
  const before = await visit.newest();
  await visit.write("/history");
  const leads = (it) => it.buttons.some((text) => /gallery|图库/i.test(text));
  await visit.message("the history", (it) => it.message > before && it.fromBot && leads(it));
  const link = () => [...document.querySelectorAll("a.key[href*='/g/']")].at(-1)?.href;
  return visit.page.until("the gallery's address", link);
}

/** Opens the gallery in a tab of its own, in one look. */
async function look(visit, browser, url, how) {
  const page = await browser.open(url, { ...visit.look, ...how });
  const { folder, look } = visit;
  await visit.check(`the gallery shows its pictures${how.name}`, async () => {
    const count = await page.until("pictures", pictures, [], 60_000);
    const title = await page.run(() => document.querySelector("h1").textContent);
    if (title !== how.title) throw new Error(`it is called ${title}`);
    const wide = await page.run(() => document.documentElement.scrollWidth > innerWidth);
    if (wide) throw new Error("it scrolls sideways");
    await page.screenshot(join(folder, `${look.name}-gallery${how.name}.png`));
    return `${count} pictures`;
  });
  await visit.check(`a picture opens large and closes by Escape${how.name}`, async () => {
    await page.press("#p1 .look");
    await page.until("the large view", () => {
      const large = document.querySelector("#p1-large img");
      return large.complete && large.offsetWidth > 99;
    });
    await page.screenshot(join(folder, `${look.name}-gallery-large${how.name}.png`));
    await page.key("Escape");
    await page.until("the large view is closed", () => !document.querySelector(".large:target"));
  });
  return page;
}

/** The gallery, from the chat and back to it. The chat has to have a picture. */
export async function visitGallery(visit, browser) {
  let url = null;
  await visit.check("the history leads to the gallery", async () => {
    url = await address(visit);
  });
  if (!url) return;
  for (const how of LOOKS) {
    const page = await look(visit, browser, url, how);
    if (how === LOOKS[0]) await goBack(visit, page);
    await visit.check(`the gallery's console is silent${how.name}`, () => {
      if (page.errors.length) throw new Error(page.errors.join(" | "));
    });
    await page.close();
  }
}

async function goBack(visit, page) {
  await visit.check("all pictures come in one file", async () => {
    const { status, sign, length } = await page.run(archive);
    if (status !== 200 || sign !== "PK" || length < 10_000)
      throw new Error(`${status}, ${sign}, ${length} bytes`);
    return `${length} bytes`;
  });
  await visit.check("a picture is opened in the chat again", async () => {
    const link = await page.run(() => document.querySelector("#p1-large p a[href*='start=']").href);
    const before = await visit.newest();
    await visit.page.send("Page.navigate", { url: link });
    await visit.page.until("the chat", () => document.querySelector("#timeline .row"));
    const fits = (it) => it.message > before && it.pictures > 0 && it.buttons.length > 3;
    await visit.message("the picture, with its buttons", fits);
    const left = await visit.page.run(() => location.search);
    if (left) throw new Error(`the address keeps ${left}`);
  });
}
