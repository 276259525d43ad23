// Markdown within a block -> DOM nodes and texts: emphasis, code and links.

import { make } from "./dom.js";

const DEPTH = 4;
const LINK_TEXT = 500;
const LINK_URL = 2000;

const IN_LABEL = /\\[!-/:-@[-`{-~]|`+|\*\*\*|\*\*|__|~~|\*|_/g; // no link within a link
const MARKS = new RegExp(`${IN_LABEL.source}|!?\\[|<(?=https?://)|https?://`, "g");

const TAGS = { "**": "strong", __: "strong", "*": "em", _: "em", "~~": "del" };

// The nodes of a text within a block. What has no end once has none later, so no text takes long.
export function inline(text, depth = 0, marks = MARKS) {
  const nodes = [];
  const endless = new Set();
  const next = new RegExp(marks);
  let from = 0;
  for (let found; (found = next.exec(text)); ) {
    const made = depth < DEPTH && span(text, found, { depth, marks, endless });
    if (!made) continue;
    if (from < found.index) nodes.push(text.slice(from, found.index));
    nodes.push(made.node);
    from = next.lastIndex = made.end;
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

// What begins with a mark, and where it ends; null where nothing does.
function span(text, { index: at, 0: mark }, { depth, marks, endless }) {
  if (mark[0] === "\\") return { node: mark[1], end: at + 2 };
  if (mark.endsWith("[")) return link(text, at + mark.length, depth, endless);
  if (mark === "<") return angled(text, at + 1);
  if (mark.startsWith("http")) return bare(text, at);
  const inside = at + mark.length;
  const end = closing(text, inside, mark, endless);
  if (end < 0) return null;
  if (mark[0] === "`") return { node: make("code", {}, text.slice(inside, end)), end: end + mark.length };
  if (!isAround(text, at, inside, end, mark)) return null;
  return { node: emphasis(mark, inline(text.slice(inside, end), depth + 1, marks)), end: end + mark.length };
}

const emphasis = (mark, children) =>
  mark === "***" ? make("strong", {}, make("em", {}, ...children)) : make(TAGS[mark], {}, ...children);

// Where the same mark stands again. A longer or shorter row is another mark, but three may end one and two at once.
function closing(text, from, mark, endless) {
  if (endless.has(mark)) return -1;
  for (let at = from, after; (at = text.indexOf(mark, at)) >= 0; at = after) {
    for (after = at + mark.length; text[after] === mark[0]; ) after += 1;
    const length = after - at;
    if (length === mark.length || (length === 3 && mark[0] !== "`")) return after - mark.length;
  }
  endless.add(mark);
  return -1;
}

// Emphasis hugs its words, and an underscore within a name is none.
function isAround(text, at, inside, end, mark) {
  if (end === inside || /\s/.test(text[inside]) || /\s/.test(text[end - 1])) return false;
  return mark[0] !== "_" || !(/\w/.test(text[at - 1] ?? " ") || /\w/.test(text[end + mark.length] ?? " "));
}

// Parentheses in pairs belong to an address.
const TARGET = /^\]\(\s*((?:[^\s()]|\([^\s()]*\))+)(?:\s+"[^"]*")?\s*\)/;
const BARE = /^(?:[^\s<>"'`|()]|\([^\s<>"'`|()]*\))+/;

function link(text, inside, depth, endless) {
  if (endless.has("](")) return null;
  const middle = text.indexOf("](", inside);
  if (middle < 0) endless.add("](");
  if (middle < 0 || middle - inside > LINK_TEXT) return null;
  const target = TARGET.exec(text.slice(middle, middle + LINK_URL));
  const url = target && safe(target[1]);
  if (!url) return null;
  const label = inline(text.slice(inside, middle), depth + 1, IN_LABEL);
  return { node: anchor(url, label), end: middle + target[0].length };
}

function angled(text, at) {
  const made = bare(text, at);
  return made && text[made.end] === ">" ? { ...made, end: made.end + 1 } : null;
}

function bare(text, at) {
  const found = BARE.exec(text.slice(at, at + LINK_URL))[0].replace(/[.,;:!?\]*_]+$/, "");
  const url = safe(found);
  return url && { node: anchor(url, [found]), end: at + found.length };
}

// Only the web: no javascript:, data: or file:, and no path of this page.
function safe(text) {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && (url.protocol === "https:" || url.protocol === "http:") ? url.href : null;
}

const anchor = (url, children) =>
  make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
