/** What lies over the page: menus, the strip and the box of an answered tap, a picture in full. */

import { el, icon, the } from "./draw.js";
import { say } from "./words.js";

/** How long a strip stays, ms. */
const STRIP_MS = 4500;

/**
 * Opens a menu at an element or a point. Items: `{label, icon, act, danger, checked, note, node}`;
 * null leaves one out, `node` stands as it is.
 */
export function openMenu(anchor, items) {
  const menu = el("div.menu", { popover: "auto", role: "menu" });
  const close = () => menu.hidePopover();
  for (const item of items.filter(Boolean)) {
    if (item.node) {
      menu.append(item.node(close));
      continue;
    }
    const act = () => (close(), item.act());
    const role = item.checked === undefined ? "menuitem" : "menuitemradio";
    const entry = el(
      "button",
      { type: "button", role, "aria-checked": item.checked?.toString(), on: { click: act } },
      item.icon ? icon(item.icon) : null,
      el("span", {}, item.label, item.note ? el("small", {}, item.note) : null),
      item.checked ? icon("check") : null,
    );
    if (item.danger) entry.classList.add("danger");
    menu.append(entry);
  }
  const opener = document.activeElement;
  menu.addEventListener("keydown", walk);
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    menu.remove();
    if (!document.activeElement || document.activeElement === document.body) opener?.focus();
  });
  document.body.append(menu);
  menu.showPopover();
  place(menu, anchor);
  menu.querySelector("button")?.focus({ preventScroll: true });
}

/** Arrow keys walk through a menu. */
function walk(event) {
  const entries = [...event.currentTarget.querySelectorAll("button:not([disabled])")];
  const at = entries.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  entries.at(to % entries.length)?.focus();
}

function place(menu, anchor) {
  const box = anchor.getBoundingClientRect?.() ?? new DOMRect(anchor.x, anchor.y, 0, 0);
  const { width, height } = menu.getBoundingClientRect();
  const below = box.bottom + 6 + height <= innerHeight;
  const top = below ? box.bottom + 6 : Math.max(8, box.top - 6 - height);
  const rightward = box.left + width + 8 <= innerWidth;
  const left = rightward ? box.left : Math.max(8, box.right - width);
  menu.style.left = `${Math.min(left, innerWidth - width - 8)}px`;
  menu.style.top = `${top}px`;
}

let stripTimer = 0;

/** Shows a line for a while. */
export function showStrip(text, kind = "said") {
  const strip = the("strip");
  strip.textContent = text;
  strip.dataset.kind = kind;
  strip.hidden = false;
  clearTimeout(stripTimer);
  stripTimer = setTimeout(() => (strip.hidden = true), STRIP_MS);
}

/** Shows that something was refused. */
export const showRefusal = (error) => showStrip(error.message, "refused");

/** Shows a box that waits to be closed. */
export function showAlert(text) {
  the("alert-words").textContent = text;
  if (!the("alert").open) the("alert").showModal();
}

/** Shows a picture as large as it goes. */
export function showPicture(picture, name) {
  const box = the("lightbox");
  const close = () => box.close();
  const label = say("download");
  box.replaceChildren(
    el("img", { src: picture.url, alt: name, width: picture.width, height: picture.height }),
    el(
      "div.tools",
      {},
      el("span", {}, `${picture.width} × ${picture.height}`),
      el(
        "a.round",
        { href: picture.url, download: name, title: label, "aria-label": label },
        icon("download"),
      ),
      el(
        "button.round",
        { type: "button", "aria-label": say("close"), on: { click: close } },
        icon("close"),
      ),
    ),
  );
  box.showModal();
}

/** A click beside the picture closes it. */
export function startBoxes() {
  the("lightbox").addEventListener("click", (event) => {
    if (event.target === event.currentTarget || event.target.matches("img"))
      event.currentTarget.close();
  });
}

/** Reads something to those who do not see it. */
export function announce(text) {
  the("announcer").textContent = text;
}
