/**
 * Buying and having a plan, as a customer does it: the payment link from the chat, the checkout,
 * our page after paying, the credits in the chat, and the page before the payment provider's
 * portal.
 */

import { join } from "node:path";

/** Credits that were paid for arrive within this time. */
const PAID_MS = 30_000;
/** What is read, in the language of the player. */
const SAYS = {
  pack: /9\.90 USD/,
  stars: /500 ⭐/,
  plan: /19\.90 USD/,
  pay: /^(Pay|付款)/,
  arrived: /arrived|已到账/,
  thanks: /Thank you|谢谢/,
  unpaid: /nothing was charged|没有扣款/i,
  refunded: /money went back|钱已退回/,
  portal: /Card and invoices|付款卡和发票/,
};

/** In the page: whether anything is wider than the window. */
function sticksOut() {
  return document.documentElement.scrollWidth > innerWidth;
}

/** In the page: the newest link to an address with this in it. */
function newest(part) {
  return [...document.querySelectorAll(`a.key[href*='${part}']`)].at(-1)?.href;
}

/** Looks at a page whole: nothing sticks out, and a person may look at it later. */
async function see(visit, page, name) {
  await page.until("the whole page", () => document.readyState === "complete");
  if (await page.run(sticksOut)) throw new Error("it scrolls sideways");
  await page.screenshot(join(visit.folder, `${visit.look.name}-${name}.png`));
}

/** Presses what is to be bought, and answers with where it is paid. */
async function link(visit, offer) {
  const before = await visit.newest();
  await visit.write("/buy");
  const sells = (it) => it.buttons.some((text) => offer.test(text));
  const shown = await visit.message(
    "what is for sale",
    (it) => it.message > before && it.fromBot && sells(it),
  );
  const text = shown.buttons.find((it) => offer.test(it));
  await visit.page.press(`[data-message="${shown.message}"] .key`, text);
  const pays = (it) => it.message > shown.message && it.buttons.some((it) => SAYS.pay.test(it));
  await visit.message("a payment link", pays);
  return visit.page.until("its address", newest, ["/checkout/"]);
}

/** Looks at the checkout whole, as a page not yet painted takes no press; then pays with a card. */
async function pay(visit, page, card, name) {
  await page.until("the form", () => document.querySelector("#email"));
  await page.until("the price", () => document.querySelector(".price")?.offsetHeight > 0);
  await see(visit, page, name);
  await page.run((card) => {
    document.querySelector("#email").value = "anna@example.com";
    document.querySelector("#card").value = card;
  }, card);
  await page.follow("button[name=pay]");
}

async function buyPack(visit, browser) {
  const url = await link(visit, SAYS.pack);
  const page = await browser.open(url, visit.look);
  await pay(visit, page, "4000000000000002", "checkout");
  await page.until("the refusal", () => /declined/.test(document.body?.textContent));
  const before = await visit.newest();
  await pay(visit, page, "4242424242424242", "declined");
  await page.until("our page", () => location.pathname === "/creem/return");
  const title = await page.until("its title", () => document.querySelector("h1")?.textContent);
  if (!SAYS.thanks.test(title)) throw new Error(`it says ${title}`);
  await see(visit, page, "thanks");
  await page.close();
  const arrived = (it) => it.message > before && it.fromBot && SAYS.arrived.test(it.text);
  await visit.message("the credits", arrived, PAID_MS);
  await visit.shot("bought");
}

async function payInStars(visit) {
  const before = await visit.newest();
  await visit.write("/buy");
  const shown = await visit.message(
    "what is for sale",
    (it) => it.message > before && it.fromBot && it.buttons.some((text) => SAYS.stars.test(text)),
  );
  const text = shown.buttons.find((it) => SAYS.stars.test(it));
  await visit.page.press(`[data-message="${shown.message}"] .key`, text);
  const asksToPay = (it) => it.fromBot && it.buttons.some((key) => SAYS.pay.test(key));
  const bill = await visit.message(
    "the invoice",
    (it) => it.message > shown.message && asksToPay(it),
  );
  await visit.shot("invoice");
  const key = bill.buttons.find((it) => SAYS.pay.test(it));
  await visit.page.press(`[data-message="${bill.message}"] .key`, key);
  const arrived = (it) => it.message > bill.message && it.fromBot && SAYS.arrived.test(it.text);
  await visit.message("the credits", arrived, PAID_MS);
  await visit.shot("paid-in-stars");
}

async function goAway(visit, browser) {
  const url = await link(visit, SAYS.pack);
  const page = await browser.open(url, visit.look);
  await page.follow("a.quiet");
  await page.until("our page", () => location.pathname === "/creem/return");
  const title = await page.until("its title", () => document.querySelector("h1")?.textContent);
  if (!SAYS.unpaid.test(title)) throw new Error(`it says ${title}`);
  await see(visit, page, "not-paid");
  if (page.errors.length) throw new Error(page.errors.join(" | "));
  await page.close();
}

async function havePlan(visit, browser) {
  const page = await browser.open(await link(visit, SAYS.plan), visit.look);
  const before = await visit.newest();
  await pay(visit, page, "4242424242424242", "checkout-plan");
  const arrived = (it) => it.message > before && it.fromBot && SAYS.arrived.test(it.text);
  await visit.message("the plan's credits", arrived, PAID_MS);
  await page.close();
  await visit.write("/plan");
  const portal = await visit.page.until("the portal's page", newest, ["/creem/portal/"]);
  await visit.shot("plan");
  const tab = await browser.open(portal, visit.look);
  const title = await tab.until("its title", () => document.querySelector("h1")?.textContent);
  if (!SAYS.portal.test(title)) throw new Error(`it says ${title}`);
  await see(visit, tab, "portal");
  if (tab.errors.length) throw new Error(tab.errors.join(" | "));
  await tab.follow("a.act.strong");
  await tab.until("the provider's portal", () => /my-orders\/login/.test(location.pathname));
  await tab.close();
}

/** In the page: where Creem itself is played. */
function dashboard() {
  return document.querySelector('[data-party="creem"] a.more')?.href;
}

/** Plays Creem on its own page: signs by the other scheme, and gives money back. */
async function playCreem(visit, browser) {
  const page = await browser.open(await visit.page.until("its address", dashboard), visit.look);
  await page.until("a payment", () => document.querySelector("[value=refund]"));
  await see(visit, page, "creem");
  await page.follow("form:has([value=both]) button");
  await page.until("what is chosen", () => /● Both/.test(document.body?.textContent));
  const before = await visit.newest();
  // The newest payment but one is this visit's pack.
  await page.follow("article:nth-of-type(2) [value=refund]");
  await page.until("it went back", () =>
    /refunded/.test(document.querySelector("article:nth-of-type(2)")?.textContent),
  );
  if (page.errors.length) throw new Error(page.errors.join(" | "));
  await page.close();
  const told = (it) => it.message > before && it.fromBot && SAYS.refunded.test(it.text);
  await visit.message("the refund", told, PAID_MS);
  await visit.shot("refunded");
}

/** From the chat to the money and back. */
export async function visitMoney(visit, browser) {
  await visit.check("a pack is paid for after a refused card, and its credits arrive", () =>
    buyPack(visit, browser),
  );
  await visit.check("a pack is paid for in Stars, in the chat itself", () => payInStars(visit));
  await visit.check("who goes away without paying reads that nothing was paid", () =>
    goAway(visit, browser),
  );
  await visit.check("a plan is bought and shown, and leads to the provider's portal", () =>
    havePlan(visit, browser),
  );
  await visit.check("Creem gives money back, on its own page", () => playCreem(visit, browser));
}
