/** Makes elements and icons; never from markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Icons as one path each, in a box of 24 by 24. */
const PATHS = {
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M12 5.5v.01M12 12v.01M12 18.5v.01",
  close: "M6 6l12 12M18 6L6 18",
  clip: "M20 11.5l-8.3 8.3a5.2 5.2 0 0 1-7.4-7.4l8.6-8.6a3.5 3.5 0 0 1 5 5l-8.6 8.5a1.7 1.7 0 0 1-2.5-2.4l7.7-7.7",
  send: "M4 12l16-8-5 16-3.2-6.8zM11.8 13.2L20 4",
  slash:
    "M5 4h14a1.5 1.5 0 0 1 1.5 1.5v13A1.5 1.5 0 0 1 19 20H5a1.5 1.5 0 0 1-1.5-1.5v-13A1.5 1.5 0 0 1 5 4zM14 8l-4 8",
  reply: "M10 6L4 12l6 6M4 12h9a7 7 0 0 1 7 7",
  edit: "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4",
  copy: "M8 8h11v12H8zM16 8V4H5v12h3",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  down: "M6 9l6 6 6-6",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15.5 9v.01",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  out: "M9 5H5v14h14v-4M13 4h7v7M20 4l-9 9",
  sliders: "M4 7h9M17 7h3M15 5v4M4 12h3M11 12h9M9 10v4M4 17h9M17 17h3M15 15v4",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M18.4 5.6l-1.1 1.1M6.7 17.3l-1.1 1.1",
  moon: "M19.5 14A8 8 0 0 1 10 4.5a8 8 0 1 0 9.5 9.5z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  insert: "M17 17L7 7M7 15V7h8",
  bolt: "M13 3L5 13.5h6L10 21l8-10.5h-6z",
  block: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M6.5 6.5l11 11",
  topic: "M5 9h14M5 15h14M10 4L8 20M16 4l-2 16",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4.5l3 2",
};

/** An element: `el("button.round", {type: "button", on: {click}}, "words", child)`. */
export function el(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") {
      for (const [what, hear] of Object.entries(value)) element.addEventListener(what, hear);
    } else if (key === "style") {
      for (const [property, set] of Object.entries(value)) element.style.setProperty(property, set);
    } else if (key === "data") Object.assign(element.dataset, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** An icon that means nothing by itself. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** The element of an id. */
export const the = (id) => document.getElementById(id);

/** A coloured round with the first letter of a name, the same colour for the same name. */
export function face(name, kind = "person") {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 997;
  const round = el("span.face", { "aria-hidden": "true" });
  round.style.setProperty("--hue", String((sum * 47) % 360));
  if (kind === "bot") {
    round.classList.add("bot");
    round.append(el("img", { src: "/assets/icon.svg", alt: "" }));
  } else if (kind === "topic") round.append(icon("topic"));
  else round.append([...name][0] ?? "?");
  return round;
}

/**
 * Brings the children of an element to what is wanted, `[{key, print, draw}]` in order. A child is
 * drawn again only when its print has changed, so that nothing that is being pressed goes away;
 * `revise(old, fresh)` may answer with the old one, brought up to date. Answers what stands now,
 * to be given as `known` the next time.
 */
export function reconcile(
  parent,
  known,
  wanted,
  revise = (old, fresh) => (old.replaceWith(fresh), fresh),
) {
  const next = new Map();
  let before = null;
  for (const { key, print, draw } of wanted) {
    const old = known.get(key);
    let node = old?.node;
    if (!old) node = draw();
    else if (old.print !== print) node = revise(old.node, draw());
    const place = before ? before.nextSibling : parent.firstChild;
    if (place !== node) parent.insertBefore(node, place);
    before = node;
    next.set(key, { node, print });
  }
  for (const [key, { node }] of known) if (!next.has(key)) node.remove();
  return next;
}
