/**
 * A customer on WeChat and a member of the company, played on the sandbox page: a prompt each, the
 * picture, what stands under it, and what can be made to go wrong at a click.
 */

/** How long one change of a fault or session may take, ms. */
const SOON_MS = 20_000;
/** Buttons and lines that bring the same again, in both languages. */
const AGAIN = /^(Again|再来)/;
/** Faults that stand on the page without unfolding anything. */
const AT_A_CLICK = ["token_killed", "token_expired", "ip_refused", "send_fails", "errcode"];

/** Whom each width plays. Of members only one reads in WeCom and is no operator. */
const PLAYS = {
  desktop: { customer: "anna", member: "chenmo" },
  phone: { customer: "xiaolin", member: "chenmo" },
};

async function openChat(visit, alias) {
  const { page } = visit;
  await visit.openChats();
  await page.until(
    "the chat is listed",
    (chat) => document.querySelector(`[data-chat="${chat}"]`),
    [alias],
  );
  await page.press(`[data-chat="${alias}"]`);
  await page.until(
    "the chat is open",
    (chat) => document.querySelector(".chat-row[aria-current]")?.dataset.chat === chat,
    [alias],
  );
}

/** Writes a prompt and waits for its picture and for what can be done with it. */
async function makeOne(visit, prompt, name) {
  const before = await visit.newest();
  await visit.write(prompt);
  await visit.message(
    "a picture",
    (it) => it.message > before && it.fromBot && it.pictures > 0,
  );
  const menu = await visit.message(
    "what can be done with it",
    (it) => it.message > before && it.fromBot && it.buttons.some((text) => AGAIN.test(text)),
  );
  await visit.shot(name);
  return menu.buttons.join(" · ");
}

/** In the page: marks that a client would not show, in what the bot says. */
function rawMarks() {
  const said = [...document.querySelectorAll("#timeline .row.from-bot .words")];
  return said.map((it) => it.textContent).filter((text) => /\*\*|<font|^#{1,6} /m.test(text));
}

export async function visitWecom(visit) {
  const { page } = visit;
  const plays = PLAYS[visit.look.name];
  await visit.check("a customer on WeChat gets a picture and one menu", async () => {
    await openChat(visit, `kf-${plays.customer}`);
    return makeOne(visit, `a lighthouse for ${plays.customer}`, "wechat");
  });
  await visit.check("a member gets a picture and a card", async () => {
    await openChat(visit, `app-${plays.member}`);
    const buttons = await makeOne(visit, `一座灯塔，${plays.member}`, "member");
    const before = await visit.newest();
    await visit.write("余额");
    await visit.message("the balance", (it) => it.message > before && it.fromBot);
    const raw = await page.run(rawMarks);
    if (raw.length) throw new Error(`shown as it was written: ${raw[0]}`);
    await visit.shot("member-balance");
    return buttons;
  });
  await visit.check("what WeCom does wrong is one click away", () =>
    visit.outside(async () => {
      const seen = await page.run(
        (kinds) =>
          kinds.filter((kind) =>
            document
              .querySelector(`[data-party="wecom"] [data-fault="${kind}"]`)
              ?.checkVisibility(),
          ).length,
        AT_A_CLICK,
      );
      if (seen !== AT_A_CLICK.length) throw new Error(`${seen} of ${AT_A_CLICK.length}`);
      const now = await page.run(
        () => document.querySelectorAll('[data-party="wecom"] .now button').length,
      );
      await page.run(() =>
        document.querySelector('[data-party="wecom"]').scrollIntoView({ block: "center" }),
      );
      await visit.shot("wecom-outside");
      return `${seen} faults, ${now} more things to do`;
    }),
  );
  await visit.check("a person takes the chat and ends it at a click", async () => {
    await openChat(visit, `kf-${plays.customer}`);
    await visit.outside(() => page.press('[data-now="human"]'));
    const status = (part) =>
      page.until(
        `the session is ${part}`,
        (part) => new RegExp(part).test(document.querySelector("#chat-status").textContent),
        [part],
        SOON_MS,
      );
    await status("answers|接待中");
    await visit.outside(() => page.press('[data-now="end"]'));
    await status("over|结束");
  });
}
