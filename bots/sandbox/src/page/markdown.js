/**
 * Markdown as WeCom's clients show it: a small part of it, line by line. What is not in that part
 * stays as it was written. Source: developer.work.weixin.qq.com/document/path/90236.
 */

import { el } from "./draw.js";
import { link, webAddress } from "./rich.js";

const HEADING = /^(#{1,6}) +(.*)$/;
const QUOTE = /^> ?(.*)$/;
const INLINE = new RegExp(
  [
    "\\*\\*(?<bold>[^*\\n]+)\\*\\*",
    "\\[(?<words>[^\\]\\n]+)\\]\\((?<address>[^)\\s]+)\\)",
    "`(?<code>[^`\\n]+)`",
    '<font color="(?<color>info|comment|warning)">(?<colored>[^<\\n]*)</font>',
  ].join("|"),
);

function node({ bold, words, address, code, color, colored }, whole) {
  if (bold !== undefined) return el("strong", {}, inline(bold));
  if (code !== undefined) return el("code", {}, code);
  if (color !== undefined) return el(`span.${color}`, {}, inline(colored));
  const target = webAddress(address);
  return target ? link(target, inline(words)) : whole;
}

/** The nodes of a stretch within a line. */
function inline(text) {
  const nodes = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    if (found.index) nodes.push(rest.slice(0, found.index));
    nodes.push(node(found.groups, found[0]));
    rest = rest.slice(found.index + found[0].length);
  }
  if (rest) nodes.push(rest);
  return nodes;
}

/** The nodes of a text. */
export function markdown(text) {
  const nodes = [];
  let quoted = null;
  for (const line of text.split("\n")) {
    const [, quote] = QUOTE.exec(line) ?? [];
    if (quote !== undefined) {
      if (quoted) quoted.append("\n");
      else nodes.push((quoted = el("blockquote", {})));
      quoted.append(...inline(quote));
      continue;
    }
    const afterQuote = quoted !== null;
    quoted = null;
    const [, marks, words] = HEADING.exec(line) ?? [];
    // What is a block begins a line by itself.
    if (nodes.length && !afterQuote) nodes.push("\n");
    nodes.push(...(marks ? [el(`strong.heading.h${marks.length}`, {}, inline(words))] : inline(line)));
  }
  return nodes;
}
